"""Workshops for trainers (R41–R42): suggested once a quarter by weak items, with the calendar of events.

A trainer's published item means are pooled over at least so many classes and answers; which item suggests which
workshop is a rule of the site file. Everybody who teaches hears of experts and exchanges, whoever has a suggestion also
of the workshop; the calendar files of events to come go along. Whoever attended a workshop is not sent to it again.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from datetime import date, timedelta
from typing import Any, Final

from trainloop import storage
from trainloop.config import get_site
from trainloop.domain.calendar_file import Event, calendar_file
from trainloop.domain.survey import quarter_code
from trainloop.faults import point
from trainloop.outbox.notices import Notice, plan
from trainloop.settings import get_settings
from trainloop.surveys.scan import Scan
from trainloop.warehouse.engine import Connection, connect, lock
from trainloop.warehouse.statements import statement

SUBJECT_KIND: Final = "quarter"


def suggest_workshops(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Write the quarter's suggestions anew, keep calendar files, invite trainers and tell HR once a quarter.

    With a date in the past nobody is mailed unless `allow_send`. Returns counts: suggestions, events, notices_planned.
    """
    with connect("planner") as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
        # Two runs at once would both write the quarter.
        lock(connection, "grow_trainers")
        quarter = quarter_code(scan.today)
        suggested = _suggest(connection, scan, quarter)
        events = _events(connection, scan)
        planned = 0
        if scan.may_mail:
            planned = plan(connection, _notices(connection, scan, quarter, suggested, events))
        point("growth.before_commit")
    point("growth.after_commit")
    return {"suggestions": sum(map(len, suggested.values())), "events": len(events), "notices_planned": planned}


def _suggest(connection: Connection, scan: Scan, quarter: str) -> dict[str, list[str]]:
    """Return the workshops suggested to each trainer."""
    rules = get_site().trainer_growth
    flat = [
        (code, item, mode)
        for code, workshop in rules.workshops.items()
        for item in workshop.items
        for mode in (workshop.modes or ("",))
    ]
    rows = connection.execute(
        statement("growth", "weak_items"),
        {
            "workshop_codes": [one[0] for one in flat],
            "item_codes": [one[1] for one in flat],
            "modes": [one[2] for one in flat],
            "first_day": scan.today - timedelta(days=rules.history_days),
            "today": scan.today,
            "min_sessions": rules.min_sessions,
            "min_answers": rules.min_answers,
            "weak_below": rules.weak_below,
        },
    ).fetchall()
    weak: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        weak[row["trainer_id"], row["workshop_code"]].append(row)
    connection.execute(statement("growth", "forget_quarter"), {"quarter": quarter})
    with connection.cursor() as cursor:
        cursor.executemany(
            statement("growth", "insert_suggestion"),
            [
                {
                    "quarter": quarter,
                    "trainer_id": trainer,
                    "workshop_code": workshop,
                    "item_codes": [row["item_code"] for row in found],
                    "item_means": [row["mean"] for row in found],
                    "session_count": min(row["session_count"] for row in found),
                    "answer_count": min(row["answer_count"] for row in found),
                    "now": scan.real_now,
                }
                for (trainer, workshop), found in weak.items()
            ],
        )
    suggested: dict[str, list[str]] = defaultdict(list)
    for trainer, workshop in weak:
        suggested[trainer].append(workshop)
    return dict(suggested)


def _events(connection: Connection, scan: Scan) -> list[dict[str, Any]]:
    """Return the events to come and keep a calendar file of each as it stands."""
    until = scan.now + timedelta(days=get_site().trainer_growth.invited_days_ahead)
    rows = connection.execute(statement("growth", "events_to_come"), {"now": scan.now, "until": until}).fetchall()
    for row in rows:
        content = calendar_file(_event(row))
        digest = hashlib.sha256(content).hexdigest()
        folder = f"{get_settings().folder_uri('reports')}/trainer_events/{storage.safe_name(row['event_id'])}"
        uri = f"{folder}/{digest[:12]}.ics"
        storage.keep(uri, content)
        kept = {"event_id": row["event_id"], "file_sha256": digest, "uri": uri, "now": scan.real_now}
        connection.execute(statement("growth", "keep_file"), kept)
    return rows


def _event(row: dict[str, Any]) -> Event:
    mail = get_site().mail.sender_email
    return Event(
        uid=f"{row['event_id']}@{mail.partition('@')[2]}",
        summary=f"{row['title_zh']} · {row['title_en']}",
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        place=row["place"] or "",
        description=row["host"] or "",
    )


def _notices(
    connection: Connection, scan: Scan, quarter: str, suggested: dict[str, list[str]], events: list[dict[str, Any]]
) -> list[Notice]:
    since = scan.real_now - timedelta(days=get_site().trainer_growth.history_days)
    trainers = {
        row["trainer_id"] for row in connection.execute(statement("growth", "active_trainers"), {"since": since})
    }
    concerns_all = any(event["kind"] != "workshop" for event in events)
    invited = sorted(trainers if concerns_all else trainers & set(suggested))
    notices = [
        Notice("trainer_workshops", SUBJECT_KIND, quarter, "trainer", trainer, is_optional=True) for trainer in invited
    ]
    if suggested or events:
        contacts = get_site().contacts_of("hr")
        notices += [Notice("growth_digest", SUBJECT_KIND, quarter, "contact", contact) for contact in contacts]
    return notices
