#!/usr/bin/env bash
# compileScript's templateOptions.compilerOptions.isCustomElement has no effect on the inlined template.
#
# Package: vue 3.5.45 (vue/compiler-sfc), node 20.
# Expected: with `inlineTemplate: true`, compileScript compiles the template with `templateOptions`, so a tag for which
#   `compilerOptions.isCustomElement` is true becomes an element: createElementBlock("x-player").
# Seen: it becomes resolveComponent("x-player"), with the warning "Failed to resolve component" at run time. parse()
#   has already decided what is a component; only `parse(source, { templateParseOptions: { isCustomElement } })`
#   counts. `templateOptions.compilerOptions.comments` and others do arrive.
#   Output: "templateOptions: resolveComponent" / "templateParseOptions: createElementBlock".
# Source: https://github.com/vuejs/core/blob/v3.5.13/packages/compiler-sfc/src/compileScript.ts (`templateOptions`:
#   "Options for compiling the inlined template"), packages/compiler-core/src/parser.ts (`isComponent` in `onCloseTag`).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund vue@3.5.45 >/dev/null
cat >run.mjs <<'JS'
import { compileScript, parse } from "vue/compiler-sfc";
const source = "<script setup>const a = 1;</script>\n<template><x-player :a=\"a\" /></template>";
const isCustomElement = (tag) => tag === "x-player";
function compiled(parseOptions) {
  const { descriptor } = parse(source, parseOptions);
  const templateOptions = { compilerOptions: { isCustomElement } };
  const { content } = compileScript(descriptor, { id: "a", inlineTemplate: true, templateOptions });
  return content.includes('resolveComponent("x-player")') ? "resolveComponent" : "createElementBlock";
}
console.log("templateOptions:", compiled());
console.log("templateParseOptions:", compiled({ templateParseOptions: { isCustomElement } }));
JS
node run.mjs | tee output
diff output - <<'EXPECTED'
templateOptions: resolveComponent
templateParseOptions: createElementBlock
EXPECTED
