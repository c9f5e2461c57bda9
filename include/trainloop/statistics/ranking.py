"""How alike two rankings are: Kendall's τ-b (Kendall 1945, Biometrika 33), which counts ties."""

from __future__ import annotations

from collections.abc import Sequence


def kendall_tau(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Return τ-b of two scores of the same things, −1…1; None below two things or when one ranking ties everything."""
    from scipy.stats import kendalltau

    if len(first) < 2 or len(set(first)) < 2 or len(set(second)) < 2:
        return None
    return float(kendalltau(first, second).statistic)
