(() => {
  const main = document.querySelector("main");
  const config = JSON.parse(document.getElementById("client").textContent);
  const { words } = config;
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
  const STREAM_RETRY = 240000;
  const UNKNOWN_END = 600000;
  const STEP = 500; // Bars and line move twice a second: at sixty frames a second the line would move less than a pixel.
  // Letters that need a higher line; the same as in view_model.py.
  const TALL =
    /[\u0300-\u036f\u0590-\u109f\u1780-\u17ff\u1ab0-\u1aff\u1e00-\u1eff\ufb1d-\ufdff\ufe70-\ufefc]/;
  const MODERN = CSS.supports("color", "oklch(from red l c h)");
  const still = matchMedia("(prefers-reduced-motion:reduce)");

  let stream;
  let timer; // Of the next poll, or of the stream's timeout.
  let ticking;
  let streamAgain = 0;
  let failing = false;
  let version = 0;
  let latest; // The newest response, and when it arrived.
  let caption = document.title;
  let { colors, newest } = config; // As rendered; `newest` is when the first row of the list was played.
  let pendingCover = []; // The address of the cover that is loading, and since when.
  let playing;
  let checkedEnd; // The response whose end was checked with the server.
  let clockOffset = Infinity; // performance.now() less the server's clock.

  const rowCount = () => recent?.childElementCount ?? 0;
  const jitter = (milliseconds) => milliseconds * (0.75 + Math.random() / 2);
  const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
  const setText = (node, value) => node.textContent === value || (node.textContent = value);
  const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const pad = (number) => `${number}`.padStart(2, 0);

  function formatDuration(milliseconds) {
    const seconds = Math.floor(milliseconds / 1000);
    const minutes = Math.floor(seconds / 60);
    const hours = Math.floor(minutes / 60);
    return `${hours ? `${hours}:${pad(minutes % 60)}` : minutes}:${pad(seconds % 60)}`;
  }

  // ---- The server's clock --------------------------------------------------------------------------------

  // A cached or slow response makes the server's clock look late, never early, so the smallest difference is right.
  // The visitor's date is never used; performance.now() stops while the computer sleeps, and each response corrects it.
  function adjustClock(serverTime) {
    if (serverTime) clockOffset = Math.min(clockOffset, performance.now() - serverTime);
  }

  const serverNow = () => performance.now() - clockOffset;

  function receive(now) {
    if (now.status === "playing" && now.started_at) adjustClock(Date.parse(now.started_at) + now.progress_ms);
    return now;
  }

  // Whether the item must have ended although the server has reported nothing since.
  function hasExpired(now, at) {
    if (now.status !== "playing") return false;
    if (now.valid_until) return serverNow() > Date.parse(now.valid_until) + 1000;
    return performance.now() - at > UNKNOWN_END;
  }

  // ---- Rendering -----------------------------------------------------------------------------------------

  function stateOf(now) {
    const last = now.last_played?.item;
    if (now.item && (now.status === "playing" || now.status === "paused")) return [now.status, now.item];
    if (now.status === "ad") return ["ad", last];
    if (config.idle === "hide") return ["hidden", null];
    return config.idle === "last" && last ? ["last", last] : ["nothing", null];
  }

  function byline(item) {
    if (!item) return "";
    if (item.type === "episode") return item.show?.name ?? "";
    return item.artists.map((artist) => artist.name).filter(Boolean).join(", ");
  }

  function linkName(title, artists) {
    if (!config.label) return [title, artists].filter(Boolean).join(" – ");
    const values = { title, artists, source: config.label };
    return artists ? fill(words.link, values) : `${title} – ${fill(words.listen, values)}`;
  }

  function artworkUrl(item, width) {
    return item?.artwork_path ? `${item.artwork_path.slice(1)}?w=${width}` : "";
  }

  // Load and decode an image; null if that fails.
  async function loadImage(source) {
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

  function setImage(frame, image) {
    frame.querySelector("img")?.remove();
    frame.firstElementChild.toggleAttribute("hidden", Boolean(image));
    if (image) frame.append(image);
  }

  function renderText(title, by, item) {
    const [heading, artists, album] = [".title", ".artists", ".album"].map(find);
    setText(heading, title);
    heading.title = title;
    heading.classList.toggle("tall", TALL.test(title));
    setText(artists, by);
    artists.title = by;
    if (album) setText(album, (album.title = (item?.type !== "episode" && item?.album?.name) || ""));
    const explicit = Boolean(item?.explicit);
    const mark = find(".explicit");
    mark.hidden = !explicit;
    setText(mark, explicit ? "E" : ""); // Text browsers show what is hidden.
    artists.parentNode.hidden = !by && !explicit;
    const url = /^https?:/i.test(item?.url) ? item.url : config.url;
    if (url) card.href = url;
    else card.removeAttribute("href");
    card.setAttribute("aria-label", linkName(title, by));
  }

  async function render(now) {
    const thisVersion = ++version;
    const at = performance.now();
    if (hasExpired(now, at)) now = { ...now, status: "idle", item: null, last_played: { item: now.item } };
    latest = { now, at };
    const [state, item] = stateOf(now);
    const frame = find(".artwork");
    const source = frame && artworkUrl(item, config.width);
    const changes = frame && source !== (frame.querySelector("img")?.getAttribute("src") ?? "");
    let image = null;
    if (changes && source) {
      const loading = loadImage(source);
      if (pendingCover[0] !== source) pendingCover = [source, at];
      image = await Promise.race([loading, sleep(600 + pendingCover[1] - at)]);
      if (thisVersion !== version) return;
      if (!image) loading.then((cover) => cover && thisVersion === version && setImage(frame, cover));
    }
    const label = (state === "ad" && item ? words.break : words[state]) || words.nothing;
    const title = item ? item.title : label;
    const by = byline(item);
    const heading = find(".title").textContent !== title || find(".artists").textContent !== by;
    const update = () => {
      if (thisVersion !== version) return;
      if (changes) setImage(frame, image);
      card.dataset.state = state;
      card.toggleAttribute("data-empty", !item);
      main.hidden = state === "hidden";
      setText(find(".label"), item ? label : "");
      renderText(title, by, item);
      renderColors(item || {});
      renderProgress(now, state, item);
      const before = newest;
      newest = now.recent?.[0]?.played_at ?? "";
      if (recent && newest !== before) fetchRendered();
      const text = [label, item && title, by].filter(Boolean).join(" – ");
      if (text !== caption) {
        setText(announce, text);
        document.title = text;
        caption = text;
      }
      reportHeight();
    };
    if (heading && !still.matches && !document.hidden && !main.hidden) await fade(update);
    else update();
  }

  // The old text fades out in 90 ms, the new one in within 150 ms. A hidden frame runs no transition, but updates in time.
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
    transition.ready.catch(() => {}); // Rejected when the next transition skips this one.
    transition.finished.then(() => (block.style.viewTransitionName = ""));
    await sleep(300);
    once();
  }

  // Browsers without relative colors, and custom backgrounds, get the colors from the server.
  function renderColors({ artwork_color: art, accent_color: hue }) {
    const { style } = widget;
    const before = colors;
    colors = (art || "") + (hue || "");
    if (colors === before || config.background === "none") return;
    if (/^.{6}$/.test(config.background)) return config.accent || fetchRendered();
    if (art && !MODERN) return fetchRendered();
    const old = ["art", "hue", "l-ground", "d-ground", ...(config.accent ? [] : ["l-accent", "d-accent"])];
    for (const name of old) style.removeProperty(`--${name}`);
    if (art) style.setProperty("--art", art);
    if (hue) style.setProperty("--hue", hue);
  }

  // The server renders the rows of a list, and the colors that the browser can't compute.
  async function fetchRendered() {
    const thisVersion = version;
    try {
      const address = new URL(location.href);
      address.searchParams.set("after", newest + colors); // Not an older page from a cache.
      const page = new DOMParser().parseFromString(await (await fetch(address)).text(), "text/html");
      if (thisVersion !== version) return;
      widget.style.cssText = page.querySelector(".widget").style.cssText;
      if (recent) recent.innerHTML = page.querySelector(".recent").innerHTML;
      widget.toggleAttribute("data-rows", rowCount() > 0);
      reportHeight();
    } catch {}
  }

  // ---- Progress ------------------------------------------------------------------------------------------

  function renderProgress(now, state, item) {
    const moves = state === "playing";
    const timed = config.progress && (moves || state === "paused") && now.progress_ms != null && item.duration_ms;
    const start = moves && now.started_at ? Date.parse(now.started_at) : null;
    playing = timed ? { from: now.progress_ms, of: item.duration_ms, moves, start, at: performance.now() } : null;
    card.toggleAttribute("data-line", Boolean(timed && line));
    if (line) line.hidden = !timed;
    for (const time of times) time.hidden = !timed;
    foot.hidden = !(timed && (line || times.length)) && !foot.querySelector(".source");
    card.toggleAttribute("data-footless", foot.hidden);
    if (timed && times[1]) {
      setText(times[1], formatDuration(item.duration_ms));
      foot.style.setProperty("--digits", formatDuration(item.duration_ms).length);
    }
    tick();
  }

  function position() {
    const { from, of, moves, start, at } = playing;
    const now = start === null ? from + (moves ? performance.now() - at : 0) : serverNow() - start;
    return Math.max(0, Math.min(of, now));
  }

  // Bars, line and times change together, just after each full second; a fast line whenever it moves a pixel.
  function tick() {
    clearTimeout(ticking);
    if (latest && hasExpired(latest.now, latest.at)) handleEnd();
    const moves = card.dataset.state === "playing";
    let wait = STEP;
    if (playing) {
      const at = position();
      if (times[0]) setText(times[0], formatDuration(at));
      if (line) {
        line.style.setProperty("--at", at / playing.of);
        if (at % 10000 < 1000) line.setAttribute("aria-valuenow", Math.floor((100 * at) / playing.of));
        while (wait > 32 && wait > playing.of / playing.width) wait /= 2;
      }
      wait += 5 - (at % wait);
    }
    const beat = `${Math.floor(performance.now() / STEP) % 3}`;
    if (moves && !config.motionless && !still.matches && bars.dataset.beat !== beat) bars.dataset.beat = beat;
    if (moves && !document.hidden) ticking = setTimeout(tick, wait);
  }

  // Poll once; without a response, show the item as last played.
  async function handleEnd() {
    const over = latest.now;
    if (checkedEnd === over) return;
    checkedEnd = over;
    const fresh = config.sample ? null : await poll();
    if (latest.now === over) render(fresh || { status: "idle", last_played: { item: over.item } });
  }

  // ---- Live ----------------------------------------------------------------------------------------------

  // Bypasses every cache, which would repeat the progress of its first response.
  async function poll() {
    try {
      const response = await fetch("now-playing", { cache: "no-store", signal: AbortSignal.timeout(5000) });
      return receive(await response.json());
    } catch {
      return null;
    }
  }

  // Without an event within `timeout` ms the stream counts as dead, whatever its readyState.
  function awaitEvent(timeout) {
    clearTimeout(timer);
    timer = setTimeout(giveUpStream, timeout);
  }

  // Poll from now on, and try a stream again in some minutes.
  function giveUpStream(delay) {
    stop();
    streamAgain = performance.now() + jitter(STREAM_RETRY);
    timer = setTimeout(pollLoop, delay);
  }

  function openStream() {
    stop();
    if (document.hidden || config.sample) return;
    let opened;
    try {
      opened = stream = new EventSource("now-playing/events");
    } catch {
      return giveUpStream(); // WebKit throws if a Content-Security-Policy forbids the address.
    }
    awaitEvent(10000);
    opened.addEventListener("heartbeat", () => awaitEvent(40000));
    opened.addEventListener("now-playing", (event) => {
      awaitEvent(40000);
      render(receive(JSON.parse(event.data)));
    });
    opened.onerror = () => {
      if (opened === stream && opened.readyState === EventSource.CLOSED) giveUpStream(jitter(RETRY) / 2);
    };
  }

  async function pollLoop() {
    stop();
    if (document.hidden) return;
    const now = await poll();
    if (stream || document.hidden) return;
    if (now) render(now);
    // Try a stream again if the server is back, or some minutes after a stream was refused or silent.
    if (now && (failing || performance.now() > streamAgain)) openStream();
    else timer = setTimeout(pollLoop, jitter(now ? POLL : RETRY));
    failing = !now;
  }

  function stop() {
    clearTimeout(timer);
    stream?.close();
    stream = null;
  }

  function reportHeight() {
    const heading = find(".title");
    card.toggleAttribute("data-long", heading.clientHeight > 2 * parseFloat(getComputedStyle(heading).fontSize));
    if (playing && line) playing.width = line.clientWidth;
    if (parent === window) return;
    const rows = rowCount() * 40;
    const { style } = widget;
    style.setProperty("--fit", "100%");
    let box = widget.getBoundingClientRect().height;
    const over = Math.ceil(box) - innerHeight;
    const art = find(".artwork");
    // Shrink a cover's artwork to fit a low frame.
    if (art && over > 0) style.setProperty("--fit", `${art.offsetWidth - over}px`);
    // A low frame shows another layout; report the height that the chosen one needs.
    if (innerHeight < config.low) {
      box = config.high + config.scale * rows + Math.min(innerWidth, config.wide || 0);
      if (rows || innerWidth < config.narrow) box += config.more;
    }
    // Below `low` the other layout would come back.
    if (rows || !recent) box = Math.max(box, config.low);
    parent.postMessage({ type: "now-playing:height", height: main.hidden ? 0 : Math.ceil(box) }, "*");
  }

  // Continue from the page as the server rendered it.
  function start() {
    const { now } = config;
    adjustClock(config.clock * 1000);
    latest = { now, at: performance.now() };
    for (const image of main.querySelectorAll("img")) image.decode().catch(() => setImage(image.parentNode));
    renderProgress(now, card.dataset.state, now.item);
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return stop();
    tick();
    openStream();
  });
  if (parent === window) document.documentElement.className = "alone";
  addEventListener("pageshow", (event) => event.persisted && openStream());
  new ResizeObserver(reportHeight).observe(main);
  addEventListener("resize", reportHeight);
  start();
  reportHeight();
  openStream();
})();
