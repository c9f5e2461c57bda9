"""What a release of one class session says: figures by their agreed names, suggestions, verbatims, comparisons."""

from __future__ import annotations

from typing import Any

import pytest
from scipy import stats
from tests.surveys import results_world as world

from trainloop.config import get_site
from trainloop.surveys.results import evaluate_session
from trainloop.surveys.results_texts import improvement_rules, themes

LEVELS = [5, 4, 4, 3, 5, 2, 4, 4, 5, 3, 4, 5]
Figures = dict[tuple[str, str, str], dict[str, Any]]


@pytest.fixture
def company(warehouse: str) -> None:
    """A company of forty people with one course and one trainer."""
    world.make_company()


def evaluated(session_code: str) -> Figures:
    return world.figures(int(evaluate_session(session_code)["release_id"]))


def value(found: Figures, family: str, code: str, statistic: str) -> float:
    row = found[family, code, statistic]
    assert row["value"] is not None, row
    return float(row["value"])


def test_response_counts_people_who_could_answer(company: None) -> None:
    """Absent people, bounced addresses and people held back by the cap are not eligible; a partial answer is RR2."""
    world.make_class("S1", world.forms(LEVELS), invited=20)
    world.add_answers("S1", [world.form(3)], start=12, state="partial")
    world.execute("update core.attendance set status = 'absent' where employee_id = 'E0020'")
    world.execute("update ops.invitations set state = 'held_by_cap' where employee_id = 'E0019'")
    world.execute(
        """insert into ops.mail_stops (recipient_kind, recipient_id, kind, recorded_at)
           values ('employee', 'E0018', 'bounced', '2026-03-16'), ('employee', 'E0017', 'bounced', '2027-01-01')"""
    )
    found = evaluated("S1")
    counts = [
        value(found, "response", "wave", f"{name}_count") for name in ("invited", "eligible", "complete", "partial")
    ]
    assert counts == [19, 17, 12, 1]
    assert value(found, "response", "wave", "rr1_pct") == 70.6
    assert value(found, "response", "wave", "rr2_pct") == 76.5
    assert found["response", "wave", "band"]["text_value"] == "fine"


def test_items_and_dimensions_leave_not_applicable_and_partial_answers_out(company: None) -> None:
    """Not applicable has its own share; partial forms are counted and never mixed in."""
    filled = [*world.forms(LEVELS[:-1]), world.form(5, practice_tools="not_applicable")]
    world.make_class("S1", filled, invited=20)
    world.add_answers("S1", [world.form(1)], start=12, state="partial")
    found = evaluated("S1")
    assert value(found, "item", "practice_tools", "n") == 11
    assert value(found, "item", "practice_tools", "mean") == 3.9
    assert value(found, "item", "practice_tools", "share_na") == 8.3
    assert value(found, "item", "practice_enough", "mean") == 4.0
    assert value(found, "item", "practice_enough", "top2_pct") == 75.0
    assert value(found, "dimension", "case_practice", "n") == 12
    assert value(found, "dimension", "case_practice", "mean") == 4.0
    assert value(found, "nps", "recommend", "nps") == 100
    assert value(found, "choice", "performance_focus", "share:quality") == 100.0


def test_nobody_answered_says_so(company: None) -> None:
    """An empty wave has a response rate of zero, reasons everywhere else and no number."""
    world.make_class("S1", [], invited=8)
    found = evaluated("S1")
    assert value(found, "response", "wave", "rr1_pct") == 0
    answers = {
        key: row for key, row in found.items() if key[0] in {"item", "dimension", "nps", "choice"} and key[2] != "n"
    }
    assert all(row["value"] is None and row["reason"] for row in answers.values())


def test_seven_answers_show_means_and_nothing_of_the_distribution(company: None) -> None:
    """From 5 to 9: n, mean, verdict. No interval, median, share, α, theme or verbatim."""
    world.make_class("S1", world.forms(LEVELS[:7], most_useful="案例"))
    release = evaluate_session("S1")
    found = world.figures(int(release["release_id"]))
    shown = {
        key[2]
        for key, row in found.items()
        if row["value"] is not None and key[0] in {"item", "nps", "dimension", "choice", "theme"}
    }
    assert shown == {"n", "mean", "nps"}
    assert world.execute("select * from published.verbatims") == []


