"""Questions that were not asked are saved, a few of them, so that the end of an item or a doubt need not wait. Pure."""

from dataclasses import dataclass, replace

BUCKET_SIZE = 4.0


@dataclass(frozen=True, slots=True)
class TokenBucket:
    """``credit`` questions may be asked at ``at`` (monotonic s); one more is earned in each pace."""

    tokens: float = BUCKET_SIZE
    at: float = 0.0

    def refilled(self, now: float, pace: float) -> "TokenBucket":
        """What it has grown to at ``now``, at a ``pace`` in s; where that is 0 nothing is held back."""
        earned = BUCKET_SIZE if pace <= 0 else (now - self.at) / pace
        return TokenBucket(min(BUCKET_SIZE, self.tokens + earned), now)

    def capped_after_pause(self, seconds: float, pace: float) -> "TokenBucket":
        """No more than is earned in the ``seconds`` since the last answer, whichever instance heard it."""
        return self if pace <= 0 else replace(self, tokens=min(self.tokens, seconds / pace))

    def consumed(self) -> "TokenBucket":
        """After a question."""
        return replace(self, tokens=self.tokens - 1.0)


def seconds_until_tokens(credit: float, pace: float, questions: float = 1.0) -> float:
    """How long to wait, in s, until ``credit`` has grown to so many ``questions``."""
    return max(0.0, (questions - credit) * pace)
