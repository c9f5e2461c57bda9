"""Windows around each person's class: what counts as before and after, and who cannot be compared (methods §4).

Days and weeks: 90 days before and after the day the class ended; a week counts when all its days do. Months: whole
months only, the class month dropped, three before and three after, six before for the trend. The time before is cut
into six cells (15 days, two weeks or a month each), so that trends mean the same in every grain.

Everything is set-based: facts are added up into (person × cell) by one pass per quantity.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trainloop.errors import PermanentError

Grain = Literal["day", "week", "month"]
# In the order in which one of them is named for a person to whom several apply.
Exclusion = Literal[
    "redefined_kpi",
    "period_not_ended",
    "left_company",
    "overlapping_class",
    "mixed_units",
    "mixed_grain",
    "no_facts",
    "missing_baseline",
    "missing_follow_up",
    "zero_exposure",
    "low_coverage_before",
    "low_coverage_after",
]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
CELLS_BEFORE = 6


class PeopleRepeatedError(PermanentError):
    """{count} people stand more than once in one analysis. Keep one row of each person and class."""


@dataclass(frozen=True)
class WindowRules:
    """Lengths of the windows and the share of their periods that must be there."""

    days: int = 90
    months: int = 3
    min_coverage: float = 0.8

    def expected(self, grain: Grain) -> int:
        """Return how many periods a whole window has."""
        return {"day": self.days, "week": self.days // 7, "month": self.months}[grain]

    def periods_of_cell(self, grain: Grain) -> int:
        """Return how many periods one of the cells has at most."""
        return 1 if grain == "month" else self.expected(grain) // CELLS_BEFORE

    def cells_after(self, grain: Grain) -> int:
        return self.months if grain == "month" else CELLS_BEFORE

    def cells_of_baseline(self, grain: Grain) -> int:
        """Return how many of the six cells before the class are the window before."""
        return self.months if grain == "month" else CELLS_BEFORE

    def cells_apart(self, grain: Grain) -> float:
        """Return how many cells lie between the middles of both windows: what a trend would add in that time."""
        if grain == "month":
            return self.months + 1
        return CELLS_BEFORE * (self.days + 1) / self.days


@dataclass(frozen=True)
class Panel:
    """One indicator of everybody around their classes.

    `people`: the people asked about with `pre`, `post` (mean level of the window, or rate), `change`, events and
    exposure of both windows, and `exclusion` (None = analysed). `cells`: the level in each cell, shape (people, cells),
    before and after, NaN where nothing is known; `offsets` numbers the cells (−6 … −1, 1 …).
    """

    people: pd.DataFrame
    cells: Floats
    offsets: tuple[int, ...]
    grain: Grain
    is_rate: bool

    @property
    def included(self) -> pd.DataFrame:
        """Return the people who can be analysed."""
        return self.people[self.people["exclusion"].isna()]

    def exclusions(self) -> dict[str, int]:
        """Return how many people are left out for which reason."""
        counts = self.people["exclusion"].dropna().value_counts()
        return {str(reason): int(count) for reason, count in counts.items()}


def build_panel(
    facts: pd.DataFrame,
    people: pd.DataFrame,
    grain: Grain,
    rules: WindowRules,
    *,
    known_until: date,
    rate_per: float | None = None,
    unit: str | None = None,
    redefined_on: date | None = None,
) -> Panel:
    """Add up one indicator's facts around the classes of people.

    facts: unit_id, starts_on (datetime64), numerator, denominator, value, unit (may be missing), one row per person
    and period. people: unit_id (unique), class_ends_on, and where known left_on, other_class_on (another class that may
    have moved the indicator). `known_until`: last day of which figures are known. A rate is Σ numerator / Σ denominator
    × `rate_per`, a level the mean of its periods. Figures of before `redefined_on` are another indicator's: where both
    windows lie after it, they are in no cell. Raises PeopleRepeatedError.
    """
    if people["unit_id"].duplicated().any():
        raise PeopleRepeatedError(count=int(people["unit_id"].duplicated().sum()))
    classes = _days(people["class_ends_on"])
    person = _positions(facts["unit_id"], people["unit_id"])
    is_known = person >= 0
    starts = _days(facts["starts_on"])[is_known]
    person = person[is_known]
    cell = _cells_of(starts, classes[person], grain, rules)
    first, last = window_days(classes, grain, rules)
    redefined = np.datetime64(redefined_on, "D") if redefined_on else np.datetime64("NaT", "D")
    is_inside = (cell >= 0) & ~((redefined <= first[person]) & (starts < redefined))
    rows = np.flatnonzero(is_known)[is_inside]
    person, cell = person[is_inside], cell[is_inside]
    amount, exposure, is_rate = _quantities(facts, rows, rate_per)
    width = CELLS_BEFORE + rules.cells_after(grain)
    has_amount = ~np.isnan(amount) & ~np.isnan(exposure)
    flat = (person * width + cell)[has_amount]
    shape = (len(people), width)
    events = _summed(flat, amount[has_amount], shape)
    exposures = _summed(flat, exposure[has_amount], shape)
    counts = _summed(flat, None, shape)
    scale = (rate_per or 1.0) if is_rate else 1.0
    levels = _ratio(events, exposures, scale)
    before = slice(CELLS_BEFORE - rules.cells_of_baseline(grain), CELLS_BEFORE)
    after = slice(CELLS_BEFORE, width)
    frame = people.reset_index(drop=True).copy()
    for name, window in (("pre", before), ("post", after)):
        frame[f"{name}_events"] = events[:, window].sum(axis=1)
        frame[f"{name}_exposure"] = exposures[:, window].sum(axis=1)
        frame[f"{name}_periods"] = counts[:, window].sum(axis=1).astype(int)
        frame[name] = _ratio(frame[f"{name}_events"].to_numpy(), frame[f"{name}_exposure"].to_numpy(), scale)
    frame["change"] = frame["post"] - frame["pre"]
    own: dict[Exclusion, NDArray[np.bool_]] = {
        "redefined_kpi": (redefined > first) & (redefined <= last),
        "mixed_units": _mixed_units(facts, rows, person, len(people), unit),
        # More periods than a cell has: days beside months, or a period told twice.
        "mixed_grain": np.any(counts > rules.periods_of_cell(grain), axis=1),
    }
    frame["exclusion"] = _exclusions(frame, first, last, rules.min_coverage * rules.expected(grain), known_until, own)
    offsets = (*range(-CELLS_BEFORE, 0), *range(1, rules.cells_after(grain) + 1))
    return Panel(frame, levels, offsets, grain, is_rate)


def window_days(classes: NDArray[Any], grain: Grain, rules: WindowRules) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the first day of the window before and the last of the window after, for each class day."""
    if grain != "month":
        return classes - rules.days, classes + rules.days
    months = classes.astype("datetime64[M]")
    return (months - rules.months).astype("datetime64[D]"), (months + rules.months + 1).astype("datetime64[D]") - 1


