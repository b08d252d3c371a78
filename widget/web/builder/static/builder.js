"use strict";
(() => {
  const root = document.documentElement;
  const form = document.getElementById("options");
  const backdrop = document.getElementById("preview");
  const frame = backdrop.querySelector(".frame");
  const gone = backdrop.querySelector(".gone");
  const shownAt = document.getElementById("shown-at");
  const announce = document.getElementById("announce");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const find = (selector) => document.querySelector(selector);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const good = new Map(); // The last right entry of each field that can be wrong.
  let timer = 0;
  let latest = 0;

  // ---- Entries -------------------------------------------------------------------------------------------

  function isRight({ value, dataset }) {
    const text = value.trim();
    if (!text) return true;
    if (dataset.shape === "color") return /^#?[0-9a-f]{6}$/i.test(text);
    return /^\d{1,3}$/.test(text) && Number(text) >= Number(dataset.lowest) && Number(text) <= Number(dataset.highest);
  }

  function check(input) {
    const right = isRight(input);
    if (right) {
      good.set(input.name, input.value.trim());
      input.removeAttribute("aria-invalid");
      announce.textContent = "";
    } else {
      input.setAttribute("aria-invalid", "true");
    }
    document.getElementById(`wrong-${input.name}`).hidden = right;
    const picker = find(`[data-picks="${input.name}"]`);
    if (picker && right && input.value) picker.value = `#${input.value.trim().replace("#", "").toLowerCase()}`;
    if (input.name === "own" && right && input.value) find(".swatch.own").style.setProperty("--own", picker.value);
    return right;
  }

  function slid(range) {
    range.style.setProperty("--at", `${(100 * (range.value - range.min)) / (range.max - range.min)}%`);
    const output = find(`output[for="${range.id}"]`);
    output.textContent = `${Number(range.value)}${output.dataset.unit}`;
  }

  // The server reads the form as it stands, but for wrong entries: there the last right one holds.
  function query() {
    const chosen = new URLSearchParams();
    for (const [name, value] of new FormData(form)) chosen.append(name, good.has(name) ? good.get(name) : value);
    if (find("[name=wall]:checked")?.dataset.system) chosen.delete("wall");
    return chosen;
  }

  // ---- What changes with them ----------------------------------------------------------------------------

  // The page itself holds the snippets for its query: the server makes them, with scripts and without.
  async function update() {
    const turn = ++latest;
    const answer = await fetch(`${location.pathname}?${query()}`);
    if (!answer.ok) throw new Error(answer.status);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (turn !== latest) return;
    const address = page.getElementById("options").dataset.query;
    history.replaceState(null, "", location.pathname + (address && `?${address}`));
    for (const code of page.querySelectorAll("[data-snippet]")) {
      find(`[data-snippet="${code.dataset.snippet}"]`).textContent = code.textContent;
      const how = code.closest("article").querySelector(".how").textContent;
      find(`#place-${code.dataset.snippet} .how`).textContent = how;
    }
    for (const name of ["layout", "background"]) {
      find(`#note-${name}`)?.remove();
      const note = page.getElementById(`note-${name}`);
      if (note) find(`[name=${name}]`).closest("fieldset").append(document.importNode(note, true));
    }
    find("#width").placeholder = page.getElementById("width").placeholder;
    for (const link of all("[data-look]")) {
      const isChosen = page.querySelector(`[data-look="${link.dataset.look}"]`).hasAttribute("aria-current");
      link.toggleAttribute("aria-current", isChosen);
      if (isChosen) link.setAttribute("aria-current", "true");
    }
    backdrop.className = page.getElementById("preview").className;
    const shown = frame.querySelector("iframe");
    const next = page.querySelector("#preview iframe");
    if (shown.getAttribute("src") === next.getAttribute("src")) {
      for (const name of ["width", "height", "class", "data-radius"]) shown.setAttribute(name, next.getAttribute(name));
    } else {
      gone.hidden = true;
      shown.replaceWith(document.importNode(next, true));
    }
    fit();
  }

  // The preview has the snippet's size, and is shrunk as a picture where the stage is smaller.
  function fit() {
    const shown = frame.querySelector("iframe");
    backdrop.classList.toggle("tall", Number(shown.height) > Number(shown.width));
    const { paddingLeft, paddingRight, paddingTop, paddingBottom } = getComputedStyle(backdrop);
    const width = backdrop.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
    const height = backdrop.clientHeight - parseFloat(paddingTop) - parseFloat(paddingBottom);
    const scale = Math.min(1, width / shown.width, height / shown.height);
    shown.style.transform = scale < 1 ? `scale(${scale})` : "";
    shown.style.borderRadius = shown.classList.contains("background-glass") ? `${shown.dataset.radius}px` : "";
    frame.style.width = `${shown.width * scale}px`;
    frame.style.height = `${shown.height * scale}px`;
    shownAt.hidden = scale === 1;
    shownAt.textContent = `shown at ${Math.round(scale * 100)} %`;
  }

  // A finished look sets every field.
  function take(values) {
    const without = values.without.split(",");
    for (const box of form.querySelectorAll("[type=checkbox][name=show]")) box.checked = !without.includes(box.value);
    for (const [name, value] of Object.entries({ ...values, width: "" })) {
      const field = form.elements[name];
      if (!field) continue;
      field.value = value;
      if (field.type === "range") slid(field);
      if (field.dataset?.shape) check(field);
    }
    later();
  }

  function later() {
    clearTimeout(timer);
    timer = setTimeout(() => update().catch(() => {}), 120);
  }

  function hang() {
    if (form.elements.wall.value) return;
    const suits = all("[name=wall]").find(({ value }) => value === (system.matches ? "dark" : "light"));
    suits.dataset.system = "true";
    suits.checked = true;
  }

  // ---- Places --------------------------------------------------------------------------------------------

  function choose(tab, focus) {
    for (const other of all("[role=tab]")) {
      const chosen = other === tab;
      other.setAttribute("aria-selected", chosen);
      other.tabIndex = chosen ? 0 : -1;
      document.getElementById(other.getAttribute("aria-controls")).hidden = !chosen;
    }
    const tabs = tab.parentElement;
    tabs.scrollLeft = Math.max(Math.min(tabs.scrollLeft, tab.offsetLeft - 16), tab.offsetLeft + tab.offsetWidth + 16 - tabs.clientWidth);
    if (focus) tab.focus();
  }

  function turn(event) {
    const tabs = all("[role=tab]");
    const now = tabs.indexOf(event.target);
    const next = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (now < 0 || next === undefined) return;
    event.preventDefault();
    choose(tabs[(next + tabs.length) % tabs.length], true);
  }

  async function copy(button, name) {
    const words = button.textContent;
    const code = find(`[data-snippet="${name}"]`);
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
    button.textContent = done ? "Copied" : "Select it and press Ctrl+C";
    announce.textContent = button.textContent;
    setTimeout(() => {
      button.textContent = words;
      announce.textContent = "";
    }, 2000);
  }

  // ---- Beginning -----------------------------------------------------------------------------------------

  root.classList.add("live");
  find(".tabs").hidden = false;
  for (const hidden of all(".copy, .copybar, [type=color]")) hidden.hidden = false;
  for (const panel of all(".place")) {
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", `tab-${panel.id.replace("place-", "")}`);
  }
  choose(find("[role=tab]"));
  all("[type=range]").forEach(slid);
  for (const input of all("[data-shape]")) {
    if (isRight(input)) good.set(input.name, input.value.trim());
    else good.set(input.name, "");
    if (input.name === "own") check(input);
  }
  hang();
  fit();
  new ResizeObserver(fit).observe(backdrop);

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    later();
  });
  // Fields of the form stand outside of it too, so the whole page is listened to.
  document.addEventListener("input", ({ target }) => {
    if (target.form !== form && !target.dataset.picks) return;
    if (target.type === "range") slid(target);
    if (target.name === "wall") all("[name=wall]").forEach((one) => delete one.dataset.system);
    let field = target;
    if (target.dataset.picks) {
      field = document.getElementById(target.dataset.picks);
      field.value = target.value.slice(1);
    }
    if (!field.dataset.shape || check(field)) later();
  });
  // Whoever leaves a wrong entry hears of it; while typing it is only shown.
  document.addEventListener("change", ({ target }) => {
    if (target.dataset?.shape && !isRight(target)) announce.textContent = document.getElementById(`wrong-${target.name}`).textContent;
  });
  addEventListener("message", ({ source, origin, data }) => {
    const shown = frame.querySelector("iframe");
    if (origin !== location.origin || source !== shown.contentWindow || data?.type !== "now-playing:height") return;
    gone.hidden = data.height > 0;
  });
  document.addEventListener("click", (event) => {
    const { target } = event;
    const link = target.closest("[data-look]");
    if (link) {
      event.preventDefault();
      take(JSON.parse(link.dataset.values));
    }
    const button = target.closest("button");
    if (button?.dataset.copy) copy(button, button.dataset.copy);
    if (button?.hasAttribute("data-copy-chosen")) copy(button, find("[role=tab][aria-selected=true]").id.replace("tab-", ""));
    if (button?.role === "tab" || button?.getAttribute("role") === "tab") choose(button);
  });
  document.addEventListener("keydown", turn);
})();
