"""What the year's needs are judged by: one consistent reading of goals, topics, results, interviews and answers."""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from trainloop.config import get_site
from trainloop.domain.need import Cause, Direction, Goal, Verdict
from trainloop.domain.survey import quarters_before
from trainloop.errors import PermanentError
from trainloop.settings import get_settings
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import query_file, statement

ASKING_ITEMS = ("wished_topics", "career_topics", "weak_topics")
_SEPARATORS = re.compile(r"[,，、;；|]")


class NeedsSurveyMissingError(PermanentError):
    """There is no needs survey for {year}. `launch_annual_needs_survey` plans it."""


class NeedsSurveyOpenError(PermanentError):
    """The needs survey for {year} is {state}. Its analysis is made when it is closed."""


@dataclass(frozen=True, slots=True)
class Person:
    """One employee of the day the survey closed."""

    employee_id: str
    department_code: str
    job_family: str
    job_level: str


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic that could be trained; empty families or levels mean everybody."""

    topic_code: str
    name_zh: str
    name_en: str
    competency_code: str | None
    goal_code: str | None
    kpi_code: str | None
    target_audience: str | None
    families: tuple[str, ...]
    levels: tuple[str, ...]
    deadline_on: date | None
    cost_amount: Decimal | None

    def is_for(self, family: str | None, level: str | None) -> bool:
        """Whether the target group holds this family and level; what is unknown cannot be in a narrower group."""
        return (not self.families or family in self.families) and (not self.levels or level in self.levels)

    def is_unknown_for(self, family: str | None, level: str | None) -> bool:
        """Whether what is not known of a person decides about belonging to the target group."""
        is_out = (family and self.families and family not in self.families) or (
            level and self.levels and level not in self.levels
        )
        return not is_out and bool((self.families and not family) or (self.levels and not level))


@dataclass(frozen=True, slots=True)
class Result:
    """One employee's result in one indicator and quarter."""

    employee_id: str
    kpi_code: str
    period: str
    target: float
    actual: float
    cause: Cause | None
    direction: Direction


@dataclass(frozen=True, slots=True)
class CompetencyLevel:
    """One employee's last levels in one competency, and what family and level demand."""

    employee_id: str
    competency_code: str
    required: float
    weight: float
    self_rated: float | None
    manager: float | None
    test_pct: float | None


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A head's word on a topic, and HR's override, if any."""

    topic_code: str
    department_code: str
    is_confirmed: bool
    cause: Cause | None
    override_verdict: Verdict | None
    override_reason: str | None
    override_by: str | None


@dataclass(frozen=True, slots=True)
class Form:
    """One complete answer to the survey: coarse groups (None where they were too small to keep) and what was said."""

    respondent_id: str
    job_level: str | None
    job_family: str | None
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Inputs:
    """All evidence of one plan year. `population_on`, the day the survey closed, fixes people and quarters."""

    year: int
    wave_code: str
    population_on: date
    quarters: tuple[str, ...]
    people: tuple[Person, ...]
    goals: Mapping[str, Goal]
    topics: tuple[Topic, ...]
    trace: tuple[Mapping[str, Any], ...]
    interviews: tuple[Mapping[str, Any], ...]
    coverage: tuple[Mapping[str, Any], ...]
    quotes: tuple[Mapping[str, Any], ...]
    results: tuple[Result, ...]
    levels: tuple[CompetencyLevel, ...]
    confirmations: tuple[Confirmation, ...]
    parents: Mapping[str, str]
    forms: tuple[Form, ...]
    partial_count: int
    invited_count: int
    eligible_count: int
    held_count: int
    excluded_count: int
    labels: tuple[Mapping[str, str], ...]
    is_reviewed: bool = False
    dropped_seeds_count: int = 0

    @property
    def seeds(self) -> tuple[Mapping[str, Any], ...]:
        """The findings of last year's training review that stand for this year, as lines of the trace (R39)."""
        return tuple(line for line in self.trace if line["seed_kind"] is not None)

    @functools.cached_property
    def _asking(self) -> Mapping[tuple[str, str], frozenset[str]]:
        found: dict[tuple[str, str], set[str]] = {}
        for form in self.forms:
            for item in ASKING_ITEMS:
                for topic_code in form.choices.get(item, ()):
                    found.setdefault((item, topic_code), set()).add(form.respondent_id)
        return {key: frozenset(people) for key, people in found.items()}

    def who_asks(self, topic_code: str, items: Sequence[str] = ASKING_ITEMS) -> frozenset[str]:
        """Return the forms (ids) that wish a topic, need it for the career, or name it as a weakness of their own."""
        return frozenset().union(*(self._asking.get((item, topic_code), frozenset()) for item in items))

    def sha256(self) -> str:
        """Return a hash over all evidence and the rules of needs: equal evidence, equal hash, whatever its order.

        The rules are in, unlike a course evaluation's: another budget line is another plan.
        """
        rules = get_site().needs.model_dump(mode="json")
        lines = [
            [repr(row) for row in rows]
            for rows in (self.people, self.topics, self.results, self.levels, self.confirmations)
        ]
        forms = [
            repr((
                form.respondent_id,
                form.job_level,
                form.job_family,
                sorted(form.choices.items()),
                sorted(form.numbers.items()),
                sorted(form.texts.items()),
            ))
            for form in self.forms
        ]
        tables = [
            [repr(sorted(row.items(), key=lambda item: item[0])) for row in rows]
            for rows in (self.trace, self.interviews, self.coverage, self.quotes, self.labels)
        ]
        counts = [self.invited_count, self.eligible_count, self.held_count, self.excluded_count, self.partial_count]
        counts += [int(self.is_reviewed), self.dropped_seeds_count]
        canonical = [
            self.wave_code,
            str(self.population_on),
            rules,
            sorted(self.parents.items()),
            *lines,
            sorted(forms),
            *tables,
            counts,
        ]
        return hashlib.sha256(json.dumps(canonical, ensure_ascii=False).encode()).hexdigest()


