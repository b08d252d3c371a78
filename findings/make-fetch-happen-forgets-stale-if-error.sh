#!/usr/bin/env bash
# make-fetch-happen gives out a stale response without end while its server is dead, whatever `stale-if-error` allows.
#
# Package: make-fetch-happen 15.0.6 (the client of npm itself), node 20.
# Expected: its README says that a stale response is returned if the server cannot be reached. `stale-if-error=2` should bound
#   that: two seconds past the freshness, and then the error shows (RFC 5861, section 4).
# Seen: `max-age=1, stale-if-error=2` is answered from the cache six seconds later, and at any time after, as status 200 with
#   `x-local-cache-status: stale` and no `Warning`. Only `must-revalidate` lets the error show, and it forbids every cache
#   the two seconds too. A client has to compare a date in the body with its own clock.
#   Output: "stale-if-error=2, 6 s later: 200 stale" / "must-revalidate, 6 s later: ECONNREFUSED".
# Source: https://github.com/npm/make-fetch-happen/blob/v15.0.6/lib/cache/entry.js (revalidate)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund make-fetch-happen@15.0.6 >/dev/null
cat >run.mjs <<'JS'
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import makeFetchHappen from "make-fetch-happen";

async function afterDeath(cacheControl, cachePath) {
  const server = createServer((incoming, response) => {
    response.writeHead(200, { "Cache-Control": cacheControl, ETag: 'W/"1"', Connection: "close" });
    response.end("{}");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}/`;
  const fetch = makeFetchHappen.defaults({ cachePath, retry: false });
  await (await fetch(url)).text();
  await new Promise((resolve) => server.close(resolve));
  await sleep(6000);
  try {
    const response = await fetch(url);
    await response.text();
    return `${response.status} ${response.headers.get("x-local-cache-status")}`;
  } catch (error) {
    return error.code;
  }
}
const [bounded, forbidden] = await Promise.all([
  afterDeath("max-age=1, stale-if-error=2", "one"),
  afterDeath("max-age=1, must-revalidate", "two"),
]);
console.log(`stale-if-error=2, 6 s later: ${bounded}`);
console.log(`must-revalidate, 6 s later: ${forbidden}`);
JS
node run.mjs | tee output
diff output - <<'EXPECTED'
stale-if-error=2, 6 s later: 200 stale
must-revalidate, 6 s later: ECONNREFUSED
EXPECTED
