"""The sentence on page 1 never says more than the evidence allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from trainloop.reporting.evidence import Evidence, Figures
from trainloop.reporting.view import ReportView

CLAIMS = ("明显偏低", "评价高", "商定行动")


def with_dimensions(evidence: Evidence, **ends: tuple[str, str]) -> Evidence:
    """Replace the intervals of dimensions; `others` stands for all that are not named."""
    rows = []
    for row in evidence.figures.rows:
        low, high = ends.get(row.code, ends["others"])
        if row.family == "dimension" and row.statistic in {"ci_low", "ci_high"}:
            rows.append(replace(row, value=Decimal(low if row.statistic == "ci_low" else high)))
        else:
            rows.append(row)
    return replace(evidence, figures=Figures(1, tuple(rows)))


@pytest.mark.parametrize(
    ("ends", "findings", "said"),
    [
        ({"others": ("4.00", "4.60")}, False, "学员评价高：各维度均稳定在 4 分"),
        ({"others": ("4.00", "4.60")}, True, "学员评价高；仍需就「实操练习时间充分」商定行动"),
        ({"others": ("3.60", "4.40")}, False, "评价居中"),
        ({"others": ("3.60", "4.40")}, True, "没有维度明显偏低；需就「实操练习时间充分」商定行动"),
        ({"others": ("3.60", "4.40"), "case_practice": ("2.90", "3.49")}, True, "「案例实操」明显偏低"),
        ({"others": ("3.60", "4.40"), "case_practice": ("2.90", "3.50")}, False, "评价居中"),
        ({"others": ("3.60", "4.40"), "organisation": ("4.00", "4.90")}, False, "「组织满意度」评价高"),
    ],
)
def test_the_headline_follows_the_intervals_of_the_dimensions(
    evidence_of: Callable[..., Evidence],
    view_of: Callable[..., ReportView],
    ends: dict[str, Any],
    *,
    findings: bool,
    said: str,
) -> None:
    """High: interval wholly at or above "agree". Low: wholly below the improvement threshold. Else neither."""
    evidence = with_dimensions(evidence_of(21, 26), **ends)
    if not findings:
        evidence = replace(evidence, suggestions=())
    assert said in view_of("hr", "zh-CN", evidence).verdict.headline


@pytest.mark.parametrize(
    ("complete", "eligible", "said"),
    [
        (0, 26, "没有收到完整答卷"),
        (4, 4, "少于 5 份"),
        (9, 9, "不足以下结论"),
        (15, 40, "不能代表全班"),
        (9, 40, "不能代表全班"),
    ],
)
def test_weak_evidence_makes_no_claim(
    evidence_of: Callable[..., Evidence], view_of: Callable[..., ReportView], complete: int, eligible: int, said: str
) -> None:
    """Below 40 % "not representative"; below 10 answers means are indications; below 5 there is no judgement."""
    headline = view_of("hr", "zh-CN", evidence_of(complete, eligible)).verdict.headline
    assert said in headline
    assert not any(claim in headline for claim in CLAIMS)


@pytest.mark.parametrize("complete", [0, 4, 7, 12, 21, 26])
@pytest.mark.parametrize("audience", ["hr", "trainer"])
def test_hidden_figures_are_printed_as_their_reason_and_never_as_numbers(
    evidence_of: Callable[..., Evidence], view_of: Callable[..., ReportView], complete: int, audience: str
) -> None:
    """Refused numbers print their reason; no interval, share or verbatim below ten."""
    view = view_of(audience, "en", evidence_of(complete, 26))
    for dimension in view.dimensions:
        for item in dimension.items:
            assert item.mean.is_shown == (complete >= 5)
            assert bool(item.mean.interval) == item.top.is_shown == (complete >= 10)
    assert bool([quote for quotes in view.quotes for quote in quotes.quotes]) == (complete >= 10)
    assert bool(view.verdict.keep) <= (complete >= 10)


def test_five_to_nine_answers_give_topics_to_talk_about_and_no_findings(
    evidence_of: Callable[..., Evidence], view_of: Callable[..., ReportView]
) -> None:
    """From 5 to 9: "worth talking about", not findings; nothing is marked as weak."""
    view = view_of("hr", "zh-CN", evidence_of(7, 9))
    assert view.verdict.decide_title == "值得讨论（答卷较少，不是结论）"
    assert not any(item.is_weak for dimension in view.dimensions for item in dimension.items)


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"has_completions": False}, "没有完成名单"),
        ({"is_without_attendance": True}, "未收到签到数据"),
    ],
)
def test_what_weakens_the_data_is_said_on_page_one(
    evidence_of: Callable[..., Evidence], view_of: Callable[..., ReportView], changes: dict[str, bool], note: str
) -> None:
    """Without completions there were no reminders and no duplicate detection, and the report says so."""
    evidence = evidence_of(21, 26)
    view = view_of("trainer", "zh-CN", replace(evidence, wave=replace(evidence.wave, **changes)))
    assert any(note in said for said in view.quality_notes)
    assert view.quality_tone == "caution"


def test_the_identity_of_a_view_is_its_content(
    evidence_of: Callable[..., Evidence], view_of: Callable[..., ReportView]
) -> None:
    """Same rows, same view; another number, audience or language is another view."""
    views = [view_of("hr", "en"), view_of("hr", "en"), view_of("trainer", "en"), view_of("hr", "zh-CN")]
    views.append(view_of("hr", "en", evidence_of(20, 26)))
    assert len({view.sha256() for view in views}) == 4
    assert ReportView.model_validate_json(views[0].model_dump_json()) == views[0]


def test_the_same_words_of_several_learners_are_printed_once_with_how_many(
    view_of: Callable[..., ReportView], evidence_of: Callable[..., Evidence]
) -> None:
    """Five learners who write "none" are one line of five; what one says is not counted."""
    evidence = replace(evidence_of(21, 26), verbatims={"most_useful": ("无", "案例讨论", "无", "无"), "to_improve": ()})
    assert [quotes.quotes for quotes in view_of("hr", "zh-CN", evidence).quotes] == [("无 ×3", "案例讨论"), ()]