def read_inputs(connection: Connection, year: int, today: date) -> Inputs:
    """Read everything about one plan year; raise NeedsSurveyMissingError or NeedsSurveyOpenError. Role: statistics."""
    site = get_site()
    wave = connection.execute(statement("needs", "wave"), {"year": year}).fetchone()
    if wave is None:
        raise NeedsSurveyMissingError(year=year)
    if wave["state"] != "closed":
        raise NeedsSurveyOpenError(year=year, state=wave["state"])
    closed_at: datetime = wave["closed_at"]
    population_on = closed_at.astimezone(site.company.zone).date()
    quarters = quarters_before(population_on, site.needs.quarters)
    keys = {
        "year": year,
        "wave_code": wave["wave_code"],
        "population_on": population_on,
        "today": max(today, population_on),
        "quarters": list(quarters),
    }

    def block(name: str) -> list[dict[str, Any]]:
        return connection.execute(statement("needs", name), keys).fetchall()

    def table(name: str) -> tuple[dict[str, Any], ...]:
        return tuple(connection.execute(query_file(f"marts/needs_{name}.sql"), keys))

    people = tuple(Person(**row) for row in table("people"))
    known = {person.employee_id for person in people}
    population = block("population")[0]
    forms = block("forms")
    return Inputs(
        year=year,
        wave_code=wave["wave_code"],
        population_on=population_on,
        quarters=quarters,
        people=people,
        goals={row["goal_code"]: Goal(row["goal_code"], float(row["weight_pct"])) for row in block("goals")},
        topics=tuple(_topic(row) for row in block("topics")),
        trace=table("trace"),
        interviews=table("interviews"),
        coverage=table("interview_coverage"),
        quotes=tuple(block("quotes")),
        results=tuple(_result(row) for row in table("results") if row["employee_id"] in known),
        levels=tuple(_level(row) for row in table("levels") if row["employee_id"] in known),
        confirmations=tuple(Confirmation(**row) for row in block("confirmations")),
        parents={row["department_code"]: row["parent_code"] for row in block("parents")},
        forms=_forms([row for row in forms if row["state"] == "complete"], block("answers")),
        partial_count=sum(row["state"] == "partial" for row in forms),
        invited_count=population["invited_count"],
        eligible_count=population["eligible_count"],
        held_count=population["held_count"],
        excluded_count=population["excluded_count"],
        labels=tuple(block("labels")),
        **block("review")[0],
    )


@functools.lru_cache(maxsize=500_000)
def person_id(year: int, employee_id: str) -> str:
    """Return the keyed hash by which the ledger knows an employee: stable within a plan year, of no use elsewhere."""
    digest = hmac.new(get_settings().secret().encode(), f"needs:{year}:{employee_id}".encode(), hashlib.sha256)
    return str(uuid.UUID(bytes=digest.digest()[:16]))


def _topic(row: Mapping[str, Any]) -> Topic:
    return Topic(
        topic_code=row["topic_code"],
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        competency_code=row["competency_code"],
        goal_code=row["goal_code"],
        kpi_code=row["kpi_code"],
        target_audience=row["target_audience"],
        families=_listed(row["target_families"]),
        levels=_listed(row["target_levels"]),
        deadline_on=row["deadline_on"],
        cost_amount=row["estimated_cost_amount"],
    )


def _listed(text: str | None) -> tuple[str, ...]:
    return tuple(sorted({part.strip() for part in _SEPARATORS.split(text or "") if part.strip()}))


def _result(row: Mapping[str, Any]) -> Result:
    return Result(
        row["employee_id"],
        row["kpi_code"],
        row["period"],
        float(row["target_value"]),
        float(row["actual_value"]),
        row["cause"],
        row["direction"],
    )


def _level(row: Mapping[str, Any]) -> CompetencyLevel:
    rated = [None if row[name] is None else float(row[name]) for name in ("self_level", "manager_level", "test_score")]
    return CompetencyLevel(
        row["employee_id"], row["competency_code"], float(row["required_level"]), float(row["weight"]), *rated
    )


def _forms(rows: Iterable[Mapping[str, Any]], answers: Iterable[Mapping[str, Any]]) -> tuple[Form, ...]:
    choices: dict[str, dict[str, tuple[str, ...]]] = {}
    numbers: dict[str, dict[str, float]] = {}
    texts: dict[str, dict[str, str]] = {}
    for answer in answers:
        respondent, item = answer["respondent_id"], answer["item_code"]
        if answer["choice"] is not None:
            said = choices.setdefault(respondent, {})
            said[item] = (*said.get(item, ()), answer["choice"])
        if answer["number"] is not None:
            numbers.setdefault(respondent, {})[item] = float(answer["number"])
        if answer["free_text"] is not None:
            texts.setdefault(respondent, {})[item] = answer["free_text"]
    return tuple(
        Form(
            row["respondent_id"],
            row["job_level"],
            row["job_family"],
            choices.get(row["respondent_id"], {}),
            numbers.get(row["respondent_id"], {}),
            texts.get(row["respondent_id"], {}),
        )
        for row in rows
    )
