"""The 90-day Performance Report: its PDF and, in the mail itself, the evidence grade of each indicator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trainloop.config import Locale
from trainloop.domain.counted import filled
from trainloop.forms import links
from trainloop.outbox.kinds.content import Content, Due, Tile, Unwritable, Written, class_context
from trainloop.outbox.kinds.files import report_file
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

_GRADE = {"zh-CN": "证据等级", "en": "Evidence grade"}
_LEARNERS = {"zh-CN": "学员 {n} 人", "en": "{n:learner|learners}"}
# What an outcome may say by grade: at D and E nothing but that there is no conclusion.
_OUTCOMES: Mapping[Locale, Mapping[str, str]] = {
    "zh-CN": {
        "improved": "比对照组多改善",
        "worsened": "比对照组变差",
        "no_clear_change": "与对照组没有明确差别",
        "not_measured": "无法给出区间，不作结论",
        "none": "不作结论",
    },
    "en": {
        "improved": "improved more than the comparison group",
        "worsened": "got worse than the comparison group",
        "no_clear_change": "no clear difference from the comparison group",
        "not_measured": "no interval, so no conclusion",
        "none": "no conclusion",
    },
}
_LINE = {"zh-CN": "{name}：{outcome}（{grade} 级）", "en": "{name}: {outcome} (grade {grade})"}


def performance_report(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return the mails to HR and heads of business, each with the PDF made for them; they wait for their PDF."""
    codes = {"session_codes": sorted({due.subject_id for due in notices})}
    found: dict[str, list[dict[str, Any]]] = {}
    for row in connection.execute(statement("performance", "mail_rows"), codes):
        found.setdefault(row["session_code"], []).append(row)
    return {due.notice_id: _content(connection, due, found.get(due.subject_id, [])) for due in notices}


def _content(connection: Connection, due: Due, rows: Sequence[Mapping[str, Any]]) -> Written:
    audience = due.facts.get("audience")
    # A person gets what was made for them and nothing else, whatever a planning step wrote.
    if audience != ("business" if due.recipient.kind == "employee" else "hr"):
        return Unwritable("wrong_audience")
    if not rows:
        return Unwritable("subject_unknown")
    if rows[0]["revision_number"] > due.sequence_number:
        return Unwritable("superseded")
    subject = {
        "subject_kind": due.subject_kind,
        "subject_id": due.subject_id,
        "revision_number": due.sequence_number,
    }
    file = report_file(connection, "performance_90d", subject, audience, due.locale)
    if file is None:
        return Unwritable("report_not_ready", is_for_good=False)
    lines = [_line(row, due.locale) for row in rows if row["grade"]]
    tiles = []
    if rows[0]["grade"]:
        note = filled(_LEARNERS[due.locale], {"n": rows[0]["learner_count"]})
        tiles = [Tile(_GRADE[due.locale], rows[0]["grade"], note)]
    context = class_context(rows[0], due) | {"revision": due.sequence_number, "figures": tiles, "lines": lines}
    # By it a head of business opens a dispute about the course (R47); HR has its own form.
    door = links.address("o", links.door_token("employee", due.recipient.id, due.subject_id))
    return Content(context | {"audience": audience, "door": door if audience == "business" else ""}, (file,))


def _line(row: Mapping[str, Any], locale: Locale) -> str:
    outcome = row["outcome"] if row["grade"] in {"A", "B", "C"} else "none"
    name = row["kpi_zh"] if locale == "zh-CN" else row["kpi_en"]
    return _LINE[locale].format(name=name, outcome=_OUTCOMES[locale][outcome], grade=row["grade"])
