"""Mails to trainers: the award, thanks with what was published about their classes, workshops; HR's list of these."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from trainloop import clock
from trainloop.config import Locale, get_site
from trainloop.domain.counted import filled
from trainloop.domain.plain_number import plain_number
from trainloop.outbox.hours import zone_of
from trainloop.outbox.kinds.content import Content, Due, StoredFile, Tile, Unwritable, Written
from trainloop.outbox.kinds.pulse import Figures, figure_tile, pulse_figures, quarter_text
from trainloop.outbox.wording import moment_text
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

INSTRUMENT: Final = "course_evaluation"
PULSE: Final = "trainer_pulse"
LISTED: Final = 20
_WORDS: Mapping[Locale, Mapping[str, str]] = {
    "zh-CN": {
        "sessions": "班次",
        "hours": "课时",
        "learners": "学员人次",
        "suggestion": "{workshop}：{items}（{sessions} 个班次）",
        "item": "“{name}”{mean} 分",
        "event": "{title}，{at}{place}{host}",
        "place": "，{text}",
        "host": "，主讲 {text}",
        "trainer": "{trainer}：{workshops}",
        "attended": "{title}：{attended} 人参加（名单 {listed} 人）",
        "suggested": "建议工作坊的培训师",
        "events": "待举行的活动",
        "separator": "、",
        "rate": "应答率",
        "rated": "{name}：{value}（{note}）",
    },
    "en": {
        "sessions": "Classes",
        "hours": "Hours",
        "learners": "Seats taught",
        "suggestion": "{workshop}: {items} ({sessions:class|classes})",
        "item": "“{name}” {mean}",
        "event": "{title}, {at}{place}{host}",
        "place": ", {text}",
        "host": ", with {text}",
        "trainer": "{trainer}: {workshops}",
        "attended": "{title}: {attended} attended ({listed} listed)",
        "suggested": "Trainers with a suggestion",
        "events": "Events to come",
        "separator": ", ",
        "rate": "Response rate",
        "rated": "{name}: {value} ({note})",
    },
}


def trainer_award(_: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return the mail to whom the committee gave the award."""
    return {due.notice_id: Content({"year": due.subject_id}) for due in notices}


