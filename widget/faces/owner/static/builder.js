"use strict";
(() => {
  const form = document.getElementById("options");
  const accent = document.getElementById("accent");
  const picker = document.getElementById("accent-picker");
  const announce = document.getElementById("announce");
  const DEFAULTS = { theme: "auto", layout: "card", background: "art", idle: "last", motion: "auto" };
  let timer = 0;
  let latest = 0;

  function query() {
    const chosen = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      if (value && value !== DEFAULTS[name]) chosen.set(name, value.replace("#", ""));
    }
    const text = chosen.toString();
    return text ? `?${text}` : "";
  }

  // The page itself holds the snippets for its query: the server makes them, with scripts and without.
  async function update() {
    const turn = ++latest;
    const address = location.pathname + query();
    history.replaceState(null, "", address);
    const answer = await fetch(address);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (turn !== latest) return;
    for (const code of page.querySelectorAll("[data-snippet]")) {
      const mine = document.querySelector(`[data-snippet="${code.dataset.snippet}"]`);
      mine.textContent = code.textContent;
      mine.closest("article").querySelector(".quiet").textContent = code.closest("article").querySelector(".quiet").textContent;
    }
    const preview = document.querySelector("#preview iframe");
    const next = page.querySelector("#preview iframe");
    if (preview.outerHTML !== next.outerHTML) preview.replaceWith(document.importNode(next, true));
  }

  function later() {
    clearTimeout(timer);
    timer = setTimeout(() => update().catch(() => {}), 150);
  }

  async function copy(button) {
    const code = document.querySelector(`[data-snippet="${button.dataset.copy}"]`);
    let done = true;
    try {
      await navigator.clipboard.writeText(code.textContent);
    } catch {
      const range = document.createRange();
      range.selectNodeContents(code);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      done = document.execCommand("copy");
    }
    button.textContent = done ? "Copied" : "Press Ctrl+C";
    announce.textContent = button.textContent;
    setTimeout(() => { button.textContent = "Copy"; announce.textContent = ""; }, 2000);
  }

  form.querySelector("button").hidden = true;
  picker.hidden = false;
  form.addEventListener("submit", (event) => { event.preventDefault(); later(); });
  form.addEventListener("input", (event) => {
    if (event.target === picker) accent.value = picker.value.slice(1);
    if (event.target === accent && accent.value && accent.validity.valid) picker.value = `#${accent.value.replace("#", "")}`;
    if (form.checkValidity()) later();
  });
  addEventListener("message", ({ source, origin, data }) => {
    const frame = document.querySelector("#preview iframe");
    if (origin === location.origin && source === frame.contentWindow && data?.type === "now-playing:height") frame.height = data.height;
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
  });
})();
