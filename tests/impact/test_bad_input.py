"""What can be wrong with figures and people of a 90-day study: each has a name in the report, none makes a number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from tests.impact import company
from tests.impact.world import AFTER, CLASS, COMPLAINTS, SALES, STUDY, complaints, facts, found, levels, staff

from trainloop.commands.impact import _REASONS
from trainloop.config import get_site
from trainloop.impact.finding import Finding, Locale
from trainloop.impact.measuring import measure_session
from trainloop.reporting.catalogue import catalogue
from trainloop.reporting.performance import read_performance
from trainloop.reporting.performance_view import build_view
from trainloop.statistics.effects import Effect
from trainloop.statistics.rates import RateRatio
from trainloop.statistics.refusal import Refusal
from trainloop.statistics.windows import Exclusion
from trainloop.warehouse import engine

PEOPLE = staff(60, 60, "waitlisted")
FIRST_LEARNER = PEOPLE["unit_id"][0]


def sales(effect: float = 0.0, seed: int = 31) -> pd.DataFrame:
    return facts(PEOPLE, levels(PEOPLE, np.random.default_rng(seed), effect))


def estimate(finding: Finding) -> float:
    assert isinstance(finding.effect, Effect)
    return finding.effect.estimate


def assert_left_out(finding: Finding, reason: str, learners: int) -> None:
    """Asked about = analysed + left out, under one name."""
    assert finding.exclusions["learner"] == {reason: learners}
    assert (finding.learners.people_count if finding.learners else 0) == 60 - learners


def test_a_missing_baseline_is_no_baseline_of_zero() -> None:
    """A newcomer with figures after the class only would look like a gain of everything."""
    table = sales()
    table = table[~((table["unit_id"] == FIRST_LEARNER) & (table["starts_on"] < CLASS))]
    finding = found(SALES, table, PEOPLE)
    assert_left_out(finding, "missing_baseline", 1)
    assert abs(estimate(finding)) < 4


def test_an_indicator_redefined_within_the_windows_is_compared_with_nothing() -> None:
    """Thousands became units in June: nobody is analysed, no effect at any grade, and the reason is counted."""
    table = sales()
    table.loc[table["starts_on"] >= "2026-06-01", "value"] *= 1000
    finding = found(replace(SALES, redefined_on=date(2026, 6, 1)), table, PEOPLE)
    assert_left_out(finding, "redefined_kpi", 60)
    assert isinstance(finding.effect, Refusal)
    assert finding.graded.grade == "E"


def test_a_definition_from_before_the_windows_tells_no_trend() -> None:
    """Redefined in February: the windows are whole, the months before are another indicator's and show nowhere."""
    table = sales(effect=6)
    table.loc[table["starts_on"] < "2026-02-01", "value"] *= np.where(
        table.loc[table["starts_on"] < "2026-02-01", "unit_id"] < "E00060", 1000, 1
    )
    finding = found(replace(SALES, redefined_on=date(2026, 2, 1)), table, PEOPLE)
    assert estimate(finding) == pytest.approx(6, abs=3)
    assert isinstance(finding.trend, Refusal)
    assert finding.graded.weaknesses[0] == "trend_not_tested"
    assert all(np.isnan(cell.learners) for cell in finding.series if cell.offset < -3)
    # Without the date nobody would know: the trend is seen to differ.
    assert "trends_differ" in found(SALES, table, PEOPLE).graded.weaknesses


@pytest.mark.parametrize("unit", ["k", None])
def test_figures_in_another_unit_or_currency_are_not_added_up(unit: str | None) -> None:
    """One month of one learner in dollars leaves that learner out; so does one that states nothing among others."""
    table = sales().assign(unit="k")
    table.loc[table.index[0], "unit"] = "USD"
    assert_left_out(found(replace(SALES, unit=unit), table, PEOPLE), "mixed_units", 1)


def test_figures_without_a_unit_are_not_taken_for_dollars() -> None:
    """The indicator has no unit: half a company states dollars, the other nothing. Two things, whatever most is."""
    table = sales()
    others = table["unit_id"] >= "E00060"
    table = table.assign(unit=np.where(others, "USD", None))
    table.loc[others, "value"] *= 7
    finding = found(replace(SALES, unit=None), table, PEOPLE)
    left_out = finding.exclusions.get("learner", {}) | finding.exclusions.get("waitlisted", {})
    assert left_out == {"mixed_units": 60}
    assert not isinstance(finding.effect, Effect)


def test_another_class_on_the_indicator_leaves_a_person_out_of_either_group() -> None:
    """Whose change would it be?"""
    people = PEOPLE.assign(other_class_on=pd.NaT)
    people.loc[[0, 1, 60], "other_class_on"] = pd.Timestamp("2026-06-18")
    finding = found(SALES, sales(), people)
    assert_left_out(finding, "overlapping_class", 2)
    assert finding.exclusions["waitlisted"] == {"overlapping_class": 1}


def test_leavers_are_counted_and_not_carried_forward() -> None:
    """Who left in July has two months after the class, which are no window."""
    people = PEOPLE.assign(left_on=pd.NaT)
    people.loc[[0, 1, 2], "left_on"] = pd.Timestamp("2026-07-20")
    table = sales()
    table = table[~(table["unit_id"].isin(people["unit_id"][:3]) & (table["starts_on"] > "2026-07-01"))]
    assert_left_out(found(SALES, table, people), "left_company", 3)


