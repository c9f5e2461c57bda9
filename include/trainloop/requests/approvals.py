"""Approvals 审批: one decision asked of one contact about one revision of one subject. The row is the truth.

`ask_approval` runs in the transaction of whoever made what is to be decided, so the draft, the question and its mail
are one commit. Three doors lead to the row: the signed link `/a/<token>` of the forms service, Airflow's
human-in-the-loop task of `ask_approvals`, and `trainloop approvals decide` for when neither is at hand. Whichever
answers first decides; the others find it decided. A kind whose rule names `logins` is about money: only Airflow's door
is open, and every answer there goes through `requests.signatures`. `follow_up` is the scan that reminds and closes,
`undone` and `carried_out` let whoever acts on a decision do so once.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal, NamedTuple

from psycopg.types.json import Jsonb

from trainloop import clock, faults
from trainloop.config import ApprovalRule, get_site
from trainloop.domain import calendar
from trainloop.domain.survey import may_call_from
from trainloop.errors import PermanentError
from trainloop.outbox.notices import Notice, plan
from trainloop.surveys.scan import Scan
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

log = logging.getLogger(__name__)

State = Literal["open", "approved", "rejected", "expired", "withdrawn"]
Via = Literal["airflow", "link", "console"]
MAX_COMMENT: Final = 2_000
# How long an approval counts as waited for in Airflow without a sign of life of the task; it looks every half hour.
DOOR_LEASE: Final = timedelta(minutes=90)


class ApprovalRuleMissingError(PermanentError):
    """There is no rule for approvals of kind {kind}. Add it under `approvals` in the site file."""


class ApproverUnknownError(PermanentError):
    """{contact} is no contact of the site file, so nobody can be asked to approve {kind}. Add the contact."""


class ApprovalUnknownError(PermanentError):
    """There is no approval {approval_id}. `trainloop approvals list` shows the open ones."""


class LoginNeededError(PermanentError):
    """Approval {approval_id} is about money: {logins} different Airflow logins of different employees decide it under
    Required Actions, and nothing else does. Nothing was changed; the attempt is in the audit.
    """


class CommentMissingError(PermanentError):
    """Sending something back needs a comment of at most {limit} characters. Say in it what has to change."""


@dataclass(frozen=True, slots=True)
class Approval:
    """One row as it stands; `facts` are ids, codes and counts."""

    approval_id: int
    kind: str
    subject_kind: str
    subject_id: str
    revision_number: int
    asked_of: str
    facts: Mapping[str, Any]
    asked_at: datetime
    expires_at: datetime | None
    state: State
    decided_at: datetime | None
    decided_by: str | None
    decided_via: Via | None
    comment: str | None
    logins_needed: int = 0


class Asked(NamedTuple):
    """How many approvals are asked for that were not before, and how many mails were planned."""

    approvals: int
    notices: int


def ask_approval(
    connection: Connection,
    scan: Scan,
    kind: str,
    subject_kind: str,
    subject_id: str,
    revision_number: int,
    asked_of: str,
    facts: Mapping[str, Any],
    *,
    barred_employee_ids: Sequence[str] = (),
) -> Asked:
    """Ask a contact to decide about a revision, in the caller's transaction (planner, statistics or reporter).

    Open questions about earlier revisions are withdrawn: their links die and their mails are dropped. A revision that
    was asked about, or is older than one that was, is not asked about again. `barred_employee_ids`: who may not decide,
    because it is about their own money.
    """
    rule = _rule(kind)
    if asked_of not in get_site().contacts:
        raise ApproverUnknownError(contact=asked_of, kind=kind)
    zone = get_site().company.zone
    keys = {
        "kind": kind,
        "subject_kind": subject_kind,
        "subject_id": subject_id,
        "revision_number": revision_number,
        "asked_of": asked_of,
        "facts": Jsonb(dict(facts)),
        "logins_needed": rule.logins,
        "barred_employee_ids": sorted(set(barred_employee_ids)),
        "now": scan.real_now,
        "expires_at": calendar.end_of_day(scan.real_today + timedelta(days=rule.expires_days), zone),
    }
    connection.execute(statement("approvals", "withdraw"), keys)
    asked = connection.execute(statement("approvals", "ask"), keys).rowcount
    return Asked(asked, _plan_requests(connection, scan))


def decide(approval_id: int, *, is_approved: bool, decided_by: str, via: Via, comment: str = "") -> Approval:
    """Write a decision if the approval is still open, and return the row as it stands then.

    The caller sees from `decided_by` and `decided_via` whose decision counts. Raises ApprovalUnknownError, and
    CommentMissingError for a rejection that says nothing, LoginNeededError where only signatures decide.
    """
    words = checked_comment(comment, is_approved=is_approved)
    with engine.connect("planner") as connection:
        found = _read(connection, approval_id)
        if found.logins_needed:
            refused = {"actor": decided_by, "action": "approval_refused", "via": via, "reason": "door_closed"}
            connection.execute(statement("approvals", "insert_signature_audit"), refused | {"approval_id": approval_id})
            connection.commit()
            raise LoginNeededError(approval_id=approval_id, logins=found.logins_needed)
        written = connection.execute(
            statement("approvals", "decide"),
            {
                "approval_id": approval_id,
                "state": "approved" if is_approved else "rejected",
                "decided_by": decided_by,
                "decided_via": via,
                "comment": words or None,
                "now": clock.now(connection),
                "logins_needed": 0,
            },
        ).rowcount
        if written:
            connection.execute(statement("approvals", "insert_audit"), {"approval_id": approval_id})
        faults.point("approvals.decide.before_commit")
        return _read(connection, approval_id)


def checked_comment(comment: str, *, is_approved: bool) -> str:
    """Return the comment without outer blanks; raise CommentMissingError where it is missing or too long."""
    words = comment.strip()
    if len(words) > MAX_COMMENT or (not is_approved and not words):
        raise CommentMissingError(limit=MAX_COMMENT)
    return words


def newest(limit: int, *, only_open: bool = False) -> list[Approval]:
    """Return approvals, the open ones first."""
    with engine.connect("planner") as connection:
        rows = connection.execute(statement("approvals", "newest"), {"limit": limit, "only_open": only_open})
        return [Approval(**row) for row in rows]


def approval(approval_id: int) -> Approval:
    """Return one approval; raise ApprovalUnknownError."""
    with engine.connect("planner") as connection:
        return _read(connection, approval_id)


def follow_up(as_of: date | None = None, *, allow_send: bool = False, run_id: str = "") -> dict[str, Any]:
    """Close what expired, tell whoever was not told yet, and plan the reminders that are due.

    With a date in the past nobody is mailed unless `allow_send`. Returns counts (expired, requested, reminded,
    notices_planned) and what is left to do: `is_unasked` when an approval is open that no task of another run than
    `run_id` waits for, and the `decided_kinds` whose decisions were not carried out.
    """
    with engine.connect("planner") as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
        # Two scans at once would both find the last call 48 hours old.
        engine.lock(connection, "ask_approvals")
        expired = connection.execute(statement("approvals", "expire"), {"now": scan.real_now}).rowcount
        requested = _plan_requests(connection, scan)
        reminded = _remind(connection, scan) if scan.may_mail else 0
        to_do = connection.execute(statement("approvals", "to_do"), {"run_id": run_id}).fetchone()
        assert to_do is not None
        faults.point("approvals.follow_up.before_commit")
    faults.point("approvals.follow_up.after_commit")
    counts = {"expired": expired, "requested": requested, "reminded": reminded, "notices_planned": requested + reminded}
    log.info("approvals: %s, %s", counts, to_do)
    return counts | to_do


def claim_doors(run_id: str) -> list[int]:
    """Return the open approvals that no task of Airflow waits for; tasks of this run do from now on."""
    with engine.connect("planner") as connection:
        rows = connection.execute(statement("approvals", "claim_doors"), {"run_id": run_id, "lease": DOOR_LEASE})
        return sorted(row["approval_id"] for row in rows)


def hold_door(approval_id: int, run_id: str) -> bool:
    """Say whether this run's task shall wait on: the approval is open and no other run's task waits for it."""
    keys = {"approval_id": approval_id, "run_id": run_id, "lease": DOOR_LEASE}
    with engine.connect("planner") as connection:
        return connection.execute(statement("approvals", "hold_door"), keys).rowcount == 1


def undone(connection: Connection, kind: str) -> list[dict[str, Any]]:
    """Return decisions of a kind that were not carried out, newest revision of a subject first."""
    return connection.execute(statement("approvals", "undone"), {"kind": kind}).fetchall()


def carried_out(connection: Connection, approval_ids: Sequence[int], now: datetime) -> None:
    """Note that these decisions took effect, in the transaction of the effect."""
    connection.execute(statement("approvals", "carried_out"), {"approval_ids": list(approval_ids), "now": now})


def _read(connection: Connection, approval_id: int) -> Approval:
    row = connection.execute(statement("approvals", "approval"), {"approval_id": approval_id}).fetchone()
    if row is None:
        raise ApprovalUnknownError(approval_id=approval_id)
    return Approval(**row)


def _rule(kind: str) -> ApprovalRule:
    rule = get_site().approvals.get(kind)
    if rule is None:
        raise ApprovalRuleMissingError(kind=kind)
    return rule


def _plan_requests(connection: Connection, scan: Scan) -> int:
    if not scan.may_mail:
        return 0
    return connection.execute(statement("approvals", "plan_requests"), {"now": scan.real_now}).rowcount


def _remind(connection: Connection, scan: Scan) -> int:
    rows = connection.execute(statement("approvals", "open_approvals"), {"now": scan.now}).fetchall()
    least_hours = get_site().surveys.min_hours_between_reminders
    notices = [
        Notice(
            "approval_reminder",
            "approval",
            str(row["approval_id"]),
            "contact",
            row["asked_of"],
            step=f"reminder_{number}",
            not_before=may_call_from(scan.real_now, row["last_called_at"], least_hours),
            not_after=row["expires_at"],
        )
        for row in rows
        if not row["is_call_waiting"] and (number := _reminders_due(row, scan)) > 0
    ]
    return plan(connection, notices)


def _reminders_due(row: Mapping[str, Any], scan: Scan) -> int:
    """How many reminders should have gone by now: after days without a scan only the last of them is sent."""
    company = get_site().company
    asked_on = calendar.local_date(row["asked_at"], company.zone)
    days = _rule(row["kind"]).reminder_working_days
    return sum(calendar.add_working_days(asked_on, count, company.calendar_code).day <= scan.today for count in days)
