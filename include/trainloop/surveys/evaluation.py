"""Course evaluations R26: opened at the end of a class, reminded at most twice, closed after seven days.

Each entry point is a scan over all class sessions, idempotent by business key: waves, invitations, mails and milestones
are decided in one commit per batch, so a kill anywhere leaves either all of a batch or nothing.
"""

from __future__ import annotations

from datetime import date, timedelta

from trainloop import faults
from trainloop.config import get_site
from trainloop.domain import calendar, milestone
from trainloop.domain.milestone import Anchors, MilestoneState
from trainloop.domain.survey import EVALUATION_INSTRUMENT, evaluation_wave_code, reminder_step
from trainloop.surveys import milestones, waves
from trainloop.surveys.scan import Scan
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

BATCH_SIZE = 500
# How long after its report a class is watched for late attendance or tests.
WATCHED = timedelta(days=180)


def open_due_waves(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Open the evaluation of every class that has ended and invite its attendees; add late attendees to open waves.

    A class whose attendance is not in waits one working day, then everybody confirmed is asked and HR is told.
    With a date in the past nobody is mailed unless `allow_send`; the next ordinary run tells whoever can still answer.
    Returns counts: waves_opened, waves_without_attendance, notices_planned.
    """
    counts = {"waves_opened": 0, "waves_without_attendance": 0, "notices_planned": 0}
    with engine.connect("planner", autocommit=True) as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
        faults.point("surveys.sync.before_commit")
        with connection.transaction():
            waves.lock_invitations(connection)
            waves.withdraw_waves(connection, scan)
            wave_codes = waves.sync_open_waves(connection, scan)
            counts["notices_planned"] += waves.plan_invitations(connection, scan, wave_codes)
        faults.point("surveys.sync.after_commit")
        while _open_batch(connection, scan, counts) == BATCH_SIZE:
            pass
    return counts


def _open_batch(connection: Connection, scan: Scan, counts: dict[str, int]) -> int:
    site = get_site()
    planner = milestones.site_planner()
    waited_since = calendar.start_of_day(
        milestone.waited_from(scan.today, site.surveys.open_without_attendance_working_days, planner.calendar_code),
        planner.zone,
    )
    with connection.transaction():
        waves.lock_invitations(connection)
        sessions = connection.execute(
            statement("surveys", "sessions_to_open"),
            {
                "step": milestone.OPENING_STEP,
                "today": scan.today,
                "now": scan.now,
                "waited_since": waited_since,
                "batch_size": BATCH_SIZE,
            },
        ).fetchall()
        if sessions:
            session_codes = [session["session_code"] for session in sessions]
            unattended = [session["session_code"] for session in sessions if session["is_without_attendance"]]
            closes_at = planner.closes_at(Anchors(scan.now, scan.now, scan.now))
            waves.open_waves(connection, scan, sessions, closes_at)
            wave_codes = [evaluation_wave_code(code) for code in session_codes]
            counts["notices_planned"] += waves.plan_invitations(connection, scan, wave_codes)
            counts["notices_planned"] += waves.tell_hr_without_attendance(connection, scan, unattended)
            _finish(connection, scan, session_codes, milestone.OPENING_STEP)
            milestones.replan(connection, scan, session_codes)
            counts["waves_opened"] += len(sessions)
            counts["waves_without_attendance"] += len(unattended)
        faults.point("surveys.open.before_commit")
    faults.point("surveys.open.after_commit")
    return len(sessions)


def remind_due(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Plan the due reminders of open waves: to those who have not answered, never twice within 48 hours.

    A wave whose completions nobody has told is not reminded; its step waits for them and is skipped at close, and
    `ops.survey_waves.has_completions` lets the report say so. Returns counts: waves_reminded,
    waves_without_completions, notices_planned.
    """
    rules = get_site().surveys
    counts = {"waves_reminded": 0, "waves_without_completions": 0, "notices_planned": 0}
    with engine.connect("planner", autocommit=True) as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
        if not scan.may_mail:
            return counts
        faults.point("surveys.remind.before_commit")
        with connection.transaction():
            waves.lock_invitations(connection)
            waves.withdraw_waves(connection, scan)
            waves.sync_open_waves(connection, scan)
            for number in range(1, rules.max_reminders + 1):
                values = {
                    "subject_kind": "class_session",
                    "step": reminder_step(number),
                    "today": scan.today,
                    "now": scan.real_now,
                    "instrument_code": EVALUATION_INSTRUMENT,
                    "least_distance": timedelta(hours=rules.min_hours_between_reminders),
                }
                due = connection.execute(statement("surveys", "waves_to_remind"), values).fetchall()
                known = values | {"wave_codes": [row["wave_code"] for row in due if row["has_completions"]]}
                counts["notices_planned"] += connection.execute(statement("surveys", "plan_reminders"), known).rowcount
                counts["waves_reminded"] += connection.execute(statement("surveys", "settle_reminders"), known).rowcount
                counts["waves_without_completions"] += sum(not row["has_completions"] for row in due)
        faults.point("surveys.remind.after_commit")
    return counts


def close_due(as_of: date | None = None) -> dict[str, int]:
    """Close every wave whose days are over: links die, answers are rewritten in random order, the report is due.

    Returns counts: waves_closed, responses_rewritten, notices_planned (always 0: closing tells nobody).
    """
    counts = {"waves_closed": 0, "responses_rewritten": 0, "notices_planned": 0}
    with engine.connect("planner", autocommit=True) as connection:
        scan = Scan.start(connection, as_of)
        while _close_batch(connection, scan, counts) == BATCH_SIZE:
            pass
    return counts


def _close_batch(connection: Connection, scan: Scan, counts: dict[str, int]) -> int:
    with connection.transaction():
        due = connection.execute(
            statement("surveys", "waves_to_close"),
            {"now": scan.now, "instrument_code": EVALUATION_INSTRUMENT, "batch_size": BATCH_SIZE,
             "limesurvey_patience": get_site().surveys.limesurvey_patience},
        ).fetchall()  # fmt: skip
        if due:
            wave_codes = [row["wave_code"] for row in due]
            connection.execute(statement("surveys", "close_waves"), {"wave_codes": wave_codes, "now": scan.now})
            counts["responses_rewritten"] += waves.rewrite_responses(connection, wave_codes, renews_ids=True)
            _finish(connection, scan, [row["session_code"] for row in due], milestone.CLOSING_STEP)
            _settle_missed_reminders(connection, scan, due)
            milestones.replan(connection, scan, [row["session_code"] for row in due])
            counts["waves_closed"] += len(due)
        faults.point("surveys.close.before_commit")
    faults.point("surveys.close.after_commit")
    return len(due)


def _settle_missed_reminders(connection: Connection, scan: Scan, due: list[dict[str, object]]) -> None:
    reminders = [reminder_step(number) for number in range(1, get_site().surveys.max_reminders + 1)]
    for has_completions, state, reason in (
        (True, MilestoneState.EXPIRED, "not_after_passed"),
        (False, MilestoneState.SKIPPED, "completions_unknown"),
    ):
        codes = [str(row["session_code"]) for row in due if row["has_completions"] is has_completions]
        _finish(connection, scan, codes, *reminders, state=state, reason=reason)


def _finish(
    connection: Connection,
    scan: Scan,
    session_codes: list[str],
    *steps: str,
    state: MilestoneState = MilestoneState.DONE,
    reason: str | None = None,
) -> None:
    connection.execute(
        statement("milestones", "finish_steps"),
        {
            "subject_kind": "class_session",
            "subject_ids": session_codes,
            "steps": list(steps),
            "state": state.value,
            "reason": reason,
            "now": scan.real_now,
        },
    )


def sessions_to_report(as_of: date | None = None) -> list[str]:
    """Return the codes of class sessions whose evaluation is closed and whose report is owed, and mark them announced.

    A code comes again when its report is still owed after the emit lease (real time), and when attendance or tests
    changed after the report was made. Reports past their latest time are flagged late, never dropped.
    """
    with engine.connect("planner") as connection:
        scan = Scan.start(connection, as_of)
        connection.execute(
            statement("surveys", "owe_changed_reports"),
            {"step": milestone.REPORT_STEP, "watched_since": scan.real_today - WATCHED},
        )
        rows = connection.execute(
            statement("surveys", "emit_reports"),
            {
                "step": milestone.REPORT_STEP,
                "today": scan.today,
                "now": scan.now,
                "instrument_code": EVALUATION_INSTRUMENT,
                "lease": timedelta(minutes=get_site().emit_lease_minutes),
            },
        ).fetchall()
        faults.point("surveys.report.before_commit")
    faults.point("surveys.report.after_commit")
    return sorted(row["session_code"] for row in rows)
