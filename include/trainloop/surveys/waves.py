"""Waves and who is invited to them: planned, opened, kept in step with the people they ask, withdrawn.

Everything here runs in the caller's transaction and in statements over many waves at once. `plan_wave` is the door
for whoever wants people asked (needs, 360, pulse …); `trainloop.surveys.rounds` opens, reminds and closes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from trainloop.config import get_site
from trainloop.domain import milestone
from trainloop.domain.survey import (
    EVALUATION_INSTRUMENT,
    RaterGroup,
    WaveSchedule,
    evaluation_wave_code,
    schedule_wave,
    wave_code,
)
from trainloop.errors import PermanentError
from trainloop.outbox.notices import Notice, plan
from trainloop.surveys.instrument import load_instrument
from trainloop.surveys.scan import Scan
from trainloop.warehouse.engine import Connection, lock
from trainloop.warehouse.statements import statement


class WaveRuleMissingError(PermanentError):
    """There is no rule for waves of {instrument_code}. Add it under `survey_waves` in the site file."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One person a wave with population `listed` asks; `rater_group` in a 360 only."""

    employee_id: str
    rater_group: RaterGroup | None = None


@dataclass(frozen=True, slots=True)
class WavePlan:
    """One wave to be sent: of what, about what, from when.

    `opens_on` rolls forward to a working day. `closes_on` None: as many days as the site's rule says. `wave_code` None:
    by instrument and subject. `people` for the population `listed`: more can be added until the wave closes.
    """

    instrument_code: str
    subject_kind: str
    subject_id: str
    opens_on: date
    closes_on: date | None = None
    wave_code: str | None = None
    people: tuple[Listed, ...] = ()

    @property
    def code(self) -> str:
        return self.wave_code or wave_code(self.instrument_code, self.subject_id)


def plan_wave(
    connection: Connection,
    scan: Scan,
    instrument_code: str,
    subject_kind: str,
    subject_id: str,
    opens_on: date,
    *,
    closes_on: date | None = None,
    wave_code: str | None = None,
    people: Sequence[Listed] = (),
) -> bool:
    """Plan one wave in the caller's transaction; `run_survey_waves` does the rest. Return whether anything changed."""
    plan = WavePlan(instrument_code, subject_kind, subject_id, opens_on, closes_on, wave_code, tuple(people))
    return bool(plan_waves(connection, scan, [plan]))


def plan_waves(connection: Connection, scan: Scan, plans: Sequence[WavePlan]) -> list[str]:
    """Plan waves and their milestones; return the codes of those that are new, moved or planned again.

    Idempotent: an open or closed wave is left alone (people are still added), a planned one follows its dates, one that
    was withdrawn with its class is planned again.
    """
    if not plans:
        return []
    schedules = {plan.code: schedule_of(plan) for plan in plans}
    rows = [_wave_row(plan, schedules[plan.code]) for plan in plans]
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    changed = [
        row["wave_code"]
        for row in connection.execute(statement("waves", "plan_waves"), columns | {"now": scan.real_now})
    ]
    people = [(plan.code, person) for plan in plans for person in plan.people]
    if people:
        listed = {
            "wave_codes": [code for code, _ in people],
            "employee_ids": [person.employee_id for _, person in people],
            "rater_groups": [person.rater_group for _, person in people],
        }
        connection.execute(statement("waves", "list_people"), listed)
    write_steps(connection, scan, {code: schedules[code] for code in changed})
    return sorted(changed)


def schedule_of(plan: WavePlan) -> WaveSchedule:
    """Return the days of a wave by the site's rule of its instrument; raise WaveRuleMissingError without one."""
    site = get_site()
    rule = site.survey_waves.get(plan.instrument_code)
    if rule is None:
        raise WaveRuleMissingError(instrument_code=plan.instrument_code)
    company = site.company
    return schedule_wave(
        plan.opens_on, rule.days_open, rule.reminder_days, company.zone, company.calendar_code, plan.closes_on
    )


def write_steps(connection: Connection, scan: Scan, schedules: dict[str, WaveSchedule]) -> None:
    """Write the milestones of waves as their schedules say, owed again whatever they were before."""
    steps = [(code, step, planned) for code, schedule in schedules.items() for step, planned in schedule.steps.items()]
    if steps:
        values = {
            "wave_codes": [code for code, _, _ in steps],
            "steps": [step for _, step, _ in steps],
            "due_on": [planned.due_on for *_, planned in steps],
            "not_after": [planned.not_after for *_, planned in steps],
            "is_provisional": [planned.is_provisional for *_, planned in steps],
            "now": scan.real_now,
        }
        connection.execute(statement("waves", "write_steps"), values)


def _wave_row(plan: WavePlan, schedule: WaveSchedule) -> dict[str, Any]:
    site = get_site()
    rule = site.survey_waves[plan.instrument_code]
    instrument = load_instrument(plan.instrument_code)
    return {
        "wave_code": plan.code,
        "instrument_code": instrument.code,
        "instrument_version": instrument.version,
        "subject_kind": plan.subject_kind,
        "subject_id": plan.subject_id,
        "anonymity": instrument.anonymity,
        "opens_at": schedule.opens_at,
        "closes_at": schedule.closes_at,
        "minimum_count": getattr(site.suppression, rule.minimum),
        "source": site.surveys.source_of(instrument.code),
        "population": rule.population,
    }


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


def withdraw_with_class(connection: Connection, scan: Scan) -> int:
    """Withdraw the waves that follow a class which was cancelled or moved into the future; return how many.

    Judged by the business clock alone: a scan of a past day must not undo what happened since.
    """
    withdrawn = connection.execute(
        statement("rounds", "withdraw_with_class"), {"now": scan.real_now, "evaluation": EVALUATION_INSTRUMENT}
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
            "sources": [get_site().surveys.source_of(instrument.code, session["course_code"]) for session in sessions],
            "now": scan.now,
            "closes_at": closes_at,
        },
    )
    renew_invitations(connection, scan, wave_codes)
    sync_population(connection, scan, wave_codes)


def lock_invitations(connection: Connection) -> None:
    """Let one transaction at a time invite people.

    The cap counts a person's calls over all waves: two openers at once would each see room for their own.
    """
    lock(connection, "survey_invitations")


def renew_invitations(connection: Connection, scan: Scan, wave_codes: Sequence[str]) -> None:
    """Let the calls of waves that open again count from today."""
    values = {"wave_codes": list(wave_codes), "today": scan.today}
    connection.execute(statement("surveys", "renew_invitations"), values)


def sync_open_waves(connection: Connection, scan: Scan) -> list[str]:
    """Bring the invitations of every open evaluation in step with attendance and staff; return the wave codes."""
    rows = connection.execute(
        statement("surveys", "open_wave_codes"), {"instrument_code": EVALUATION_INSTRUMENT, "now": scan.now}
    ).fetchall()
    wave_codes = [row["wave_code"] for row in rows]
    sync_population(connection, scan, wave_codes)
    return wave_codes


def sync_population(connection: Connection, scan: Scan, wave_codes: Sequence[str]) -> None:
    """Invite whoever is missing, exclude whoever owes nothing any more; whoever has answered stays as they are."""
    if not wave_codes:
        return
    site = get_site().surveys
    values = {
        "wave_codes": list(wave_codes),
        "today": scan.today,
        "window_from": scan.today - timedelta(days=site.invitation_window_days),
        "max_invitations": site.max_invitations_per_person,
        "priorities": list(site.priorities),
    }
    for name in ("exclude_gone", "restore_returned", "invite_missing", "prefer_important"):
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
