"""A class measured from the warehouse: who is compared, who is left out and why, what is released and what is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from tests.impact import company

from trainloop.impact.measuring import measure_session
from trainloop.impact.study import run_study
from trainloop.statistics.effects import Effect
from trainloop.warehouse import engine

LEARNERS = [company.learner(number) for number in range(40)]
OTHERS = [company.other(number) for number in range(40)]


@pytest.fixture
def generator(warehouse: str, set_clock: Callable[..., datetime]) -> np.random.Generator:
    """Luck of its own for each test; it is the morning of 10 September 2026."""
    set_clock(2026, 9, 10)
    return np.random.default_rng(7)


def test_a_true_effect_is_found_beside_the_waitlist(generator: np.random.Generator) -> None:
    """Planted 6: within the interval, grade B, sentence and figures released, money computed with learners' time."""
    company.make()
    company.facts(LEARNERS, company.levels(40, generator, 6.0))
    company.facts(OTHERS, company.levels(40, generator))
    company.costs({"delivery": "20000", "venue": "3000"})
    outcome = measure_session(company.SESSION)
    assert outcome == {"release_id": 1, "revision_number": 1, "is_withheld": False, "is_new": True, "indicators": 1}
    found = company.finding()
    assert (found["grade"], found["outcome"], found["comparison_source"]) == ("B", "improved", "waitlisted")
    assert found["effect_low"] <= 6 <= found["effect_high"]
    assert (found["learner_count"], found["comparison_count"], found["learner_team_count"]) == (40, 40, 10)
    # 23,000 charged and 40 learners × 6 hours × 100; 400 of the value of 1,000 are margin.
    assert found["cost_amount"] == 47000
    assert float(found["benefit_amount"]) == pytest.approx(found["effect"] * 40 * 400 * 3, abs=0.01)
    shown = company.figures()
    assert shown["effect", "sales", "sentence"]["text_value"] == "B.improved"
    assert shown["cost", "salaries", "amount"]["value"] == 24000
    view = company.one("select * from marts.performance_results")
    assert (view["course_code"], view["grade"], view["return_pct"]) == ("C-NEG", "B", found["return_pct"])


def test_an_analyst_finds_the_same_in_files_as_the_report_in_the_warehouse(
    generator: np.random.Generator, tmp_path: Path
) -> None:
    """One analysis behind both doors: effect, interval, grade, sentence and who is left out, to the last digit."""
    company.make()
    company.facts(LEARNERS, company.levels(40, generator, 6.0))
    company.facts(OTHERS, company.levels(40, generator))
    company.write("update core.employees set left_on = '2026-07-15' where employee_id = 'L000'")
    company.write("delete from core.kpi_facts where unit_id = 'L001' and period < '2026-05'")
    measure_session(company.SESSION)
    people = company.read(
        """select employee_id as "工号", case when employee_id like 'L%%' then '学员' else '候补' end as "角色",
               department_code as "团队", job_family as "序列", job_level as "职级", '2026-05-14' as "结课日期",
               left_on as "离职日期" from core.employees"""
    )
    figures = company.read(
        'select unit_id as "工号", kpi_code as "指标", period as "月份", value as "数值" from core.kpi_facts'
    )
    pd.DataFrame(people).to_csv(tmp_path / "people.csv", index=False)
    pd.DataFrame(figures).to_csv(tmp_path / "facts.csv", index=False)
    indicator = {"kpi_code": "sales", "name_zh": "销售", "name_en": "sales", "direction": "higher", "unit": "千元"}
    design = {"title": "2026-C001", "people": "people.csv", "kpis": [indicator]}
    (tmp_path / "design.yaml").write_text(yaml.safe_dump(design, allow_unicode=True), "utf-8")
    (mine,) = run_study(tmp_path / "facts.csv", tmp_path / "design.yaml", "en").findings
    theirs = company.finding()
    assert isinstance(mine.effect, Effect)
    assert (mine.effect.estimate, mine.effect.low, mine.effect.high, mine.effect.p) == pytest.approx(
        tuple(theirs[name] for name in ("effect", "effect_low", "effect_high", "p_value")), rel=1e-12
    )
    assert (mine.graded.grade, mine.sentence) == (theirs["grade"], theirs["sentence_code"])
    assert mine.exclusions == {"learner": {"left_company": 1, "missing_baseline": 1}}


