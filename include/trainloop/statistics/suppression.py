"""What may be shown: the one function between a computed figure and a reader (methods §7).

Our reading of the rules, where they leave room:

- **A mean from 5, everything else about the answers from 10.** Intervals, standard errors, medians, shares, boxes, α
  and p values belong to the distribution: with n and the mean of seven answers on a five-point scale an interval gives
  the sum of squares, and the two together mostly one set of answers. Fewer than 10: n, mean, NPS, verdict.
- **n is printed exactly**, also where the figure is hidden. Counts of a class list (enrolled, attended, invited,
  answered) are administrative and not answers.
- **A dimension is shown no better than its least shown item**: it is the margin of its items, and with all but one
  item printed the hidden one could be worked out. It is printed with one decimal whatever n: beside exact items an
  exact dimension gives away the answers of the one person who skipped an item.
- **Ledger**: a figure's group is the set of people behind it. Where it differs from the group of an earlier release of
  the same figure by 1–4 people (added and removed counted together), subtraction would give a figure of fewer than
  five: that figure is hidden; when it is the whole wave or the test, the release is withheld and the earlier one stays
  valid. Chains over several releases count like a plain difference. A difference of 5–9 against a release that showed
  the distribution leaves the mean. Only what was shown is in the ledger: nothing can be subtracted from a figure that
  nobody saw. Corrected values of the same people are the same group: they make a revision.
- **A refusal speaks, too** ("everybody answered alike"), so the minimum is judged before the reason.
- **Fail closed**: a statistic this module does not know needs ten people; one without a group of its own is hidden.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from trainloop.statistics.figures import Figure, ShownFigure, rounded
from trainloop.statistics.subtraction import is_small_group_derivable

Level = Literal["hidden", "mean", "distribution"]
Need = Literal["nothing", "mean", "distribution"]
WAVE, TEST = "wave", "test:class"
_RANK: dict[str, int] = {"hidden": 0, "nothing": 0, "mean": 1, "distribution": 2}

_COUNTS = frozenset({"n", "earlier_n", "earlier_sessions_count", "earlier_session_code"})
_ADMINISTRATIVE = frozenset({
    "invited_count",
    "eligible_count",
    "complete_count",
    "partial_count",
    "rr1_pct",
    "rr2_pct",
    "band",
    # Who was to make an action plan, who did, who looked back.
    "class_count",
    "asked_count",
    "plan_count",
    "checked_in_count",
    "planned_pct",
})
_MEANS: dict[str, frozenset[str]] = {
    "item": frozenset({"mean"}),
    "dimension": frozenset({"mean"}),
    "nps": frozenset({"nps"}),
    "test": frozenset({"pre_mean", "post_mean", "difference", "gain"}),
    "comparison": frozenset({"earlier_mean", "difference", "verdict"}),
    "comparison_trainer": frozenset({"earlier_mean", "difference", "verdict"}),
    "self_other": frozenset({"mean"}),
    "plan": frozenset({"done_pct", "verified_pct"}),
}
# How many people a cohort pools: said exactly, like every n.
_COHORT = frozenset({"subjects_count", "raters_count"})


@dataclass(frozen=True)
class Minimums:
    """How many people a figure needs; never fewer than three, whatever a site file says."""

    mean: int = 5
    distribution: int = 10
    feedback_360: int = 3
    one_decimal_below: int = 20

    def __post_init__(self) -> None:
        """Refuse minimums under which a person could be singled out."""
        if min(self.mean, self.distribution, self.feedback_360) < 3 or self.distribution < self.mean:
            raise ValueError("minimum groups are at least 3, and a distribution never needs fewer than a mean")


@dataclass(frozen=True)
class LedgerEntry:
    """The people behind one figure of one release, and how much of it was shown."""

    key: str
    level: Level
    respondents: frozenset[str]


@dataclass(frozen=True)
class Visibility:
    """How much of a group's figures may be shown, and why no more."""

    level: Level
    reason: str | None
    is_near_earlier: bool = False


@dataclass(frozen=True)
class Suppressed:
    """The figures as they may be seen, the ledger entries of this release, and how far each group is visible."""

    figures: tuple[ShownFigure, ...]
    ledger: tuple[LedgerEntry, ...]
    visibility: Mapping[str, Visibility]
    is_withheld: bool


def need_of(family: str, statistic: str) -> Need:
    """Return what a statistic needs to be shown; unknown ones need a distribution's ten people."""
    # What a class cost is money, not people; what it may not show to whom is the report's business.
    if family in {"attendance", "cost"} or (family == "response" and statistic in _ADMINISTRATIVE):
        return "nothing"
    if (
        statistic in _COUNTS
        or (family == "cohort" and statistic in _COHORT)
        or (family == "theme" and statistic in {"name_zh", "name_en"})
    ):
        return "nothing"
    return "mean" if statistic in _MEANS.get(family, frozenset()) else "distribution"


