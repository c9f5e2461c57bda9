"""Changed classes 班次变更: everybody concerned gets one correction mail for one change, and never a second.

`ops.class_announcements` is what people were last told. A scan compares it with the class as it stands, writes the
new facts and plans the mails in one commit, so a killed scan told nobody and a second one finds nothing to tell.
Several edits between two scans are one change. Of a class that is split, whoever goes to another class of the course
gets one mail about their own, and none about the class they left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import timedelta
from typing import Any

from trainloop.config import get_site
from trainloop.domain import class_change
from trainloop.domain.class_change import Announced, Change
from trainloop.outbox.notices import Notice, RecipientKind, plan
from trainloop.surveys.scan import Scan
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

SUBJECT = "class_change"
_FACTS = tuple(field.name for field in fields(Announced))


@dataclass(frozen=True, slots=True)
class Changed:
    """One class that changed: its row, what was told, what is told now."""

    session_code: str
    number: int
    what: tuple[Change, ...]
    before: Announced
    after: Announced
    is_worth_telling: bool


@dataclass(frozen=True, slots=True)
class Seats:
    """Seats since the last look: moved (class, learner, class left) and ended (class, learner)."""

    moved: tuple[tuple[str, str, str], ...]
    ended: tuple[tuple[str, str], ...]


def tell_changes(connection: Connection, scan: Scan) -> dict[str, int]:
    """Tell the people of every changed class, in the caller's transaction; return the counts.

    Classes that were never seen are written down and mailed to nobody: people know the date from their enrollment.
    """
    rows = connection.execute(statement("class_days", "classes_to_tell"), {"now": scan.real_now}).fetchall()
    changed = [_changed(row, scan) for row in rows if row["is_told"]]
    _announce(connection, scan, rows, {one.session_code: one for one in changed})
    seats = _see_seats(connection, scan)
    telling = [one for one in changed if one.what and one.is_worth_telling]
    notices = _change_notices(connection, scan, telling, seats) + _move_notices(connection, scan, seats)
    return {"classes_changed": len(telling), "seats_moved": len(seats.moved), "notices": plan(connection, notices)}


def _changed(row: Mapping[str, Any], scan: Scan) -> Changed:
    before = Announced(*(row[f"told_{name}"] for name in _FACTS))
    after = class_change.as_it_stands(row, before)
    what = class_change.changes(before, after)
    is_ahead = class_change.is_ahead(before, after, scan.real_now)
    return Changed(row["session_code"], row["change_number"] + bool(what), what, before, after, is_ahead)


def _announce(
    connection: Connection, scan: Scan, rows: Sequence[Mapping[str, Any]], changed: Mapping[str, Changed]
) -> None:
    if not rows:
        return
    told = [
        (changed[row["session_code"]].after, changed[row["session_code"]].number)
        if row["is_told"]
        else (class_change.as_it_stands(row, None), 0)
        for row in rows
    ]
    columns: dict[str, Any] = {"session_code": [row["session_code"] for row in rows]}
    columns |= dict(zip(_FACTS, map(list, zip(*(astuple(facts) for facts, _ in told), strict=True)), strict=True))
    columns["change_number"] = [number for _, number in told]
    connection.execute(statement("class_days", "announce"), columns | {"now": scan.real_now})


def _see_seats(connection: Connection, scan: Scan) -> Seats:
    window = timedelta(days=get_site().class_days.moved_within_days)
    rows = connection.execute(
        statement("class_days", "see_seats"), {"now": scan.real_now, "moved_since": scan.real_now - window}
    ).fetchall()
    return Seats(
        tuple((row["session_code"], row["employee_id"], row["moved_from"]) for row in rows if row["moved_from"]),
        tuple((row["session_code"], row["employee_id"]) for row in rows if not row["is_held"]),
    )


def _change_notices(connection: Connection, scan: Scan, changed: Sequence[Changed], seats: Seats) -> list[Notice]:
    if not changed:
        return []
    codes = [one.session_code for one in changed]
    keys = {"session_codes": codes, "today": scan.real_today}
    people = {
        (row["session_code"], row["recipient_kind"], row["recipient_id"])
        for row in connection.execute(statement("class_days", "people_to_tell"), keys)
    }
    managed = {
        row["session_code"] for row in connection.execute(statement("class_days", "sessions_with_manager"), keys)
    }
    people |= {(code, "contact", hr) for code in codes if code not in managed for hr in get_site().contacts_of("hr")}
    cancelled = {one.session_code for one in changed if one.after.is_cancelled}
    # Whose seat was taken away together with the class learns it here; whoever moved learns of the new class instead.
    people |= {(code, "employee", person) for code, person in seats.ended if code in cancelled}
    elsewhere = {(left, person) for _, person, left in seats.moved}
    by_code = {one.session_code: one for one in changed}
    return [
        _notice(by_code[code], scan, kind, person)
        for code, kind, person in sorted(people)
        if kind != "employee" or (code, person) not in elsewhere
    ]


def _notice(changed: Changed, scan: Scan, kind: RecipientKind, person: str) -> Notice:
    before, after = changed.before, changed.after
    within = timedelta(hours=get_site().class_days.urgent_hours)
    return Notice(
        "class_changed",
        SUBJECT,
        changed.session_code,
        kind,
        person,
        sequence_number=changed.number,
        is_urgent=class_change.is_urgent(before, after, scan.real_now, within),
        not_before=scan.real_now,
        not_after=before.starts_at if after.is_cancelled else after.ends_at,
        facts={
            "what": list(changed.what),
            "starts_before": before.starts_at.isoformat(),
            "ends_before": before.ends_at.isoformat(),
            "venue_before": before.venue_code,
            "mode_before": before.mode,
        },
    )


def _move_notices(connection: Connection, scan: Scan, seats: Seats) -> list[Notice]:
    """Return one mail for each learner who was moved to another class of the course."""
    if not seats.moved:
        return []
    keys = {
        "session_codes": [code for code, _, _ in seats.moved],
        "employee_ids": [person for _, person, _ in seats.moved],
    }
    numbers = {
        (row["session_code"], row["employee_id"]): row["move_number"]
        for row in connection.execute(statement("class_days", "count_moves"), keys)
    }
    starts = {
        row["session_code"]: row["starts_at"]
        for row in connection.execute(statement("class_days", "starts"), {"session_codes": keys["session_codes"]})
    }
    within = timedelta(hours=get_site().class_days.urgent_hours)
    return [
        Notice(
            "class_changed",
            SUBJECT,
            code,
            "employee",
            person,
            step="own_class",
            sequence_number=numbers[code, person],
            is_urgent=starts[code] - scan.real_now <= within,
            not_before=scan.real_now,
            not_after=starts[code],
            facts={"what": ["own_class"], "moved_from": left},
        )
        for code, person, left in seats.moved
    ]
