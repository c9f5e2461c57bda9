"""The daily scan of open disputes: each goes as far as what the three wrote and what happened meanwhile allow.

Every move, what it asks of whom and the mails that ask are one commit: a kill leaves all of a scan or nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from trainloop import faults
from trainloop.config import get_site
from trainloop.disputes.opening import news, parties_of
from trainloop.domain import calendar
from trainloop.domain.dispute import PARTIES, Party, State, moved, shares_problem
from trainloop.outbox.notices import Notice, plan
from trainloop.requests.commitments import Commitment, ask
from trainloop.surveys.dispute_forms import DisputeForm
from trainloop.surveys.scan import Scan
from trainloop.surveys.waves import Listed, WavePlan, plan_waves
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

TEAM_SUBJECT = "pilot_team"
_STEP: Mapping[DisputeForm, str] = {
    "dispute_statement": "statement",
    "dispute_design": "design",
    "dispute_design_ack": "design_ack",
    "dispute_pilot": "pilot",
    "dispute_decision": "decision",
    "sign_agreed_plan": "signature",
}
_COLUMNS = (
    "meeting_on", "core_target", "framework_pct", "tools_pct", "simulation_pct", "design_round", "decision",
    "decision_reason", "decision_round",
)  # fmt: skip


@dataclass
class _Move:
    """What one step does: the next state, columns that change, who is asked what in which round, who is told."""

    state: State
    changes: Mapping[str, Any]
    asked: tuple[tuple[DisputeForm, int, Sequence[Party]], ...] = ()
    news: tuple[Notice, ...] = ()


class _Dispute:
    """One row of `under_way` with what was written, by step, round and party."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        self.row = row
        self.state: State = row["state"]
        self.said = {(one["step"], one["round"], one["party"]): one["answers"] for one in row["answers"]}
        self.asked: set[str] = set(row["asked"])
        self.design_round: int = row["design_round"]
        self.decision_round: int = row["decision_round"]

    def of_all(self, step: str, number: int) -> list[Mapping[str, Any]] | None:
        """Return what each of the three wrote, once all of them have."""
        found = [self.said.get((step, number, party)) for party in PARTIES]
        return None if None in found else [one for one in found if one is not None]


