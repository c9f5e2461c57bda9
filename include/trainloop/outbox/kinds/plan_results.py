"""The 30-day Action Plan Report and the monthly results: PDFs, and the figures that may be shown in the mail itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from trainloop.config import Locale, get_site
from trainloop.domain.plan_result import CAUSES, month_days
from trainloop.outbox.kinds.content import Content, Due, Tile, Unwritable, Written, class_context
from trainloop.outbox.kinds.files import report_file
from trainloop.outbox.wording import month_text
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

_WORDS: Mapping[Locale, Mapping[str, str]] = {
    "zh-CN": {
        "done": "完成率",
        "verified": "验证率",
        "n": "n = {n}",
        "cause": "{cause}：{share}%（{count} 人）",
        "time": "没有时间",
        "manager_support": "上级支持不足",
        "tool": "缺少工具或权限",
        "unclear": "不清楚怎么用",
        "not_relevant": "与工作无关",
    },
    "en": {
        "done": "Completed",
        "verified": "Verified",
        "n": "n = {n}",
        "cause": "{cause}: {share}% ({count})",
        "time": "No time",
        "manager_support": "Too little support from the manager",
        "tool": "Tools or access missing",
        "unclear": "Unclear how to use it",
        "not_relevant": "Not relevant to the work",
    },
}
_AUDIENCES = {"contact": "hr", "trainer": "trainer", "employee": "business"}
Figures = Mapping[tuple[str, str, str], Mapping[str, Any]]


def action_plan_report(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return the mails about classes, each with the PDF made for its reader; they wait for their PDF."""
    codes = {"session_codes": sorted({due.subject_id for due in notices})}
    rows = {row["session_code"]: row for row in connection.execute(statement("plan_results", "mail_class"), codes)}
    return {due.notice_id: _class_content(connection, due, rows.get(due.subject_id)) for due in notices}


def monthly_results(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return HR's mail with its PDF, and the heads' with their own department's figures."""
    return {due.notice_id: _month_content(connection, due) for due in notices}


def _class_content(connection: Connection, due: Due, row: Mapping[str, Any] | None) -> Written:
    audience = str(due.facts.get("audience"))
    # A person gets what was made for them and nothing else, whatever a planning step wrote.
    if audience != _AUDIENCES[due.recipient.kind]:
        return Unwritable("wrong_audience")
    figures = _figures(connection, "action_plans_30d", due)
    if row is None or not figures:
        return Unwritable("subject_unknown")
    file = report_file(connection, "action_plans_30d", _subject(due), audience, due.locale)
    if file is None:
        return Unwritable("report_not_ready", is_for_good=False)
    causes = get_site().plan_results.trainer_causes if audience == "trainer" else CAUSES
    context = class_context(row, due) | {
        "audience": audience,
        "revision": due.sequence_number,
        "plan_count": _whole(figures, ("response", "class", "plan_count")),
        "figures": _tiles(figures, "class", due.locale),
        "causes": _causes(figures, "class", due.locale, causes),
    }
    return Content(context, (file,))


def _month_content(connection: Connection, due: Due) -> Written:
    figures = _figures(connection, "monthly_results", due)
    if not figures:
        return Unwritable("subject_unknown")
    is_head = due.recipient.kind == "employee"
    if is_head != bool(due.step):
        return Unwritable("wrong_audience")
    unit = f"department:{due.step}" if is_head else "all"
    context: dict[str, Any] = {
        "month": month_text(month_days(due.subject_id)[0], due.locale),
        "revision": due.sequence_number,
        "department": _unit_name(connection, unit, due.locale),
        "plan_count": _whole(figures, ("plan", unit, "n")),
        "figures": _tiles(figures, unit, due.locale),
        "causes": _causes(figures, unit, due.locale, CAUSES),
    }
    if is_head:
        return Content(context)
    file = report_file(connection, "monthly_results", _subject(due), "hr", due.locale)
    return Content(context, (file,)) if file else Unwritable("report_not_ready", is_for_good=False)


def _subject(due: Due) -> dict[str, Any]:
    return {
        "subject_kind": due.subject_kind,
        "subject_id": due.subject_id,
        "revision_number": due.sequence_number,
    }


def _figures(connection: Connection, product: str, due: Due) -> Figures:
    rows = connection.execute(statement("plan_results", "mail_figures"), {"product": product} | _subject(due))
    return {(row["family"], row["code"], row["statistic"]): row for row in rows}


def _unit_name(connection: Connection, unit: str, locale: Locale) -> str:
    rows = {row["unit"]: row for row in connection.execute(statement("plan_results", "unit_names"))}
    row = rows.get(unit)
    return "" if row is None else str(row["name_zh"] if locale == "zh-CN" else row["name_en"])


def _tiles(figures: Figures, unit: str, locale: Locale) -> list[Tile]:
    from trainloop.statistics.refusal import reason_text

    words, tiles = _WORDS[locale], []
    for name in ("done", "verified"):
        row = figures.get(("plan", unit, f"{name}_pct"))
        if row is None or row["value"] is None:
            note = reason_text(row["reason"], locale) if row and row["reason"] else ""
            tiles.append(Tile(words[name], "–", note))
        else:
            tiles.append(Tile(words[name], f"{_plain(row['value'])}%", words["n"].format(n=row["respondent_count"])))
    return tiles


def _causes(figures: Figures, unit: str, locale: Locale, causes: Sequence[str]) -> list[str]:
    """Return the obstacles that somebody named and that may be shown, the most named first."""
    named = []
    for cause in causes:
        share = figures.get(("blocker", unit, f"share:{cause}"))
        if share is not None and share["value"]:
            named.append((share["value"], cause))
    words = _WORDS[locale]
    return [
        words["cause"].format(
            cause=words[cause], share=_plain(share), count=_whole(figures, ("blocker", unit, f"count:{cause}"))
        )
        for share, cause in sorted(named, key=lambda one: -one[0])
    ]


def _whole(figures: Figures, key: tuple[str, str, str]) -> int:
    row = figures.get(key)
    return int(row["value"]) if row and row["value"] is not None else 0


def _plain(value: Decimal) -> str:
    return f"{value:f}".removesuffix(".0")
