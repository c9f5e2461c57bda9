"""The rounds of every wave but course evaluations: opened on its day, kept in step, reminded, closed.

Each entry point is a scan over all waves, idempotent by business key: waves, invitations, mails and milestones are
decided in one commit per batch, so a kill anywhere leaves either all of a batch or nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from trainloop import faults
from trainloop.config import get_site
from trainloop.domain.milestone import MilestoneState
from trainloop.domain.survey import CLOSE_STEP, EVALUATION_INSTRUMENT, OPEN_STEP, reminder_step
from trainloop.surveys import coarse, interviews, waves
from trainloop.surveys.scan import Scan
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

BATCH_SIZE = 500
_ANY_REMINDER = ""


def open_due(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Open every planned wave whose day has come and invite whom it asks; keep open waves in step with their people.

    A wave with nobody to ask waits until its days are over and is withdrawn then. With a date in the past nobody is
    mailed unless `allow_send`; the next ordinary run tells whoever can still answer.
    Returns counts: waves_opened, waves_withdrawn, notices_planned.
    """
    counts = {"waves_opened": 0, "waves_withdrawn": 0, "notices_planned": 0}
    with engine.connect("planner", autocommit=True) as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
        faults.point("rounds.sync.before_commit")
        with connection.transaction():
            waves.lock_invitations(connection)
            counts["waves_withdrawn"] += waves.withdraw_with_class(connection, scan)
            counts["waves_withdrawn"] += len(_too_late(connection, scan))
            wave_codes = _sync_open(connection, scan)
            counts["notices_planned"] += waves.plan_invitations(connection, scan, wave_codes)
        faults.point("rounds.sync.after_commit")
        while _open_batch(connection, scan, counts) == BATCH_SIZE:
            pass
    return counts


def _too_late(connection: Connection, scan: Scan) -> list[dict[str, Any]]:
    return connection.execute(
        statement("rounds", "waves_too_late"), {"now": scan.real_now, "today": scan.real_today}
    ).fetchall()


def _sync_open(connection: Connection, scan: Scan) -> list[str]:
    """Bring the invitations of every open wave in step with whom it asks; return the wave codes."""
    rows = connection.execute(
        statement("rounds", "open_wave_codes"), {"now": scan.now, "evaluation": EVALUATION_INSTRUMENT}
    ).fetchall()
    wave_codes = [row["wave_code"] for row in rows]
    _invite(connection, scan, rows)
    interviews.settle(connection, wave_codes)
    return wave_codes


def _invite(connection: Connection, scan: Scan, rows: Sequence[dict[str, Any]]) -> None:
    last_id = coarse.last_invitation(connection)
    waves.sync_population(connection, scan, [row["wave_code"] for row in rows])
    coarse.fix_groups(connection, rows, last_id)


def _open_batch(connection: Connection, scan: Scan, counts: dict[str, int]) -> int:
    with connection.transaction():
        waves.lock_invitations(connection)
        rows = connection.execute(
            statement("rounds", "waves_to_open"),
            {
                "now": scan.now,
                "today": scan.today,
                "priorities": list(get_site().surveys.priorities),
                "batch_size": BATCH_SIZE,
            },
        ).fetchall()
        if rows:
            wave_codes = [row["wave_code"] for row in rows]
            connection.execute(statement("rounds", "open_waves"), {"wave_codes": wave_codes, "now": scan.now})
            waves.renew_invitations(connection, scan, wave_codes)
            _invite(connection, scan, rows)
            counts["notices_planned"] += waves.plan_invitations(connection, scan, wave_codes)
            _finish(connection, scan, wave_codes, OPEN_STEP)
            counts["waves_opened"] += len(rows)
        faults.point("rounds.open.before_commit")
    faults.point("rounds.open.after_commit")
    return len(rows)