def trainer_thanks(_: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return each trainer's thanks: counts of the year, and the item that learners rated best as it was published."""
    return {due.notice_id: _thanks(due) for due in notices}


def trainer_workshops(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return what is suggested to each trainer, and the events to come with their calendar files."""
    events = _events(connection)
    found = {quarter: _suggestions(connection, quarter) for quarter in {due.subject_id for due in notices}}
    return {due.notice_id: _workshops(due, found[due.subject_id], events) for due in notices}


def growth_digest(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return HR's list: who is sent to which workshop, what is to come, who came to what was."""
    events, now = _events(connection), clock.now(connection)
    since = now - timedelta(days=get_site().trainer_growth.history_days)
    attended = connection.execute(statement("growth", "attended"), {"now": now, "since": since}).fetchall()
    return {due.notice_id: _digest(due, _suggestions(connection, due.subject_id), events, attended) for due in notices}


def _thanks(due: Due) -> Written:
    facts, words = due.facts, _WORDS[due.locale]
    best = ""
    if "item_code" in facts:
        best = words["item"].format(name=_item(facts["item_code"], due.locale), mean=facts["item_mean"])
    return Content({
        "year": due.subject_id,
        "best": best,
        "answers": facts.get("answer_count", ""),
        "figures": [
            Tile(words["sessions"], facts["session_count"]),
            Tile(words["hours"], plain_number(Decimal(facts["hours"]))),
            Tile(words["learners"], facts["learner_count"]),
        ],
    })


def _workshops(due: Due, suggestions: Sequence[Mapping[str, Any]], events: Sequence[Mapping[str, Any]]) -> Written:
    own = [row for row in suggestions if row["trainer_id"] == due.recipient.id]
    wanted = {row["workshop_code"] for row in own}
    invited = [event for event in events if event["kind"] != "workshop" or event["workshop_code"] in wanted]
    if not own and not invited:
        return Unwritable("not_concerned")
    files = tuple(
        StoredFile(f"{_file_name(_title(event, due.locale))}.ics", "text/calendar", event["uri"], event["file_sha256"])
        for event in invited[:LISTED]
    )
    return Content(
        {
            "quarter": quarter_text(due.subject_id, due.locale),
            "suggestions": [_suggestion(row, due.locale) for row in own],
            "events": [_event(event, due) for event in invited[:LISTED]],
        },
        files,
    )


def _digest(
    due: Due,
    suggestions: Sequence[Mapping[str, Any]],
    events: Sequence[Mapping[str, Any]],
    attended: Sequence[Mapping[str, Any]],
) -> Written:
    words = _WORDS[due.locale]
    trainers: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    for row in suggestions:
        trainers.setdefault(row["trainer_id"], []).append(_workshop(row["workshop_code"], due.locale))
        names[row["trainer_id"]] = row["name"]
    lines = [
        words["trainer"].format(trainer=names[code], workshops=words["separator"].join(found))
        for code, found in trainers.items()
    ]
    lines += [_event(event, due) for event in events]
    lines += [
        words["attended"].format(
            title=_title(row, due.locale), attended=row["attended_count"], listed=row["listed_count"]
        )
        for row in attended
    ]
    return Content({
        "quarter": quarter_text(due.subject_id, due.locale),
        "count": len(trainers),
        "lines": lines,
        "figures": [Tile(words["suggested"], str(len(trainers))), Tile(words["events"], str(len(events)))],
    })


def _suggestions(connection: Connection, quarter: str) -> list[dict[str, Any]]:
    return connection.execute(statement("growth", "suggested"), {"quarter": quarter}).fetchall()


def _events(connection: Connection) -> list[dict[str, Any]]:
    return connection.execute(statement("growth", "invited_events"), {"now": clock.now(connection)}).fetchall()


def _suggestion(row: Mapping[str, Any], locale: Locale) -> str:
    words = _WORDS[locale]
    items = [
        words["item"].format(name=_item(code, locale), mean=f"{mean:.1f}")
        for code, mean in zip(row["item_codes"], row["item_means"], strict=True)
    ]
    workshop = _workshop(row["workshop_code"], locale)
    facts = {"workshop": workshop, "items": words["separator"].join(items), "sessions": row["session_count"]}
    return filled(words["suggestion"], facts)


def _workshop(code: str, locale: Locale) -> str:
    return get_site().trainer_growth.workshops[code].text(locale)


def _event(event: Mapping[str, Any], due: Due) -> str:
    words, starts_at = _WORDS[due.locale], event["starts_at"]
    assert isinstance(starts_at, datetime)
    return words["event"].format(
        title=_title(event, due.locale),
        at=moment_text(starts_at, zone_of(event["timezone"]), due.locale),
        place=words["place"].format(text=event["place"]) if event["place"] else "",
        host=words["host"].format(text=event["host"]) if event["host"] else "",
    )


def _file_name(title: str) -> str:
    return re.sub(r"[^\w.-]+", "_", title)[:80]


def _title(event: Mapping[str, Any], locale: Locale) -> str:
    title: str = event["title_zh"] if locale == "zh-CN" else event["title_en"]
    return title


def _item(code: str, locale: Locale) -> str:
    from trainloop.surveys.instrument import load_instrument

    return load_instrument(INSTRUMENT).item(code).text(locale)


def trainer_pulse_result(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return HR's mail about one release of the trainers' pulse: rate, dimensions, items, workshops wished for."""
    released = pulse_figures(connection, [int(due.facts["release_id"]) for due in notices])
    return {due.notice_id: _pulse(due, released.get(int(due.facts["release_id"]))) for due in notices}


def _pulse(due: Due, figures: Figures | None) -> Written:
    if figures is None:
        return Unwritable("subject_unknown")
    from trainloop.surveys.instrument import load_instrument

    instrument, locale = load_instrument(PULSE), due.locale
    return Content({
        "year": due.subject_id,
        "revision": due.sequence_number,
        "figures": [
            figure_tile(figures, "response", "wave", "rr1_pct", _WORDS[locale]["rate"], locale, unit="%"),
            *(
                figure_tile(figures, "dimension", code, "mean", dimension.text(locale), locale)
                for code, dimension in instrument.dimensions.items()
            ),
        ],
        "items": [
            _WORDS[locale]["rated"].format(name=tile.label, value=tile.value, note=tile.note)
            for item in instrument.items
            if item.kind == "scale"
            for tile in (figure_tile(figures, "item", item.code, "mean", item.text(locale), locale),)
        ],
    })
