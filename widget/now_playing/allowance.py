"""Questions that were not asked are saved, a few of them, so that the end of an item or a doubt need not wait. Pure."""

from dataclasses import dataclass, replace

MOST_SAVED = 4.0


@dataclass(frozen=True, slots=True)
class Allowance:
    """``credit`` questions may be asked at ``at`` (monotonic s); one more is earned in each pace."""

    credit: float = MOST_SAVED
    at: float = 0.0

    def at_moment(self, now: float, pace: float) -> "Allowance":
        """What it has grown to at ``now``, at a ``pace`` in s; where that is 0 nothing is held back."""
        earned = MOST_SAVED if pace <= 0 else (now - self.at) / pace
        return Allowance(min(MOST_SAVED, self.credit + earned), now)

    def after_a_pause(self, seconds: float, pace: float) -> "Allowance":
        """No more than is earned in the ``seconds`` since the last answer, whichever instance heard it."""
        return self if pace <= 0 else replace(self, credit=min(self.credit, seconds / pace))

    def spent(self) -> "Allowance":
        """After a question."""
        return replace(self, credit=self.credit - 1.0)


def seconds_until_affordable(credit: float, pace: float, questions: float = 1.0) -> float:
    """How long to wait, in s, until ``credit`` has grown to so many ``questions``."""
    return max(0.0, (questions - credit) * pace)