def _days(column: pd.Series[Any]) -> NDArray[Any]:
    return column.to_numpy(dtype="datetime64[D]")


def _positions(units: pd.Series[Any], wanted: pd.Series[Any]) -> Integers:
    """Return each fact's person, −1 for somebody else; a categorical column is looked up once per category."""
    index = pd.Index(wanted)
    if isinstance(units.dtype, pd.CategoricalDtype):
        known = index.get_indexer(units.cat.categories)
        codes = units.cat.codes.to_numpy()
        found: Integers = np.where(codes >= 0, known[codes], -1).astype(np.int64)
    else:
        found = index.get_indexer(pd.Index(units)).astype(np.int64)
    return found


def _cells_of(starts: NDArray[Any], classes: NDArray[Any], grain: Grain, rules: WindowRules) -> Integers:
    """Return the cell of each period, −1 outside both windows (and for what holds the class day itself)."""
    width = CELLS_BEFORE + rules.cells_after(grain)
    if grain == "month":
        apart = (starts.astype("datetime64[M]") - classes.astype("datetime64[M]")).astype(np.int64)
        cell = np.where(apart < 0, CELLS_BEFORE + apart, CELLS_BEFORE + apart - 1)
        months: Integers = np.where((apart == 0) | (cell < 0) | (cell >= width), -1, cell)
        return months
    length = 1 if grain == "day" else 7
    # Days between the class day and the period's nearest day: 1 is the day before or after.
    gap_after = (starts - classes).astype(np.int64)
    gap_before = (classes - starts).astype(np.int64) - (length - 1)
    days_of_cell = rules.days // CELLS_BEFORE
    last = rules.days - (length - 1)
    if grain == "week":  # two whole weeks a cell, counted from the class
        days_of_cell = 7 * (rules.days // 7 // CELLS_BEFORE)
    after = np.where((gap_after >= 1) & (gap_after <= last), CELLS_BEFORE + (gap_after - 1) // days_of_cell, -1)
    before = np.where((gap_before >= 1) & (gap_before <= last), CELLS_BEFORE - 1 - (gap_before - 1) // days_of_cell, -1)
    cell = np.maximum(after, before)
    within: Integers = np.where(cell < width, cell, -1)
    return within


def _quantities(facts: pd.DataFrame, rows: Integers, rate_per: float | None) -> tuple[Floats, Floats, bool]:
    """Return amount and exposure of each row; the exposure of a level is 1 a period, so that its ratio is a mean."""

    def column(name: str) -> Floats:
        if name not in facts:
            return np.full(len(rows), np.nan)
        found: Floats = facts[name].to_numpy(dtype=np.float64, na_value=np.nan)[rows]
        return found

    numerator, denominator, value = column("numerator"), column("denominator"), column("value")
    is_rate = rate_per is not None or bool((~np.isnan(denominator)).any())
    if is_rate:
        return numerator, denominator, True
    return np.where(np.isnan(value), numerator, value), np.ones(len(rows)), False


def _summed(flat: Integers, weights: Floats | None, shape: tuple[int, int]) -> Floats:
    sums: Floats = np.bincount(flat, weights=weights, minlength=shape[0] * shape[1]).astype(np.float64).reshape(shape)
    return sums


def _ratio(events: Floats, exposures: Floats, scale: float) -> Floats:
    """Return events per exposure × scale, NaN without exposure."""
    ratio: Floats = np.full(events.shape, np.nan)
    np.divide(events * scale, exposures, out=ratio, where=exposures > 0)
    return ratio


def _mixed_units(
    facts: pd.DataFrame, rows: Integers, person: Integers, count: int, unit: str | None
) -> NDArray[np.bool_]:
    """Return who has figures in another unit than the indicator's.

    A figure that states none is in the indicator's own unit. Where the indicator has none, to state nothing is a unit
    like any other, and the one of most figures counts.
    """
    is_mixed = np.zeros(count, dtype=bool)
    if "unit" not in facts or not len(rows):
        return is_mixed
    column = facts["unit"].astype("category")
    codes, names = column.cat.codes.to_numpy()[rows], list(column.cat.categories)
    if unit:
        is_mixed[person[(codes >= 0) & (codes != (names.index(unit) if unit in names else -2))]] = True
    else:
        is_mixed[person[codes != int(np.bincount(codes + 1).argmax()) - 1]] = True
    return is_mixed


def _exclusions(
    frame: pd.DataFrame,
    first: NDArray[Any],
    last: NDArray[Any],
    least: float,
    known_until: date,
    own: Mapping[Exclusion, NDArray[np.bool_]],
) -> pd.Series[Any]:
    """Return the first reason that applies to each person; `own`: those that the facts themselves showed."""

    def day(name: str) -> NDArray[Any]:
        if name not in frame:
            return np.full(len(frame), np.datetime64("NaT"), dtype="datetime64[D]")
        return pd.to_datetime(frame[name]).to_numpy(dtype="datetime64[D]")

    other, left = day("other_class_on"), day("left_on")
    pre, post = frame["pre_periods"].to_numpy(), frame["post_periods"].to_numpy()
    reasons: dict[Exclusion, NDArray[np.bool_]] = {
        "redefined_kpi": own["redefined_kpi"],
        "period_not_ended": last > np.datetime64(known_until, "D"),
        "left_company": left <= last,
        "overlapping_class": (other >= first) & (other <= last),
        "mixed_units": own["mixed_units"],
        "mixed_grain": own["mixed_grain"],
        "no_facts": (pre == 0) & (post == 0),
        "missing_baseline": pre == 0,
        "missing_follow_up": post == 0,
        "zero_exposure": frame["pre"].isna().to_numpy() | frame["post"].isna().to_numpy(),
        "low_coverage_before": pre < least - 1e-9,
        "low_coverage_after": post < least - 1e-9,
    }
    found = np.select(list(reasons.values()), list(range(len(reasons))), default=-1)
    names = np.array([*reasons, None], dtype=object)
    return pd.Series(names[found], index=frame.index, dtype=object)
