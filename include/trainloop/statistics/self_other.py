"""How a person sees themselves beside how others do (360 assessment).

The others are a handful of particular people, not a sample: the gap is a difference of two numbers and no interval is
drawn around it. Whether it is worth a word is a matter of size (Fleenor, Smither, Atwater, Braddy & Sturm 2010,
Leadership Quarterly 21(6), 1005–1034: half a standard deviation of self–other differences; about half a point on a
five-point scale).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from trainloop.statistics.refusal import Refusal, Value

View = Literal["higher", "lower", "in_line"]


@dataclass(frozen=True)
class SelfOtherGap:
    """Self minus others in scale points; `view`: the person sees themselves higher, lower or in line."""

    gap: float
    view: View


def self_other_gap(self_score: Value, others_mean: Value, notable: float = 0.5) -> SelfOtherGap | Refusal:
    """Return the gap of one dimension or item; refused when either side has no number."""
    if isinstance(self_score, Refusal):
        return Refusal("no_self_rating")
    if isinstance(others_mean, Refusal):
        return others_mean
    gap = self_score - others_mean
    # Halves computed in floats: 4.1 − 3.6 is a half to every reader.
    view: View = "in_line" if round(abs(gap), 9) < notable else "higher" if gap > 0 else "lower"
    return SelfOtherGap(gap, view)
