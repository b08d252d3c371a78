"""Authorizing again on the running server. What waits for its callback, and how many keys were wrong, stands in the
store: a restart or another instance changes nothing."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from typing import Any

from widget.clock import Clock
from widget.errors import NotConfigured
from widget.renewals import Admission, Begun, Renewed
from widget.sources.spotify.authorization import Attempt, Authorization, begin
from widget.sources.spotify.seed import effective_credentials
from widget.store.protocol import Store
from widget.tokens import Credentials

WAITING_SECONDS = 600.0
MOST_WAITING = 20
MOST_WRONG_KEYS = 5
WRONG_KEYS_SECONDS = 900.0
_NOTE = "renewal"


class ServerRenewal:
    """Implements :class:`widget.renewals.Renewal`."""

    def __init__(
        self,
        store: Store,
        authorization: Authorization,
        clock: Clock,
        *,
        key: str | None,
        accounts_url: str,
        credentials: Credentials | None,
    ) -> None:
        self._store = store
        self._authorization = authorization
        self._clock = clock
        self._key = key
        self._accounts_url = accounts_url
        self._configured = credentials

    async def admit(self, key: str) -> Admission:
        # Under the lock: keys tried at the same moment are counted one after the other.
        async with self._store.refreshing():
            note = await self._read()
            seconds = self._locked_for(note)
            if seconds > 0:
                return Admission(False, seconds)
            if self._key is not None and hmac.compare_digest(key.encode("utf-8", "replace"), self._key.encode()):
                return Admission(True)
            note["wrong"] = [*note["wrong"], self._clock.now()]
            await self._write(note)
        return Admission(False)

    async def begin(self, redirect_uri: str) -> Begun:
        attempt = begin(self._accounts_url, await self._credentials(), redirect_uri)
        cookie = secrets.token_urlsafe(32)
        async with self._store.refreshing():
            note = await self._read()
            waiting = {
                "state": _digest(attempt.state),
                "cookie": _digest(cookie),
                "code_verifier": attempt.code_verifier,
                "redirect_uri": redirect_uri,
                "begun_at": self._clock.now(),
            }
            note["waiting"] = [*note["waiting"], waiting][-MOST_WAITING:]
            await self._write(note)
        return Begun(attempt.url, cookie)

    async def finish(
        self, cookie: str | None, state: str | None, code: str | None, error: str | None
    ) -> Renewed | None:
        waiting = await self._taken(cookie or "", state or "")
        if waiting is None:
            return None
        credentials = await self._credentials()
        attempt = Attempt("", state or "", waiting["code_verifier"], waiting["redirect_uri"], credentials)
        granted = await self._authorization.finish(attempt, code, error, same_account=True)
        account = granted.account
        name = None if account is None else account.name or account.id
        return Renewed(name, granted.token.expires_at, granted.warnings)

    async def _taken(self, cookie: str, state: str) -> dict[str, Any] | None:
        """What waits for ``state`` from the browser that holds ``cookie``; it waits no longer."""
        async with self._store.refreshing():
            note = await self._read()
            for waiting in note["waiting"]:
                same_state = hmac.compare_digest(waiting["state"], _digest(state))
                if same_state and hmac.compare_digest(waiting["cookie"], _digest(cookie)):
                    note["waiting"].remove(waiting)
                    await self._write(note)
                    return dict(waiting)
        return None

    async def _credentials(self) -> Credentials:
        credentials = effective_credentials(self._configured, await self._store.credentials())
        if credentials is None:
            raise NotConfigured("There is no client ID: set SPOTIFY_CLIENT_ID on the server.")
        return credentials

    def _locked_for(self, note: dict[str, list[Any]]) -> float:
        if len(note["wrong"]) < MOST_WRONG_KEYS:
            return 0.0
        oldest: float = note["wrong"][0]
        return max(0.0, oldest + WRONG_KEYS_SECONDS - self._clock.now())

    async def _read(self) -> dict[str, list[Any]]:
        """The note, less what is too old (or, after a jump of the clock, from too far ahead)."""
        note = json.loads(await self._store.note(_NOTE) or '{"wrong": [], "waiting": []}')
        now = self._clock.now()
        return {
            "wrong": [at for at in note["wrong"] if abs(now - at) < WRONG_KEYS_SECONDS],
            "waiting": [one for one in note["waiting"] if abs(now - one["begun_at"]) < WAITING_SECONDS],
        }

    async def _write(self, note: dict[str, list[Any]]) -> None:
        await self._store.save_note(_NOTE, json.dumps(note))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
