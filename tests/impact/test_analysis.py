"""Whole studies with planted truth: what the report would say of each."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from tests.impact.world import CLASS, COMPLAINTS, SALES, STUDY, complaints, facts, found, levels, staff

from trainloop.impact.analysis import ClassDateMissingError, LotUnknownError, analyse_all
from trainloop.statistics.effect_checks import PreTrend
from trainloop.statistics.effects import Effect
from trainloop.statistics.rates import RateRatio
from trainloop.statistics.refusal import Refusal


def of(effect: object) -> Effect:
    assert isinstance(effect, Effect)
    return effect


def test_a_training_that_works_is_found_with_its_size() -> None:
    """Sixty learners of twelve teams, sixty on the waitlist, a rise by 6: grade B, improved, 6 within the interval."""
    people = staff(60, 60, "waitlisted")
    finding = found(SALES, facts(people, levels(people, np.random.default_rng(1), effect=6)), people)
    effect = of(finding.effect)
    assert effect.low < 6 < effect.high  # type: ignore[operator]
    assert (finding.graded.grade, finding.outcome, effect.inference) == ("B", "improved", "clustered")
    assert isinstance(finding.trend, PreTrend)
    assert finding.trend.status == "parallel"
    assert "很可能来自培训" in finding.verdict("zh-CN")
    assert "very probably by training" in finding.verdict("en")
    assert finding.series[0][0] == -6
    assert len(finding.series) == 9


def test_a_training_that_does_nothing_is_not_called_anything() -> None:
    """The same people without an effect: no clear difference, and how small an effect would not have shown."""
    people = staff(60, 60, "waitlisted")
    finding = found(SALES, facts(people, levels(people, np.random.default_rng(2))), people)
    assert (finding.outcome, finding.sentence) == ("no_clear_change", "B.no_clear_change")
    assert finding.shown(finding.detectable, "en") in finding.verdict("en")


def test_falling_complaints_are_an_improvement() -> None:
    """Direction lower: half as many complaints improve the rate, told by its size, with the exact ratio beside it."""
    people = staff(60, 60, "waitlisted")
    finding = found(COMPLAINTS, complaints(people, np.random.default_rng(3), ratio=0.5), people)
    assert of(finding.effect).high < 0  # type: ignore[operator]
    assert finding.outcome == "improved"
    assert finding.learners is not None
    ratio = finding.learners.rate_ratio
    assert isinstance(ratio, RateRatio)
    assert ratio.low < 0.5 < ratio.high  # type: ignore[operator]
    assert " -" not in finding.verdict("en")


def test_learners_chosen_for_bad_numbers_are_shown_no_gain() -> None:
    """Regression to the mean: the rule sees it, no difference before/after is shown, grade D, and why is said."""
    generator = np.random.default_rng(4)
    people = staff(0, 300, "untrained")
    values = levels(people, generator, noise=12)
    worst = np.argsort(values[:, 3:6].mean(axis=1))[:60]
    people.loc[worst, "role"] = "learner"
    finding = found(SALES, facts(people, values), people)
    assert finding.learners is not None
    change = values[:, 7:].mean(axis=1) - values[:, 3:6].mean(axis=1)
    assert change[worst].mean() - np.delete(change, worst).mean() > 3
    assert finding.before_after == Refusal("regression_to_the_mean")
    assert (finding.graded.grade, finding.sentence) == ("D", "D.selected")
    assert f"{finding.learners.post:.1f}" not in finding.verdict("en")


def test_a_declared_selection_counts_when_the_numbers_do_not_show_it() -> None:
    """HR knows how people were chosen; the numbers may not."""
    people = staff(60, 60, "waitlisted")
    table = facts(people, levels(people, np.random.default_rng(5)))
    assert found(SALES, table, people, replace(STUDY, is_selected_on_results=True)).graded.grade == "D"


def test_a_tiny_class_gets_no_conclusion() -> None:
    """Eight learners: too little data, whatever happened to them."""
    people = staff(8, 60, "waitlisted")
    finding = found(SALES, facts(people, levels(people, np.random.default_rng(6), effect=30)), people)
    assert (finding.graded.grade, finding.sentence) == ("E", "E.too_little")


def test_without_comparison_there_is_before_and_after_only() -> None:
    """Grade D: both levels, and that they say nothing about the training."""
    people = staff(40, 0, "waitlisted")
    finding = found(SALES, facts(people, levels(people, np.random.default_rng(7), effect=6)), people)
    assert finding.effect == finding.comparison == Refusal("no_comparison_group")
    assert (finding.graded.grade, finding.sentence) == ("D", "D.before_after")
    assert isinstance(finding.before_after, float)


def test_people_drawn_by_lot_reach_grade_a() -> None:
    """Lots by person: Welch shown, the adjusted effect beside it is sharper; both hold the truth."""
    people = staff(120, 120, "randomised")
    finding = found(
        SALES,
        facts(people, levels(people, np.random.default_rng(8), effect=5)),
        people,
        replace(STUDY, drawn_by="person"),
    )
    plain, adjusted = of(finding.effect), of(finding.adjusted)
    assert finding.graded.grade == "A"
    assert plain.inference == "welch"
    assert adjusted.low < 5 < adjusted.high  # type: ignore[operator]
    assert adjusted.error < plain.error  # type: ignore[operator]


def test_lots_without_a_drawer_are_an_error() -> None:
    """Randomised by whom and what? The study has to say it."""
    people = staff(20, 20, "randomised")
    with pytest.raises(LotUnknownError, match="drawn_by"):
        analyse_all([SALES], facts(people, levels(people, np.random.default_rng(9))), people, STUDY)


def test_a_pilot_in_one_team_is_c_at_best_and_has_no_interval() -> None:
    """One team is one draw: a difference, no interval, no conclusion."""
    people = staff(15, 15, "pilot_comparison", team_size=15)
    finding = found(SALES, facts(people, levels(people, np.random.default_rng(10), effect=20)), people)
    assert (finding.graded.grade, finding.sentence) == ("C", "C.not_measured")
    assert of(finding.effect).low == Refusal("too_few_teams")
    assert finding.graded.weaknesses[0] == "one_team"


def test_trends_that_differed_before_are_a_named_weakness() -> None:
    """Learners rose by two a month before any class: C, and the sentence says that there is a weakness."""
    people = staff(60, 60, "waitlisted")
    finding = found(SALES, facts(people, levels(people, np.random.default_rng(11), drift=2)), people)
    assert "trends_differ" in finding.graded.weaknesses
    assert finding.graded.grade == "C"
    assert finding.weaknesses("en")[0] == (
        "the groups moved apart before the class",
        "compare with people whose trend was the same, or draw lots",
    )


def test_everybody_left_out_is_counted_by_arm_and_reason() -> None:
    """People asked about = analysed + left out, in each arm."""
    people = staff(60, 60, "waitlisted").assign(left_on=pd.NaT, other_class_on=pd.NaT)
    people.loc[[0, 1], "left_on"] = pd.Timestamp("2026-07-01")
    people.loc[[2, 60, 61, 62], "other_class_on"] = CLASS
    table = facts(people, levels(people, np.random.default_rng(22)))
    table = table[~((table["unit_id"] == "E00003") & (table["starts_on"] < CLASS))]
    finding = found(SALES, table, people)
    assert finding.exclusions == {
        "learner": {"left_company": 2, "overlapping_class": 1, "missing_baseline": 1},
        "waitlisted": {"overlapping_class": 3},
    }
    assert finding.learners is not None
    assert finding.comparison_arm is not None
    assert (finding.learners.people_count, finding.comparison_arm.people_count) == (56, 57)


@pytest.mark.parametrize(
    ("indicator", "study"),
    [
        (replace(SALES, redefined_on=date(2026, 6, 1)), STUDY),
        (SALES, replace(STUDY, known_until=date(2026, 8, 30))),
    ],
)
def test_a_redefined_indicator_or_an_open_window_leaves_nobody(indicator: object, study: object) -> None:
    """Not comparable is not zero: too little data, everybody named under the reason."""
    people = staff(30, 30, "waitlisted")
    finding = found(indicator, facts(people, levels(people, np.random.default_rng(13))), people, study)  # type: ignore[arg-type]
    assert finding.graded.grade == "E"
    assert finding.exclusions["learner"] in ({"redefined_kpi": 30}, {"period_not_ended": 30})
    assert finding.verdict("zh-CN").startswith("只有 0 名学员")


def test_untrained_people_are_matched_and_the_unmatched_named() -> None:
    """Sixty learners against three hundred untrained; whoever is beyond everybody has nobody and is left out."""
    people = staff(60, 300, "untrained")
    values = levels(people, np.random.default_rng(14), effect=6)
    values[0] += 300
    finding = found(SALES, facts(people, values), people)
    assert not isinstance(finding.comparison, Refusal)
    assert (finding.comparison.source, finding.comparison.is_matched) == ("matched", True)
    assert 1 <= finding.exclusions["learner"]["no_comparable_person"] <= 3
    assert abs(finding.comparison.balance["pre"]) < 0.1 < abs(finding.comparison.smd_before)
    assert of(finding.effect).low < 6 < of(finding.effect).high  # type: ignore[operator]


def test_families_and_covariates_are_adjusted_for() -> None:
    """Learners are mostly of a family whose sales rose by ten for other reasons: the adjusted effect is not fooled."""
    generator = np.random.default_rng(15)
    people = staff(80, 80, "waitlisted")
    is_rising = generator.random(160) < np.where(people["role"] == "learner", 0.55, 0.45)
    people["job_family"] = np.where(is_rising, "online", "shop")
    values = levels(people, generator, effect=0) + 10 * np.outer(is_rising, np.arange(10) > 6)
    finding = found(SALES, facts(people, values), people)
    assert not isinstance(finding.comparison, Refusal)
    assert finding.comparison.adjusted_for == ("job_family",)
    assert abs(of(finding.effect).estimate) < abs(of(finding.adjusted).estimate)
    assert finding.outcome == "no_clear_change"


@pytest.mark.parametrize(("grain", "step"), [("day", "D"), ("week", "W-MON")])
def test_days_and_weeks_are_compared_like_months(grain: str, step: str) -> None:
    """The same truth told daily or weekly: a rise by 6 from the day after the class on."""
    generator = np.random.default_rng(17)
    people = staff(60, 60, "waitlisted")
    starts = pd.date_range("2026-01-05", "2026-08-31", freq=step)
    is_after = (starts > CLASS).astype(float)
    is_learner = (people["role"] == "learner").to_numpy(dtype=float)
    values = generator.normal(100, 8, (120, 1)) + generator.normal(0, 2, (120, len(starts)))
    values += 6 * np.outer(is_learner, is_after)
    table = pd.DataFrame({
        "kpi_code": "sales",
        "unit_id": np.repeat(people["unit_id"].to_numpy(), len(starts)),
        "starts_on": np.tile(starts, 120),
        "value": values.ravel(),
    })
    finding = found(replace(SALES, grain=grain), table, people)  # type: ignore[arg-type]
    assert of(finding.effect).low < 6 < of(finding.effect).high  # type: ignore[operator]
    assert (finding.graded.grade, finding.outcome, len(finding.series)) == ("B", "improved", 12)


def test_learners_without_a_class_date_are_an_error() -> None:
    """Nobody is dropped for want of a date that somebody forgot."""
    people = staff(20, 20, "waitlisted")
    people.loc[[3, 4], "class_ends_on"] = pd.NaT
    with pytest.raises(ClassDateMissingError, match="2 learners"):
        analyse_all([SALES], facts(people, levels(people, np.random.default_rng(18))), people, STUDY)


def test_a_finding_is_plain_json() -> None:
    """Refusals carry their reason, numbers that are none become null, and nothing in it is about a single person."""
    people = staff(30, 30, "waitlisted")
    finding = found(SALES, facts(people, levels(people, np.random.default_rng(16))), people)
    text = json.dumps(finding.as_dict("en"), allow_nan=False, ensure_ascii=False)
    assert json.loads(text)["verdict"] == finding.verdict("en")
    assert "E00001" not in text
