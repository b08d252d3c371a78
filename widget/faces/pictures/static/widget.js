"use strict";
(() => {
  const main = document.querySelector("main");
  const { words, source: attribution, idle, width } = JSON.parse(main.dataset.client);
  const find = (selector) => main.querySelector(selector);
  const [image, label, title, explicit, byline, bar, source] = [
    ".art img", ".label", ".title", ".explicit", ".byline", ".progress", ".spotify",
  ].map(find);
  const link = find(".title a");
  const announce = find(".announce");
  const RETRY = 4000;
  const POLL = 8000;
  let stream = null;
  let timer = 0;
  let failures = 0;
  let shown = "";
  let playing = null;

  const jitter = (milliseconds) => milliseconds * (0.75 + Math.random() / 2);
  const text = (node, value) => { if (node.textContent !== value) node.textContent = value; };
  const http = (url) => (/^https?:\/\//.test(url || "") ? url : null);

  function stateOf(now) {
    if (now.item && (now.status === "playing" || now.status === "paused")) return [now.status, now.item];
    if (now.status === "ad") return ["ad", null];
    if (idle === "hide") return ["hidden", null];
    if (idle === "last" && now.last_played) return ["last", now.last_played.item];
    return ["nothing", null];
  }

  function makers(item) {
    if (!item) return "";
    return item.type === "episode" ? (item.show ? item.show.name : "") : item.artists.map((a) => a.name).filter(Boolean).join(", ");
  }

  function showArtwork(path) {
    if (!path) { image.hidden = true; image.removeAttribute("src"); return; }
    const source = `${path.slice(1)}?w=${width}`;
    if (image.getAttribute("src") === source) return;
    image.hidden = false;
    image.src = source;
  }

  function showProgress(now, state, item) {
    const known = (state === "playing" || state === "paused") && now.progress_ms !== null && item.duration_ms;
    bar.hidden = !known;
    if (!known) { playing = null; return; }
    playing = { at: performance.now(), from: now.progress_ms, of: item.duration_ms, moves: state === "playing" };
    restart();
  }

  function restart() {
    if (!playing) return;
    const passed = playing.moves ? performance.now() - playing.at : 0;
    const progress = Math.min(playing.of, playing.from + passed);
    bar.style.setProperty("--from", progress / playing.of);
    bar.style.setProperty("--left", `${playing.of - progress}ms`);
    bar.setAttribute("aria-valuenow", Math.floor((100 * progress) / playing.of));
    const line = bar.firstElementChild;
    line.style.animation = "none";
    void line.offsetWidth;
    line.style.animation = "";
  }

  function show(now) {
    const [state, item] = stateOf(now);
    const name = words[state] || words.nothing;
    const by = makers(item);
    const url = item && http(item.url);
    main.dataset.state = state;
    main.hidden = state === "hidden";
    text(label, name);
    title.hidden = !item;
    text(link, item ? item.title : "");
    link.title = item ? item.title : "";
    explicit.hidden = !(item && item.explicit);
    byline.hidden = !by;
    text(byline, by);
    byline.title = by;
    if (url) link.href = url; else link.removeAttribute("href");
    source.href = url || "https://open.spotify.com/";
    text(source, url ? attribution : "Spotify");
    showArtwork(item && item.artwork_path);
    showProgress(now, state, item);
    const told = [name, item && item.title, by].filter(Boolean).join(" – ");
    if (shown && told !== shown) text(announce, told);
    document.title = told;
    shown = told;
    height();
  }

  function height() {
    if (parent === window) return;
    parent.postMessage({ type: "now-playing:height", height: main.hidden ? 0 : Math.ceil(main.getBoundingClientRect().height) }, "*");
  }

  function listen() {
    stop();
    if (document.hidden) return;
    stream = new EventSource("now-playing/events");
    stream.addEventListener("now-playing", (event) => { failures = 0; show(JSON.parse(event.data)); });
    stream.onerror = () => {
      failures += 1;
      const closed = stream.readyState === EventSource.CLOSED;
      if (closed || failures > 2) { stop(); timer = setTimeout(poll, jitter(closed ? RETRY : 500)); }
    };
  }

  async function poll() {
    stop();
    if (document.hidden) return;
    try {
      const answer = await fetch("now-playing");
      show(await answer.json());
      failures += 1;
    } catch {
      failures = 3;
    }
    timer = setTimeout(failures % 4 === 3 ? listen : poll, jitter(POLL));
  }

  function stop() {
    clearTimeout(timer);
    if (stream) stream.close();
    stream = null;
  }

  image.addEventListener("error", () => { image.hidden = true; });
  document.addEventListener("visibilitychange", () => (document.hidden ? stop() : (restart(), listen())));
  addEventListener("pageshow", (event) => event.persisted && listen());
  new ResizeObserver(height).observe(main);
  setInterval(() => playing && playing.moves && bar.setAttribute("aria-valuenow", Math.floor((100 * Math.min(playing.of, playing.from + performance.now() - playing.at)) / playing.of)), 10000);
  shown = document.title.replace(": ", " – ");
  height();
  listen();
})();
