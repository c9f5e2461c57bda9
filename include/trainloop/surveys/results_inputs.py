"""What the results of one class session are computed from: one consistent reading of confidential, core and ops."""

from __future__ import annotations

import functools
import hmac
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, LiteralString, NamedTuple

from psycopg.rows import tuple_row

from trainloop.domain.survey import evaluation_wave_code
from trainloop.errors import PermanentError
from trainloop.settings import get_settings
from trainloop.surveys.instrument import ItemKind, load_instrument
from trainloop.surveys.results_digest import Answers, digest
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import query_file, statement


class WaveUnknownError(PermanentError):
    """There is no evaluation wave {wave_code} of class session {session_code}. It opens when the class has ended."""


class WaveNotClosedError(PermanentError):
    """Wave {wave_code} is {state}. Results are made when it is closed; until then only the response rate is shown."""


@dataclass(frozen=True)
class Question:
    """One item of the questionnaire; `scale` holds its points, lowest first (empty for choices and texts)."""

    code: str
    kind: ItemKind
    scale: tuple[int, ...] = ()
    dimension: str | None = None
    options: tuple[str, ...] = ()
    is_reverse_coded: bool = False


class Scores(NamedTuple):
    """Learners' scores under pseudonyms as columns, one place a learner; None is a test that was not taken."""

    respondent_ids: Sequence[str] = ()
    pre_scores: Sequence[float | None] = ()
    post_scores: Sequence[float | None] = ()
    maximum_scores: Sequence[float] = ()


@dataclass(frozen=True)
class Subject:
    """What a release is about: the key of `published.releases` but for the revision."""

    product: str
    subject_kind: str
    subject_id: str

    def keys(self) -> dict[str, str]:
        """Return the parameters of the statements that name a subject."""
        return {"product": self.product, "subject_kind": self.subject_kind, "subject_id": self.subject_id}


@dataclass(frozen=True, kw_only=True)
class WaveInputs:
    """All that one closed wave says; `answers` are those of complete responses only."""

    subject: Subject
    wave_code: str
    instrument_code: str
    instrument_version: str
    questions: tuple[Question, ...]
    invited_count: int
    eligible_count: int
    responses: tuple[tuple[str, str, bool], ...]
    answers: Answers

    @functools.cached_property
    def complete_ids(self) -> frozenset[str]:
        """Ids of the complete responses."""
        return frozenset(respondent_id for respondent_id, state, _ in self.responses if state == "complete")

    @property
    def partial_count(self) -> int:
        """Responses that were begun and not finished."""
        return sum(state == "partial" for _, state, _ in self.responses)

    @property
    def straight_lined_count(self) -> int:
        """Complete responses with the same answer everywhere."""
        return sum(is_straight and state == "complete" for _, state, is_straight in self.responses)

    def canonical(self) -> dict[str, Any]:
        """Return what the numbers depend on but for the answers, the same whatever file brought it in what order."""
        return {
            "questionnaire": [self.instrument_code, self.instrument_version],
            "population": [self.invited_count, self.eligible_count],
            "responses": sorted(self.responses),
        }

    @functools.cached_property
    def sha256(self) -> str:
        """A hash over the canonical inputs and the answers.

        Rules (site file, dictionaries) and other waves are left out on purpose: an old report changes when its own
        data do, not because somebody edited a threshold.
        """
        return digest(self.canonical(), self.answers)


@dataclass(frozen=True)
class Interaction:
    """What one learner did in class, by kind and item: turns or uses, and how a quiz item was answered."""

    respondent_id: str
    kind: str
    item_code: str | None
    is_correct: bool | None
    turn_count: int


@dataclass(frozen=True, kw_only=True)
class Inputs(WaveInputs):
    """All that belongs to one class session itself."""

    course_code: str
    trainer_id: str
    starts_at: datetime
    tests: Scores
    attendance: Mapping[str, int]
    is_attendance_recorded: bool
    interactions: tuple[Interaction, ...] = ()
    learner_ids: frozenset[str] = frozenset()
    costs: tuple[tuple[str, Decimal], ...] = ()
    course_hours: Decimal = Decimal(0)

    @property
    def session_code(self) -> str:
        """The class session these results are about."""
        return self.subject.subject_id

    def canonical(self) -> dict[str, Any]:
        """Return what the numbers depend on but for the answers: attendance, tests, what was done and spent."""
        # Only where there is any: an older release of a class without them keeps its hash.
        more: dict[str, Any] = {}
        if self.interactions:
            more["interactions"] = sorted(map(repr, self.interactions))
        if self.costs:
            more["costs"] = sorted(f"{currency} {amount}" for currency, amount in self.costs)
        return (
            super().canonical()
            | more
            | {
                "attendance": sorted(self.attendance.items()) if self.is_attendance_recorded else None,
                "tests": sorted(zip(self.tests[0], map(repr, zip(*self.tests[1:], strict=True)), strict=True)),
            }
        )


class EarlierSession(NamedTuple):
    """What an earlier class session released: an item or dimension at the same place of every list."""

    course_code: str
    trainer_id: str
    starts_at: datetime
    families: Sequence[str]
    codes: Sequence[str]
    shown_levels: Sequence[str]
    respondent_counts: Sequence[int]
    means: Sequence[float]
    variances: Sequence[float]


class PreviousSession(NamedTuple):
    """The course's previous session: items shown in full there, one place an item; its findings are verified now."""

    session_code: str = ""
    codes: Sequence[str] = ()
    respondent_counts: Sequence[int] = ()
    means: Sequence[float] = ()
    variances: Sequence[float] = ()
    are_findings: Sequence[bool] = ()


