"""Windows around a class: which periods count, who cannot be compared and under which name."""

from __future__ import annotations

from datetime import date
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest

from trainloop.statistics.windows import Exclusion, Grain, Panel, PeopleRepeatedError, WindowRules, build_panel

RULES = WindowRules()
CLASS = "2026-05-14"  # a Thursday


def months(unit_id: str, first: str, values: list[float | None], **columns: Any) -> pd.DataFrame:
    starts = pd.date_range(first, periods=len(values), freq="MS")
    frame = pd.DataFrame({"unit_id": unit_id, "starts_on": starts, "value": values, **columns})
    return frame.dropna(subset=["value"])


def person(unit: str = "E1", **columns: Any) -> pd.DataFrame:
    return pd.DataFrame([{"unit_id": unit, "class_ends_on": pd.Timestamp(CLASS), **columns}])


def build(facts: pd.DataFrame, people: pd.DataFrame, grain: Grain = "month", **options: Any) -> Panel:
    return build_panel(facts, people, grain, RULES, **({"known_until": date(2026, 12, 31)} | options))


def only(panel: Panel) -> Any:
    return panel.people.iloc[0]


def test_the_class_month_counts_nowhere() -> None:
    """February to April before, June to August after; May, whatever it was, is dropped."""
    panel = build(months("E1", "2025-11-01", [1, 2, 3, 10, 20, 30, 999, 40, 50, 60, 999]), person())
    row = only(panel)
    assert (row["pre"], row["post"], row["change"]) == (20, 50, 30)
    assert row["exclusion"] is None
    assert panel.offsets == (-6, -5, -4, -3, -2, -1, 1, 2, 3)
    assert panel.cells[0].tolist() == [1, 2, 3, 10, 20, 30, 40, 50, 60]


def test_days_reach_from_ninety_before_to_ninety_after() -> None:
    """Day −91, the class day and day +91 count nowhere; cells are fifteen days each."""
    days = pd.date_range(pd.Timestamp(CLASS) - pd.Timedelta(days=91), periods=183)
    offset = (days - pd.Timestamp(CLASS)).days.to_numpy()
    value = np.select([np.isin(offset, (-91, 0, 91)), offset < 0], [10_000, 1], default=3)
    panel = build(pd.DataFrame({"unit_id": "E1", "starts_on": days, "value": value}), person(), "day")
    row = only(panel)
    assert (row["pre_periods"], row["post_periods"], row["pre"], row["post"]) == (90, 90, 1, 3)
    assert panel.cells[0].tolist() == [1.0] * 6 + [3.0] * 6


def test_a_week_counts_when_all_its_days_do() -> None:
    """Twelve whole weeks each side; the week of the class (Monday 11 to Sunday 17 May) counts nowhere."""
    mondays = pd.date_range("2026-01-26", periods=32, freq="7D")
    value = np.where(mondays < pd.Timestamp("2026-05-11"), 1, np.where(mondays == pd.Timestamp("2026-05-11"), 999, 3))
    row = only(build(pd.DataFrame({"unit_id": "E1", "starts_on": mondays, "value": value}), person(), "week"))
    assert (row["pre_periods"], row["post_periods"], row["pre"], row["post"]) == (12, 12, 1, 3)


def test_rates_add_up_on_their_exposure() -> None:
    """1 of 100, 1 of 300 and 4 of 600 are 6 per 1,000, not the mean of the three rates."""
    facts = months("E1", "2026-02-01", [0] * 7).assign(
        numerator=[1, 1, 4, 9, 0, 1, 2], denominator=[100, 300, 600, 50, 100, 100, 800]
    )
    row = only(build(facts, person(), rate_per=1000))
    assert (row["pre"], row["post"]) == (pytest.approx(6), pytest.approx(3))
    assert (row["pre_events"], row["pre_exposure"]) == (6, 1000)


