// Minify the scripts that visitors load: NAME.js becomes NAME.min.js beside it, which the server hands out.
// `npm ci --ignore-scripts && node minify.mjs`; with a folder as argument the results go there instead.
import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const FOLDERS = ["widget/web/embed/static", "widget/web/builder/static"].map((folder) => join(ROOT, folder));
const [, , target] = process.argv;

for (const folder of FOLDERS) {
  for (const name of readdirSync(folder).filter((name) => /(?<!\.min)\.js$/.test(name))) {
    await build({
      entryPoints: [join(folder, name)],
      outfile: join(target || folder, `${basename(name, ".js")}.min.js`),
      minify: true,
      charset: "ascii", // Right in whatever encoding a page has.
      target: "esnext", // The source is written for the browsers that it has to run in.
      logLevel: "error",
    });
  }
}