def read_inputs(connection: Connection, session_codes: Sequence[str]) -> tuple[Inputs, ...]:
    """Read everything about class sessions; raise WaveUnknownError, or WaveNotClosedError while people answer."""
    codes = list(session_codes)
    keys = {"session_codes": codes, "wave_codes": [evaluation_wave_code(code) for code in codes]}
    sessions = {row["session_code"]: row for row in connection.execute(statement("results", "sessions"), keys)}
    for code, wave_code in zip(codes, keys["wave_codes"], strict=True):
        if code not in sessions:
            raise WaveUnknownError(session_code=code, wave_code=wave_code)
        if sessions[code]["state"] != "closed":
            raise WaveNotClosedError(wave_code=wave_code, state=sessions[code]["state"])
    waves = wave_values(connection, list(sessions.values()))
    tests = _row_of(connection, statement("results", "tests"), keys)
    attended = connection.execute(query_file("marts/evaluation_attendance.sql"), keys).fetchall()
    attendance = {row.pop("session_code"): row for row in attended}
    interactions = _rows_of(connection, statement("results", "interactions"), keys)
    learners = _rows_of(connection, statement("results", "learners"), {"session_codes": list(interactions)})
    costs = _rows_of(connection, statement("results", "costs"), keys)
    return tuple(
        Inputs(
            subject=evaluation_of(code),
            **waves[session["wave_code"]],
            course_code=session["course_code"],
            trainer_id=session["trainer_id"],
            starts_at=session["starts_at"],
            tests=_scores(code, *tests.get(code, ((),))),
            is_attendance_recorded=attendance[code].pop("is_recorded"),
            attendance=attendance[code],
            interactions=_interactions(code, interactions[code]),
            learner_ids=frozenset(_pseudonyms(code, (person for (person,) in learners[code]))),
            costs=tuple((currency, amount) for currency, amount in costs[code]),
            course_hours=session["course_hours"],
        )
        for code, session in ((code, sessions[code]) for code in codes)
    )


def evaluation_of(session_code: str) -> Subject:
    """Return the subject of the releases of one class session's evaluation."""
    return Subject("course_evaluation", "class_session", session_code)


def wave_values(connection: Connection, waves: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the fields of `WaveInputs` but for the subject, by wave code.

    `waves` have wave_code, instrument_code and instrument_version.
    """
    keys = {"wave_codes": [wave["wave_code"] for wave in waves]}
    population = _row_of(connection, statement("results", "population"), keys)
    responses = _row_of(connection, statement("results", "responses"), keys)
    answers = _row_of(connection, statement("results", "answers"), keys)
    return {
        code: {
            "wave_code": code,
            "instrument_code": wave["instrument_code"],
            "instrument_version": wave["instrument_version"],
            "questions": questions_of(wave["instrument_code"]),
            "invited_count": population[code][0],
            "eligible_count": population[code][1],
            "responses": tuple(zip(*responses.get(code, ()), strict=True)),
            "answers": Answers(*answers.get(code, ())),
        }
        for code, wave in ((wave["wave_code"], wave) for wave in waves)
    }


def read_earlier(
    connection: Connection, classes: Sequence[Inputs]
) -> tuple[list[EarlierSession], list[PreviousSession]]:
    """Read what earlier sessions of the courses and trainers released, and by class its course's previous session.

    All classes have one questionnaire, and so have the sessions that are read.
    """
    keys = {
        "session_codes": [one.session_code for one in classes],
        "instrument_code": classes[0].instrument_code,
        "instrument_version": classes[0].instrument_version,
    }
    cursor = connection.cursor(row_factory=tuple_row, binary=True)
    earlier = [EarlierSession(*row) for row in cursor.execute(query_file("marts/evaluation_earlier.sql"), keys)]
    previous = _row_of(connection, query_file("marts/evaluation_previous.sql"), keys)
    return earlier, [PreviousSession(*previous.get(one.session_code, ())) for one in classes]


def _row_of(connection: Connection, query: LiteralString, keys: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    """Return the row that each first column has, without it."""
    cursor = connection.cursor(row_factory=tuple_row, binary=True)
    return {row[0]: row[1:] for row in cursor.execute(query, keys)}


def _rows_of(connection: Connection, query: LiteralString, keys: Mapping[str, Any]) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of a query by their first column, without it; a key that no row has is an empty list."""
    found: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for row in connection.cursor(row_factory=tuple_row).execute(query, keys):
        found[row[0]].append(row[1:])
    return found


@functools.cache
def questions_of(instrument_code: str) -> tuple[Question, ...]:
    """Return the items of an instrument as the estimators need them."""
    instrument = load_instrument(instrument_code)
    return tuple(
        Question(
            code=item.code,
            kind=item.kind,
            scale=() if item.scale is None else tuple(instrument.scales[item.scale].scores),
            dimension=item.dimension,
            options=tuple(option.code for option in item.options),
            is_reverse_coded=item.is_reverse_coded,
        )
        for item in instrument.items
    )


def _interactions(session_code: str, rows: Sequence[tuple[Any, ...]]) -> tuple[Interaction, ...]:
    people = _pseudonyms(session_code, (person for person, *_ in rows))
    return tuple(Interaction(person, *did) for person, (_, *did) in zip(people, rows, strict=True))


def _scores(session_code: str, people: Iterable[str], *scores: Any) -> Scores:
    return Scores(_pseudonyms(session_code, people), *scores)


def _pseudonyms(session_code: str, employee_ids: Iterable[str]) -> list[str]:
    """The ledger knows test takers by a keyed hash: stable per session, of no use elsewhere."""
    key = get_settings().secret().encode()
    digests = [hmac.digest(key, f"test:{session_code}:{person}".encode(), "sha256").hex() for person in employee_ids]
    return [f"{one[:8]}-{one[8:12]}-{one[12:16]}-{one[16:20]}-{one[20:32]}" for one in digests]
