"""The year's needs: planted truth comes back, and again as the same release."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.needs import world

from trainloop.needs.analysis import analyze_year, years_to_analyze
from trainloop.needs.inputs import NeedsSurveyMissingError, NeedsSurveyOpenError
from trainloop.needs.published import PublishedNeeds, load_needs
from trainloop.warehouse import engine

YEAR = world.YEAR


def published(revision: int | None = None) -> PublishedNeeds:
    with engine.connect("reporter") as connection:
        return load_needs(connection, YEAR, revision)


def analyzed() -> PublishedNeeds:
    world.make_wave(world.usual_forms())
    analyze_year(YEAR)
    return published()


def test_the_quiet_strategic_gap_ranks_first_and_the_popular_topic_is_rejected(company: None) -> None:
    """Three layers decide, not the number of wishes."""
    found = analyzed()
    verdicts = {need.topic_code: need.verdict for need in found.needs}
    assert verdicts == {"T-QUIET": "valid", "T-PROC": "to_clarify", "T-POP": "rejected", "T-SOLO": "rejected"}
    first = found.needs[0]
    assert (first.topic_code, first.rank, first.funding) == ("T-QUIET", 1, "funded")
    assert (first.urgency_score, first.scope_score, first.strategic_score) == (5, 5, 5)
    assert first.layer("business").value == 30
    assert first.layer("individual").value == 40


def test_every_verdict_lists_its_evidence(company: None) -> None:
    """Goal, gap, head's word and cause per department, shares of the target group."""
    world.interview(1, "D20", "T-QUIET", severity=4)
    first = analyzed().needs[0]
    strategy, business, individual = (first.layer(name) for name in ("strategy", "business", "individual"))
    assert [(piece.kind, piece.code, piece.value) for piece in strategy.evidence] == [("goal", "G1", 50)]
    said = {(piece.kind, piece.code, piece.statistic): piece.text_value or piece.value for piece in business.evidence}
    assert said == {
        ("kpi", "defects", "gap_pct"): 30,
        ("department", "D20", "confirmed"): "yes",
        ("department", "D20", "cause"): "skill",
        ("department", "D20", "gap_pct"): 30,
        ("interview", "D20", "severity_mean"): 4,
    }
    shares = {piece.statistic: piece.value for piece in individual.evidence}
    assert shares == {"answered_count": 20, "wished_pct": 0, "career_pct": 0, "weak_pct": 40}


def test_a_process_problem_is_named_and_stays_no_training_need(company: None) -> None:
    """A gap of 60 % that the head confirmed and half the group asks for: its cause is the process."""
    need = next(each for each in analyzed().needs if each.topic_code == "T-PROC")
    layer = need.layer("business")
    assert (layer.is_passed, layer.reason, layer.value) == (False, "cause_process", 60)
    assert need.layer("individual").is_passed
    assert (need.rank, need.funding) == (None, "not_valid")


def test_missing_evidence_fails_its_layer_and_is_named(company: None) -> None:
    """No goal, no measure, nobody asked."""
    needs = {need.topic_code: need for need in analyzed().needs}
    assert needs["T-POP"].layer("strategy").reason == "goal_missing"
    assert needs["T-POP"].layer("strategy").is_evidence_missing
    assert needs["T-POP"].layer("business").reason == "gap_below_threshold"
    assert needs["T-SOLO"].layer("business").reason == "results_missing"
    assert needs["T-SOLO"].layer("individual").reason == "share_below_threshold"


def test_an_override_stands_with_its_reason_and_name_beside_the_computed_verdict(company: None) -> None:
    """HR decides; the report shows what the evidence alone would have said."""
    world.confirm("T-SOLO", "D10", override=("valid", "监管要求", "赵敏"))
    need = next(each for each in analyzed().needs if each.topic_code == "T-SOLO")
    assert (need.verdict, need.computed_verdict, need.override_by) == ("valid", "rejected", "赵敏")
    assert (need.rank, need.funding) == (2, "cost_missing")


def test_two_overrides_that_contradict_each_other_decide_nothing(company: None) -> None:
    """A dispute is for people to settle."""
    world.confirm("T-SOLO", "D10", override=("valid", "a", "赵敏"))
    world.confirm("T-SOLO", "D20", override=("rejected", "b", "李雷"))
    need = next(each for each in analyzed().needs if each.topic_code == "T-SOLO")
    assert (need.verdict, need.is_overridden) == ("rejected", False)


