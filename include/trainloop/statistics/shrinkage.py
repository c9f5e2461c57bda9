"""A mean of few answers drawn towards what comparable ones are like: normal–normal shrinkage.

Source: Gelman et al., Bayesian Data Analysis (3rd ed.), section 2.5: with variance σ² of one answer and τ² between
subjects, the posterior mean is the average of the own mean and the common one, weighted by n/σ² and 1/τ².
"""

from __future__ import annotations

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
