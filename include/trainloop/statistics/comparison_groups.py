"""Who the learners are compared with: by rule and in a fixed order, never chosen after looking at results (methods §4).

The order is randomised controls, the comparison people of a pre-registered pilot, people waitlisted for the same
course, untrained people of the same family and level matched on the level before the class, and at last those who
cancelled: they chose. Differences are told as standardised mean differences over the pooled standard deviation (Cohen's
d; What Works Clearinghouse, Standards Handbook 5.0: at most 0.25).

People who are matched on a single noisy level carry that noise: where learners were chosen for low results, matched
people are low by chance as well and both return to normal, which is what the comparison needs; where learners are
lower by nature the comparison is biased against the training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from trainloop.statistics.refusal import Refusal

GroupSource = Literal["randomised", "pilot_comparison", "waitlisted", "matched", "cancelled"]
SOURCES: tuple[GroupSource, ...] = get_args(GroupSource)
# What people are in the eyes of a course; untrained people become the source "matched".
Role = Literal["learner", "randomised", "pilot_comparison", "waitlisted", "untrained", "cancelled"]
_ROLE_OF: dict[GroupSource, Role] = {
    "randomised": "randomised",
    "pilot_comparison": "pilot_comparison",
    "waitlisted": "waitlisted",
    "matched": "untrained",
    "cancelled": "cancelled",
}
LEARNER: Role = "learner"
_ROUNDS = 200


@dataclass(frozen=True)
class GroupRules:
    """Least people of a comparison group, the share of learners who must find somebody, how near a match must be
    (standard deviations of the level before), and from which difference a group is narrowed to its near people.
    """

    min_people: int = 5
    min_matched_share: float = 0.5
    caliper_sd: float = 0.25
    max_smd: float = 0.25


@dataclass(frozen=True)
class ComparisonGroup:
    """`learners` and `people` are index labels of the frame that was asked, `unmatched` learners nobody is near to.

    `smd_before` is the standardised difference of the level before as the group was found, `smd` as it is used.
    `passed_over` says why sources earlier in the order did not serve: how many people each had.
    """

    source: GroupSource
    learners: pd.Index[Any]
    people: pd.Index[Any]
    unmatched: pd.Index[Any]
    smd_before: float
    smd: float
    is_matched: bool
    passed_over: dict[GroupSource, int]


def lend_dates(people: pd.DataFrame, within: Sequence[str] = ("job_family", "job_level")) -> pd.Series[Any]:
    """Return everybody's class date: comparison people without one get those of the learners they stand for.

    people: role, class_ends_on (missing for people without a class), unit_id and the columns of `within`. Dates are
    lent in the shares in which the learners of the same cell have them (all learners where a cell has none), in the
    order of unit_id: the same people get the same dates whenever it runs.
    """
    dates = pd.to_datetime(people["class_ends_on"])
    is_learner = people["role"] == LEARNER
    needy = people[~is_learner & dates.isna()].sort_values("unit_id")
    learners = people[is_learner].assign(lent=dates[is_learner]).sort_values(["lent", "unit_id"])
    if needy.empty or learners.empty:
        return dates
    columns = [name for name in within if name in people]
    lent = _dealt(needy, learners, columns)
    rest = needy[lent.reindex(needy.index).isna()]
    if not rest.empty:
        lent = pd.concat([lent.dropna(), _dealt(rest, learners, [])])
    return dates.fillna(lent.reindex(people.index))


def _dealt(needy: pd.DataFrame, learners: pd.DataFrame, columns: list[str]) -> pd.Series[Any]:
    """Deal the learners' dates to the people of their cell, evenly."""
    keys = columns or ["_all"]
    have = learners.assign(_all=0)
    have = have.assign(_nth=have.groupby(keys, observed=True).cumcount())
    want = needy.assign(_all=0)
    counts = have.groupby(keys, observed=True).size().rename("_count").reset_index()
    want = want.assign(_row=want.index, _order=want.groupby(keys, observed=True).cumcount())
    sizes = want.groupby(keys, observed=True).size().rename("_size").reset_index()
    want = want.merge(counts, on=keys, how="inner").merge(sizes, on=keys)
    # The i-th of m people gets the date at the same share of the learners' sorted dates.
    want["_nth"] = want["_order"] * want["_count"] // want["_size"]
    found = want.merge(have[[*keys, "_nth", "lent"]], on=[*keys, "_nth"])
    return pd.Series(found["lent"].to_numpy(), index=found["_row"].to_numpy())


def choose(people: pd.DataFrame, rules: GroupRules) -> ComparisonGroup | Refusal:
    """Return the first comparison group in the order that has enough people.

    people: role, pre (level before), job_family and job_level; only people who can be analysed. Refused when no source
    has `min_people`, before matching and after it. A match of a minority of the learners would speak of other people
    than those who were trained, so it does not serve.
    """
    learners = people[people["role"] == LEARNER]
    if learners.empty:
        return Refusal("too_few_people")
    passed_over: dict[GroupSource, int] = {}
    for source in SOURCES:
        candidates = people[people["role"] == _ROLE_OF[source]]
        group = _of_source(source, learners, candidates, rules, passed_over)
        if group is not None:
            return group
        passed_over[source] = len(candidates)
    return Refusal("no_comparison_group")