def test_from_a_baseline_of_zero_there_is_no_growth_rate() -> None:
    """Both levels and their difference are there; the growth rate says why it is not."""
    values = np.where(AFTER, 3.0, 0.0) + np.zeros((120, len(AFTER)))
    values[:60] += 1e-3 * np.arange(60)[:, None] * AFTER
    finding = found(SALES, facts(PEOPLE, values), PEOPLE)
    assert finding.learners is not None
    assert finding.learners.growth == Refusal("zero_baseline")
    assert Refusal("zero_baseline").text("zh-CN") == "基线为零，无增长率"
    assert Refusal("zero_baseline").text("en") == "the baseline is zero; no growth rate"


def test_a_rate_without_exposure_is_no_rate_of_zero() -> None:
    """No orders before the class: named; a colleague without complaints has a rate, and it is zero."""
    table = complaints(PEOPLE, np.random.default_rng(33), 1.0)
    idle = (table["unit_id"] == FIRST_LEARNER) & (table["starts_on"] < CLASS)
    table.loc[idle, ["numerator", "denominator"]] = 0.0
    calm = table["unit_id"] == PEOPLE["unit_id"][1]
    table.loc[calm, "numerator"] = 0.0
    finding = found(COMPLAINTS, table, PEOPLE)
    assert_left_out(finding, "zero_exposure", 1)
    nobody = table.assign(numerator=0.0)
    calm_everywhere = found(COMPLAINTS, nobody, PEOPLE).learners
    assert calm_everywhere is not None
    assert not isinstance(calm_everywhere.rate_ratio, RateRatio)


@pytest.mark.parametrize("missing", [None, "2026-03-01"])
def test_a_period_told_twice_or_in_two_grains_leaves_the_person_out(missing: str | None) -> None:
    """A month beside its own days or told twice, also where another month is missing and the count looks right."""
    table = sales()
    own = table["unit_id"] == FIRST_LEARNER
    twice = table[own & (table["starts_on"] == "2026-04-01")].assign(value=900.0)
    table = pd.concat([table[~(own & (table["starts_on"] == missing))] if missing else table, twice])
    assert_left_out(found(SALES, table, PEOPLE), "mixed_grain", 1)


def test_months_that_are_not_over_are_not_waited_for_in_silence() -> None:
    """Known until 10 August: the window ends on the 31st, so nobody's is whole."""
    assert_left_out(
        found(SALES, sales(), PEOPLE, replace(STUDY, known_until=date(2026, 8, 10))), "period_not_ended", 60
    )


def test_a_comparison_group_that_shrinks_to_nothing_is_none_and_its_people_are_named() -> None:
    """All who waited were trained elsewhere meanwhile: before and after only, grade D, and why stands in the table."""
    people = PEOPLE.assign(other_class_on=pd.NaT)
    people.loc[60:, "other_class_on"] = pd.Timestamp("2026-06-18")
    finding = found(SALES, sales(effect=6), people)
    assert (finding.graded.grade, finding.sentence) == ("D", "D.before_after")
    assert finding.effect == finding.comparison == Refusal("no_comparison_group")
    assert finding.exclusions["waitlisted"] == {"overlapping_class": 60}


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_every_reason_has_words_in_report_and_terminal(locale: Locale) -> None:
    """A code in a report would be a riddle."""
    words = catalogue(locale)
    for reason in (*get_args(Exclusion), "no_comparable_person"):
        said = words(f"performance.reason.{reason}")
        assert said
        assert reason not in said
        assert reason in _REASONS


def test_the_report_names_and_counts_whoever_is_left_out(warehouse: str, set_clock: Callable[..., datetime]) -> None:
    """From warehouse to page, in both languages: leaver, second class, no baseline, dollars, days for months."""
    set_clock(2026, 9, 10)
    generator = np.random.default_rng(7)
    company.make()
    company.facts([company.learner(n) for n in range(40)], company.levels(40, generator, 6.0))
    company.facts([company.other(n) for n in range(40)], company.levels(40, generator))
    company.write("update core.employees set left_on = '2026-07-15' where employee_id = 'L000'")
    company.class_session("2026-C009", "2026-06-18", company.file_of("class_sessions"))
    company.attend("2026-C009", ["L001", "C001"])
    company.write("delete from core.kpi_facts where unit_id = 'L002' and period < '2026-05'")
    company.write("update core.kpi_facts set unit = '美元' where unit_id = 'L003'")
    company.write("delete from core.kpi_facts where unit_id = 'L004'")
    company.facts(["L004"], np.array([[5.0, 5.0]]), months=["2026-06-03", "2026-03-03"])
    measure_session(company.SESSION)
    with engine.connect("reporter") as connection:
        read = read_performance(connection, company.SESSION)
    said = {
        locale: {
            (row.who, row.reason, row.count)
            for row in build_view(read, get_site(), "hr", locale).indicators[0].left_out
        }
        for locale in ("zh-CN", "en")
    }
    assert said["zh-CN"] == {
        ("学员", "已离职", "1"),
        ("学员", "期间参加了影响同一指标的其他班次", "1"),
        ("学员", "缺少班前数据", "1"),
        ("学员", "单位不一致", "1"),
        ("学员", "没有任何数据", "1"),
        ("对照组", "期间参加了影响同一指标的其他班次", "1"),
    }
    assert ("Learners", "Left the company", "1") in said["en"]
    assert ("Learners", "Figures in another unit", "1") in said["en"]
    assert len(said["en"]) == len(said["zh-CN"])
