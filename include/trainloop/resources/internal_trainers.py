"""Internal trainers in the making (R15): deadlines, nudges, verdicts of assessors, certificates, bench and load.

A weekly scan judges every candidate in every topic. Candidate and mentor get one mail about what is due or late for
them, HR one about everything, only when something is new. What nobody may tell the candidate's mentor (marks) is HR's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from trainloop import faults
from trainloop.config import get_site
from trainloop.config.trainers import InternalTrainerRules
from trainloop.domain import calendar
from trainloop.domain.resource_finding import OF_TRAINERS
from trainloop.domain.survey import quarter_code, quarter_days
from trainloop.domain.trainer_pipeline import Reached, Standing, can_teach, rubric, standing
from trainloop.resources import findings
from trainloop.resources.findings import Finding
from trainloop.surveys.scan import Scan
from trainloop.warehouse.engine import Connection, connect, lock
from trainloop.warehouse.statements import statement


class Candidate(NamedTuple):
    """One employee in one topic."""

    employee_id: str
    topic_code: str

    @property
    def item_code(self) -> str:
        return f"{self.employee_id}/{self.topic_code}"


def develop(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Judge every candidate, open and close findings, plan the mails about what is new.

    Judged by the business clock alone; with a date in the past nobody is mailed unless `allow_send`. Returns counts:
    candidates, can_teach, opened, closed, notices_planned.
    """
    with connect("planner") as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
        # Two scans at once would both tell the same.
        lock(connection, "develop_internal_trainers")
        standings = _standings(connection, scan)
        marks = _marks(connection)
        bench = _bench(standings, marks)
        found = [
            *_of_candidates(standings, marks, scan),
            *_thin(standings, bench),
            *_overloaded(connection, scan, bench),
        ]
        counts = {"candidates": len(standings), "can_teach": sum(len(people) for people in bench.values())}
        counts |= findings.update(connection, scan, OF_TRAINERS, found)
        counts["notices_planned"] = 0
        if scan.may_mail:
            counts["notices_planned"] = findings.tell(
                connection, scan, OF_TRAINERS, "trainer_steps", "trainer_pipeline"
            )
        faults.point("internal_trainers.before_commit")
    faults.point("internal_trainers.after_commit")
    return counts


def _standings(connection: Connection, scan: Scan) -> dict[Candidate, Standing]:
    ways: dict[Candidate, list[Reached]] = defaultdict(list)
    for row in connection.execute(statement("internal_trainers", "stages"), {"today": scan.real_today}):
        ways[Candidate(row["employee_id"], row["topic_code"])].append(
            Reached(row["stage"], row["reached_on"], row["mentor_id"], row["certificate_expires_on"])
        )
    rules, company = get_site().internal_trainers, get_site().company
    found = {
        candidate: standing(way, scan.real_today, rules.stage_days, company.calendar_code)
        for candidate, way in ways.items()
    }
    return {candidate: where for candidate, where in found.items() if where is not None}


def _marks(connection: Connection) -> dict[Candidate, list[Decimal]]:
    marks: dict[Candidate, list[Decimal]] = defaultdict(list)
    for row in connection.execute(statement("internal_trainers", "marks")):
        marks[Candidate(row["employee_id"], row["topic_code"])].append(row["mean"])
    return marks


def _bench(standings: Mapping[Candidate, Standing], marks: Mapping[Candidate, list[Decimal]]) -> dict[str, list[str]]:
    """Return who can teach each topic that has candidates."""
    rules = get_site().internal_trainers
    bench: dict[str, list[str]] = {candidate.topic_code: [] for candidate in standings}
    for candidate, where in standings.items():
        if can_teach(where, rubric(marks.get(candidate, []), rules.min_assessors, rules.pass_score)):
            bench[candidate.topic_code].append(candidate.employee_id)
    return bench


