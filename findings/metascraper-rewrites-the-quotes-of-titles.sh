#!/usr/bin/env bash
# metascraper-title rewrites straight quotes: the title that a preview shows is not the one that og:title says.
#
# Package: metascraper 5.49.24, metascraper-title 5.49.24, open-graph-scraper 6.12.0, node 20.
# Expected: the text of og:title after its entities are resolved, as open-graph-scraper gives it. A music service's terms want
#   titles unaltered, and a title is often the key with which the preview and the page are compared.
# Seen: every title runs through the package "smartquotes" (and runs of spaces become one). `12"` gets a double prime, which is
#   right for inches and wrong for a quotation, 'n' gets an opening quote, and no rule or option keeps the text. The
#   description is left alone.
#   Output: "metascraper: Blue Monday (12″ Version) | Rock ‘n’ Roll" / "open-graph-scraper: Blue Monday (12" Version) | Rock 'n' Roll".
# Source: https://github.com/microlinkhq/metascraper, packages/metascraper-helpers/src/index.js
#   (`createTitle = flow([condenseWhitespace, smartquotes])`)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
# Scripts would build re2, which is not needed here.
npm install --ignore-scripts --silent --no-audit --no-fund metascraper@5.49.24 metascraper-title@5.49.24 open-graph-scraper@6.12.0 >/dev/null
cat >run.mjs <<'JS'
import metascraper from "metascraper";
import title from "metascraper-title";
import openGraph from "open-graph-scraper";

const titles = ['Blue Monday (12" Version)', "Rock 'n' Roll"];
const page = (text) =>
  `<!doctype html><html><head><title>x</title><meta property="og:title" content="${text.replaceAll('"', "&quot;")}"></head></html>`;
const scrape = metascraper([title()]);
const seen = [];
const plain = [];
for (const text of titles) {
  seen.push((await scrape({ url: "https://music.example.org/now", html: page(text) })).title);
  plain.push((await openGraph({ html: page(text) })).result.ogTitle);
}
console.log("metascraper:", seen.join(" | "));
console.log("open-graph-scraper:", plain.join(" | "));
process.exit(0);
JS
node run.mjs | tee output
diff output - <<'EXPECTED'
metascraper: Blue Monday (12″ Version) | Rock ‘n’ Roll
open-graph-scraper: Blue Monday (12" Version) | Rock 'n' Roll
EXPECTED
