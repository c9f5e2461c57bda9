"""A mean of few answers drawn towards what comparable ones are like: normal–normal shrinkage.

Source: Gelman et al., Bayesian Data Analysis (3rd ed.), section 2.5: with variance σ² of one answer and τ² between
subjects, the posterior mean is the average of the own mean and the common one, weighted by n/σ² and 1/τ².
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from trainloop.statistics.refusal import Refusal, Value


def shrunk_mean(mean: float, count: int, common_mean: float, sigma: float, tau: float) -> Value:
    """Return the mean of `count` answers, shrunk towards `common_mean`; refused without an answer.

    >>> round(shrunk_mean(5.0, 3, 4.2, 0.8, 0.3), 2), round(shrunk_mean(4.6, 120, 4.2, 0.8, 0.3), 2)
    (4.44, 4.58)
    """
    if count < 1:
        return Refusal("no_answers")
    own, common = count / sigma**2, 1 / tau**2
    return (own * mean + common * common_mean) / (own + common)


def pooled_mean(
    means: Sequence[tuple[float, int]], sigma: float, tau: float, z: float = 1.96
) -> tuple[float, float, float] | Refusal:
    """Return the mean over classes of (mean, answers) and its interval, classes being draws from a spread of their own.

    Each class weighs 1/(σ²/n + τ²), so one class of many answers is still one class (random effects, Gelman et al.).
    """
    weights = [1 / (sigma**2 / count + tau**2) for _, count in means if count > 0]
    if not weights:
        return Refusal("no_answers")
    total = sum(weights)
    known = [mean for mean, count in means if count > 0]
    mean = sum(weight * one for weight, one in zip(weights, known, strict=True)) / total
    half = z / sqrt(total)
    return mean, mean - half, mean + half
