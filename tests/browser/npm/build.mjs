// Bundle each library into dist/NAME.js, a classic script that sets globals, and each component of docs/embedding.md
// into dist/snippet-NAME.js, with what renders and hydrates it. `node build.mjs`
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { build } from "esbuild";
import { compile as compileSvelte } from "svelte/compiler";
import { compileScript, parse as parseVue } from "vue/compiler-sfc";

const MODULES = "node_modules";
const DOCS = readFileSync("../../../docs/embedding.md", "utf8");
mkdirSync("dist", { recursive: true });

const copies = {
  turbo: "@hotwired/turbo/dist/turbo.es2017-umd.js",
  htmx2: "htmx2/dist/htmx.min.js",
  htmx4: "htmx4/dist/htmx.min.js",
  idiomorph: "idiomorph/dist/idiomorph.min.js",
  morphdom: "morphdom/dist/morphdom-umd.min.js",
};
for (const [name, path] of Object.entries(copies)) copyFileSync(`${MODULES}/${path}`, `dist/${name}.js`);

// The code block below the heading `### NAME`.
function snippet(name) {
  const [, code] = DOCS.match(new RegExp(`^### ${name}\\n[^#]*?^\`\`\`\\w+\\n(.*?)^\`\`\`$`, "ms"));
  return code;
}

const isCustomElement = (tag) => tag === "now-playing";
const isServer = (path) => path.includes("server");
const documented = {
  name: "documented",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^docs:/ }, ({ path }) => ({ path, namespace: "docs" }));
    onLoad({ filter: /./, namespace: "docs" }, ({ path }) => {
      const name = path.split(":")[1];
      const code = snippet(name);
      const loaded = { resolveDir: ".", loader: "js" };
      if (name === "Svelte") {
        const generate = isServer(path) ? "server" : "client";
        return { ...loaded, contents: compileSvelte(code, { generate, filename: "NowPlaying.svelte" }).js.code };
      }
      if (name === "Vue") {
        const { descriptor } = parseVue(code, { templateParseOptions: { isCustomElement } });
        const options = { id: "snippet", inlineTemplate: true, templateOptions: { compilerOptions: { isCustomElement } } };
        return { ...loaded, contents: compileScript(descriptor, options).content };
      }
      return { ...loaded, contents: code, loader: "jsx" };
    });
  },
};

const react = (version) => `
  import React from "react${version}";
  import * as client from "react-dom${version}/client";
  import * as dom from "react-dom${version}";
  import * as server from "react-dom${version}/server.browser";
  Object.assign(window, { React, ReactDOM: { ...dom, ...client }, ReactDOMServer: server });`;

const reactSnippet = (version) => `
  ${react(version)}
  import { NowPlaying } from "docs:React";
  const App = () => React.createElement("main", null, React.createElement(NowPlaying, { layout: "compact" }));
  window.snippet = {
    html: () => server.renderToString(React.createElement(App)),
    hydrate: (root) => client.hydrateRoot(root, React.createElement(React.StrictMode, null, React.createElement(App)), {
      onRecoverableError: (error) => console.error(error.message),
    }),
  };`;

const bundles = {
  react18: react(18),
  react19: react(19),
  preact: `
    import * as preact from "preact";
    import * as hooks from "preact/hooks";
    import { renderToString } from "preact-render-to-string";
    Object.assign(window, { preact: { ...preact, ...hooks, renderToString } });`,
  vue: `
    import * as Vue from "vue/dist/vue.esm-bundler.js";
    import { renderToString } from "@vue/server-renderer";
    Object.assign(window, { Vue: { ...Vue, renderToString } });`,
  "snippet-react18": reactSnippet(18),
  "snippet-react19": reactSnippet(19),
  "snippet-preact": `
    import { h, hydrate } from "preact";
    import { renderToString } from "preact-render-to-string";
    import { NowPlaying } from "docs:Preact";
    const App = () => h("main", null, h(NowPlaying, { layout: "compact" }));
    window.snippet = { html: () => renderToString(h(App)), hydrate: (root) => hydrate(h(App), root) };`,
  "snippet-vue": `
    import { createSSRApp, h } from "vue";
    import { renderToString } from "@vue/server-renderer";
    import NowPlaying from "docs:Vue";
    const App = { render: () => h("main", h(NowPlaying)) };
    window.snippet = { html: () => renderToString(createSSRApp(App)), hydrate: (root) => createSSRApp(App).mount(root) };`,
  "snippet-svelte": `
    import { hydrate } from "svelte";
    import Client from "docs:Svelte:client";
    window.snippet = { hydrate: (root) => hydrate(Client, { target: root }) };`,
  "snippet-svelte-server": `
    import { render } from "svelte/server";
    import Server from "docs:Svelte:server";
    window.snippet = { html: () => render(Server).body };`,
};

await Promise.all(
  Object.entries(bundles).map(([name, contents]) => {
    const version = /react(1\d)/.exec(name)?.[1];
    return build({
      stdin: { contents, resolveDir: "." },
      bundle: true,
      format: "iife",
      outfile: `dist/${name}.js`,
      plugins: [documented],
      alias: version ? { react: `react${version}`, "react-dom": `react-dom${version}` } : {},
      jsx: "automatic",
      jsxImportSource: version ? "react" : "preact",
      platform: isServer(name) ? "node" : "browser",
      external: ["node:*", "https://*"],
      // The libraries' own checks of hydration speak in development only.
      define: {
        "process.env.NODE_ENV": '"development"',
        __VUE_OPTIONS_API__: "true",
        __VUE_PROD_DEVTOOLS__: "false",
        __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "true",
      },
    });
  }),
);