def test_the_same_data_make_no_second_release(generator: np.random.Generator) -> None:
    """Measured twice: one release; a corrected figure of the same people makes revision 2 and replaces the marts."""
    company.make()
    values = company.levels(40, generator, 6.0)
    company.facts(LEARNERS, values)
    company.facts(OTHERS, company.levels(40, generator))
    assert measure_session(company.SESSION)["is_new"]
    assert measure_session(company.SESSION)["is_new"] is False
    company.facts(LEARNERS, values + 3.0 * company.AFTER, finished="2026-09-09T00:00Z")
    again = measure_session(company.SESSION)
    assert (again["is_new"], again["revision_number"], company.finding()["revision_number"]) == (True, 2, 2)


def test_late_figures_of_a_few_people_are_withheld(generator: np.random.Generator) -> None:
    """Two means that differ by one person tell that person's figures: revision 2 is withheld, revision 1 stays."""
    company.make()
    values = company.levels(40, generator, 6.0)
    company.facts(LEARNERS[:-1], values[:-1])
    company.facts(OTHERS, company.levels(40, generator))
    measure_session(company.SESSION)
    company.facts(LEARNERS[-1:], values[-1:], finished="2026-09-09T00:00Z")
    again = measure_session(company.SESSION)
    assert (again["revision_number"], again["is_withheld"]) == (2, True)
    assert company.read("select * from published.figures where release_id = %s", (again["release_id"],)) == []
    assert (company.finding()["revision_number"], company.finding()["learner_count"]) == (1, 39)


def test_two_classes_of_a_month_share_no_mean_of_nearly_the_same_people(generator: np.random.Generator) -> None:
    """Two classes beside the same waitlist, one person apart: the second shows its difference, not their level."""
    company.make(others=45)
    company.write("update core.class_sessions set status = 'cancelled'")
    everybody = [company.other(number) for number in range(45)]
    for code, own in (("2026-C002", LEARNERS[:20]), ("2026-C003", LEARNERS[20:])):
        company.class_session(code, "2026-05-20", company.file_of("class_sessions"))
        company.attend(code, own)
        company.facts(own, company.grid(20, generator, 6.0))
    values = company.grid(45, generator)
    company.facts(everybody[:20] + everybody[21:], np.delete(values, 20, axis=0))
    measure_session("2026-C002")
    company.facts([everybody[20]], values[20:21])
    measure_session("2026-C003")
    first, second = company.figures("2026-C002"), company.figures("2026-C003")
    counts = [shown["arm", "sales", "comparison_count"]["value"] for shown in (first, second)]
    assert counts == [44, 45]
    assert first["arm", "sales", "comparison_post"]["value"] is not None
    hidden = second["arm", "sales", "comparison_post"]
    assert (hidden["value"], hidden["reason"]) == (None, "too_close_to_earlier_release")
    assert second["series", "sales", "comparison:1"]["value"] is None
    assert second["effect", "sales", "effect"]["value"] is not None


def test_everybody_left_out_is_counted_with_the_reason(generator: np.random.Generator) -> None:
    """Leavers, a second class on the indicator, no baseline, another unit, days beside months: named, never guessed."""
    company.make()
    values = company.levels(40, generator, 6.0)
    company.facts(LEARNERS, values)
    company.facts(OTHERS, company.levels(40, generator))
    company.write("update core.employees set left_on = '2026-07-15' where employee_id = 'L000'")
    company.class_session("2026-C009", "2026-06-18", company.file_of("class_sessions"))
    company.attend("2026-C009", ["L001", "L002"])
    company.write("delete from core.kpi_facts where unit_id = 'L003' and period < '2026-05'")
    company.write("delete from core.kpi_facts where unit_id = 'L004' and period = '2026-07'")
    company.write("update core.kpi_facts set unit = '美元' where unit_id = 'L005'")
    company.write("delete from core.kpi_facts where unit_id = 'L006'")
    # Figures of single days are another thing than those of months; they are no period more.
    company.facts(["L007"], np.array([[5.0]]), months=["2026-06-03"])
    measure_session(company.SESSION)
    excluded = {key[2]: int(row["value"]) for key, row in company.figures().items() if key[0] == "excluded"}
    assert excluded == {
        "learner:left_company": 1,
        "learner:overlapping_class": 2,
        "learner:missing_baseline": 1,
        "learner:low_coverage_after": 1,
        "learner:mixed_units": 1,
        "learner:no_facts": 1,
    }
    assert company.finding()["learner_count"] == 33


