"""The waves of course evaluations and who is invited to them: opened, kept in step with attendance, withdrawn.

Everything here runs in the caller's transaction and in statements over many waves at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from trainloop.config import get_site
from trainloop.domain import milestone
from trainloop.domain.survey import EVALUATION_INSTRUMENT, evaluation_wave_code
from trainloop.outbox.notices import Notice, plan
from trainloop.surveys.instrument import load_instrument
from trainloop.surveys.scan import Scan
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement


def withdraw_waves(connection: Connection, scan: Scan) -> int:
    """Withdraw the open waves of classes that were cancelled or moved into the future; return how many.

    Judged by the business clock alone: a scan of a past day must not undo what happened since.
    """
    rules = get_site().milestones
    steps = [step for step, rule in rules.items() if step == milestone.OPENING_STEP or milestone.is_after_opening(rule)]
    withdrawn = connection.execute(
        statement("surveys", "withdraw_waves"),
        {"now": scan.real_now, "instrument_code": EVALUATION_INSTRUMENT, "steps": steps},
    ).fetchall()
    if withdrawn:
        rewrite_responses(connection, [row["wave_code"] for row in withdrawn], renews_ids=True)
    return len(withdrawn)


def open_waves(connection: Connection, scan: Scan, sessions: Sequence[dict[str, Any]], closes_at: datetime) -> None:
    """Open the evaluation of class sessions (rows of `sessions_to_open`) and decide whom each invites."""
    instrument = load_instrument(EVALUATION_INSTRUMENT)
    session_codes = [session["session_code"] for session in sessions]
    wave_codes = [evaluation_wave_code(code) for code in session_codes]
    connection.execute(
        statement("surveys", "open_waves"),
        {
            "wave_codes": wave_codes,
            "session_codes": session_codes,
            "is_without_attendance": [session["is_without_attendance"] for session in sessions],
            "instrument_code": instrument.code,
            "instrument_version": instrument.version,
            "anonymity": instrument.anonymity,
            "minimum_count": get_site().suppression.mean_min,
            "now": scan.now,
            "closes_at": closes_at,
        },
    )
    connection.execute(statement("surveys", "renew_invitations"), {"wave_codes": wave_codes, "today": scan.today})
    sync_population(connection, scan, wave_codes, session_codes)


def sync_open_waves(connection: Connection, scan: Scan) -> list[str]:
    """Bring the invitations of every open evaluation in step with attendance and staff; return the wave codes."""
    rows = connection.execute(
        statement("surveys", "open_wave_codes"), {"instrument_code": EVALUATION_INSTRUMENT, "now": scan.now}
    ).fetchall()
    wave_codes = [row["wave_code"] for row in rows]
    sync_population(connection, scan, wave_codes, [row["session_code"] for row in rows])
    return wave_codes


def sync_population(
    connection: Connection, scan: Scan, wave_codes: Sequence[str], session_codes: Sequence[str]
) -> None:
    """Invite whoever is missing, exclude whoever owes nothing any more; whoever has answered stays as they are."""
    if not wave_codes:
        return
    site = get_site().surveys
    values = {
        "wave_codes": list(wave_codes),
        "session_codes": list(session_codes),
        "today": scan.today,
        "window_from": scan.today - timedelta(days=site.invitation_window_days),
        "max_invitations": site.max_invitations_per_person,
        "priorities": list(site.priorities),
    }
    for name in ("exclude_gone", "restore_returned", "invite_missing"):
        connection.execute(statement("surveys", name), values)


def plan_invitations(connection: Connection, scan: Scan, wave_codes: Sequence[str]) -> int:
    """Plan the mail to every invited person whom nobody has told; return how many, zero when the scan may not mail."""
    if not scan.may_mail or not wave_codes:
        return 0
    return connection.execute(
        statement("surveys", "plan_invitation_notices"), {"wave_codes": list(wave_codes), "real_now": scan.real_now}
    ).rowcount


def tell_hr_without_attendance(connection: Connection, scan: Scan, session_codes: Sequence[str]) -> int:
    """Plan the mail to HR about classes whose survey opened without attendance; return how many."""
    if not scan.may_mail:
        return 0
    return plan(
        connection,
        [
            Notice("survey_without_attendance", "class_session", code, "contact", key)
            for code in session_codes
            for key in get_site().contacts_of("hr")
        ],
    )


def rewrite_responses(connection: Connection, wave_codes: Sequence[str], *, renews_ids: bool) -> int:
    """Write the responses of waves anew in random order; return how many. Nobody here sees an answer."""
    row = connection.execute(
        statement("surveys", "rewrite_responses"), {"wave_codes": list(wave_codes), "renews_ids": renews_ids}
    ).fetchone()
    assert row is not None
    return int(row["response_count"])
