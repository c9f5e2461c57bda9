"""360 assessments of newly promoted managers R07: detected, raters named, the wave planned.

`run_survey_waves` opens, reminds and closes the wave like every other; `trainloop.surveys.assessment_results` makes the
private result. Who is assessed stands in `ops.assessments` only: the wave's code and subject are keyed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from trainloop import faults
from trainloop.config import get_site
from trainloop.domain.assessment import Promotion, Rater, has_enough, raters_of
from trainloop.domain.survey import FEEDBACK_360_INSTRUMENT, feedback_360_wave_code
from trainloop.outbox.notices import Notice, plan
from trainloop.settings import get_settings
from trainloop.surveys.scan import Scan
from trainloop.surveys.waves import Listed, WavePlan, plan_waves
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement


def plan_assessments(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Plan the 360 of everybody promoted in the last 90 days who leads somebody; add raters HR named meanwhile.

    Whoever has too few raters for any group to be shown is not assessed; HR is asked once to name some. Returns counts:
    assessments_planned, without_raters, notices_planned.
    """
    rules = get_site().assessments
    with engine.connect("planner") as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
        since = scan.today - timedelta(days=rules.promoted_within_days)
        rows = connection.execute(
            statement("assessments", "promotions"), {"today": scan.today, "promoted_since": since}
        ).fetchall()
        planned, lacking = [], []
        for row in rows:
            promotion = _promotion(row)
            raters = raters_of(promotion, rules.max_raters_per_group)
            if has_enough(raters, get_site().suppression.feedback_360_min):
                planned.append((promotion, _people(row, promotion, raters)))
            elif row["wave_code"] is None:
                lacking.append(promotion)
        new = _plan(connection, scan, planned)
        notices = _ask_for_raters(connection, scan, lacking)
        faults.point("assessments.plan.before_commit")
    faults.point("assessments.plan.after_commit")
    return {"assessments_planned": new, "without_raters": len(lacking), "notices_planned": notices}


def _promotion(row: Mapping[str, Any]) -> Promotion:
    return Promotion(
        row["employee_id"],
        row["promoted_on"],
        row["manager_id"],
        tuple(row["peers"]),
        tuple(row["reports"]),
        tuple(Rater(rater, group) for rater, group in row["nominated"]),
    )


def _people(row: Mapping[str, Any], promotion: Promotion, raters: tuple[Rater, ...]) -> tuple[Listed, ...]:
    """Whom the plan of a wave names. A wave that runs by the rule is not filled up when somebody joins the team."""
    if row["raters_from"] == "rule" and not promotion.is_nominated:
        return ()
    return tuple(Listed(rater.employee_id, rater.group) for rater in raters)


def _plan(connection: Connection, scan: Scan, planned: list[tuple[Promotion, tuple[Listed, ...]]]) -> int:
    key = get_settings().secret().encode()
    codes = {
        promotion: feedback_360_wave_code(promotion.employee_id, promotion.promoted_on, key) for promotion, _ in planned
    }
    plans = [
        WavePlan(
            FEEDBACK_360_INSTRUMENT,
            "assessment",
            codes[promotion],
            opens_on=scan.today,
            wave_code=codes[promotion],
            people=people,
        )
        for promotion, people in planned
        if people
    ]
    known = {row["wave_code"] for row in connection.execute("select wave_code from ops.assessments")}
    # A planned wave keeps its day: planning it again every morning would push it ahead for ever.
    plan_waves(connection, scan, [one for one in plans if one.code not in known])
    _add_people(connection, [one for one in plans if one.code in known])
    new = [promotion for promotion, people in planned if people and codes[promotion] not in known]
    for promotion in new:
        connection.execute(
            statement("assessments", "record"),
            {
                "wave_code": codes[promotion],
                "employee_id": promotion.employee_id,
                "promoted_on": promotion.promoted_on,
                "raters_from": "nominated" if promotion.is_nominated else "rule",
                "now": scan.real_now,
            },
        )
    return len(new)


def _add_people(connection: Connection, plans: list[WavePlan]) -> None:
    people = [(one.code, person) for one in plans for person in one.people]
    if people:
        columns = {
            "wave_codes": [code for code, _ in people],
            "employee_ids": [person.employee_id for _, person in people],
            "rater_groups": [person.rater_group for _, person in people],
        }
        connection.execute(statement("waves", "list_people"), columns)


def _ask_for_raters(connection: Connection, scan: Scan, lacking: list[Promotion]) -> int:
    if not scan.may_mail:
        return 0
    last_day = timedelta(days=get_site().assessments.promoted_within_days)
    notices = [
        Notice(
            "raters_missing",
            "employee",
            promotion.employee_id,
            "contact",
            contact,
            step=promotion.promoted_on.isoformat(),
            facts={"nominate_until": (promotion.promoted_on + last_day).isoformat()},
        )
        for promotion in lacking
        for contact in get_site().contacts_of("hr")
    ]
    return plan(connection, notices)
