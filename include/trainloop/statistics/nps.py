"""Net promoter score, from 0–10 questions only.

NPS = p − d with p = share of 9–10 and d = share of 0–6 (Reichheld 2003). Its standard error is that of a variable
that is +1, 0 or −1: √((p + d − (p − d)²)/n), a normal interval around it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from trainloop.statistics.moments import as_scores
from trainloop.statistics.refusal import Refusal


@dataclass(frozen=True)
class NpsFigures:
    """nps and its bounds in points from −100 to 100, shares in percent."""

    n: int
    nps: float
    ci_low: float
    ci_high: float
    promoters_pct: float
    passives_pct: float
    detractors_pct: float


def net_promoter_score(values: ArrayLike, scale: Sequence[int], confidence: float = 0.95) -> NpsFigures | Refusal:
    """Return the NPS of the answers (NaN = not answered); refused on any scale but 0–10 and without answers.

    A 1–5 question is refused rather than mapped: the classes are defined by the eleven points people saw.
    """
    if list(scale) != list(range(11)):
        return Refusal("not_a_0_to_10_scale")
    scores = as_scores(values)
    n = len(scores)
    if n == 0:
        return Refusal("no_answers")
    from scipy.special import ndtri

    promoters, detractors = int(np.count_nonzero(scores >= 9)) / n, int(np.count_nonzero(scores <= 6)) / n
    net = promoters - detractors
    half = float(ndtri((1 + confidence) / 2)) * math.sqrt(max(0.0, promoters + detractors - net**2) / n)
    return NpsFigures(
        n=n,
        nps=100 * net,
        ci_low=100 * max(-1.0, net - half),
        ci_high=100 * min(1.0, net + half),
        promoters_pct=100 * promoters,
        passives_pct=100 * (1 - promoters - detractors),
        detractors_pct=100 * detractors,
    )
