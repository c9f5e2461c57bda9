"""One figure: a row of (family, code, statistic), and how far it is rounded before anybody sees it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple, cast

from trainloop.statistics.refusal import ReasonCode, Refusal, Value

_SCALE_POINTS = frozenset({"mean", "ci_low", "ci_high", "earlier_mean", "difference", "pre_mean", "post_mean"})
_TWO_DECIMALS = frozenset({
    "total_amount",
    "head_amount",
    "hour_amount",
    "turns_gini",
    "discrimination",
    "se_class",
    "alpha",
    "alpha_low",
    "alpha_high",
    "gain",
    "icc_single",
    "icc_average",
})
_FOUR_DECIMALS = frozenset({"p_t", "p_wilcoxon", "p_adjusted"})


class Figure(NamedTuple):
    """A computed figure before suppression: a number, a text, or the reason why there is neither.

    `respondent_count` is the number of people behind it; figures without people behind them (counts of a class list)
    leave it None.
    """

    family: str
    code: str
    statistic: str
    value: float | None = None
    text_value: str | None = None
    respondent_count: int | None = None
    refusal: str | None = None


@dataclass(frozen=True)
class ShownFigure:
    """A figure after suppression, as a reader may see it; hidden or refused ones carry the reason instead."""

    family: str
    code: str
    statistic: str
    value: Decimal | None
    text_value: str | None
    respondent_count: int | None
    is_hidden: bool
    reason: str | None


def figure(family: str, code: str, statistic: str, value: Value | str, respondent_count: int | None = None) -> Figure:
    """Return the figure of an estimator's answer, be it a number, a word or a refusal."""
    if isinstance(value, Refusal):
        return Figure(family, code, statistic, respondent_count=respondent_count, refusal=value.reason_code)
    if isinstance(value, str):
        return Figure(family, code, statistic, text_value=value, respondent_count=respondent_count)
    return Figure(family, code, statistic, value=float(value), respondent_count=respondent_count)


Entry = Value | str | None


class Column(NamedTuple):
    """One figure of every group: a number, a word, a refusal, or None where a group has no such figure.

    `respondent_counts` are the people behind each, as in `Figure`.
    """

    family: str
    code: str
    statistic: str
    values: Sequence[Entry]
    respondent_counts: Sequence[int | None]


def columns_of(groups: Sequence[Iterable[Figure]]) -> list[Column]:
    """Return the figures of groups, each computed by itself, as columns in the order in which they first occur."""
    found: dict[tuple[str, str, str], tuple[list[Entry], list[int | None]]] = {}
    for place, figures in enumerate(groups):
        for item in figures:
            key = item.family, item.code, item.statistic
            if key not in found:
                found[key] = [None] * len(groups), [None] * len(groups)
            values, counts = found[key]
            known = item.value if item.text_value is None else item.text_value
            values[place] = known if item.refusal is None else Refusal(cast("ReasonCode", item.refusal))
            counts[place] = item.respondent_count
    return [Column(*key, *column) for key, column in found.items()]


def figures_at(made: Iterable[Column], place: int) -> list[Figure]:
    """Return the figures of the group at one place."""
    return [
        figure(column.family, column.code, column.statistic, value, column.respondent_counts[place])
        for column in made
        if (value := column.values[place]) is not None
    ]


def decimals(
    family: str,
    statistic: str,
    respondent_count: int | None,
    one_decimal_below: int = 20,
    *,
    is_dimension: bool = False,
) -> int:
    """Return how many decimals may be printed: a mean of few people has one, so that it does not give away its sum.

    The NPS is a hundred times a mean, so the same rule leaves it whole points below the threshold. Means of dimensions
    always have one (why: `trainloop.statistics.suppression`).
    """
    is_small = is_dimension or (respondent_count is not None and respondent_count < one_decimal_below)
    name = statistic.partition(":")[0]
    if family == "nps" and name in {"nps", "ci_low", "ci_high"}:
        return 0 if is_small else 1
    if name in _SCALE_POINTS:
        return 1 if is_small else 2
    if name in {"n", "count"} or name.endswith(("_n", "_count")):
        return 0
    if name in _TWO_DECIMALS or name == "alpha_if_dropped":
        return 2
    return 4 if name in _FOUR_DECIMALS else 1


def rounded(item: Figure, one_decimal_below: int = 20, *, is_dimension: bool = False) -> Decimal | None:
    """Return the value as printed, halves away from zero; None without a value."""
    if item.value is None:
        return None
    places = decimals(item.family, item.statistic, item.respondent_count, one_decimal_below, is_dimension=is_dimension)
    step = Decimal(1).scaleb(-places)
    # Nine decimals first: 4.35 computed as 4.3499999999999996 is a half to every reader.
    exact = Decimal(repr(round(item.value, 9))).quantize(step, ROUND_HALF_UP)
    return exact or abs(exact)  # no "−0.0"
