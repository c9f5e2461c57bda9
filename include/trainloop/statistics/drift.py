"""Has something changed since the last time the same question was put? A change is its interval, never a bare arrow.

The two waves are anonymous, so people who answered both cannot be linked: Welch's interval treats them as different
people, which is too wide rather than too narrow when they agree with themselves. p values of one family are adjusted by
Holm. A change is called a drop or a rise only when it is clear.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from trainloop.statistics.comparison import Difference, holm, welch
from trainloop.statistics.moments import Moments
from trainloop.statistics.refusal import Refusal, Value

Verdict = Literal["drop", "rise", "no_clear_change"]


@dataclass(frozen=True)
class Drift:
    """One question's change: now minus before, with interval, adjusted p and the word for it."""

    now: Moments
    before: Moments
    difference: Difference
    p_adjusted: Value
    verdict: Verdict


def drifts(
    now: Mapping[str, Moments], before: Mapping[str, Moments], confidence: float = 0.95, alpha: float = 0.05
) -> dict[str, Drift]:
    """Return the change of every code that was asked both times; all of them are one family of hypotheses."""
    differences = {code: welch(now[code], before[code], confidence) for code in now if code in before}
    adjusted = holm({code: found.p for code, found in differences.items()})
    return {
        code: Drift(now[code], before[code], found, adjusted[code], _verdict(found.difference, adjusted[code], alpha))
        for code, found in differences.items()
    }


def _verdict(difference: float, p_adjusted: Value, alpha: float) -> Verdict:
    if isinstance(p_adjusted, Refusal) or p_adjusted >= alpha:
        return "no_clear_change"
    return "drop" if difference < 0 else "rise"
