#!/usr/bin/env bash
# simple-oauth2 forgets the refresh token at the first refresh that brings no new one, though its code means to keep it.
#
# Package: simple-oauth2 5.1.0, node 20.
# Expected: a token response without `refresh_token` leaves the old one in force (RFC 6749, section 6), which is what Spotify
#   normally answers since mid-2026. `refresh()` even has a branch for it: "if response.refresh_token is undefined".
# Seen: that branch copies `this.refresh_token`, which no AccessToken has (it is `this.token.refresh_token`), so the new token
#   has none. The first refresh works, an hour later the second one sends an empty `refresh_token`, and the authorization is
#   gone: the stored token was overwritten by one that cannot be refreshed.
#   Output: "after the first refresh: undefined" / "sent: R1, (empty)".
# Source: https://github.com/lelylan/simple-oauth2/blob/v5.1.0/lib/access-token.js, `refresh`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund simple-oauth2@5.1.0 >/dev/null
cat >run.mjs <<'JS'
import { createServer } from "node:http";
import { AuthorizationCode } from "simple-oauth2";

const sent = [];
const server = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk) => (body += chunk));
  request.on("end", () => {
    sent.push(new URLSearchParams(body).get("refresh_token") || "(empty)");
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify({ access_token: "A", token_type: "Bearer", expires_in: 3600 }));
  });
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const tokenHost = `http://127.0.0.1:${server.address().port}`;
const client = new AuthorizationCode({ client: { id: "id", secret: "secret" }, auth: { tokenHost } });
const first = await client.createToken({ access_token: "A", refresh_token: "R1", expires_in: 3600 }).refresh();
console.log("after the first refresh:", first.token.refresh_token);
await first.refresh();
console.log("sent:", sent.join(", "));
server.close();
JS
node run.mjs | tee output
diff output - <<'EXPECTED'
after the first refresh: undefined
sent: R1, (empty)
EXPECTED
