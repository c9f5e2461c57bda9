"""Response rates of closed lists, after AAPOR Standard Definitions (10th edition, 2023), response rates 1 and 2.

RR1 = I / ((I+P) + (R+NC+O) + (UH+UO)), RR2 counts partial answers as answers. In a closed list everybody's
eligibility is known, so UH = UO = 0 and the denominator is the number of eligible people. Absentees, bounced
addresses and people held back by the invitation cap are not eligible: the caller leaves them out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from trainloop.statistics.refusal import Refusal

Band = Literal["fine", "caution", "not_representative"]


@dataclass(frozen=True)
class ResponseRates:
    """Rates in percent (0–100); the band is judged on RR1, the stricter of the two."""

    rr1_pct: float
    rr2_pct: float
    band: Band


def response_rates(
    complete_count: int, partial_count: int, eligible_count: int, fine_pct: float = 70, caution_pct: float = 40
) -> ResponseRates | Refusal:
    """Return RR1, RR2 and their band from counts of people.

    Refused when nobody was eligible, and when more answers came than people were asked: then the list is wrong and a
    rate capped at 100 % would hide it.
    """
    if eligible_count <= 0:
        return Refusal("more_answers_than_people" if complete_count + partial_count else "no_eligible_people")
    if complete_count + partial_count > eligible_count:
        return Refusal("more_answers_than_people")
    rr1_pct = 100 * complete_count / eligible_count
    rr2_pct = 100 * (complete_count + partial_count) / eligible_count
    return ResponseRates(rr1_pct, rr2_pct, _band(rr1_pct, fine_pct, caution_pct))


def _band(rate_pct: float, fine_pct: float, caution_pct: float) -> Band:
    if rate_pct >= fine_pct:
        return "fine"
    return "caution" if rate_pct >= caution_pct else "not_representative"


def rate_in_steps(answered_count: int, eligible_count: int, step_pct: int = 10) -> int:
    """Return the rate in percent rounded down to whole steps: all that is shown while a wave is open.

    Rounded down, so that the last step is reached only when everybody has answered; 0 when nobody was asked.
    """
    if eligible_count <= 0:
        return 0
    return min(100, 100 * answered_count // (step_pct * eligible_count) * step_pct)