def test_a_heads_word_counts_for_the_departments_below(company: None) -> None:
    """The division's head confirmed; the team's own head said nothing."""
    world.write(
        """insert into core.departments (department_code, name_zh, name_en, file_id, row_number)
           values ('D2', '事业部', 'Division', 1, 1)"""
    )
    world.write("update core.departments set parent_code = 'D2' where department_code = 'D20'")
    world.write("update core.need_confirmations set department_code = 'D2' where department_code = 'D20'")
    assert analyzed().needs[0].layer("business").is_passed


def test_the_competency_measures_where_the_group_has_no_results(company: None) -> None:
    """T-SOLO has no indicator: required against assessed level, the cause by the head's word."""
    for employee_id in world.people("sales"):
        world.write(
            "insert into core.competency_assessments values (%s, 'c-T-SOLO', '2026-09-01', 4, 3, null, 1, 1)",
            (employee_id,),
        )
    for level in world.LEVELS:
        world.write(
            "insert into core.competency_requirements values ('sales', %s, 'c-T-SOLO', '能力', null, 4, 2, 1, 1)",
            (level,),
        )
    world.confirm("T-SOLO", "D10", cause="skill")
    found = analyzed()
    layer = next(each for each in found.needs if each.topic_code == "T-SOLO").layer("business")
    assert (layer.is_passed, layer.value) == (True, 25)
    shown = {
        name: found.figures["competency", "c-T-SOLO", name].value for name in ("gap", "below_pct", "self_minus_manager")
    }
    assert shown == {"gap": 2, "below_pct": 100, "self_minus_manager": 1}


def test_the_budget_line_and_other_weights_are_part_of_the_plan(company: None) -> None:
    """Funded in rank order; six variants of the weights and the best use of the money beside it."""
    found = analyzed()
    assert found.figures["budget", "year", "funded_amount"].value == 80000
    assert {line.variant for line in found.sensitivity} == {
        *(f"{name}_{way}" for name in ("urgency", "scope", "strategic") for way in ("up", "down")),
        "knapsack",
    }
    assert found.figures["sensitivity", "urgency_up", "kendall_tau"].reason == "too_few_answers"


def test_the_trace_shows_what_leads_nowhere_both_ways(company: None) -> None:
    """A goal without topic, topics without goal or course, a course without topic."""
    found = analyzed()
    lines = {(line.goal_code, line.topic_code, line.course_code): line.finding for line in found.trace}
    assert lines == {
        ("G1", "T-QUIET", "C-1"): None,
        ("G1", "T-SOLO", None): "topic_without_course",
        ("G2", "T-PROC", None): "topic_without_course",
        ("G3", None, None): "goal_without_topic",
        (None, "T-POP", None): "topic_without_goal",
        (None, None, "C-9"): "course_without_topic",
    }
    names = (
        "orphan_goals_count",
        "orphan_topics_count",
        "orphan_courses_count",
        "covered_weight_pct",
        "taught_weight_pct",
    )
    assert [found.figures["trace", "year", name].value for name in names] == [1, 1, 1, 80, 50]


def test_trend_pareto_and_causes_of_an_indicator(company: None) -> None:
    """A gap that grows quarter by quarter is rising; all of the largest shortfall first."""
    world.write("delete from core.performance_reviews where kpi_code = 'defects'")
    world.make_results("service", "defects", target=2, actual=2.2, cause="skill", step=0.1)
    found = analyzed()
    figures = {name: figure for (family, code, name), figure in found.figures.items() if code == "defects"}
    assert (figures["trend"].text_value, figures["trend_slope_pct"].value) == ("rising", 5)
    assert [figures[f"gap_pct:{quarter}"].value for quarter in world.QUARTERS] == [10, 15, 20, 25]
    assert figures["cause_pct:skill"].value == 100
    pareto = {code: found.figures["performance", code, "pareto_pct"].value for code in ("delay", "defects", "sales")}
    assert pareto["delay"] < pareto["defects"] < pareto["sales"] == 100


def test_a_year_without_a_closed_survey_is_not_analysed(company: None) -> None:
    """Nothing is shown before the close; a wave that was never sent is another thing."""
    with pytest.raises(NeedsSurveyMissingError, match="2027"):
        analyze_year(YEAR)
    world.make_wave([])
    assert years_to_analyze() == [YEAR]
    world.write("update ops.survey_waves set state = 'open', closed_at = null")
    with pytest.raises(NeedsSurveyOpenError, match="open"):
        analyze_year(YEAR)
    assert years_to_analyze() == []