def advance(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Move every open dispute as far as it goes.

    With a date in the past nobody is mailed unless `allow_send`. Returns counts: disputes_seen, moves, asked,
    notices_planned.
    """
    counts = {"disputes_seen": 0, "moves": 0, "asked": 0, "notices_planned": 0}
    with engine.connect("planner") as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
        engine.lock(connection, "mediate_course_dispute")
        rows = connection.execute(statement("disputes", "under_way")).fetchall()
        counts["disputes_seen"] = len(rows)
        for row in rows:
            dispute = _Dispute(row)
            while (move := _next(dispute, scan)) is not None:
                _make(connection, scan, dispute, move, counts)
            _ask_teams(connection, scan, dispute)
        faults.point("disputes.advance.before_commit")
    faults.point("disputes.advance.after_commit")
    return counts


def _asked(dispute: _Dispute, _scan: Scan) -> _Move:
    told = news(dispute.row["dispute_id"], "opened", "contact", dispute.row["hr_contact"])
    return _Move("statements", {}, (("dispute_statement", 1, ("trainer", "business")),), (told,))


def _registered(dispute: _Dispute, _scan: Scan) -> _Move | None:
    return _Move("pilot_registered", {}) if dispute.row["session_code"] is not None else None


def _begun(dispute: _Dispute, scan: Scan) -> _Move | None:
    starts_at = dispute.row["starts_at"]
    return _Move("pilot_running", {}) if starts_at is not None and starts_at <= scan.now else None


def _reported(dispute: _Dispute, _scan: Scan) -> _Move | None:
    if "pilot_report" not in dispute.row["papers"]:
        return None
    return _Move("pilot_reported", {}, (("dispute_decision", dispute.decision_round, ("hr",)),))


def _called(dispute: _Dispute, scan: Scan) -> _Move | None:
    if not {("statement", 1, "trainer"), ("statement", 1, "business")} <= dispute.said.keys():
        return None
    site = get_site()
    days = site.disputes.meeting_working_days
    meeting_on = calendar.add_working_days(scan.real_today, days, site.company.calendar_code).day
    asked: tuple[tuple[DisputeForm, int, Sequence[Party]], ...] = (("dispute_design", 1, ("hr",)),)
    return _Move("clarification", {"meeting_on": meeting_on}, asked)


def _designed(dispute: _Dispute, _scan: Scan) -> _Move | None:
    number = dispute.design_round
    design = dispute.said.get(("design", number, "hr"))
    if design is None:
        return None
    shares = {name: Decimal(str(design[name])) for name in ("framework_pct", "tools_pct", "simulation_pct")}
    # The page refuses them, and so does the table; a scan that met such a row would stop all disputes.
    if shares_problem(*shares.values()) is not None:
        return None
    if f"dispute_design_ack.{number}" not in dispute.asked:
        changes = {"core_target": design["core_target"], **shares}
        return _Move("clarification", changes, (("dispute_design_ack", number, PARTIES),))
    acknowledged = dispute.of_all("design_ack", number)
    if acknowledged is None:
        return None
    if all(one["choice"] == "agree" for one in acknowledged):
        return _Move("design_agreed", {}, (("dispute_pilot", 1, ("hr",)),))
    dispute.design_round += 1
    return _Move("clarification", {"design_round": number + 1}, (("dispute_design", number + 1, ("hr",)),))


def _decided(dispute: _Dispute, _scan: Scan) -> _Move | None:
    number = dispute.decision_round
    said = dispute.said.get(("decision", number, "hr"))
    if said is None:
        return None
    changes = {"decision": said["choice"], "decision_reason": said.get("comment")}
    return _Move("decided", changes, (("sign_agreed_plan", number, PARTIES),))


def _signed(dispute: _Dispute, _scan: Scan) -> _Move | None:
    number = dispute.decision_round
    said = [dispute.said.get(("signature", number, party)) for party in PARTIES]
    if any(one is not None and one["choice"] == "object" for one in said):
        dispute.decision_round += 1
        changes = {"decision_round": number + 1}
        return _Move("pilot_reported", changes, (("dispute_decision", number + 1, ("hr",)),))
    return _Move("signed", {}) if all(one is not None for one in said) else None


# What the next step of a dispute in each state waits for; a state that is not here has ended.
_NEXT: Mapping[State, Callable[[_Dispute, Scan], _Move | None]] = {
    "opened": _asked,
    "statements": _called,
    "clarification": _designed,
    "design_agreed": _registered,
    "pilot_registered": _begun,
    "pilot_running": _reported,
    "pilot_reported": _decided,
    "decided": _signed,
}


def _next(dispute: _Dispute, scan: Scan) -> _Move | None:
    return _NEXT[dispute.state](dispute, scan) if dispute.state in _NEXT else None


def _make(connection: Connection, scan: Scan, dispute: _Dispute, move: _Move, counts: dict[str, int]) -> None:
    row = dispute.row
    if move.state != dispute.state:
        dispute.state = moved(dispute.state, move.state)
        counts["moves"] += 1
    keys = dict.fromkeys(_COLUMNS) | {"dispute_id": row["dispute_id"], "state": dispute.state, "now": scan.real_now}
    connection.execute(statement("disputes", "move"), keys | dict(move.changes))
    if "decision_round" in move.changes:
        objected = {"subject_id": f"{row['dispute_id']}.{dispute.decision_round - 1}"}
        connection.execute(statement("disputes", "withdraw_signatures"), objected)
    people = parties_of(row)
    dispute.asked |= {f"{form}.{number}" for form, number, _ in move.asked}
    wanted = [
        Commitment(
            form,
            "dispute",
            f"{row['dispute_id']}.{number}",
            *people[party],
            {"dispute_id": row["dispute_id"], "round": number, "step": _STEP[form], "party": party},
        )
        for form, number, asked in move.asked
        for party in asked
    ]
    asked = ask(connection, scan, wanted)
    counts["asked"] += asked.commitments
    counts["notices_planned"] += asked.notices
    if scan.may_mail:
        counts["notices_planned"] += plan(connection, list(move.news))


def _ask_teams(connection: Connection, scan: Scan, dispute: _Dispute) -> None:
    """Plan the anonymous feedback of both teams once the pilot class is over; `run_survey_waves` sends it."""
    row = dispute.row
    if dispute.state != "pilot_running" or row["has_waves"] or row["ends_at"] > scan.now:
        return
    found = connection.execute(
        statement("disputes", "pilot_people"),
        {
            "session_code": row["session_code"],
            "pilot": row["pilot_department_code"],
            "comparison": row["comparison_department_code"],
            "today": scan.today,
        },
    ).fetchall()
    teams = {
        team: tuple(Listed(one["employee_id"]) for one in found if one["team"] == team)
        for team in ("pilot", "comparison")
    }
    # Who came is known when the sign-in list is in; until then the pilot team would be asked as nobody.
    if not teams["pilot"]:
        return
    plan_waves(
        connection,
        scan,
        [
            WavePlan("pilot_feedback", TEAM_SUBJECT, f"{row['dispute_id']}.{team}", scan.real_today, people=people)
            for team, people in teams.items()
            if people
        ],
    )
