(() => {
  const main = document.querySelector("main");
  const known = JSON.parse(document.getElementById("client").textContent);
  const { words } = known;
  const find = (selector) => main.querySelector(selector);
  const widget = find(".widget");
  const card = find("[data-state]");
  const bars = find(".bars");
  const foot = find(".foot");
  const line = find(".line");
  const times = foot.querySelectorAll("time");
  const recent = find(".recent");
  const announce = find(".announce");
  const RETRY = 4000;
  const POLL = 8000;
  const STREAM_AGAIN = 240000;
  const UNKNOWN_END = 600000;
  const STEP = 500; // Bars and line move twice a second: nobody sees sixty pictures of a line that moves a pixel.
  // The letters that need a higher line; view_model.py has the same.
  const TALL =
    /[\u0300-\u036f\u0590-\u109f\u1780-\u17ff\u1ab0-\u1aff\u1e00-\u1eff\ufb1d-\ufdff\ufe70-\ufefc]/;
  const MODERN = CSS.supports("color", "oklch(from red l c h)");
  const still = matchMedia("(prefers-reduced-motion:reduce)");

  let stream = null;
  let timer = 0; // The next poll, or the stream's timeout.
  let ticking = 0;
  let streamAgain = 0;
  let failing = false;
  let turn = 0;
  let latest = null; // The newest response, and when it came.
  let shown = document.title;
  let { painted, listed } = known; // The colors on the page; when the newest row was played.
  let awaited = []; // The cover that is being loaded, and since when.
  let playing = null;
  let asked = null;
  let behind = Infinity; // performance.now() less the server's clock.

  const count = () => (recent ? recent.childElementCount : 0);
  const newest = ({ recent: [first] = [] }) => (first ? first.played_at : "");
  const jitter = (milliseconds) => milliseconds * (0.75 + Math.random() / 2);
  const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
  const text = (node, value) => node.textContent === value || (node.textContent = value);
  const http = (url) => (/^https?:/i.test(url || "") ? url : null);
  const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const two = (number) => `${number}`.padStart(2, 0);

  function clock(milliseconds) {
    const seconds = Math.floor(milliseconds / 1000);
    const minutes = Math.floor(seconds / 60);
    const hours = Math.floor(minutes / 60);
    return `${hours ? `${hours}:${two(minutes % 60)}` : minutes}:${two(seconds % 60)}`;
  }

  // ---- The server's clock --------------------------------------------------------------------------------

  // A cached response, or a slow one, makes the server's clock look late, never early: the least difference is right.
  // No clock of the visitor's is asked for the date, and one that stands still while the computer sleeps is corrected.
  function adjust(serverTime) {
    if (serverTime) behind = Math.min(behind, performance.now() - serverTime);
  }

  const serverNow = () => performance.now() - behind;

  function receive(now) {
    if (now.status === "playing" && now.started_at) adjust(Date.parse(now.started_at) + now.progress_ms);
    return now;
  }

  // Whether an item must have ended, and the server has not said so.
  function expired(now, at) {
    if (now.status !== "playing") return false;
    if (now.valid_until) return serverNow() > Date.parse(now.valid_until) + 1000;
    return performance.now() - at > UNKNOWN_END;
  }

  // ---- What is shown -------------------------------------------------------------------------------------

  function stateOf(now) {
    const last = now.last_played ? now.last_played.item : null;
    if (now.item && (now.status === "playing" || now.status === "paused")) return [now.status, now.item];
    if (now.status === "ad") return ["ad", last];
    if (known.idle === "hide") return ["hidden", null];
    return known.idle === "last" && last ? ["last", last] : ["nothing", null];
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

  // An image that is loaded and decoded; null if it can't be loaded.
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

  function write(title, by, item) {
    const [heading, artists, album] = [".title", ".artists", ".album"].map(find);
    text(heading, title);
    heading.title = title;
    heading.classList.toggle("tall", TALL.test(title));
    text(artists, by);
    artists.title = by;
    if (album) text(album, (item && item.type !== "episode" && item.album && item.album.name) || "");
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
    const at = performance.now();
    if (expired(now, at)) now = { ...now, status: "idle", item: null, last_played: { item: now.item } };
    latest = { now, at };
    const [state, item] = stateOf(now);
    const frame = find(".artwork");
    const source = frame && address(item, known.width);
    const changes = frame && source !== pictured(frame);
    let image = null;
    if (changes && source) {
      const loading = decoded(source);
      if (awaited[0] !== source) awaited = [source, at];
      image = await Promise.race([loading, sleep(600 + awaited[1] - at)]);
      if (mine !== turn) return;
      if (!image) loading.then((cover) => cover && mine === turn && place(frame, cover));
    }
    const label = (state === "ad" && item ? words.break : words[state]) || words.nothing;
    const title = item ? item.title : label;
    const by = makers(item);
    const heading = find(".title").textContent !== title || find(".artists").textContent !== by;
    const update = () => {
      if (mine !== turn) return;
      if (changes) place(frame, image);
      card.dataset.state = state;
      card.toggleAttribute("data-empty", !item);
      main.hidden = state === "hidden";
      text(find(".label"), item ? label : "");
      write(title, by, item);
      paint(item || {});
      progress(now, state, item);
      if (recent && listed !== (listed = newest(now))) renew();
      const said = [label, item && title, by].filter(Boolean).join(" – ");
      if (said !== shown) {
        text(announce, said);
        document.title = said;
        shown = said;
      }
      height();
    };
    if (heading && !still.matches && !document.hidden && !main.hidden) await fade(update);
    else update();
  }

  // Words go out in 90 ms and come in 150 ms. A frame out of sight draws no transition, but updates in time.
  async function fade(update) {
    let done = false;
    const once = () => done || ((done = true), update());
    const block = find(".text");
    if (!document.startViewTransition) {
      block.animate({ opacity: 0 }, 100);
      await sleep(90);
      once();
      return block.animate({ opacity: [0, 1] }, 150);
    }
    block.style.viewTransitionName = "words";
    const transition = document.startViewTransition(once);
    transition.ready.catch(() => {}); // It is skipped for the next one.
    transition.finished.then(() => (block.style.viewTransitionName = ""));
    await sleep(300);
    once();
  }

  // Browsers without relative colors, and chosen backgrounds, take the colors from the server.
  function paint({ artwork_color: art, accent_color: hue }) {
    const { style } = widget;
    const colors = (art || "") + (hue || "");
    if (colors === painted || known.background === "none") return;
    painted = colors;
    if (/^.{6}$/.test(known.background)) return known.accent || renew();
    if (art && !MODERN) return renew();
    const old = ["art", "hue", "l-ground", "d-ground", ...(known.accent ? [] : ["l-accent", "d-accent"])];
    for (const name of old) style.removeProperty(`--${name}`);
    if (art) style.setProperty("--art", art);
    if (hue) style.setProperty("--hue", hue);
  }

  // The server makes the rows of a list, and the colors that the browser can't compute.
  async function renew() {
    const mine = turn;
    try {
      const address = new URL(location.href);
      address.searchParams.set("after", listed + painted); // An older page would not do.
      const page = new DOMParser().parseFromString(await (await fetch(address)).text(), "text/html");
      if (mine !== turn) return;
      widget.style.cssText = page.querySelector(".widget").style.cssText;
      if (recent) recent.innerHTML = page.querySelector(".recent").innerHTML;
      widget.toggleAttribute("data-rows", count() > 0);
      height();
    } catch {}
  }

  // ---- Progress ------------------------------------------------------------------------------------------

  function progress(now, state, item) {
    const moves = state === "playing";
    const timed = known.progress && (moves || state === "paused") && now.progress_ms != null && item.duration_ms;
    const start = moves && now.started_at ? Date.parse(now.started_at) : null;
    playing = timed ? { from: now.progress_ms, of: item.duration_ms, moves, start, at: performance.now() } : null;
    card.toggleAttribute("data-line", Boolean(timed && line));
    if (line) line.hidden = !timed;
    for (const time of times) time.hidden = !timed;
    foot.hidden = !(timed && (line || times.length)) && !foot.querySelector(".source");
    card.toggleAttribute("data-footless", foot.hidden);
    if (timed && times[1]) {
      text(times[1], clock(item.duration_ms));
      foot.style.setProperty("--digits", clock(item.duration_ms).length);
    }
    tick();
  }

  function passed() {
    const { from, of, moves, start, at } = playing;
    const now = start === null ? from + (moves ? performance.now() - at : 0) : serverNow() - start;
    return Math.max(0, Math.min(of, now));
  }

  // All that moves changes at once, just after a second is full; a fast line as often as it moves a pixel.
  function tick() {
    clearTimeout(ticking);
    if (latest && expired(latest.now, latest.at)) end();
    const moves = card.dataset.state === "playing";
    let wait = STEP;
    if (playing) {
      const at = passed();
      if (times[0]) text(times[0], clock(at));
      if (line) {
        line.style.setProperty("--at", at / playing.of);
        if (at % 10000 < 1000) line.setAttribute("aria-valuenow", Math.floor((100 * at) / playing.of));
        while (wait > 32 && wait > playing.of / playing.width) wait /= 2;
      }
      wait += 5 - (at % wait);
    }
    const beat = `${Math.floor(performance.now() / STEP) % 3}`;
    if (moves && !known.calm && !still.matches && bars.dataset.beat !== beat) bars.dataset.beat = beat;
    if (moves && !document.hidden) ticking = setTimeout(tick, wait);
  }

  // Ask once; without an answer the item was played last.
  async function end() {
    const over = latest.now;
    if (asked === over) return;
    asked = over;
    const fresh = known.sample ? null : await poll();
    if (latest.now !== over) return;
    if (fresh) return show(fresh);
    latest.now = { status: "idle" };
    if (known.idle !== "last") return show(latest.now);
    card.dataset.state = "last";
    text(find(".label"), words.last);
    progress(latest.now, "last");
  }

  // ---- Live ----------------------------------------------------------------------------------------------

  // Past every cache: one would repeat the progress of its first response.
  async function poll() {
    try {
      const response = await fetch("now-playing", { cache: "no-store", signal: AbortSignal.timeout(5000) });
      return receive(await response.json());
    } catch {
      return null;
    }
  }

  // Without an event within `timeout` the stream is silent, whatever the browser thinks of it.
  function expect(timeout) {
    clearTimeout(timer);
    timer = setTimeout(() => {
      streamAgain = performance.now() + jitter(STREAM_AGAIN);
      pollAgain();
    }, timeout);
  }

  function listen() {
    stop();
    if (document.hidden || known.sample) return;
    let mine;
    try {
      mine = stream = new EventSource("now-playing/events");
    } catch {
      streamAgain = performance.now() + jitter(STREAM_AGAIN);
      return void pollAgain(); // WebKit throws if a policy forbids the address.
    }
    expect(10000);
    mine.addEventListener("heartbeat", () => expect(40000));
    mine.addEventListener("now-playing", (event) => {
      expect(40000);
      show(receive(JSON.parse(event.data)));
    });
    mine.onerror = () => {
      if (mine !== stream || mine.readyState !== EventSource.CLOSED) return;
      stop();
      streamAgain = performance.now() + jitter(STREAM_AGAIN);
      timer = setTimeout(pollAgain, jitter(RETRY) / 2);
    };
  }

  async function pollAgain() {
    stop();
    if (document.hidden) return;
    const now = await poll();
    if (stream || document.hidden) return;
    if (now) show(now);
    // A server that is back, or a while after a stream was refused or silent: a stream again.
    if (now && (failing || performance.now() > streamAgain)) listen();
    else timer = setTimeout(pollAgain, jitter(now ? POLL : RETRY));
    failing = !now;
  }

  function stop() {
    clearTimeout(timer);
    if (stream) stream.close();
    stream = null;
  }

  function height() {
    const heading = find(".title");
    card.toggleAttribute("data-long", heading.clientHeight > 2 * parseFloat(getComputedStyle(heading).fontSize));
    if (playing && line) playing.width = line.clientWidth;
    if (parent === window) return;
    const rows = count() * 40;
    const { style } = widget;
    style.setProperty("--fit", "100%");
    let box = widget.getBoundingClientRect().height;
    const over = Math.ceil(box) - innerHeight;
    const art = find(".artwork");
    // A cover's artwork, in a low frame.
    if (art && over > 0) style.setProperty("--fit", `${art.offsetWidth - over}px`);
    // A low frame shows another layout than the chosen one, which needs more height.
    if (innerHeight < known.low) {
      box = known.high + known.scale * rows + Math.min(innerWidth, known.wide || 0);
      if (rows || innerWidth < known.narrow) box += known.more;
    }
    // A frame lower than `low` would bring the other layout back.
    if (rows || !recent) box = Math.max(box, known.low);
    parent.postMessage({ type: "now-playing:height", height: main.hidden ? 0 : Math.ceil(box) }, "*");
  }

  // The page as the server made it.
  function begin() {
    const { now } = known;
    adjust(known.clock * 1000);
    latest = { now, at: performance.now() };
    for (const image of main.querySelectorAll("img")) image.decode().catch(() => place(image.parentNode));
    progress(now, card.dataset.state, now.item);
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return stop();
    tick();
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
