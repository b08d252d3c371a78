"use strict";
(() => {
  const root = document.documentElement;
  const form = document.getElementById("options");
  const backdrop = document.getElementById("preview");
  const frame = backdrop.querySelector(".frame");
  const nothingShown = backdrop.querySelector(".nothing-shown");
  const shownAt = document.getElementById("shown-at");
  const announce = document.getElementById("announce");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const find = (selector) => document.querySelector(selector);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const validEntries = new Map(); // The last valid entry of each field that can be invalid.
  let timer = 0;
  let latest = 0;

  // ---- Entries -------------------------------------------------------------------------------------------

  function isValid({ value, dataset }) {
    const text = value.trim();
    if (!text) return true;
    if (dataset.shape === "color") return /^#?[0-9a-f]{6}$/i.test(text);
    return /^\d{1,3}$/.test(text) && Number(text) >= Number(dataset.lowest) && Number(text) <= Number(dataset.highest);
  }

  function check(input) {
    const valid = isValid(input);
    if (valid) {
      validEntries.set(input.name, input.value.trim());
      input.removeAttribute("aria-invalid");
      announce.textContent = "";
    } else {
      input.setAttribute("aria-invalid", "true");
    }
    document.getElementById(`wrong-${input.name}`).hidden = valid;
    const picker = find(`[data-picks="${input.name}"]`);
    if (picker && valid && input.value) picker.value = `#${input.value.trim().replace("#", "").toLowerCase()}`;
    if (input.name === "own" && valid && input.value) find(".swatch.own").style.setProperty("--own", picker.value);
    return valid;
  }

  function updateSlider(range) {
    range.style.setProperty("--at", `${(100 * (range.value - range.min)) / (range.max - range.min)}%`);
    const output = find(`output[for="${range.id}"]`);
    output.textContent = `${Number(range.value)}${output.dataset.unit}`;
  }

  // The form as it is sent, with the last valid entry in place of an invalid one.
  function formQuery() {
    const chosen = new URLSearchParams();
    for (const [name, value] of new FormData(form)) chosen.append(name, validEntries.has(name) ? validEntries.get(name) : value);
    if (find("[name=wall]:checked")?.dataset.system) chosen.delete("wall");
    return chosen;
  }

  // ---- The page for these entries ------------------------------------------------------------------------

  // The server makes the snippets: the page for a query holds them, with scripts and without.
  async function update() {
    const thisUpdate = ++latest;
    const response = await fetch(`${location.pathname}?${formQuery()}`);
    if (!response.ok) throw new Error(response.status);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (thisUpdate !== latest) return;
    const address = page.getElementById("options").dataset.query;
    history.replaceState(null, "", location.pathname + (address && `?${address}`));
    for (const code of page.querySelectorAll("[data-snippet]")) {
      find(`[data-snippet="${code.dataset.snippet}"]`).textContent = code.textContent;
      const how = code.closest(".place").querySelector(".how").textContent;
      find(`#place-${code.dataset.snippet} .how`).textContent = how;
    }
    for (const name of ["layout", "background"]) {
      find(`#note-${name}`)?.remove();
      const note = page.getElementById(`note-${name}`);
      if (note) find(`[name=${name}]`).closest("fieldset").append(document.importNode(note, true));
    }
    find("#width").placeholder = page.getElementById("width").placeholder;
    for (const link of all("[data-preset]")) {
      const isChosen = page.querySelector(`[data-preset="${link.dataset.preset}"]`).hasAttribute("aria-current");
      link.toggleAttribute("aria-current", isChosen);
      if (isChosen) link.setAttribute("aria-current", "true");
    }
    backdrop.className = page.getElementById("preview").className;
    const preview = frame.querySelector("iframe");
    const next = page.querySelector("#preview iframe");
    if (preview.getAttribute("src") === next.getAttribute("src")) {
      for (const name of ["width", "height", "class", "data-radius"]) preview.setAttribute(name, next.getAttribute(name));
    } else {
      nothingShown.hidden = true;
      preview.replaceWith(document.importNode(next, true));
    }
    fitPreview();
  }

  // The preview has the snippet's size, scaled down if the stage is smaller.
  function fitPreview() {
    const preview = frame.querySelector("iframe");
    backdrop.classList.toggle("tall", Number(preview.height) > Number(preview.width));
    const { paddingLeft, paddingRight, paddingTop, paddingBottom } = getComputedStyle(backdrop);
    const width = backdrop.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
    const height = backdrop.clientHeight - parseFloat(paddingTop) - parseFloat(paddingBottom);
    const scale = Math.min(1, width / preview.width, height / preview.height);
    preview.style.transform = scale < 1 ? `scale(${scale})` : "";
    preview.style.borderRadius = preview.classList.contains("background-glass") ? `${preview.dataset.radius}px` : "";
    frame.style.width = `${preview.width * scale}px`;
    frame.style.height = `${preview.height * scale}px`;
    shownAt.hidden = scale === 1;
    shownAt.textContent = `shown at ${Math.round(scale * 100)} %`;
  }

  // A preset sets every field.
  function applyLook(values) {
    const without = values.without.split(",");
    for (const box of form.querySelectorAll("[type=checkbox][name=show]")) box.checked = !without.includes(box.value);
    for (const [name, value] of Object.entries({ ...values, width: "" })) {
      const field = form.elements[name];
      if (!field) continue;
      field.value = value;
      if (field.type === "range") updateSlider(field);
      if (field.dataset?.shape) check(field);
    }
    scheduleUpdate();
  }

  function scheduleUpdate() {
    clearTimeout(timer);
    timer = setTimeout(() => update().catch(() => {}), 120);
  }

  function followSystemBackdrop() {
    if (form.elements.wall.value) return;
    const suits = all("[name=wall]").find(({ value }) => value === (system.matches ? "dark" : "light"));
    suits.dataset.system = "true";
    suits.checked = true;
  }

  // ---- Places --------------------------------------------------------------------------------------------

  function selectTab(tab, focus) {
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

  function moveBetweenTabs(event) {
    const tabs = all("[role=tab]");
    const now = tabs.indexOf(event.target);
    const next = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (now < 0 || next === undefined) return;
    event.preventDefault();
    selectTab(tabs[(next + tabs.length) % tabs.length], true);
  }

  async function copySnippet(button, name) {
    const label = button.textContent;
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
      button.textContent = label;
      announce.textContent = "";
    }, 2000);
  }

  // ---- Set-up --------------------------------------------------------------------------------------------

  root.classList.add("live");
  find(".tabs").hidden = false;
  for (const hidden of all(".copy, .copybar, [type=color]")) hidden.hidden = false;
  for (const panel of all(".place")) {
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", `tab-${panel.id.replace("place-", "")}`);
  }
  selectTab(find("[role=tab]"));
  all("[type=range]").forEach(updateSlider);
  for (const input of all("[data-shape]")) {
    if (isValid(input)) validEntries.set(input.name, input.value.trim());
    else validEntries.set(input.name, "");
    if (input.name === "own") check(input);
  }
  // On a phone the row of states scrolls. A source may not offer the one in the address.
  find(".states").scrollLeft = (find("[name=sample]:checked")?.parentNode.offsetLeft ?? 0) - 16;
  followSystemBackdrop();
  fitPreview();
  new ResizeObserver(fitPreview).observe(backdrop);

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    scheduleUpdate();
  });
  // On the whole page, as some fields of the form are outside of it.
  document.addEventListener("input", ({ target }) => {
    if (target.form !== form && !target.dataset.picks) return;
    if (target.type === "range") updateSlider(target);
    if (target.name === "wall") all("[name=wall]").forEach((one) => delete one.dataset.system);
    let field = target;
    if (target.dataset.picks) {
      field = document.getElementById(target.dataset.picks);
      field.value = target.value.slice(1);
    }
    if (!field.dataset.shape || check(field)) scheduleUpdate();
  });
  // Announce an invalid entry when its field is left; while typing only mark it.
  document.addEventListener("change", ({ target }) => {
    if (target.dataset?.shape && !isValid(target)) announce.textContent = document.getElementById(`wrong-${target.name}`).textContent;
  });
  addEventListener("message", ({ source, origin, data }) => {
    const preview = frame.querySelector("iframe");
    if (origin !== location.origin || source !== preview.contentWindow || data?.type !== "now-playing:height") return;
    nothingShown.hidden = data.height > 0;
  });
  document.addEventListener("click", (event) => {
    const { target } = event;
    const link = target.closest("[data-preset]");
    if (link) {
      event.preventDefault();
      applyLook(JSON.parse(link.dataset.values));
    }
    const button = target.closest("button");
    if (button?.dataset.copy) copySnippet(button, button.dataset.copy);
    if (button?.hasAttribute("data-copy-chosen")) copySnippet(button, find("[role=tab][aria-selected=true]").id.replace("tab-", ""));
    if (button?.role === "tab" || button?.getAttribute("role") === "tab") selectTab(button);
  });
  document.addEventListener("keydown", moveBetweenTabs);
})();
