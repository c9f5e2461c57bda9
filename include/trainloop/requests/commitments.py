"""Commitments 承诺事项: what one person owes about one subject, asked once and chased until it is done or too late.

`ask` runs in the transaction of whoever finds that something is owed, so debt, link and mail are one commit.
`remind_due` and `tell_hr` are the daily scan: at most two reminders, never after an answer and never within 48 hours of
the last call; HR reads once a day what became late, was answered or expired. The person answers at `/a/<token>` of the
forms service, which writes the row and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from trainloop import faults
from trainloop.config import CommitmentRule, get_site
from trainloop.domain import calendar
from trainloop.domain.survey import may_call_from
from trainloop.errors import PermanentError
from trainloop.outbox.notices import Notice, RecipientKind, plan
from trainloop.surveys.scan import Scan
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement


class CommitmentRuleMissingError(PermanentError):
    """There is no rule for commitments of kind {kind}. Add it under `commitments` in the site file."""


@dataclass(frozen=True, slots=True)
class Commitment:
    """One thing to be owed. `facts` are ids, codes and counts that the mail and the page need."""

    kind: str
    subject_kind: str
    subject_id: str
    person_kind: RecipientKind
    person_id: str
    facts: Mapping[str, Any] = field(default_factory=dict)


class Asked(NamedTuple):
    """How many people owe something now that did not before, and how many mails were planned."""

    commitments: int
    notices: int


def ask(connection: Connection, scan: Scan, commitments: Sequence[Commitment]) -> Asked:
    """Ask people, in the caller's transaction.

    The days count from the scan's day in each person's calendar. Whoever was asked the same before is not asked again.
    """
    if not commitments:
        return Asked(0, 0)
    asked = connection.execute(statement("commitments", "ask"), _columns(connection, scan, commitments)).rowcount
    return Asked(asked, _plan_requests(connection, scan))


def ask_again(connection: Connection, scan: Scan, commitments: Sequence[Commitment]) -> Asked:
    """Ask once more for what expired, in the caller's transaction: a new link and new days; the old link stays dead."""
    if not commitments:
        return Asked(0, 0)
    rows = connection.execute(statement("commitments", "ask_again"), _columns(connection, scan, commitments)).fetchall()
    notices = [
        Notice(
            "commitment_request",
            "commitment",
            row["commitment_id"],
            row["person_kind"],
            row["person_id"],
            sequence_number=row["turn"],
            not_before=scan.real_now,
            not_after=row["not_after"],
        )
        for row in rows
    ]
    return Asked(len(rows), plan(connection, notices) if scan.may_mail else 0)


def _columns(connection: Connection, scan: Scan, commitments: Sequence[Commitment]) -> dict[str, Any]:
    calendars = {
        (row["recipient_kind"], row["recipient_id"]): row["calendar_code"]
        for row in connection.execute(
            statement("commitments", "calendars"),
            {
                "person_kinds": [commitment.person_kind for commitment in commitments],
                "person_ids": [commitment.person_id for commitment in commitments],
            },
        )
    }
    rows = [_row(commitment, scan, calendars) for commitment in commitments]
    return {name: [row[name] for row in rows] for name in rows[0]} | {"now": scan.now}


def _row(commitment: Commitment, scan: Scan, calendars: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    rule = _rule(commitment.kind)
    company = get_site().company
    calendar_code = calendars.get((commitment.person_kind, commitment.person_id), company.calendar_code)
    due_on = calendar.add_working_days(scan.today, rule.due_working_days, calendar_code).day
    last_day = calendar.roll_forward(scan.today + timedelta(days=rule.not_after_days), calendar_code).day
    return {
        "kind": commitment.kind,
        "subject_kind": commitment.subject_kind,
        "subject_id": commitment.subject_id,
        "person_kind": commitment.person_kind,
        "person_id": commitment.person_id,
        "facts": Jsonb(dict(commitment.facts)),
        "due_on": due_on,
        "not_after": calendar.end_of_day(max(last_day, due_on), company.zone),
    }


def _rule(kind: str) -> CommitmentRule:
    rule = get_site().commitments.get(kind)
    if rule is None:
        raise CommitmentRuleMissingError(kind=kind)
    return rule


def _plan_requests(connection: Connection, scan: Scan) -> int:
    if not scan.may_mail:
        return 0
    return connection.execute(statement("commitments", "plan_requests"), {"now": scan.real_now}).rowcount


def remind_due(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Close what no longer helps, tell whoever was not told yet, and plan the reminders that are due.

    With a date in the past nobody is mailed unless `allow_send`. Returns counts: expired, requested, reminded,
    notices_planned.
    """
    with engine.connect("planner") as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
        _lock(connection)
        # Judged by the business clock alone: a scan of a past day must not undo what was answered since.
        expired = connection.execute(statement("commitments", "expire"), {"now": scan.real_now}).rowcount
        requested = _plan_requests(connection, scan)
        reminded = _remind(connection, scan) if scan.may_mail else 0
        faults.point("commitments.remind.before_commit")
    faults.point("commitments.remind.after_commit")
    return {
        "expired": expired,
        "requested": requested,
        "reminded": reminded,
        "notices_planned": requested + reminded,
    }


def _lock(connection: Connection) -> None:
    # Two scans at once would both find the last call 48 hours old.
    engine.lock(connection, "chase_commitments")


def _remind(connection: Connection, scan: Scan) -> int:
    rows = connection.execute(statement("commitments", "open_commitments"), {"now": scan.now}).fetchall()
    least_hours = get_site().surveys.min_hours_between_reminders
    notices = [
        Notice(
            "commitment_reminder",
            "commitment",
            str(row["commitment_id"]),
            row["person_kind"],
            row["person_id"],
            step=f"reminder_{number}",
            sequence_number=row["turn"],
            not_before=may_call_from(scan.real_now, row["last_called_at"], least_hours),
            not_after=row["not_after"],
        )
        for row in rows
        if not row["is_call_waiting"] and (number := _reminders_due(row, scan)) > 0
    ]
    return plan(connection, notices)


def _reminders_due(row: Mapping[str, Any], scan: Scan) -> int:
    """How many reminders should have gone by now: after days without a scan only the last of them is sent."""
    company = get_site().company
    calendar_code = row["calendar_code"] or company.calendar_code
    asked_on = calendar.local_date(row["asked_at"], company.zone)
    days = _rule(row["kind"]).reminder_working_days
    return sum(calendar.add_working_days(asked_on, count, calendar_code).day <= scan.today for count in days)


def tell_hr(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Plan one mail to HR when something became late, was answered or expired since HR last read about it.

    The mail itself lists everything that is late on that day. Returns counts: overdue, done, expired, notices_planned.
    """
    counts = {"overdue": 0, "done": 0, "expired": 0, "notices_planned": 0}
    with engine.connect("planner") as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
        if not scan.may_mail:
            return counts
        _lock(connection)
        row = connection.execute(statement("commitments", "mark_told"), {"today": scan.real_today}).fetchone()
        assert row is not None
        counts |= {name: row[f"{name}_count"] for name in ("overdue", "done", "expired")}
        if any(counts.values()):
            counts["notices_planned"] = plan(connection, _hr_notices(scan))
        faults.point("commitments.tell_hr.before_commit")
    faults.point("commitments.tell_hr.after_commit")
    return counts


def _hr_notices(scan: Scan) -> list[Notice]:
    day = scan.real_today.isoformat()
    return [
        Notice("commitment_digest", "business_day", day, "contact", contact, not_before=scan.real_now)
        for contact in get_site().contacts_of("hr")
    ]
