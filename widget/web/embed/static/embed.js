"use strict";
(() => {
  const NAME = "now-playing";
  // The server puts JSON in place of both. Heights at scale 1: the cover's without its artwork, the list's with all rows.
  const OPTIONS = SERVER_OPTIONS;
  const HEIGHTS = SERVER_HEIGHTS;
  const root = document.documentElement;
  const current = document.currentScript;
  const system = matchMedia("(prefers-color-scheme: dark)");

  // ---- The server's address ------------------------------------------------------------------------------

  // Return the folder of `address`; null unless it is http(s), as in a `data:`, `blob:` or `file:` script.
  function folderUrl(address) {
    try {
      const url = new URL(".", new URL(address, document.baseURI));
      return /^http/.test(url.protocol) ? url : null;
    } catch {
      return null;
    }
  }

  const serverUrl = (host) => folderUrl(host.replace(/\/*$/, "/"));
  const isEmbedScript = ({ src }) => /\/embed\.js([?#]|$)/.test(src);
  const stack = String(new Error().stack);

  // An imported file has no script element, but every engine names it in the stack.
  const [, imported] = stack.match(/[\s(@](https?:[^\s()]+?\/embed\.js)(?=[?:])/) || [];
  const all = [...document.scripts].filter(isEmbedScript);
  const exact = all.filter(({ src }) => stack.includes(src.split("#")[0]));
  const tags = current ? [current] : imported ? exact : all;
  const home = [current?.src, imported, all[0]?.src].filter(Boolean).map(folderUrl).find(Boolean);

  // ---- The page behind the widget ------------------------------------------------------------------------

  function matches(selector) {
    try {
      return [root, document.body].some((node) => node?.matches(selector));
    } catch {
      return false;
    }
  }

  // Return any CSS color as red, green, blue (0–255) and alpha (0–1).
  function channels(color) {
    if (/^rgb/.test(color)) {
      const [red, green, blue, alpha = 1] = color.match(/[\d.]+/g).map(Number);
      return [red, green, blue, alpha];
    }
    const pen = document.createElement("canvas").getContext("2d");
    pen.fillStyle = color;
    pen.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = pen.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  }

  function canvasBrightness() {
    const own = getComputedStyle(root).colorScheme;
    const declared = /light|dark/.test(own) ? own : document.querySelector("meta[name=color-scheme]")?.content;
    return /dark/.test(declared) && (system.matches || !/light/.test(declared)) ? 18 : 255;
  }

  // Blend the backgrounds of `node` and its ancestors over the canvas. A gradient counts as the mean of its colors.
  function isDark(node) {
    let color = [0, 0, 0];
    let left = 1;
    for (; node && left > 0.01; node = node.assignedSlot || node.parentElement || node.getRootNode().host) {
      const { backgroundColor, backgroundImage } = getComputedStyle(node);
      for (const layer of [backgroundImage.match(/rgba?\([^)]+\)/g) || [], [backgroundColor]]) {
        let covered = 0;
        for (const part of layer.map(channels)) {
          const share = (left * part[3]) / layer.length;
          color = color.map((value, index) => value + share * part[index]);
          covered += share;
        }
        left -= covered;
      }
    }
    const [red, green, blue] = color.map((value) => {
      const part = (value + left * canvasBrightness()) / 255;
      return part > 0.04045 ? ((part + 0.055) / 1.055) ** 2.4 : part / 12.92;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.18; // Below it, white text has more contrast than black.
  }

  // ---- The element ---------------------------------------------------------------------------------------

  class NowPlaying extends HTMLElement {
    static observedAttributes = [...OPTIONS, "dark-selector", "width", "src"];
    static home = home;

    constructor() {
      super();
      this.attachShadow({ mode: "open" });
      this.observer = new MutationObserver(() => this.render());
    }

    connectedCallback() {
      for (const name of PROPERTIES) {
        if (!Object.hasOwn(this, name)) continue; // Set before the element was defined.
        const value = this[name];
        delete this[name];
        this[name] = value;
      }
      for (const node of [root, document.body]) if (node) this.observer.observe(node, { attributes: true });
      this.updateListeners("add");
      this.ready = true;
      this.render();
    }

    disconnectedCallback() {
      this.updateListeners("remove");
      this.observer.disconnect();
    }

    attributeChangedCallback() {
      if (this.ready) this.render();
    }

    updateListeners(verb) {
      const method = `${verb}EventListener`;
      window[method]("message", this);
      window[method]("load", this);
      document[method]("transitionend", this);
      system[method]("change", this);
    }

    handleEvent({ type, target, source, origin, data }) {
      const { frame } = this;
      if (type !== "message") {
        if (type !== "transitionend" || target.contains?.(this)) this.render();
      } else if (frame && source === frame.contentWindow && (origin === this.server?.origin || origin === "null")) {
        if (data?.type === `${NAME}:height` && data.height >= 0) {
          frame.style.height = `${Math.min(data.height, 4000)}px`;
          this.querySelector("template")?.remove(); // A saved page's: left there if the element was already defined.
        }
      }
    }

    get server() {
      return this.src ? serverUrl(this.src) : this.home || customElements.get(NAME).home;
    }

    get scheme() {
      const selector = this.getAttribute("dark-selector");
      const { theme } = this;
      if (selector === null && /^(light|dark)$/.test(theme)) return theme;
      const dark = selector === null ? isDark(this.parentElement || this.getRootNode().host) : matches(selector);
      return dark ? "dark" : "light";
    }

    render() {
      if (!this.isConnected) return;
      const { server, scheme, shadowRoot, layout } = this;
      if (!server) return warn();
      const scale = Math.min(3, Math.max(0.75, parseFloat(this.scale) || 1));
      const width = parseInt(this.width) || (layout === "pill" ? 320 * scale : 0);
      const css = `:host{display:block${width > 0 ? `;max-width:${width}px` : ""}}:host([hidden]){display:none}`;
      if (this.css !== css) {
        this.css = css;
        try {
          // A constructed sheet is not subject to the page's Content-Security-Policy.
          const sheet = (shadowRoot.adoptedStyleSheets = [new CSSStyleSheet()])[0];
          sheet.replaceSync(css);
        } catch {}
      }
      const address = new URL("widget", server);
      for (const name of OPTIONS) {
        const value = name === "theme" ? scheme : this[name];
        if (value) address.searchParams.set(name, value);
      }
      const before = this.frame;
      if (before?.src === address.href) return;
      const frame = (this.frame = document.createElement("iframe"));
      frame.src = address;
      frame.title = this.title || "Now playing";
      frame.loading = "lazy";
      frame.part = "frame";
      const high = before?.style.height || `${height(layout, scale, this.clientWidth)}px`;
      frame.style.cssText = `border:0;display:block;width:100%;height:${high};color-scheme:${scheme}`;
      if (this.background === "glass") {
        frame.style.backdropFilter = frame.style.webkitBackdropFilter = "blur(20px) saturate(1.5)";
        frame.style.borderRadius = `${(this.radius || (layout === "pill" ? 16 : 12)) * scale}px`;
      }
      shadowRoot.replaceChildren(frame);
    }
  }

  // The height until the page in the frame reports its own.
  function height(layout, scale, width) {
    if (layout === "cover") return Math.min(width, 420 * scale) + (HEIGHTS.cover + (width < 288 * scale && HEIGHTS.credit)) * scale;
    const high = HEIGHTS[layout] || HEIGHTS.card;
    return Math.max(high * scale, high > 99 && layout === "list" ? 100 : 0); // With rows it is never lower.
  }

  // Every attribute is also a property: React 19, Preact and Vue set properties.
  const PROPERTIES = [...OPTIONS, "darkSelector", "width", "src"];
  NowPlaying.observedAttributes.forEach((attribute, index) =>
    Object.defineProperty(NowPlaying.prototype, PROPERTIES[index], {
      get() {
        return this.getAttribute(attribute) ?? "";
      },
      set(value) {
        if (value || value === 0) this.setAttribute(attribute, value);
        else this.removeAttribute(attribute);
      },
    }),
  );

  // ---- Script tags ---------------------------------------------------------------------------------------

  let warned;
  function warn() {
    warned ||= !console.warn(`${NAME}: no server. Set src on the element or data-host on the script.`);
  }

  // Shared by all runs of this file on a page, from any server.
  function registry() {
    const widgets = new WeakMap(); // By script element.
    const servers = new Map(); // By the script's address: a router may run each address only once.
    const startedAt = performance.now();
    let timer;

    // Whether a framework may still hydrate the HTML around `node`, and would reject our element. An element that is
    // removed again and again waits too.
    function mustWait(node) {
      if (performance.now() - widgets.get(node)?.placed < 500) return true;
      if (document.readyState !== "complete") {
        if (!performance.timing.domContentLoadedEventStart) return true;
        if (performance.now() - startedAt < 3000 && document.querySelector("script[type=module]")) return true;
      }
      for (; node; node = node.parentNode) {
        const key = Object.keys(node).find((name) => name.startsWith("__reactContainer"));
        if (key) return node[key]?.stateNode?.current.memoizedState?.isDehydrated;
      }
    }

    // Hide the widget from frameworks, which follow `nextSibling` as they hydrate and reject what the server did not send.
    function hide(script) {
      const get = () => {
        const element = widgets.get(script);
        const next = Reflect.get(Node.prototype, "nextSibling", script);
        if (next !== element) return next;
        // A loop that removes or moves all siblings must not leave it behind.
        queueMicrotask(() => script.parentNode === element.parentNode || element.remove());
        return element.nextSibling;
      };
      Object.defineProperty(script, "nextSibling", { configurable: true, get });
    }

    // Give `script` its widget: one that was there before the page was cloned or saved, or its own.
    function place(script, home) {
      const inHead = document.head?.contains(script);
      let element = inHead ? document.body.firstElementChild : script.nextElementSibling;
      while (element?.script?.isConnected) element = element.nextElementSibling;
      if (!element?.hasAttribute("data-placed")) element = widgets.get(script);
      if (!element) {
        element = document.createElement(NAME);
        for (const name of NowPlaying.observedAttributes) {
          const value = script.getAttribute(`data-${name}`);
          if (value !== null) element.setAttribute(name, value);
        }
        element.setAttribute("src", home);
        element.setAttribute("data-placed", "");
        element.home = home; // For version 1.1.0, if its script defined the element.
      }
      element.script = script;
      element.placed = performance.now();
      widgets.set(script, element);
      hide(script);
      if (element.isConnected) return;
      if (inHead) document.body.prepend(element);
      else script.after(element);
    }

    function placeMissing() {
      timer = 0;
      for (const script of document.scripts) {
        const { host, defineOnly } = script.dataset;
        const server = host ? serverUrl(host) : servers.get(key(script));
        if (!server || !servers.has(key(script)) || defineOnly != null || widgets.get(script)?.isConnected) continue;
        if (mustWait(script)) schedule();
        else if (/^$|javascript|module/.test(script.type)) place(script, server);
      }
      for (const element of document.querySelectorAll(NAME)) if (element.script?.isConnected === false) element.remove();
    }

    const key = (script) => script.src || script;
    const schedule = () => (timer ||= setTimeout(placeMissing, 50));

    document.addEventListener("DOMContentLoaded", placeMissing);
    new MutationObserver(schedule).observe(document, { childList: true, subtree: true });
    return (scripts, home) => {
      for (const script of scripts) servers.set(key(script), home);
      placeMissing();
    };
  }

  if (!customElements.get(NAME)) customElements.define(NAME, NowPlaying);
  const Known = customElements.get(NAME);
  if (!Known.home && home) {
    Known.home = home;
    for (const element of document.querySelectorAll(NAME)) element.render?.();
  }
  if (!home && !current?.dataset.host && !document.querySelector(`${NAME}[src]`)) warn();
  Known.run ||= registry();
  Known.run(tags, home);
})();