def _of_source(
    source: GroupSource,
    learners: pd.DataFrame,
    candidates: pd.DataFrame,
    rules: GroupRules,
    passed_over: dict[GroupSource, int],
) -> ComparisonGroup | None:
    if len(candidates) < rules.min_people:
        return None
    none: pd.Index[Any] = learners.index[:0]
    before = smd(learners["pre"], candidates["pre"])
    as_found = ComparisonGroup(source, learners.index, candidates.index, none, before, before, False, dict(passed_over))
    if source == "randomised" or (source != "matched" and abs(before) <= rules.max_smd):
        return as_found
    pairs = match(learners, candidates, rules.caliper_sd)
    if len(pairs) < max(rules.min_people, rules.min_matched_share * len(learners)):
        # Untrained people are a group by being alike; the others stay what they are, with their difference named.
        return None if source == "matched" else as_found
    matched, people = learners.index[pairs[:, 0]], candidates.index[pairs[:, 1]]
    after = smd(learners.loc[matched, "pre"], candidates.loc[people, "pre"])
    return ComparisonGroup(
        source, matched, people, learners.index.difference(matched), before, after, True, dict(passed_over)
    )


def match(learners: pd.DataFrame, candidates: pd.DataFrame, caliper_sd: float) -> NDArray[np.int64]:
    """Pair each learner with a different person of the same family, level and class date, nearly alike before.

    Returns (pairs, 2) positions. Nearest neighbours within `caliper_sd` standard deviations, without replacement: all
    learners ask their nearest free person at once, the nearest asker is accepted, the others ask again.
    """
    spread = float(pd.concat([learners["pre"], candidates["pre"]]).std(ddof=1))
    cells = [name for name in ("job_family", "job_level", "class_ends_on") if name in learners and name in candidates]
    own, other = _cells(learners, candidates, cells)
    left = pd.DataFrame({"cell": own, "pre": learners["pre"].to_numpy(), "asker": np.arange(len(learners))})
    right = pd.DataFrame({"cell": other, "pre": candidates["pre"].to_numpy(), "asked": np.arange(len(candidates))})
    left, right = left.sort_values("pre", kind="stable"), right.sort_values("pre", kind="stable")
    right["level"] = right["pre"]
    pairs: list[NDArray[np.int64]] = []
    for _ in range(_ROUNDS):
        asked = pd.merge_asof(left, right, on="pre", by="cell", direction="nearest")
        asked["distance"] = (asked["pre"] - asked["level"]).abs()
        asked = asked[asked["distance"] <= caliper_sd * spread + 1e-12]
        if asked.empty:
            break
        accepted = asked.sort_values(["distance", "asker"], kind="stable").drop_duplicates("asked")
        pairs.append(accepted[["asker", "asked"]].to_numpy(dtype=np.int64))
        left = left[left["asker"].isin(asked["asker"]) & ~left["asker"].isin(accepted["asker"])]
        right = right[~right["asked"].isin(accepted["asked"])]
        if left.empty or right.empty:
            break
    found = np.concatenate(pairs) if pairs else np.empty((0, 2), dtype=np.int64)
    return found[found[:, 0].argsort()]


def _cells(
    learners: pd.DataFrame, candidates: pd.DataFrame, names: list[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if not names:
        return np.zeros(len(learners), np.int64), np.zeros(len(candidates), np.int64)
    both = pd.concat([learners[names].astype(str), candidates[names].astype(str)])
    codes = both.groupby(names, observed=True).ngroup().to_numpy(dtype=np.int64)
    return codes[: len(learners)].astype(np.int64), codes[len(learners) :].astype(np.int64)


def smd(learners: ArrayLike, others: ArrayLike) -> float:
    """Return the standardised mean difference, learners minus others; 0 where neither group varies nor differs.

    Unknown values (NaN) are left out.
    """
    first, second = (values[~np.isnan(values)] for values in (_floats(learners), _floats(others)))
    if not len(first) or not len(second):
        return 0.0
    difference = float(first.mean() - second.mean())
    spread = float(np.sqrt((first.var(ddof=1) + second.var(ddof=1)) / 2)) if min(len(first), len(second)) > 1 else 0.0
    if not spread > 0:
        return 0.0 if np.isclose(difference, 0) else float(np.copysign(np.inf, difference))
    return difference / spread


def _floats(values: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(values, dtype=np.float64)


def balance(
    people: pd.DataFrame, is_learner: NDArray[np.bool_], numbers: Sequence[str], categories: Sequence[str]
) -> dict[str, float]:
    """Return the standardised mean difference of each baseline; of a category, the largest over its values."""
    found = {name: smd(people[name][is_learner], people[name][~is_learner]) for name in numbers}
    for name in categories:
        shares = pd.get_dummies(people[name].astype(str), dtype=np.float64)
        each = [smd(shares[value][is_learner], shares[value][~is_learner]) for value in shares]
        found[name] = max(each, key=abs, default=0.0)
    return found
