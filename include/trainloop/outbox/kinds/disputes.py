"""Mails of a dispute beside its requests: that it was opened or withdrawn, and its papers to the three."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from trainloop.config import Locale
from trainloop.domain.plain_number import plain_number
from trainloop.outbox.kinds.content import Content, Due, Tile, Unwritable, Written
from trainloop.outbox.kinds.files import report_file
from trainloop.outbox.wording import day_text
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

_REASONS: Mapping[Locale, Mapping[str, str]] = {
    "zh-CN": {"content": "内容不符合业务需要", "level": "难度不合适", "practice": "实操不足或过多",
              "results": "看不到业务结果", "time": "时间与业务冲突", "other": "其他",
              "settled": "已自行解决", "mistake": "误发起", "course_ended": "课程已停开"},
    "en": {"content": "The content does not serve the business", "level": "The level is wrong",
           "practice": "Too little or too much practice", "results": "No result in the business",
           "time": "Its time conflicts with the business", "other": "Something else",
           "settled": "Settled otherwise", "mistake": "Opened by mistake", "course_ended": "The course has ended"},
}  # fmt: skip
_PARTIES: Mapping[Locale, Mapping[str, str]] = {
    "zh-CN": {"hr": "人力资源部", "trainer": "培训师", "business": "业务负责人"},
    "en": {"hr": "HR", "trainer": "the trainer", "business": "the business head"},
}
_WORDS: Mapping[Locale, Mapping[str, str]] = {
    "zh-CN": {"divergent": "分歧项", "common": "共识项", "grade": "证据等级", "suggestion": "建议", "decision": "决定",
              "adopt": "推广", "adjust": "调整", "drop": "放弃", "design": "理论 / 工具 / 演练"},
    "en": {"divergent": "Divergences", "common": "In common", "grade": "Evidence grade", "suggestion": "Suggestion",
           "decision": "Decision", "adopt": "Adopt", "adjust": "Adjust", "drop": "Drop",
           "design": "Framework / tools / simulation"},
}  # fmt: skip


_SHARES = ("framework_pct", "tools_pct", "simulation_pct")


def dispute_news(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return that a dispute was opened (HR) or withdrawn (the three)."""
    rows = _rows(connection, notices)
    return {due.notice_id: _news(due, rows.get(due.subject_id)) for due in notices}


def dispute_papers(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return the mails of a clarification pack, a pilot report or an agreed plan; they wait for their PDF."""
    rows = _rows(connection, notices)
    return {due.notice_id: _paper(connection, due, rows.get(due.subject_id)) for due in notices}


def _rows(connection: Connection, notices: Sequence[Due]) -> dict[str, dict[str, Any]]:
    wanted = {"dispute_ids": sorted({due.subject_id for due in notices})}
    return {row["dispute_id"]: row for row in connection.execute(statement("disputes", "mail_facts"), wanted)}


def _frame(due: Due, row: Mapping[str, Any]) -> dict[str, Any]:
    locale = due.locale
    return {
        "dispute": row["dispute_id"],
        "course": row["course_zh" if locale == "zh-CN" else "course_en"],
        "trainer": row["trainer"] or "–",
        "business_head": row["business_head"] or "–",
    }


def _news(due: Due, row: Mapping[str, Any] | None) -> Written:
    if row is None:
        return Unwritable("subject_unknown")
    code = row["withdrawn_reason"] if due.step == "withdrawn" else row["reason_code"]
    return Content(
        _frame(due, row)
        | {
            "step": due.step,
            "party": _PARTIES[due.locale][row["opened_by"]],
            "reason_text": _REASONS[due.locale].get(code or "other", code),
        }
    )


def _paper(connection: Connection, due: Due, row: Mapping[str, Any] | None) -> Written:
    content = (row["papers"] or {}).get(due.kind) if row else None
    if row is None or content is None:
        return Unwritable("subject_unknown")
    subject = {"subject_kind": due.subject_kind, "subject_id": due.subject_id, "revision_number": due.sequence_number}
    file = report_file(connection, due.kind, subject, "hr", due.locale)
    if file is None:
        return Unwritable("report_not_ready", is_for_good=False)
    meeting_on = content.get("meeting_on")
    return Content(
        _frame(due, row)
        | {
            "meeting": day_text(date.fromisoformat(meeting_on), due.locale) if meeting_on else "",
            "target": row["core_target"] or "",
            "figures": _tiles(due.kind, content, due.locale),
        },
        (file,),
    )


def _tiles(kind: str, content: Mapping[str, Any], locale: Locale) -> list[Tile]:
    words = _WORDS[locale]
    if kind == "dispute_pack":
        divergent = sum(topic["is_divergent"] for topic in content["divergences"])
        common = len(content["divergences"]) - divergent
        return [Tile(words["divergent"], str(divergent)), Tile(words["common"], str(common))]
    shares = " / ".join(plain_number(Decimal(str(content["shares"][name]))) for name in _SHARES)
    if kind == "pilot_report":
        return [
            Tile(words["grade"], content["kpi"]["grade"]),
            Tile(words["suggestion"], words[content["suggestion"]]),
            Tile(words["design"], shares),
        ]
    return [Tile(words["decision"], words[content["decision"]]), Tile(words["design"], shares)]