def test_a_redefined_indicator_is_not_compared(generator: np.random.Generator) -> None:
    """Redefined within the windows: nobody can be compared, grade E, no effect and no return."""
    company.make()
    company.facts(LEARNERS, company.levels(40, generator, 6.0))
    company.facts(OTHERS, company.levels(40, generator))
    company.write("update core.kpi_definitions set redefined_on = '2026-06-01'")
    company.costs({"delivery": "20000"})
    measure_session(company.SESSION)
    found = company.finding()
    assert (found["grade"], found["learner_count"], found["return_refusal"]) == ("E", 0, "evidence_too_weak")
    assert company.figures()["excluded", "sales", "learner:redefined_kpi"]["value"] == 40
    assert company.one("select effect from marts.performance_results")["effect"] is None


def test_months_that_are_not_there_yet_are_too_little_data(generator: np.random.Generator) -> None:
    """Figures end in July: the window is not over, grade E and not a mean of two months."""
    company.make()
    company.facts(LEARNERS, company.levels(40, generator, 6.0)[:, :9], months=company.MONTHS[:9])
    measure_session(company.SESSION)
    assert company.figures()["excluded", "sales", "learner:period_not_ended"]["value"] == 40
    assert company.finding()["grade"] == "E"


def test_learners_chosen_for_low_results_show_no_gain(generator: np.random.Generator) -> None:
    """A dip before the class that goes away: grade D, the sentence about it, neither levels nor lines nor money."""
    company.make(others=60, status="")
    company.facts(LEARNERS, company.levels(40, generator, 0.0, low=-9.0))
    company.facts([company.other(number) for number in range(60)], company.levels(60, generator))
    company.costs({"delivery": "20000"})
    measure_session(company.SESSION)
    found, shown = company.finding(), company.figures()
    assert (found["grade"], found["sentence_code"], found["is_selected_on_results"]) == ("D", "D.selected", True)
    assert found["return_refusal"] == "evidence_too_weak"
    assert not [key for key in shown if key[0] in {"series", "growth", "trend"}]
    assert ("arm", "sales", "learners_pre") not in shown
    assert ("effect", "sales", "effect") not in shown


def test_a_declared_lot_counts_only_when_it_was_registered_before_the_class(generator: np.random.Generator) -> None:
    """Drawn by person and registered: the waitlist is the lot's other half, grade A. Registered after: a waitlist."""
    company.make()
    company.write("update core.kpi_definitions set relevant_effect = 6")
    company.facts(LEARNERS, company.levels(40, generator, 6.0))
    company.facts(OTHERS, company.levels(40, generator))
    for finished, registered, grade, source in (
        ("2026-05-02T00:00Z", "2026-05-01", "A", "randomised"),
        ("2026-06-02T00:00Z", "2026-05-01", "B", "waitlisted"),
        ("2026-05-02T00:00Z", "2026-05-20", "B", "waitlisted"),
    ):
        company.write("delete from core.class_designs")
        company.write(
            """insert into core.class_designs (session_code, registered_on, drawn_by, file_id, row_number)
               values (%s, %s, 'person', %s, 1)""",
            (company.SESSION, registered, company.file_of("class_designs", finished)),
        )
        measure_session(company.SESSION)
        found = company.finding()
        assert (found["grade"], found["comparison_source"]) == (grade, source), (finished, registered)
    assert company.figures()["class", "class", "is_declared_late"]["text_value"] == "yes"


def test_the_order_of_comparison_groups_is_a_rule(generator: np.random.Generator) -> None:
    """A registered comparison team before matched people; cancellers last, and grade C at best for their choice."""
    company.make(others=40, status="cancelled")
    company.facts(LEARNERS, company.levels(40, generator, 6.0))
    company.facts(OTHERS, company.levels(40, generator))
    measure_session(company.SESSION)
    assert (company.finding()["comparison_source"], company.finding()["grade"]) == ("cancelled", "C")
    company.write("update core.enrollments set session_code = 'elsewhere'")
    measure_session(company.SESSION)
    assert company.finding()["comparison_source"] == "matched"
    company.write("update core.departments set parent_code = 'C00' where department_code like 'C%%'")
    company.write("update core.departments set parent_code = null where department_code = 'C00'")
    company.write(
        """insert into core.class_designs (session_code, registered_on, comparison_department_code, file_id, row_number)
           values (%s, '2026-05-01', 'C00', %s, 1)""",
        (company.SESSION, company.file_of("class_designs")),
    )
    measure_session(company.SESSION)
    found = company.finding()
    assert (found["comparison_source"], found["comparison_count"]) == ("pilot_comparison", 40)


