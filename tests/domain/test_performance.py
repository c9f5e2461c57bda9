"""Evidence grades and the sentences they allow."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import get_args

import pytest

from trainloop.domain.performance import (
    Evidence,
    EvidenceGrade,
    Graded,
    GradeRules,
    Outcome,
    Weakness,
    grade,
    outcome_of,
)
from trainloop.domain.performance_words import SENTENCES, WEAKNESS_WORDS, say, sentence_code, weakness_text

RULES = GradeRules()
LOT = Evidence(
    learner_count=60, comparison_count=60, source="randomised", inference="welch", team_counts=(12, 12),
    unit_counts=(60, 60), trend="not_tested", smd=0.1, has_power=True,
)  # fmt: skip
WAITLIST = replace(LOT, source="waitlisted", inference="clustered", trend="parallel")


@pytest.mark.parametrize(
    ("evidence", "expected", "weakness"),
    [
        (LOT, "A", None),
        (replace(LOT, unit_counts=(60, 9)), "C", "trend_not_tested"),
        (replace(LOT, unit_counts=(60, 9), trend="parallel"), "B", "few_units"),
        (replace(LOT, has_power=False, trend="parallel"), "B", "low_power"),
        (replace(LOT, is_selected_on_results=True), "A", None),
        (replace(LOT, is_untouched=False), "C", "comparison_touched"),
        (WAITLIST, "B", "not_by_lot"),
        (replace(WAITLIST, inference="wild_bootstrap", team_counts=(4, 5)), "B", "not_by_lot"),
        (replace(WAITLIST, inference="wild_bootstrap", team_counts=(4, 5), has_interval=False), "C", "few_teams"),
        (replace(WAITLIST, inference="none", team_counts=(1, 9), has_interval=False), "C", "one_team"),
        (replace(WAITLIST, trend="unclear"), "C", "trend_unclear"),
        (replace(WAITLIST, trend="diverging"), "C", "trends_differ"),
        (replace(WAITLIST, trend="not_tested"), "C", "trend_not_tested"),
        (replace(WAITLIST, smd=0.26), "C", "imbalance"),
        (replace(WAITLIST, smd=-0.26), "C", "imbalance"),
        (replace(WAITLIST, source="cancelled"), "C", "cancellers"),
        (replace(WAITLIST, is_untouched=False), "C", "comparison_touched"),
        (replace(WAITLIST, is_selected_on_results=True), "D", "selected_on_results"),
        (replace(WAITLIST, smd=0.9), "D", "severe_imbalance"),
        (replace(WAITLIST, source=None, smd=None, comparison_count=0), "D", "no_comparison_group"),
        (replace(WAITLIST, learner_count=4), "E", "too_few_learners"),
        (replace(WAITLIST, learner_count=4, source=None, smd=None), "E", "too_few_learners"),
    ],
)
def test_a_grade_is_the_best_that_every_weakness_allows(
    evidence: Evidence, expected: EvidenceGrade, weakness: Weakness | None
) -> None:
    """methods §4, row by row; the weakness named first is the one that holds the grade down."""
    found = grade(evidence, RULES)
    assert found.grade == expected
    assert (found.weaknesses[0] if found.weaknesses else None) == weakness


def test_imbalance_in_small_groups_is_a_caution() -> None:
    """Below fifty people an arm chance alone makes such differences: printed, not judged."""
    found = grade(replace(WAITLIST, learner_count=49, smd=0.5), RULES)
    assert (found.grade, found.cautions) == ("B", ("imbalance",))


def test_a_study_without_power_says_so_at_any_grade() -> None:
    """Only a lottery needs power for its grade; elsewhere the reader is told."""
    assert grade(replace(WAITLIST, has_power=False), RULES).cautions == ("low_power",)


@pytest.mark.parametrize(
    ("low", "high", "direction", "outcome"),
    [
        (1.0, 3.0, "higher", "improved"),
        (1.0, 3.0, "lower", "worsened"),
        (-3.0, -1.0, "lower", "improved"),
        (-3.0, -1.0, "higher", "worsened"),
        (-1.0, 3.0, "higher", "no_clear_change"),
        (0.0, 3.0, "higher", "no_clear_change"),
        (None, 3.0, "higher", "not_measured"),
    ],
)
def test_improved_respects_the_direction(low: float | None, high: float, direction: str, outcome: Outcome) -> None:
    """Fewer complaints are an improvement; an interval with zero in it is no clear change."""
    assert outcome_of(low, high, direction) == outcome  # type: ignore[arg-type]


WORDS = dict.fromkeys(("kpi", "effect", "low", "high", "mde", "learners", "others", "pre", "post", "confidence"), "7")
CAUSAL_EN = re.compile(
    r"\b(caus\w*|effect\w*|impact\w*|led to|lead\w* to|due to|because\w*|thanks to|result(ed|s)? (in|of|from)|"
    r"improv\w*|rais(ed|es)|increas\w*|reduc\w*|lower(ed|s)|boost\w*|gain\w*|work(ed|s)|help\w*|success\w*|"
    r"by training|made)\b",
    re.IGNORECASE,
)
CAUSAL_ZH = re.compile(
    "因为|由于|原因|导致|使得|培训使|致使|促使|促进|带来|来自培训|提升|提高|改善|变差|增加|减少|降低|效果|成效|影响|有效|得益|归功|推动|帮助"
)


@pytest.mark.parametrize("code", [code for code in SENTENCES if code[0] in "DE"])
def test_no_sentence_of_d_or_e_says_or_implies_that_training_did_anything(code: str) -> None:
    """Not one causal word, in either language, whatever the figures."""
    zh, en = say(code, "zh-CN", **WORDS), say(code, "en", **WORDS)
    assert not CAUSAL_ZH.search(zh), zh
    assert not CAUSAL_EN.search(en), en


def test_weaknesses_stand_under_d_and_e_and_are_as_careful() -> None:
    """What holds a grade down is printed with every grade, so it may not say either what the training did."""
    for weakness in get_args(Weakness):
        for text in weakness_text(weakness, "zh-CN"):
            assert not CAUSAL_ZH.search(text.replace("增加", "")), text  # more people, not more results
        for text in weakness_text(weakness, "en"):
            assert not CAUSAL_EN.search(text), text


def test_the_list_of_causal_words_would_notice() -> None:
    """The opposite: every sentence that finds a change at A and B is caught, so the lists above are no blanks."""
    for code in ("A.improved", "A.worsened", "B.improved", "B.worsened"):
        assert CAUSAL_ZH.search(say(code, "zh-CN", **WORDS)), code
        assert CAUSAL_EN.search(say(code, "en", **WORDS)), code


def test_every_grade_and_outcome_has_a_sentence() -> None:
    """Whatever an analysis finds can be said; D and E are said the same way whatever the interval."""
    for letter in get_args(EvidenceGrade):
        for outcome in get_args(Outcome):
            for weakness in get_args(Weakness):
                code = sentence_code(Graded(letter, (weakness,)), outcome)
                assert code in SENTENCES
                if letter in "DE":
                    assert code.startswith(letter)


def test_every_weakness_says_what_would_raise_the_grade() -> None:
    """Both languages, what it is and what to do; the report prints both."""
    assert set(WEAKNESS_WORDS) == set(get_args(Weakness))
    for weakness in get_args(Weakness):
        for locale in ("zh-CN", "en"):
            what, remedy = weakness_text(weakness, locale)
            assert what
            assert remedy
