"use strict";
(() => {
  const main = document.querySelector("main");
  const known = JSON.parse(document.getElementById("client").textContent);
  const { words } = known;
  const find = (selector) => main.querySelector(selector);
  const widget = find(".widget");
  const card = find("[data-state]");
  const foot = find(".foot");
  const line = find(".line");
  const times = foot.querySelectorAll("time");
  const recent = find(".recent");
  const announce = find(".announce");
  const RETRY = 4000;
  const POLL = 8000;
  const STREAM_AGAIN = 240000;
  const UNTOLD_END = 600000;
  // The letters that need a higher line; view.py has the same.
  const TALL =
    /[\u0300-\u036f\u0590-\u109f\u1780-\u17ff\u1ab0-\u1aff\u1e00-\u1eff\ufb1d-\ufdff\ufe70-\ufefc]/;
  const MODERN = CSS.supports("color", "oklch(from red l c h)");
  const SKEW = Date.now() - known.clock * 1000;
  const skew = Math.abs(SKEW) < 20000 ? 0 : SKEW; // Less may be a page that some cache kept for a while.
  const still = matchMedia("(prefers-reduced-motion:reduce)");

  let stream = null;
  let timer = 0; // The next question, or the end of the stream's patience.
  let ticking = 0;
  let streamAgain = 0;
  let failing = false;
  let turn = 0;
  let latest = null; // What was told last, and when.
  let shown = document.title;
  let { painted, listed } = known; // The artwork's colors that stand on the page; when the newest row was played.
  let awaited = []; // The cover that is being loaded, and since when.
  let playing = null;
  let asked = null;

  const count = () => (recent ? recent.childElementCount : 0);
  const newest = ({ recent: [first] = [] }) => (first ? first.played_at : "");
  const jitter = (milliseconds) => milliseconds * (0.75 + Math.random() / 2);
  const text = (node, value) => node.textContent === value || (node.textContent = value);
  const http = (url) => (/^https?:/i.test(url || "") ? url : null);
  const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const two = (number) => String(number).padStart(2, "0");

  function clock(milliseconds) {
    const seconds = Math.floor(milliseconds / 1000);
    const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
    return `${hours ? `${hours}:${two(minutes)}` : minutes}:${two(seconds % 60)}`;
  }

  // ---- What is shown -------------------------------------------------------------------------------------

  function stateOf(now) {
    if (now.item && (now.status === "playing" || now.status === "paused")) return [now.status, now.item];
    if (now.status === "ad") return ["ad", null];
    if (known.idle === "hide") return ["hidden", null];
    if (known.idle === "last" && now.last_played) return ["last", now.last_played.item];
    return ["nothing", null];
  }

  function makers(item) {
    if (!item) return "";
    if (item.type === "episode") return item.show ? item.show.name : "";
    return item.artists.map((artist) => artist.name).filter(Boolean).join(", ");
  }

  function nameOf(title, artists) {
    if (!known.label) return [title, artists].filter(Boolean).join(" – ");
    const values = { title, artists, source: known.label };
    return artists ? fill(words.link, values) : `${title} – ${fill(words.listen, values)}`;
  }

  function address(item, width) {
    return item && item.artwork_path ? `${item.artwork_path.slice(1)}?w=${width}` : "";
  }

  const pictured = (frame) => frame.querySelector("img")?.getAttribute("src") ?? "";

  // An image that is loaded and decoded; null where it cannot be had.
  async function decoded(source) {
    const image = new Image();
    image.alt = "";
    image.src = source;
    try {
      await image.decode();
      return image;
    } catch {
      return null;
    }
  }

  function place(frame, image) {
    frame.querySelector("img")?.remove();
    frame.firstElementChild.toggleAttribute("hidden", Boolean(image));
    if (image) frame.append(image);
  }

  function write(title, item) {
    const by = makers(item);
    const [heading, artists] = [".title", ".artists"].map(find);
    text(heading, title);
    heading.title = title;
    heading.classList.toggle("tall", TALL.test(title));
    text(artists, by);
    artists.title = by;
    const explicit = Boolean(item && item.explicit);
    const mark = find(".explicit");
    mark.hidden = !explicit;
    text(mark, explicit ? "E" : ""); // Text browsers show what is hidden.
    artists.parentNode.hidden = !by && !explicit;
    const url = (item && http(item.url)) || known.url;
    if (url) card.href = url;
    else card.removeAttribute("href");
    card.setAttribute("aria-label", nameOf(title, by));
  }

  async function show(now) {
    const mine = ++turn;
    latest = { now, at: performance.now() };
    const [state, item] = stateOf(now);
    const frame = find(".artwork");
    const source = frame && address(item, known.width);
    const changes = frame && source !== pictured(frame);
    let image = null;
    if (changes && source) {
      const loading = decoded(source);
      if (awaited[0] !== source) awaited = [source, latest.at];
      image = await Promise.race([loading, new Promise((late) => setTimeout(late, 600 + awaited[1] - latest.at))]);
      if (mine !== turn) return;
      if (!image) loading.then((cover) => cover && mine === turn && place(frame, cover));
    }
    const label = words[state] || words.nothing;
    const title = item ? item.title : label;
    const told = [label, item && title, makers(item)].filter(Boolean).join(" – ");
    if (changes) place(frame, image);
    card.removeAttribute("data-over");
    card.dataset.state = state;
    main.hidden = state === "hidden";
    text(find(".label"), item ? label : "");
    write(title, item);
    paint(item || {});
    progress(now, state, item);
    if (recent && listed !== (listed = newest(now))) renew();
    if (told !== shown) {
      if (!still.matches && !document.hidden) find(".text").animate([{ opacity: 0 }, { opacity: 1 }], 150);
      text(announce, told);
      document.title = told;
      shown = told;
    }
    height();
  }

  // Browsers without relative colors, and chosen backgrounds, take the colors from the server.
  function paint({ artwork_color: art, accent_color: hue } = {}) {
    const { style } = widget;
    const colors = (art || "") + (hue || "");
    if (colors === painted || known.background === "none") return;
    painted = colors;
    if (/^.{6}$/.test(known.background)) return known.accent || renew();
    if (art && !MODERN) return renew();
    if (art) style.setProperty("--art", art);
    else for (const name of ["--art", "--l-ground", "--d-ground"]) style.removeProperty(name);
    if (hue) style.setProperty("--hue", hue);
    else style.removeProperty("--hue");
    if (!known.accent) for (const name of ["--l-accent", "--d-accent"]) style.removeProperty(name);
  }

  // The server makes the rows of a list, and the colors that the browser cannot compute.
  async function renew() {
    const mine = turn;
    try {
      const address = new URL(location.href);
      address.searchParams.set("after", listed + painted); // No page from before will do.
      const page = new DOMParser().parseFromString(await (await fetch(address)).text(), "text/html");
      if (mine !== turn) return;
      widget.style.cssText = page.querySelector(".widget").style.cssText;
      if (recent) recent.innerHTML = page.querySelector(".recent").innerHTML;
      widget.toggleAttribute("data-rows", count() > 0);
      height();
    } catch {}
  }

  // ---- Progress, and its honest end ----------------------------------------------------------------------

  function progress(now, state, item) {
    const told = known.progress && (state === "playing" || state === "paused") && now.progress_ms != null && item.duration_ms;
    playing = told ? { from: now.progress_ms, of: item.duration_ms, moves: state === "playing", at: performance.now() } : null;
    card.toggleAttribute("data-line", Boolean(told && line));
    if (line) line.hidden = !told;
    for (const time of times) time.hidden = !told;
    foot.hidden = !(told && (line || times.length)) && !foot.querySelector(".source");
    if (told && times[1]) {
      text(times[1], clock(item.duration_ms));
      foot.style.setProperty("--digits", clock(item.duration_ms).length);
    }
    restart();
  }

  const passed = () => Math.min(playing.of, playing.from + (playing.moves ? performance.now() - playing.at : 0));

  function restart() {
    if (playing && line) {
      const at = passed();
      line.style.setProperty("--at", at / playing.of);
      line.style.setProperty("--left", `${playing.of - at}ms`);
      const { style } = line.firstElementChild;
      style.animation = "none";
      void line.offsetWidth;
      style.animation = "";
    }
    tick();
  }

  // Once a second, just after the second is full.
  function tick() {
    clearTimeout(ticking);
    if (latest && expired()) end();
    let wait = 1000;
    if (playing) {
      const at = passed();
      if (times[0]) text(times[0], clock(at));
      if (line && at % 10000 < 1000) line.setAttribute("aria-valuenow", Math.floor((100 * at) / playing.of));
      wait = 1005 - (at % 1000);
    }
    if (!document.hidden && card.dataset.state === "playing") ticking = setTimeout(tick, wait);
  }

  // Whether what plays must have ended, and nobody has said so.
  function expired() {
    const { now, at } = latest;
    if (now.status !== "playing") return false;
    const since = performance.now() - at;
    if (now.progress_ms != null && now.item.duration_ms) return now.progress_ms + since > now.item.duration_ms + 4000;
    if (now.valid_until) return Date.now() - skew > Date.parse(now.valid_until) + 1000;
    return since > UNTOLD_END;
  }

  // Asks once; without an answer it is what played last.
  async function end() {
    const over = latest.now;
    if (asked === over) return;
    asked = over;
    card.toggleAttribute("data-over", true);
    const fresh = known.sample ? null : await question();
    if (latest.now !== over) return;
    if (fresh) show(fresh);
    if (!expired()) return;
    latest.now = { status: "idle" };
    if (known.idle !== "last") return show(latest.now);
    card.dataset.state = "last";
    text(find(".label"), words.last);
    progress(latest.now, "last");
  }

  // ---- Live ----------------------------------------------------------------------------------------------

  async function question() {
    try {
      return await (await fetch("now-playing", { signal: AbortSignal.timeout(5000) })).json();
    } catch {
      return null;
    }
  }

  // Something must be heard within `patience`, else the stream is silent, whatever the browser thinks of it.
  function expect(patience) {
    clearTimeout(timer);
    timer = setTimeout(() => {
      streamAgain = performance.now() + jitter(STREAM_AGAIN);
      poll();
    }, patience);
  }

  function listen() {
    stop();
    if (document.hidden || known.sample) return; // A sample hears nothing of what plays.
    let mine;
    try {
      mine = stream = new EventSource("now-playing/events");
    } catch {
      streamAgain = performance.now() + jitter(STREAM_AGAIN);
      return void poll(); // WebKit throws if a policy forbids the address.
    }
    expect(10000);
    mine.addEventListener("heartbeat", () => expect(40000));
    mine.addEventListener("now-playing", (event) => {
      expect(40000);
      show(JSON.parse(event.data));
    });
    mine.onerror = () => {
      if (mine !== stream || mine.readyState !== EventSource.CLOSED) return;
      stop();
      streamAgain = performance.now() + jitter(STREAM_AGAIN);
      timer = setTimeout(poll, jitter(RETRY) / 2);
    };
  }

  async function poll() {
    stop();
    if (document.hidden) return;
    const now = await question();
    if (stream || document.hidden) return;
    if (now) show(now);
    // A server that is back, or a while after a stream was refused or silent: a stream again.
    if (now && (failing || performance.now() > streamAgain)) listen();
    else timer = setTimeout(poll, jitter(now ? POLL : RETRY));
    failing = !now;
  }

  function stop() {
    clearTimeout(timer);
    if (stream) stream.close();
    stream = null;
  }

  function height() {
    if (parent === window) return;
    const rows = count() * 40;
    const { style } = widget;
    style.setProperty("--fit", "100%");
    let box = widget.getBoundingClientRect().height;
    const over = Math.ceil(box) - innerHeight;
    const art = find(".artwork");
    // A cover's artwork, in a low frame; in pixels, so that it fits with scroll bars and without.
    if (art && over > 0) style.setProperty("--fit", `${art.offsetWidth - over}px`);
    // In a low frame another layout stands than the one that was asked for: that one's height is wanted.
    if (innerHeight < known.low) {
      box = known.high + known.scale * rows + Math.min(innerWidth, known.wide || 0);
      if (rows || innerWidth < known.narrow) box += known.more;
    }
    // A frame lower than `low` would bring the other layout back.
    if (rows || !recent) box = Math.max(box, known.low);
    parent.postMessage({ type: "now-playing:height", height: main.hidden ? 0 : Math.ceil(box) }, "*");
  }

  // The page as the server made it: what is known until something is heard.
  function begin() {
    const { now } = known;
    latest = { now, at: performance.now() };
    for (const image of main.querySelectorAll("img")) image.decode().catch(() => place(image.parentNode));
    if (line && !line.hidden) playing = { from: now.progress_ms, of: now.item.duration_ms, moves: now.status === "playing", at: latest.at };
    restart();
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return stop();
    restart();
    listen();
  });
  if (parent === window) document.documentElement.className = "alone";
  addEventListener("pageshow", (event) => event.persisted && listen());
  new ResizeObserver(height).observe(main);
  addEventListener("resize", height);
  begin();
  height();
  listen();
})();