def visibility_of(group: frozenset[str], earlier: Sequence[LedgerEntry], minimums: Minimums) -> Visibility:
    """Return how much of a group of people may be shown, given every earlier release of the same figure."""
    if any(0 < len(group ^ entry.respondents) < minimums.mean for entry in earlier):
        return Visibility("hidden", "too_close_to_earlier_release", is_near_earlier=True)
    if len(group) < minimums.mean:
        return Visibility("hidden", "below_minimum_mean")
    if is_small_group_derivable([group, *(entry.respondents for entry in earlier)], minimums.mean):
        return Visibility("hidden", "too_close_to_earlier_release", is_near_earlier=True)
    if len(group) < minimums.distribution:
        return Visibility("mean", "below_minimum_distribution")
    full = [entry.respondents for entry in earlier if entry.level == "distribution"]
    if is_small_group_derivable([group, *full], minimums.distribution):
        return Visibility("mean", "too_close_to_earlier_release")
    return Visibility("distribution", None)


def suppress(
    figures: Sequence[Figure],
    groups: Mapping[str, frozenset[str]],
    dimensions: Mapping[str, Sequence[str]],
    earlier: Sequence[LedgerEntry],
    minimums: Minimums,
) -> Suppressed:
    """Decide for every figure of one release whether it is shown, and round what is.

    `groups` maps a figure's group key (`group_key`) to the ids of the people behind it, `dimensions` a dimension's
    code to its items, `earlier` is the ledger of all earlier releases of the same subject that were not withheld.
    """
    visibility = {
        key: visibility_of(group, [entry for entry in earlier if entry.key == key], minimums)
        for key, group in groups.items()
    }
    for code, items in dimensions.items():
        key = f"dimension:{code}"
        visibility[key] = _least_shown(visibility[key], [visibility[item] for item in items])
    is_withheld = any(visibility[key].is_near_earlier for key in (WAVE, TEST) if key in visibility)
    keys = [(item, group_key(item, dimensions)) for item in figures]
    shown = tuple(
        shown_figure(item, visibility.get(key), minimums, is_dimension=key.startswith("dimension:"))
        for item, key in keys
    )
    ledger = tuple(
        LedgerEntry(key, visibility[key].level, group)
        for key, group in groups.items()
        if visibility[key].level != "hidden"
    )
    return Suppressed(shown, ledger, visibility, is_withheld)


def group_key(item: Figure, dimensions: Mapping[str, Sequence[str]]) -> str:
    """Return the key of the people behind a figure: an item's code, `dimension:<code>`, the test or the whole wave."""
    if item.family in {"response", "theme", "cohort"}:
        return WAVE
    if item.family in {"test", "quiz", "interaction"}:
        return f"{item.family}:{item.code}"
    return f"dimension:{item.code}" if item.code in dimensions else item.code


def _least_shown(own: Visibility, items: Sequence[Visibility]) -> Visibility:
    least = min(items, key=lambda seen: _RANK[seen.level], default=own)
    return own if _RANK[own.level] <= _RANK[least.level] else Visibility(least.level, "protects_other_figure")


def shown_figure(
    item: Figure, seen: Visibility | None, minimums: Minimums, *, is_dimension: bool = False
) -> ShownFigure:
    """Return one figure as readers may see it, given how far the people behind it may be seen."""
    reason = _hiding_reason(item, seen, minimums)
    if reason is not None:
        return ShownFigure(
            item.family, item.code, item.statistic, None, None, item.respondent_count, is_hidden=True, reason=reason
        )
    return ShownFigure(
        family=item.family,
        code=item.code,
        statistic=item.statistic,
        value=rounded(item, minimums.one_decimal_below, is_dimension=is_dimension),
        text_value=item.text_value,
        respondent_count=item.respondent_count,
        is_hidden=False,
        reason=item.refusal,
    )


def _hiding_reason(item: Figure, seen: Visibility | None, minimums: Minimums) -> str | None:
    need = need_of(item.family, item.statistic)
    if need == "nothing" or (item.respondent_count == 0 and item.refusal is not None):
        # With nobody behind a figure there is nobody to protect: its own reason says more.
        return None
    minimum = minimums.mean if need == "mean" else minimums.distribution
    if item.respondent_count is None or item.respondent_count < minimum or seen is None:
        return f"below_minimum_{need}"
    return None if _RANK[seen.level] >= _RANK[need] else seen.reason