def remind_due(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Plan the due reminders of open waves: to those who owe an answer, never twice within 48 hours.

    A wave whose completions nobody has told is not reminded; its step waits for them and is skipped at close.
    Returns counts: waves_reminded, waves_without_completions, notices_planned.
    """
    rules = get_site().surveys
    counts = {"waves_reminded": 0, "waves_without_completions": 0, "notices_planned": 0}
    with engine.connect("planner", autocommit=True) as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
        if not scan.may_mail:
            return counts
        faults.point("rounds.remind.before_commit")
        with connection.transaction():
            waves.lock_invitations(connection)
            waves.withdraw_with_class(connection, scan)
            _sync_open(connection, scan)
            for number in range(1, rules.max_reminders + 1):
                values = {
                    "subject_kind": "survey_wave",
                    "step": reminder_step(number, _ANY_REMINDER),
                    "today": scan.today,
                    "now": scan.real_now,
                    "least_distance": timedelta(hours=rules.min_hours_between_reminders),
                }
                due = connection.execute(statement("rounds", "waves_to_remind"), values).fetchall()
                known = values | {"wave_codes": [row["wave_code"] for row in due if row["has_completions"]]}
                counts["notices_planned"] += connection.execute(statement("surveys", "plan_reminders"), known).rowcount
                counts["waves_reminded"] += connection.execute(statement("surveys", "settle_reminders"), known).rowcount
                counts["waves_without_completions"] += sum(not row["has_completions"] for row in due)
        faults.point("rounds.remind.after_commit")
    return counts


def close_due(as_of: date | None = None) -> dict[str, int]:
    """Close every wave whose days are over: links die, answers are rewritten in random order under coarse groups.

    Returns counts: waves_closed, responses_rewritten, responses_coarsened.
    """
    counts = {"waves_closed": 0, "responses_rewritten": 0, "responses_coarsened": 0}
    with engine.connect("planner", autocommit=True) as connection:
        scan = Scan.start(connection, as_of)
        while _close_batch(connection, scan, counts) == BATCH_SIZE:
            pass
    return counts


def _close_batch(connection: Connection, scan: Scan, counts: dict[str, int]) -> int:
    with connection.transaction():
        due = connection.execute(
            statement("rounds", "waves_to_close"),
            {"now": scan.now, "evaluation": EVALUATION_INSTRUMENT, "batch_size": BATCH_SIZE,
             "limesurvey_patience": get_site().surveys.limesurvey_patience},
        ).fetchall()  # fmt: skip
        if due:
            wave_codes = [row["wave_code"] for row in due]
            connection.execute(statement("surveys", "close_waves"), {"wave_codes": wave_codes, "now": scan.now})
            counts["responses_coarsened"] += coarse.coarsen_closed(connection, due)
            counts["responses_rewritten"] += waves.rewrite_responses(connection, wave_codes, renews_ids=True)
            _finish(connection, scan, wave_codes, CLOSE_STEP)
            _settle_missed_reminders(connection, scan, due)
            counts["waves_closed"] += len(due)
        faults.point("rounds.close.before_commit")
    faults.point("rounds.close.after_commit")
    return len(due)


def _settle_missed_reminders(connection: Connection, scan: Scan, due: Sequence[dict[str, Any]]) -> None:
    reminders = [reminder_step(number, _ANY_REMINDER) for number in range(1, get_site().surveys.max_reminders + 1)]
    for has_completions, state, reason in (
        (True, MilestoneState.EXPIRED, "not_after_passed"),
        (False, MilestoneState.SKIPPED, "completions_unknown"),
    ):
        wave_codes = [row["wave_code"] for row in due if row["has_completions"] is has_completions]
        _finish(connection, scan, wave_codes, *reminders, state=state, reason=reason)


def _finish(
    connection: Connection,
    scan: Scan,
    wave_codes: Sequence[str],
    *steps: str,
    state: MilestoneState = MilestoneState.DONE,
    reason: str | None = None,
) -> None:
    connection.execute(
        statement("milestones", "finish_steps"),
        {
            "subject_kind": "survey_wave",
            "subject_ids": list(wave_codes),
            "steps": list(steps),
            "state": state.value,
            "reason": reason,
            "now": scan.real_now,
        },
    )
