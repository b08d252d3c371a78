"use strict";
(() => {
  const NAME = "now-playing";
  const OPTIONS = ["theme", "layout", "background", "accent", "idle", "motion", "lang"];
  const HEIGHTS = { compact: 48, cover: 448 };
  const script = document.currentScript;
  const home = new URL(".", script.src);

  function matches(selector) {
    try {
      return [document.documentElement, document.body].some((node) => node && node.matches(selector));
    } catch {
      return false;
    }
  }

  class NowPlaying extends HTMLElement {
    static observedAttributes = [...OPTIONS, "dark-selector"];
    home = home;

    connectedCallback() {
      this.style.display ||= "block";
      this.receive = (event) => this.resize(event);
      addEventListener("message", this.receive);
      this.observer = new MutationObserver(() => this.render());
      for (const node of [document.documentElement, document.body]) if (node) this.observer.observe(node, { attributes: true });
      this.render();
    }

    disconnectedCallback() {
      removeEventListener("message", this.receive);
      this.observer.disconnect();
      this.frame?.remove();
      this.frame = null;
    }

    attributeChangedCallback() {
      if (this.observer) this.render();
    }

    get theme() {
      const selector = this.getAttribute("dark-selector");
      if (selector !== null) return matches(selector) ? "dark" : "light";
      return this.getAttribute("theme");
    }

    get address() {
      const address = new URL("widget", this.home);
      for (const name of OPTIONS) {
        const value = name === "theme" ? this.theme : this.getAttribute(name);
        if (value) address.searchParams.set(name, value);
      }
      return address.href;
    }

    render() {
      const address = this.address;
      if (!this.isConnected || this.frame?.src === address) return;
      const frame = document.createElement("iframe");
      frame.src = address;
      frame.title = this.title || "Now playing";
      frame.loading = "lazy";
      Object.assign(frame.style, {
        border: "0",
        display: "block",
        width: "100%",
        height: this.frame?.style.height || `${HEIGHTS[this.getAttribute("layout")] || 140}px`,
        colorScheme: this.theme === "dark" ? "dark" : "light",
      });
      if (this.frame) this.frame.replaceWith(frame);
      else this.append(frame);
      this.frame = frame;
    }

    resize({ source, origin, data }) {
      if (!this.frame || source !== this.frame.contentWindow || origin !== this.home.origin) return;
      if (data?.type === `${NAME}:height` && Number.isFinite(data.height)) {
        this.frame.style.height = `${Math.min(Math.max(data.height, 0), 2000)}px`;
      }
    }
  }

  if (!customElements.get(NAME)) customElements.define(NAME, NowPlaying);
  if ("defineOnly" in script.dataset) return;
  const element = document.createElement(NAME);
  element.home = home;
  for (const name of [...OPTIONS, "dark-selector"]) {
    const value = script.getAttribute(`data-${name}`);
    if (value !== null) element.setAttribute(name, value);
  }
  script.after(element);
})();