def test_verbatims_are_masked_and_come_without_order(company: None) -> None:
    """From ten people: everybody's full name, first names and ids of the class, phones; in no order of answering."""
    world.execute("update core.employees set name = '欧阳娜娜' where employee_id = 'E0003'")
    world.execute("update core.employees set name = 'Grace Hopper' where employee_id = 'E0004'")
    texts = ["感谢娜娜", "Grace helped", "赵晓明讲得好", "找E0031帮忙", "打13800000000", *["好"] * 5]
    world.make_class("S1", [world.form(4, most_useful=text) for text in texts])
    evaluate_session("S1")
    rows = world.execute("select masked_text from published.verbatims order by position")
    masked = [row["masked_text"] for row in rows]
    assert sorted(masked) == sorted([
        "感谢[姓名]",
        "[姓名] helped",
        "[姓名]讲得好",
        "找[号码]帮忙",
        "打[号码]",
        *["好"] * 5,
    ])
    assert masked[:5] != ["感谢[姓名]", "[姓名] helped", "[姓名]讲得好", "找[号码]帮忙", "打[号码]"]


def test_themes_count_people_of_either_question(company: None) -> None:
    """Every theme has its rows; names in both languages stand beside the count."""
    filled = [
        world.form(4, most_useful="案例很好", to_improve="实操时间太短"),
        *world.forms([4] * 9, to_improve="room too cold"),
    ]
    world.make_class("S1", filled)
    found = evaluated("S1")
    assert value(found, "theme", "practice", "count") == 1
    assert value(found, "theme", "venue", "count:to_improve") == 9
    assert found["theme", "venue", "name_en"]["text_value"] == "Venue and equipment"
    assert {key[1] for key in found if key[0] == "theme"} == {theme.code for theme in themes()}


def test_tests_are_compared_on_linked_people(company: None) -> None:
    """Percent of the maximum; five pairs for means, ten for p; the gain from the class's means."""
    world.make_class("S1", world.forms(LEVELS))
    world.execute(
        """insert into core.test_results
           select 'S1', employee_id, 10 + row_number() over (), 14 + (row_number() over ()) * 1.5, 40, 1, 1
           from core.enrollments"""
    )
    found = evaluated("S1")
    assert value(found, "test", "class", "n") == 12
    assert value(found, "test", "class", "pre_mean") == 41.3
    assert value(found, "test", "class", "post_mean") == 59.4
    assert value(found, "test", "class", "gain") == 0.31
    assert value(found, "test", "class", "p_t") < 0.001


def test_attendance_is_administrative(company: None) -> None:
    """Counts of the class list are never hidden; without sign-in they are refused, not zero."""
    world.make_class("S1", world.forms([4] * 3), invited=6)
    world.execute("update core.attendance set status = 'late' where employee_id = 'E0001'")
    world.execute("update core.attendance set status = 'excused' where employee_id = 'E0002'")
    world.make_class("S2", world.forms([4] * 3), invited=6, number=2)
    world.execute("delete from core.attendance where session_code = 'S2'")
    first, second = evaluated("S1"), evaluated("S2")
    names = ("enrolled_count", "attended_count", "absent_count", "excused_count", "late_count", "rate_pct")
    assert [value(first, "attendance", "class", name) for name in names] == [6, 5, 0, 1, 1, 83.3]
    assert value(second, "attendance", "class", "enrolled_count") == 6
    assert second["attendance", "class", "rate_pct"]["reason"] == "no_attendance"


def test_a_class_is_compared_with_earlier_classes_that_were_shown(company: None) -> None:
    """Difference with interval and Holm-adjusted p; a class of four was never shown and is in no average."""
    world.make_class("S0", world.forms([1] * 4), number=1)
    world.make_class("S1", world.forms([3, 2, 3, 4, 3, 2, 3, 3, 4, 3, 2, 4]), number=2)
    world.make_class("S2", world.forms([5, 4, 5, 5, 4, 5, 4, 5, 5, 4, 5, 4]), number=3)
    alone = evaluated("S0")
    evaluate_session("S1")
    found = evaluated("S2")
    assert alone["comparison", "content_depth", "verdict"]["is_hidden"]
    assert value(found, "comparison", "content_depth", "earlier_sessions_count") == 1
    assert value(found, "comparison", "content_depth", "earlier_mean") == 3.0
    assert value(found, "comparison", "content_depth", "difference") == 1.6
    assert value(found, "comparison", "content_depth", "ci_low") >= 1
    assert found["comparison", "case_practice", "verdict"]["text_value"] == "higher"
    assert found["comparison_trainer", "case_practice", "verdict"]["text_value"] == "higher"


