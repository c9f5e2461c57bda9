"""Net promoter score, from 0–10 questions only.

NPS = p − d with p = share of 9–10 and d = share of 0–6 (Reichheld 2003). Its standard error is that of a variable
that is +1, 0 or −1: √((p + d − (p − d)²)/n), a normal interval around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trainloop.statistics.refusal import Refusal
from trainloop.statistics.values import Numbers, Values, values_of


@dataclass(frozen=True)
class NpsFigures:
    """Of each group: nps and its bounds in points from −100 to 100, shares in percent."""

    nps: Values
    ci_low: Values
    ci_high: Values
    promoters_pct: Values
    passives_pct: Values
    detractors_pct: Values


def net_promoter_score(scores: Numbers, scale: Sequence[int], confidence: float = 0.95) -> NpsFigures | Refusal:
    """Return the NPS of groups of answers (groups × people, NaN = not answered), refused for a group without any.

    Refused altogether on any scale but 0–10: a 1–5 question is not mapped, since the classes are defined by the eleven
    points people saw.
    """
    if list(scale) != list(range(11)):
        return Refusal("not_a_0_to_10_scale")
    from scipy.special import ndtri

    n = (~np.isnan(scores)).sum(axis=-1)
    some = np.maximum(n, 1)
    promoters, detractors = (scores >= 9).sum(axis=-1) / some, (scores <= 6).sum(axis=-1) / some
    net = promoters - detractors
    half = float(ndtri((1 + confidence) / 2)) * np.sqrt(np.maximum(0.0, promoters + detractors - net**2) / some)
    found = (
        100 * net,
        100 * np.maximum(-1.0, net - half),
        100 * np.minimum(1.0, net + half),
        100 * promoters,
        100 * (1 - promoters - detractors),
        100 * detractors,
    )
    return NpsFigures(*(values_of(numbers, (n == 0, "no_answers")) for numbers in found))
