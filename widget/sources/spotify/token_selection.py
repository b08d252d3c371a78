"""The token and the credentials that are used if several are available."""

from widget.model.tokens import STORED_CLOCK_SKEW_SECONDS, Authorization, Credentials, SeedToken
from widget.store.base import Store


def seed_wins(seed: SeedToken | None, token: Authorization | None, last_seed_fingerprint: str | None) -> bool:
    """Return whether ``seed`` is used instead of the stored ``token``.

    It is if nothing is stored, or if it is not the last seed used, unless its date is the older one.
    """
    if seed is None:
        return False
    if token is None:
        return True
    if seed.fingerprint == last_seed_fingerprint or seed.refresh_token == token.refresh_token:
        return False
    # Without two dates the seed wins: the owner has pasted another one.
    both_dated = seed.authorized_at is not None and token.authorized_at is not None
    return not (both_dated and (seed.authorized_at or 0) < (token.authorized_at or 0))


def is_seed_spent(seed: SeedToken | None, token: Authorization | None, last_seed_fingerprint: str | None) -> bool:
    """Return whether Spotify replaced the token of ``seed``, so that only the stored one works."""
    if seed is None or token is None or seed.fingerprint != last_seed_fingerprint:
        return False
    # A refresh keeps authorized_at, a new authorization does not.
    return token.refresh_token != seed.refresh_token and token.authorized_at == seed.authorized_at


def authorization_from_seed(seed: SeedToken) -> Authorization:
    """Return the authorization of ``seed``."""
    return Authorization(seed.refresh_token, authorized_at=seed.authorized_at)


def without_future_dates(token: Authorization, seed: SeedToken | None, now: float) -> Authorization:
    """Return ``token`` without dates after ``now`` (s since the epoch), except the seed's own."""
    seed_date = 0.0 if seed is None or seed.authorized_at is None else seed.authorized_at
    return token.without_future_dates(max(now + STORED_CLOCK_SKEW_SECONDS, seed_date))


async def effective_authorization(store: Store, seed: SeedToken | None, now: float) -> Authorization | None:
    """Return the token that a server uses ``now`` (s since the epoch), without wrong dates.

    Writes nothing.
    """
    stored = await store.authorization()
    token = None if stored is None else without_future_dates(stored, seed, now)
    if seed is not None and seed_wins(seed, token, await store.seed_fingerprint()):
        return authorization_from_seed(seed)
    return token


def effective_credentials(configured: Credentials | None, stored: Credentials | None) -> Credentials | None:
    """Return the configured client ID and secret, else the stored ones.

    The secret of the same ID may be stored.
    """
    if configured is None:
        return stored
    # A refresh works only with the client that the token was issued to.
    if configured.client_secret is None and stored is not None and stored.client_id == configured.client_id:
        return stored
    return configured