def _of_candidates(
    standings: Mapping[Candidate, Standing], marks: Mapping[Candidate, list[Decimal]], scan: Scan
) -> Iterator[Finding]:
    rules = get_site().internal_trainers
    for candidate, where in standings.items():
        yield from _deadlines(candidate, where, scan.real_today, rules)
        yield from _certificates(candidate, where, scan.real_today, rules)
        if where.stage in {"trial", "certified"}:
            yield from _verdicts(candidate, where, marks.get(candidate, []), rules)


def _deadlines(candidate: Candidate, where: Standing, today: date, rules: InternalTrainerRules) -> Iterator[Finding]:
    about = _about(candidate) | {"stage": where.stage}
    both = [candidate.employee_id, *([where.mentor_id] if where.mentor_id else [])]
    if where.is_overdue(today):
        yield Finding("stage_overdue", candidate.item_code, about | {"due_on": f"{where.due_on}"}, both)
    elif where.is_due(today, rules.remind_days_before):
        yield Finding("stage_due", candidate.item_code, about | {"due_on": f"{where.due_on}"}, both)
    if where.mentor_id is None and where.stage in {"mentored", "micro_course", "trial"}:
        yield Finding("mentor_missing", candidate.item_code, about)


def _certificates(candidate: Candidate, where: Standing, today: date, rules: InternalTrainerRules) -> Iterator[Finding]:
    ends_on = where.certificate_expires_on
    if ends_on is None:
        return
    about = _about(candidate) | {"expires_on": f"{ends_on}"}
    if where.stage == "lapsed":
        yield Finding("certificate_ended", candidate.item_code, about, [candidate.employee_id])
    elif ends_on - timedelta(days=rules.certificate_warning_days) <= today:
        yield Finding("certificate_ending", candidate.item_code, about, [candidate.employee_id])


def _verdicts(
    candidate: Candidate, where: Standing, marks: list[Decimal], rules: InternalTrainerRules
) -> Iterator[Finding]:
    verdict = rubric(marks, rules.min_assessors, rules.pass_score)
    about = _about(candidate) | {"stage": where.stage}
    if verdict == "too_few_assessors":
        detail = about | {"assessors": len(marks), "needed": rules.min_assessors}
        yield Finding("rubric_incomplete", candidate.item_code, detail)
    elif verdict == "failed":
        yield Finding("rubric_failed", candidate.item_code, about)


def _thin(standings: Mapping[Candidate, Standing], bench: Mapping[str, list[str]]) -> Iterator[Finding]:
    needed = get_site().internal_trainers.bench_min
    for topic_code, people in bench.items():
        if len(people) < needed:
            under_way = sum(
                candidate.topic_code == topic_code and where.due_on is not None
                for candidate, where in standings.items()
            )
            detail = {"topic": topic_code, "count": len(people), "needed": needed}
            yield Finding("bench_thin", topic_code, detail, amount=Decimal(under_way))


def _overloaded(connection: Connection, scan: Scan, bench: Mapping[str, list[str]]) -> Iterator[Finding]:
    """Yield internal trainers with too many hours in this quarter, and who else can teach their topics."""
    limit = get_site().internal_trainers.hours_per_quarter
    quarter, zone = quarter_code(scan.real_today), get_site().company.zone
    first, last = quarter_days(quarter)
    rows = connection.execute(
        statement("internal_trainers", "loads"),
        {
            "starts_at": calendar.start_of_day(first, zone),
            "ends_at": calendar.end_of_day(last, zone),
            "hours_limit": limit,
        },
    )
    for row in rows:
        others = {one for topic_code in row["topic_codes"] for one in bench.get(topic_code, ())} - {row["employee_id"]}
        detail = {"trainer": row["trainer_id"], "quarter": quarter, "limit": limit, "relief": sorted(others)}
        yield Finding("trainer_overloaded", f"{row['trainer_id']}/{quarter}", detail, amount=row["hours"])


def _about(candidate: Candidate) -> dict[str, str | int]:
    return {"employee": candidate.employee_id, "topic": candidate.topic_code}