def test_earlier_classes_are_pooled_as_if_their_people_sat_in_one(company: None) -> None:
    """Pooled in SQL, within plus between classes: the interval is Welch's on all earlier answers in one list."""
    first, second, now = (
        [3, 2, 3, 4, 3, 2, 3, 3, 4, 3],
        [5, 5, 4, 5, 4, 5, 5, 4, 5, 4, 5],
        [4, 4, 5, 3, 4, 4, 5, 4, 3, 4],
    )
    for number, levels in enumerate((first, second, now), start=1):
        world.make_class(f"S{number}", world.forms(levels), number=number)
        found = evaluated(f"S{number}")
    expected = stats.ttest_ind(now, first + second, equal_var=False).confidence_interval()
    assert value(found, "comparison", "content_depth", "earlier_sessions_count") == 2
    assert value(found, "comparison", "content_depth", "earlier_mean") == round(sum(first + second) / 21, 2)
    low, high = (value(found, "comparison", "content_depth", name) for name in ("ci_low", "ci_high"))
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=0.05)


def test_a_low_item_is_a_finding_and_the_next_class_verifies_it(company: None) -> None:
    """R30 and R29: case practice low → more workshop share; the next session says whether it changed."""
    low, high = [2, 1, 2, 3, 2, 4, 2, 3, 2, 3, 2, 1], [5, 4, 4, 5, 4, 5, 4, 4, 5, 4, 4, 5]
    world.make_class("S1", [world.form(4, practice_enough=level) for level in low], number=1)
    world.make_class("S2", [world.form(4, practice_enough=level) for level in high], number=2)
    evaluate_session("S1")
    rows = world.execute("select * from published.suggestions")
    assert [(row["item_code"], row["strength"]) for row in rows] == [("practice_enough", "finding")]
    assert "工作坊" in rows[0]["suggestion_zh"]
    assert "workshop" in rows[0]["suggestion_en"]
    found = evaluated("S2")
    assert {key[1] for key in found if key[0] == "verification"} == {"practice_enough"}
    assert found["verification", "practice_enough", "verdict"]["text_value"] == "improved"
    assert found["verification", "practice_enough", "earlier_session_code"]["text_value"] == "S1"
    assert value(found, "verification", "practice_enough", "earlier_mean") >= 2.2


def test_five_to_nine_answers_give_two_topics_and_no_finding(company: None) -> None:
    """The two lowest items are worth talking about."""
    filled = [world.form(4, practice_enough=2, organisation_pace=3) for _ in range(7)]
    world.make_class("S1", filled)
    evaluate_session("S1")
    rows = world.execute("select item_code, strength from published.suggestions")
    assert {(row["item_code"], row["strength"]) for row in rows} == {
        ("practice_enough", "worth_talking_about"),
        ("organisation_pace", "worth_talking_about"),
    }


def test_every_scale_item_has_a_rule_in_both_languages() -> None:
    """Rules are data: an item of the questionnaire without a suggestion would be silent when it is low."""
    rules = improvement_rules()
    assert {rule.item_code for rule in rules} == set(world.SCALE_ITEMS)
    assert all(rule.suggestion_zh and rule.suggestion_en for rule in rules)


def test_every_figure_is_in_marts_and_published_with_one_name(company: None) -> None:
    """One quantity, one name: published has exactly the rows of marts, each with a value or a reason."""
    world.make_class("S1", world.forms(LEVELS))
    found = evaluated("S1")
    marts = {
        (row["family"], row["code"], row["statistic"])
        for row in world.execute("select family, code, statistic from marts.evaluation_figures")
    }
    assert marts == set(found)
    assert all(
        (row["value"] is not None) + (row["text_value"] is not None) + (row["reason"] is not None) == 1
        for row in found.values()
    )
    assert get_site().version == world.execute("select site_version from published.releases")[0]["site_version"]
