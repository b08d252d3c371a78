#!/usr/bin/env bash
# undici's cache interceptor does not freshen a response that the server has just confirmed with 304, and forgets it.
#
# Package: undici 7.30.2 (the code behind Node's fetch), node 20.
# Expected: a 304 makes the stored response fresh for its `max-age` again (RFC 9111, section 4.3.4). A client that asks for a
#   response with `max-age=3` every second sends 200, 304, 304, … to the server and shows an Age that starts anew.
# Seen: the response after the 304 still has its old Age and the field `Warning: 110 - "response is stale"`, and the next
#   request is a whole one, without If-None-Match: every second exchange is a full download, and the Age never tells how
#   long ago the server was asked. With `stale-while-revalidate` in the header the 304 does freshen.
#   Output: "max-age=3: 200 304 200 304, confirmed ones called stale" / "with stale-while-revalidate: 200 304 304".
# Source: https://github.com/nodejs/undici/blob/v7.30.2/lib/interceptor/cache.js and lib/handler/cache-revalidation-handler.js
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund undici@7.30.2 >/dev/null
cat >run.mjs <<'JS'
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent, interceptors, request } from "undici";

async function ask(cacheControl) {
  const answers = [];
  const warnings = [];
  const server = createServer((incoming, response) => {
    const status = incoming.headers["if-none-match"] === 'W/"1"' ? 304 : 200;
    answers.push(status);
    response.writeHead(status, { "Cache-Control": cacheControl, ETag: 'W/"1"', "Content-Type": "application/json" });
    response.end(status === 200 ? "{}" : undefined);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const dispatcher = new Agent().compose(interceptors.cache());
  for (let second = 0; second < 15; second++) {
    const before = answers.length;
    const { headers, body } = await request(`http://127.0.0.1:${server.address().port}/`, { dispatcher });
    await body.text();
    if (answers.length > before && answers.at(-1) === 304) warnings.push(headers.warning);
    await sleep(1000);
  }
  server.closeAllConnections();
  server.close();
  await dispatcher.close();
  return { answers, warnings };
}
const [plain, revalidating] = await Promise.all([ask("max-age=3"), ask("max-age=3, stale-while-revalidate=9")]);
const stale = plain.warnings.every((warning) => warning === '110 - "response is stale"');
console.log(`max-age=3: ${plain.answers.slice(0, 4).join(" ")}, confirmed ones called ${stale ? "stale" : "fresh"}`);
console.log(`with stale-while-revalidate: ${revalidating.answers.slice(0, 3).join(" ")}`);
process.exit(0);
JS
node run.mjs | tee output
diff output - <<'EXPECTED'
max-age=3: 200 304 200 304, confirmed ones called stale
with stale-while-revalidate: 200 304 304
EXPECTED
