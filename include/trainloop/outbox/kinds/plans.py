"""Mails about action learning plans: Monday's digest of a learner and of a manager, the call for the check-in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from trainloop.config import Locale, get_site
from trainloop.domain import action_plan
from trainloop.domain.counted import filled
from trainloop.domain.plain_number import plain_number
from trainloop.forms import links
from trainloop.outbox.kinds.content import Content, Due, Unwritable, Written
from trainloop.outbox.wording import day_text
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

_LIGHTS: Mapping[str, Mapping[Locale, str]] = {
    "green": {"zh-CN": "● 绿：一周内有更新", "en": "● green: updated within a week"},
    "amber": {"zh-CN": "▲ 黄：{days} 天未更新", "en": "▲ amber: no update for {days:day|days}"},
    "red": {"zh-CN": "■ 红：{days} 天未更新", "en": "■ red: no update for {days:day|days}"},
}
_STATES: Mapping[str, Mapping[Locale, str]] = {
    "on_track": {"zh-CN": "按计划", "en": "on track"},
    "at_risk": {"zh-CN": "有风险", "en": "at risk"},
    "late": {"zh-CN": "已延误", "en": "late"},
}
_LINE: Mapping[Locale, str] = {
    "zh-CN": "{who}{goal}：{metric} {baseline}→{target}，现为 {current}；{due}前完成；{state}；{light}",
    "en": "{who}{goal}: {metric} from {baseline} to {target}, now {current}; by {due}; {state}; {light}",
}
_UNKNOWN = {"zh-CN": "未填", "en": "not given"}


def plan_digest(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return a learner's week: every open plan with its light and its page; nothing open, no mail."""
    return _digests(connection, notices, "learner_plans", is_manager=False)


def team_plan_digest(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return a manager's week: the open plans of those who report now, the ones to care about first."""
    return _digests(connection, notices, "team_plans", is_manager=True)


def _digests(connection: Connection, notices: Sequence[Due], block: str, *, is_manager: bool) -> dict[int, Written]:
    people = {"employee_ids": [due.recipient.id for due in notices]}
    rows = connection.execute(statement("outbox", block), people).fetchall()
    by_person: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_person.setdefault(row["recipient_id"], []).append(row)
    return {due.notice_id: _digest(due, by_person.get(due.recipient.id, ()), is_manager=is_manager) for due in notices}


def _digest(due: Due, rows: Sequence[Mapping[str, Any]], *, is_manager: bool) -> Written:
    if not rows:
        return Unwritable("resolved")
    monday = datetime.strptime(f"{due.subject_id}-1", "%G-W%V-%u").replace(tzinfo=UTC).date()
    lights = [_light(row, monday, due) for row in rows]
    order = sorted(range(len(rows)), key=lambda place: ("red", "amber", "green").index(lights[place]))
    return Content({
        "count": len(rows),
        "red_count": lights.count("red"),
        "amber_count": lights.count("amber"),
        "week": day_text(monday, due.locale),
        "minutes": len(rows),
        "lines": [_line(rows[place], lights[place], monday, due, is_manager=is_manager) for place in order],
        "link": "" if is_manager else links.address("p", rows[order[0]]["token"]),
    })


def _light(row: Mapping[str, Any], monday: date, due: Due) -> str:
    rules = get_site().action_plans
    updated_on = row["updated_at"].astimezone(due.zone).date()
    return action_plan.light(updated_on, monday, amber_days=rules.amber_days, red_days=rules.red_days).value


def _line(row: Mapping[str, Any], light: str, monday: date, due: Due, *, is_manager: bool) -> str:
    locale = due.locale
    days = (monday - row["updated_at"].astimezone(due.zone).date()).days
    who = f"{row['name']}{'：' if locale == 'zh-CN' else ': '}" if is_manager else ""
    return _LINE[locale].format(
        who=who,
        goal=row["goal"],
        metric=row["metric"],
        baseline=_number(row["baseline_value"], locale),
        target=_number(row["target_value"], locale),
        current=_number(row["current_value"], locale),
        due=day_text(row["due_on"], locale),
        state=_STATES[row["state"]][locale],
        light=filled(_LIGHTS[light][locale], {"days": days}),
    )


def plan_check_in(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return the call for a check-in; one that is in, or a plan that has ended, makes no mail."""
    wanted = {"plan_ids": [due.subject_id for due in notices]}
    rows = {row["plan_id"]: row for row in connection.execute(statement("outbox", "plans_to_check_in"), wanted)}
    return {due.notice_id: _check_in(due, rows.get(due.subject_id)) for due in notices}


def _check_in(due: Due, row: Mapping[str, Any] | None) -> Written:
    if row is None:
        return Unwritable("subject_unknown")
    if row["is_answered"]:
        return Unwritable("answered")
    locale = due.locale
    return Content(
        {
            "course": row["course_zh" if locale == "zh-CN" else "course_en"],
            "goal": row["goal"],
            "metric": row["metric"],
            "baseline": _number(row["baseline_value"], locale),
            "target": _number(row["target_value"], locale),
            "current": _number(row["current_value"], locale),
            "link": links.address("p", row["token"]),
            "is_reminder": bool(due.step),
            "last_day": day_text(due.not_after.astimezone(due.zone).date(), locale) if due.not_after else "",
        },
        deadline=due.not_after,
    )


def _number(value: Any, locale: Locale) -> str:
    return _UNKNOWN[locale] if value is None else plain_number(value)


_PLAN_LINES: Sequence[tuple[str, Mapping[Locale, str]]] = (
    ("goal", {"zh-CN": "目标：{goal}", "en": "Goal: {goal}"}),
    (
        "metric",
        {
            "zh-CN": "指标：{metric}，{baseline} → {target}，现为 {current}；{due}前完成",
            "en": "Measure: {metric}, {baseline} to {target}, now {current}; by {due}",
        },
    ),
    ("support_needed", {"zh-CN": "需要的支持：{support_needed}", "en": "Support needed: {support_needed}"}),
    ("evidence", {"zh-CN": "证据：{evidence}", "en": "Evidence: {evidence}"}),
)


def plan_lines(row: Mapping[str, Any], locale: Locale) -> tuple[str, ...]:
    """Return what the plan behind a request says; nothing where the request is about something else."""
    if row["subject_kind"] != "action_plan" or row["goal"] is None:
        return ()
    facts = dict(row) | {
        "baseline": _number(row["baseline_value"], locale),
        "target": _number(row["target_value"], locale),
        "current": _number(row["current_value"], locale),
        "due": day_text(row["plan_due_on"], locale),
    }
    return tuple(words[locale].format(**facts) for field, words in _PLAN_LINES if row[field])
