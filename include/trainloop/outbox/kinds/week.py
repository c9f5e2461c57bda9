"""HR's weekly digest: what waits for a decision, what is late, what happened last week."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from trainloop import clock
from trainloop.config import Locale, get_site
from trainloop.domain import calendar
from trainloop.outbox.kinds.alert import KIND_NAMES
from trainloop.outbox.kinds.content import Content, Due, Tile, Unwritable, Written, class_context
from trainloop.outbox.kinds.request import commitment_words
from trainloop.outbox.wording import day_text
from trainloop.requests.words import approval_title
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

LISTED: Final = 12
_WORDS: Final[Mapping[str, Mapping[Locale, str]]] = {
    "span": {"zh-CN": "{since}至{until}", "en": "{since} to {until}"},
    "class": {
        "zh-CN": "《{course}》（{session_code}）于{held_on}举办，{trainer}，出勤 {attended}/{confirmed} 人",
        "en": "{course} ({session_code}) was held on {held_on} by {trainer}, {attended} of {confirmed} there",
    },
    "class_unknown": {
        "zh-CN": "《{course}》（{session_code}）于{held_on}举办，{trainer}，尚无签到数据",
        "en": "{course} ({session_code}) was held on {held_on} by {trainer}; attendance is not in yet",
    },
    "files": {
        "zh-CN": "收到 {file_count} 个文件，{refused_count} 个未接收；目前 {quarantined_count} 行待数据负责人更正",
        "en": "Files: {file_count} in, {refused_count} refused; rows waiting for their owners: {quarantined_count}",
    },
    "waves": {"zh-CN": "{wave_count} 份问卷关闭", "en": "Questionnaires closed: {wave_count}"},
    "told": {"zh-CN": "已单独发给您：{kinds}", "en": "Sent to you on their own: {kinds}"},
    "told_weekly": {
        "zh-CN": "按您的设置未单独发送：{kinds}（详情见看板）",
        "en": "Not sent on their own, as you prefer: {kinds} (details on the Board)",
    },
    "kind": {"zh-CN": "{name} {count}", "en": "{name} {count}"},
    "late_class": {
        "zh-CN": "《{course}》（{session_code}）：{count} 个节点逾期，最早应于{due}完成",
        "en": "{course} ({session_code}): steps late {count}, the first due {due}",
    },
    "late_commitment": {
        "zh-CN": "{title}：{count} 人逾期，最早应于{due}完成",
        "en": "{title}: {count} late, the first due {due}",
    },
    "decision": {
        "zh-CN": "{title}：{asked}提出{expires}",
        "en": "{title}: asked on {asked}{expires}",
    },
    "expires": {"zh-CN": "，{day}前有效", "en": ", until {day}"},
    "more": {"zh-CN": "另有 {count} 项，见看板。", "en": "And {count} more on the Board."},
    "classes": {"zh-CN": "举办班次", "en": "Classes held"},
    "mails": {"zh-CN": "发出邮件", "en": "Mails sent"},
    "failed": {"zh-CN": "其中未送达 {count}", "en": "not delivered: {count}"},
    "decide": {"zh-CN": "等待决定", "en": "To decide"},
}


def weekly_digest(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return each contact's week; nothing held, late or waiting makes no mail."""
    return {due.notice_id: _digest(connection, due) for due in notices}


def _digest(connection: Connection, due: Due) -> Written:
    zone, since, until = get_site().company.zone, *(date.fromisoformat(due.facts[key]) for key in ("since", "until"))
    facts = {
        "since": calendar.start_of_day(since, zone),
        "until": calendar.end_of_day(until, zone),
        "today": clock.today(connection),
        "contacts": [due.recipient.id],
        "limit": LISTED,
    }
    found = {
        name: connection.execute(statement("weekly", name), facts).fetchall()
        for name in ("classes_held", "counts", "told", "late_classes", "late_commitments", "decisions")
    }
    counts, decisions = found["counts"][0], found["decisions"]
    late = _late(found, due.locale)
    happened = _happened(found, counts, due)
    if not (late or decisions or happened):
        return Unwritable("resolved")
    late_classes = found["late_classes"][0]["of_count"] if found["late_classes"] else 0
    return Content({
        "span": _say("span", due.locale, since=day_text(since, due.locale), until=day_text(until, due.locale)),
        "late_count": late_classes + sum(row["commitment_count"] for row in found["late_commitments"]),
        "decision_count": len(decisions),
        "figures": [
            Tile(_say("classes", due.locale), str(len(found["classes_held"]))),
            Tile(
                _say("mails", due.locale),
                str(counts["sent_count"]),
                _say("failed", due.locale, count=counts["failed_count"]) if counts["failed_count"] else "",
            ),
            Tile(_say("decide", due.locale), str(len(decisions))),
        ],
        "decisions": [_decision(row, due.locale) for row in decisions],
        "late": late,
        "happened": happened,
    })


def _happened(found: Mapping[str, Sequence[Any]], counts: Mapping[str, int], due: Due) -> list[str]:
    held = found["classes_held"]
    lines = [
        _say(
            "class" if row["has_attendance"] else "class_unknown",
            due.locale,
            attended=row["attended_count"],
            confirmed=row["confirmed_count"],
            **class_context(row, due),
        )
        for row in held[:LISTED]
    ]
    if len(held) > LISTED:
        lines.append(_say("more", due.locale, count=len(held) - LISTED))
    if counts["wave_count"]:
        lines.append(_say("waves", due.locale, **counts))
    for name, is_weekly in (("told", False), ("told_weekly", True)):
        kinds = [
            _say("kind", due.locale, name=KIND_NAMES[row["kind"]][due.locale], count=row["notice_count"])
            for row in found["told"]
            if row["is_weekly"] is is_weekly
        ]
        if kinds:
            lines.append(_say(name, due.locale, kinds=("、" if due.locale == "zh-CN" else ", ").join(kinds)))
    if counts["file_count"]:
        lines.append(_say("files", due.locale, **counts))
    return lines


def _late(found: Mapping[str, Sequence[Any]], locale: Locale) -> list[str]:
    classes = found["late_classes"]
    suffix = "zh" if locale == "zh-CN" else "en"
    lines = [
        _say(
            "late_class",
            locale,
            course=row[f"course_{suffix}"],
            session_code=row["session_code"],
            count=row["step_count"],
            due=day_text(row["due_on"], locale),
        )
        for row in classes
    ]
    if classes and classes[0]["of_count"] > len(classes):
        lines.append(_say("more", locale, count=classes[0]["of_count"] - len(classes)))
    return lines + [
        _say(
            "late_commitment",
            locale,
            title=commitment_words()[row["kind"]][locale]["title"],
            count=row["commitment_count"],
            due=day_text(row["due_on"], locale),
        )
        for row in found["late_commitments"]
    ]


def _decision(row: Mapping[str, Any], locale: Locale) -> str:
    zone = get_site().company.zone
    expires = ""
    if row["expires_at"] is not None:
        expires = _say("expires", locale, day=day_text(calendar.last_day(row["expires_at"], zone), locale))
    return _say(
        "decision",
        locale,
        title=approval_title(row["kind"], row["subject_id"], row["revision_number"], locale),
        asked=day_text(calendar.local_date(row["asked_at"], zone), locale),
        expires=expires,
    )


def _say(key: str, locale: Locale, **values: object) -> str:
    return _WORDS[key][locale].format(**values)