def test_people_count_in_the_team_of_the_class_day(generator: np.random.Generator) -> None:
    """Who moved after the class stands in the old department: history decides, not today's master data."""
    company.make()
    company.facts(LEARNERS, company.levels(40, generator, 6.0))
    company.facts(OTHERS, company.levels(40, generator))
    company.write("update core.employees set department_code = 'C00', job_level = 'P9'")
    company.write("update core.employee_history set valid_to = '2026-06-01'")
    company.write(
        """insert into core.employee_history (employee_id, valid_from, department_code, job_family, job_level, file_id)
           select employee_id, '2026-06-01', 'C00', 'sales', 'P9', 1 from core.employees"""
    )
    measure_session(company.SESSION)
    assert (company.finding()["learner_team_count"], company.finding()["comparison_team_count"]) == (10, 10)


def test_fewer_complaints_are_an_improvement(generator: np.random.Generator) -> None:
    """A rate on its exposure, lower is better: halved among learners, told as improved, with the exact ratio."""
    company.make()
    company.indicator("complaints", direction="lower", unit="件", rate_per=1000)
    company.write("update core.courses set key_kpi_code = 'complaints'")
    for people, ratio in ((LEARNERS, 0.5), (OTHERS, 1.0)):
        orders = generator.integers(500, 900, (40, len(company.MONTHS)))
        rate = 0.012 * np.where(company.AFTER, ratio, 1.0)
        company.facts(people, generator.poisson(orders * rate), "complaints", exposure=orders)
    company.costs({"delivery": "1000"})
    measure_session(company.SESSION)
    found, shown = company.finding("complaints"), company.figures()
    assert (found["outcome"], found["effect"] < 0) == ("improved", True)
    assert found["effect_low"] <= -6 <= found["effect_high"]
    assert 0.4 < shown["growth", "complaints", "ratio"]["value"] < 0.6
    # Six complaints per thousand orders less, 700 orders a month each: 4.2 × 400 × 40 learners × 3 months.
    assert float(found["benefit_amount"]) == pytest.approx(4.2 * 400 * 40 * 3, rel=0.25)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("delete from core.session_costs", "no_costs"),
        ("update core.session_costs set amount = 0", "zero_cost"),
        ("update core.session_costs set currency = 'USD'", "mixed_currencies"),
        ("update core.kpi_definitions set value_owner = null", "no_value_owner"),
        ("update core.kpi_definitions set unit_value_amount = null", "no_value"),
    ],
)
def test_a_return_is_refused_with_its_reason(generator: np.random.Generator, change: str, reason: str) -> None:
    """No costs, no value, nobody who vouches for it, several currencies: a reason and no number."""
    company.make(15, 15)
    company.facts(LEARNERS[:15], company.levels(15, generator, 6.0))
    company.facts(OTHERS[:15], company.levels(15, generator))
    company.costs({"delivery": "20000"})
    company.write(change)
    if reason == "zero_cost":
        company.write("update core.courses set hours = 0.01")
        company.write("delete from core.attendance where employee_id = 'nobody'")
    with engine.connect("owner") as connection:
        from trainloop.config import get_site
        from trainloop.impact import class_study
        from trainloop.impact.measuring import measure_all

        site = get_site()
        if reason == "zero_cost":
            rules = site.impact.model_copy(update={"hour_default_amount": 0})
            site = site.model_copy(update={"impact": rules})
        session = class_study.read_session(connection, company.SESSION)
        results, _, _ = measure_all(connection, session, class_study.read_indicators(connection, "C-NEG"), site)
    assert results[0].returns.reason_code == reason


def test_a_course_without_indicator_has_a_release_without_results(generator: np.random.Generator) -> None:
    """Nothing to measure is said and is no crash."""
    company.make(12, 12)
    company.write("update core.courses set key_kpi_code = null")
    assert measure_session(company.SESSION)["indicators"] == 0
    assert company.read("select * from marts.performance_findings") == []


def test_a_class_that_nobody_attended_is_measured_as_too_little_data(generator: np.random.Generator) -> None:
    """Asked for by hand all the same: grade E with nobody, and no crash."""
    company.make(12, 12)
    company.facts(OTHERS[:12], company.levels(12, generator))
    company.write("delete from core.attendance")
    company.write("update core.enrollments set status = 'cancelled'")
    measure_session(company.SESSION)
    assert (company.finding()["grade"], company.finding()["learner_count"]) == ("E", 0)