FULL = [10.0] * 7  # February to August
EXCLUDED: dict[str, tuple[pd.DataFrame, dict[str, Any], dict[str, Any]]] = {
    "left_company": (months("E1", "2026-02-01", FULL), {"left_on": date(2026, 8, 31)}, {}),
    "overlapping_class": (months("E1", "2026-02-01", FULL), {"other_class_on": date(2026, 2, 1)}, {}),
    "redefined_kpi": (months("E1", "2026-02-01", FULL), {}, {"redefined_on": date(2026, 4, 1)}),
    "period_not_ended": (months("E1", "2026-02-01", FULL), {}, {"known_until": date(2026, 8, 30)}),
    "mixed_units": (
        months("E1", "2026-02-01", FULL, unit=["元", "元", "元", "元", "元", "USD", "元"]), {}, {"unit": "元"},
    ),
    "mixed_units_without_an_own_one": (
        months("E1", "2026-02-01", FULL, unit=[None, None, None, None, "USD", "USD", "USD"]), {}, {},
    ),
    "mixed_grain": (pd.concat([months("E1", "2026-02-01", FULL), months("E1", "2026-03-01", [10.0])]), {}, {}),
    # As many periods as there should be, and yet one of them is missing.
    "mixed_grain_in_place_of_a_missing_month": (
        pd.concat([months("E1", "2026-03-01", FULL[1:]), months("E1", "2026-03-01", [99.0])]), {}, {},
    ),
    "no_facts": (months("E2", "2026-02-01", FULL), {}, {}),
    "missing_baseline": (months("E1", "2026-06-01", FULL[:3]), {}, {}),
    "missing_follow_up": (months("E1", "2026-02-01", FULL[:3]), {}, {}),
    "low_coverage_before": (months("E1", "2026-02-01", [None, 1, 1, 1, 1, 1, 1]), {}, {}),
    "low_coverage_after": (months("E1", "2026-02-01", [1, 1, 1, 1, 1, 1, None]), {}, {}),
    "zero_exposure": (
        months("E1", "2026-02-01", FULL).assign(numerator=0, denominator=[0, 0, 0, 5, 5, 5, 5]), {}, {"rate_per": 1},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("reason", "case"), EXCLUDED.items(), ids=list(EXCLUDED))
def test_whoever_cannot_be_compared_is_left_out_under_a_name(
    reason: str, case: tuple[pd.DataFrame, dict[str, Any], dict[str, Any]]
) -> None:
    """One reason a person; nobody disappears in silence and nothing is filled in."""
    facts, columns, options = case
    panel = build(facts, person(**columns), **options)
    assert panel.exclusions() == {next(name for name in get_args(Exclusion) if reason.startswith(name)): 1}
    assert panel.included.empty


@pytest.mark.parametrize(
    ("column", "day"),
    [("left_on", "2026-09-01"), ("other_class_on", "2026-01-31"), ("other_class_on", "2026-09-01")],
)
def test_what_happens_outside_both_windows_excludes_nobody(column: str, day: str) -> None:
    """February to August is what counts: a class in January or leaving in September does not matter."""
    assert build(months("E1", "2026-02-01", FULL), person(**{column: date.fromisoformat(day)})).exclusions() == {}


def test_figures_of_an_earlier_definition_are_in_no_cell() -> None:
    """Redefined on the first day of the window: the window is whole, and the trend before it has nothing to go by."""
    facts = months("E1", "2025-11-01", [900, 900, 900, *FULL])
    panel = build(facts, person(), redefined_on=date(2026, 2, 1))
    assert (only(panel)["pre"], only(panel)["exclusion"]) == (10.0, None)
    assert np.isnan(panel.cells[0][:3]).all()
    # What is redefined after both windows was one thing in all of them.
    assert build(facts, person(), redefined_on=date(2026, 9, 1)).cells[0][:3].tolist() == [900, 900, 900]


def test_four_of_five_days_are_enough_and_less_is_not() -> None:
    """Coverage of 80 %: 72 of 90 days stay, 71 are left out."""
    days = pd.date_range("2026-02-13", "2026-08-12")
    for missing, reasons in ((18, {}), (19, {"low_coverage_before": 1})):
        facts = pd.DataFrame({"unit_id": "E1", "starts_on": days[missing:], "value": 1.0})
        assert build(facts, person(), "day").exclusions() == reasons


def test_facts_of_others_and_categorical_ids_change_nothing() -> None:
    """A hundred strangers in the file; ids as strings or as categories give the same panel."""
    facts = pd.concat([months(f"X{n}", "2026-02-01", FULL) for n in range(100)] + [months("E1", "2026-02-01", FULL)])
    plain = build(facts, person())
    coded = build(facts.assign(unit_id=facts["unit_id"].astype("category")), person())
    assert plain.people["pre"].tolist() == coded.people["pre"].tolist() == [10.0]


def test_everybody_has_an_own_class_day() -> None:
    """Two people, two classes: the same months are before for one and after for the other."""
    people = pd.DataFrame({"unit_id": ["E1", "E2"], "class_ends_on": pd.to_datetime(["2026-05-14", "2026-01-20"])})
    facts = pd.concat([months(unit, "2025-10-01", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]) for unit in ("E1", "E2")])
    assert build(facts, people).people[["pre", "post"]].to_numpy().tolist() == [[6.0, 10.0], [2.0, 6.0]]


def test_a_person_twice_in_one_analysis_is_an_error() -> None:
    """Counting somebody twice makes two out of one piece of evidence."""
    with pytest.raises(PeopleRepeatedError, match="1 people stand more than once"):
        build(months("E1", "2026-02-01", FULL), pd.concat([person(), person()]))
