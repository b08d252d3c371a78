#!/usr/bin/env bash
# happy-dom upgrades a custom element without calling attributeChangedCallback for the attributes that it has.
#
# Package: happy-dom 21.0.4, jsdom 29.1.1, node 20.
# Expected: `customElements.define` upgrades the elements that are there already: first attributeChangedCallback for each
#   observed attribute, then connectedCallback (HTML standard, "upgrade an element", steps 3 and 4). jsdom and browsers do.
# Seen: happy-dom calls connectedCallback alone. An element that takes its options from that callback shows the defaults in
#   a Vitest run, and passes in a browser; only if the script ran before the markup, both agree. Besides,
#   `whenDefined()` resolves to undefined instead of the constructor.
#   Output: "jsdom: theme=dark connected, whenDefined true" / "happy-dom: connected, whenDefined false" /
#   "happy-dom, defined first: theme=dark connected".
# Source: https://github.com/capricorn86/happy-dom, packages/happy-dom/src/nodes/html-element/HTMLElement.ts (`upgrade`);
#   https://html.spec.whatwg.org/multipage/custom-elements.html#upgrades
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund happy-dom@21.0.4 jsdom@29.1.1 >/dev/null
cat >run.mjs <<'JS'
import { Window } from "happy-dom";
import { JSDOM } from "jsdom";

const MARKUP = '<now-playing theme="dark"></now-playing>';

function player(window, calls) {
  return class extends window.HTMLElement {
    static observedAttributes = ["theme"];
    attributeChangedCallback(name, before, value) {
      calls.push(`${name}=${value}`);
    }
    connectedCallback() {
      calls.push("connected");
    }
  };
}
async function upgraded(window) {
  const calls = [];
  window.document.body.innerHTML = MARKUP;
  const constructor = player(window, calls);
  window.customElements.define("now-playing", constructor);
  const isDefined = (await window.customElements.whenDefined("now-playing")) === constructor;
  return `${calls.join(" ")}, whenDefined ${isDefined}`;
}
function parsed(window) {
  const calls = [];
  window.customElements.define("now-playing", player(window, calls));
  window.document.body.innerHTML = MARKUP;
  return calls.join(" ");
}
console.log("jsdom:", await upgraded(new JSDOM("<!doctype html><body></body>").window));
console.log("happy-dom:", await upgraded(new Window()));
console.log("happy-dom, defined first:", parsed(new Window()));
process.exit(0);
JS
node run.mjs | tee output
diff output - <<'EXPECTED'
jsdom: theme=dark connected, whenDefined true
happy-dom: connected, whenDefined false
happy-dom, defined first: theme=dark connected
EXPECTED