def test_without_answers_the_individual_layer_says_so(company: None) -> None:
    """The wave closed empty: no share, no pass, no crash."""
    world.make_wave([])
    analyze_year(YEAR)
    need = published().needs[0]
    assert (need.topic_code, need.verdict) == ("T-QUIET", "to_clarify")
    assert need.layer("individual").reason == "survey_missing"


def test_who_names_a_topic_twice_asks_once_and_the_other_questions_are_figures(company: None) -> None:
    """Wished and needed for the career: one person; hours, support and preferred mode beside the topics."""
    found = analyzed()
    popular = next(need for need in found.needs if need.topic_code == "T-POP").layer("individual")
    assert (popular.value, popular.respondent_count) == (80, 20)
    assert found.figures["number", "available_hours", "mean"].value == 4
    assert found.figures["item", "learning_support", "n"].value == 52
    modes = {name: found.figures["choice", "preferred_mode", name].value for name in ("n", "share:classroom")}
    assert modes == {"n": 52, "share:classroom": 50}
    assert found.figures["response", "wave", "rr1_pct"].value == Decimal("72.2")
    assert found.figures["response", "wave", "band"].text_value == "fine"


def test_answers_of_a_tool_that_knows_no_families_speak_for_topics_of_everybody_only(company: None) -> None:
    """The same answers without groups: T-QUIET is for one family, so the layer fails and says what is missing."""
    world.write("update core.training_topics set target_families = null where topic_code = 'T-POP'")
    forms = [
        {name: said for name, said in form.items() if name not in world.FORM_COLUMNS} for form in world.usual_forms()
    ]
    world.make_wave(forms)
    analyze_year(YEAR)
    needs = {need.topic_code: need.layer("individual") for need in published().needs}
    assert (needs["T-QUIET"].reason, needs["T-QUIET"].is_evidence_missing) == ("groups_missing", True)
    assert (needs["T-POP"].is_passed, needs["T-POP"].respondent_count) == (True, 52)


def test_people_held_back_by_the_cap_are_not_in_the_denominator_and_are_stated(company: None) -> None:
    """Who was not asked is no refusal."""
    world.make_wave(world.usual_forms())
    world.write(
        """update ops.invitations set state = 'held_by_cap', reason = 'invitation_cap'
           where employee_id in (select employee_id from ops.invitations order by employee_id limit 7)"""
    )
    analyze_year(YEAR)
    figures = {name: figure.value for (family, _, name), figure in published().figures.items() if family == "response"}
    assert (figures["invited_count"], figures["eligible_count"], figures["held_count"]) == (65, 65, 7)
    assert figures["rr1_pct"] == 80


def test_obstacles_are_counted_by_theme_and_their_words_stay_unread(company: None) -> None:
    """The open question: people per theme of the dictionary in either language, from ten answers on; no verbatim."""
    forms = world.usual_forms()
    for form, words in zip(
        forms, ["太忙，没有时间", "Too many meetings", "系统权限没有开通，王芳不批", "学了用不上"], strict=False
    ):
        form["obstacles"] = words
    world.make_wave([{key: value for key, value in form.items() if key != "obstacles"} for form in forms])
    world.write_many(
        """insert into confidential.answers (response_id, item_code, free_text)
           select response_id, 'obstacles', %s from confidential.responses where external_id_hash = %s""",
        [(form["obstacles"], f"form-{number}") for number, form in enumerate(forms) if "obstacles" in form],
    )
    analyze_year(YEAR)
    found = published()
    counts = {code: found.figures["theme", code, "count"].value for code in found.codes("theme")}
    assert counts == {"time": 2, "tool": 1, "manager_support": 1, "not_relevant": 1, "unclear": 0}
    assert found.figures["theme", "time", "count"].respondent_count == len(forms)
    assert "王芳" not in str(world.read("select * from published.figures")) + str(
        world.read("select * from published.verbatims")
    )


def test_obstacles_of_few_are_not_told(company: None) -> None:
    """Nine answers: every theme is hidden, the ones nobody named, too."""
    world.make_wave(world.usual_forms()[:9])
    analyze_year(YEAR)
    found = published()
    assert found.codes("theme")
    assert all(found.figures["theme", code, "count"].is_hidden for code in found.codes("theme"))
