"""A small company for the results tests: classes with closed waves and answers written straight into the warehouse."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from trainloop.surveys.instrument import load_instrument
from trainloop.warehouse import engine

INSTRUMENT = load_instrument("course_evaluation")
SCALE_ITEMS = [item.code for item in INSTRUMENT.items if item.kind == "scale"]
Form = Mapping[str, Any]


def form(level: int = 4, *, recommend: int = 9, focus: str = "quality", **answers: Any) -> dict[str, Any]:
    """One filled form: every scale item at `level` but those named; None leaves an item out."""
    filled = dict.fromkeys(SCALE_ITEMS, level) | {"recommend": recommend, "performance_focus": focus} | answers
    return {code: value for code, value in filled.items() if value is not None}


def forms(levels: Sequence[int], **answers: Any) -> list[dict[str, Any]]:
    """Several forms, one per level."""
    return [form(level, **answers) for level in levels]


def make_company(people: int = 40) -> None:
    """Employees E0001 …, one course, one trainer."""
    with engine.connect("owner") as connection:
        connection.execute(
            """insert into ops.inbox_files
                   (dataset, name, source_uri, archive_uri, content_sha256, size_bytes, found_at)
               values ('test', 'test', '', '', 'test', 0, now())"""
        )
        connection.execute(
            """insert into core.employees (employee_id, name, email, department_code, job_family, job_level, file_id,
                   row_number)
               select 'E' || lpad(number::text, 4, '0'), 'Person ' || number, 'p' || number || '@example.com', 'D1',
                   'sales', 'P1', 1, number
               from generate_series(1, %s) as number""",
            (people,),
        )
        connection.execute(
            """insert into core.courses (course_code, name_zh, name_en, mode, hours, file_id, row_number)
               values ('NEGO', '谈判', 'Negotiation', 'classroom', 6, 1, 1)"""
        )
        connection.execute(
            """insert into core.trainers (trainer_id, name, email, kind, file_id, row_number)
               values ('T1', '赵晓明', 't1@example.com', 'internal', 1, 1)"""
        )


def make_class(
    session_code: str, answers: Sequence[Form], *, number: int = 1, invited: int | None = None, state: str = "closed"
) -> None:
    """A class of `invited` people (default: as many as answered), its wave and answers; `number` orders classes."""
    start = datetime(2026, 3, 1, 1, tzinfo=UTC) + timedelta(days=14 * number)
    end = start + timedelta(days=7)
    size = len(answers) if invited is None else invited
    wave = f"EVAL-{session_code}"
    with engine.connect("owner") as connection:
        connection.execute(
            """insert into core.class_sessions (session_code, course_code, trainer_id, starts_at, ends_at, mode, status,
                   file_id, row_number)
               values (%s, 'NEGO', 'T1', %s, %s, 'classroom', 'confirmed', 1, 1)""",
            (session_code, start, start + timedelta(hours=7)),
        )
        connection.execute(
            """insert into core.enrollments (session_code, employee_id, status, file_id, row_number)
               select %s, employee_id, 'confirmed', 1, 1 from core.employees order by employee_id limit %s""",
            (session_code, size),
        )
        connection.execute(
            """insert into core.attendance (session_code, employee_id, status, file_id, row_number)
               select session_code, employee_id, 'present', 1, 1 from core.enrollments where session_code = %s""",
            (session_code,),
        )
        connection.execute(
            """insert into ops.survey_waves (wave_code, instrument_code, instrument_version, subject_kind, subject_id,
                   anonymity, state, opened_at, closes_at, closed_at, has_completions, minimum_count)
               values (%(wave)s, 'course_evaluation', '1', 'class_session', %(session)s, 'anonymous', %(state)s, %(at)s,
                   %(at)s, %(closed)s, true, 5)""",
            {
                "wave": wave,
                "session": session_code,
                "state": state,
                "at": end,
                "closed": None if state == "open" else end,
            },
        )
        connection.execute(
            """insert into ops.invitations (wave_code, employee_id, token, is_used, invited_on)
               select %s, employee_id, gen_random_uuid()::text, row_number() over (order by employee_id) <= %s, %s
               from core.enrollments where session_code = %s""",
            (wave, len(answers), start.date(), session_code),
        )
    add_answers(session_code, answers)


def add_answers(session_code: str, answers: Sequence[Form], *, start: int = 0, state: str = "complete") -> None:
    """Write forms as responses `start`, `start` + 1, … of the session's wave."""
    kind_of = {item.code: item.kind for item in INSTRUMENT.items}
    with engine.connect("intake") as connection:
        for number, filled in enumerate(answers, start):
            row = connection.execute(
                """insert into confidential.responses (wave_code, state, external_id_hash, is_straight_lined)
                   values (%s, %s, %s, false) returning response_id""",
                (f"EVAL-{session_code}", state, f"form-{number}"),
            ).fetchone()
            assert row is not None
            for code, value in filled.items():
                column = {"choice": "choice", "text": "free_text"}.get(kind_of[code], "score")
                if isinstance(value, str) and column == "score":
                    column = "choice"
                connection.execute(
                    f"insert into confidential.answers (response_id, item_code, {column}) values (%s, %s, %s)",
                    (row["response_id"], code, value),
                )


def execute(text: str, *parameters: Any) -> list[dict[str, Any]]:
    """Run a statement as the owner and return its rows."""
    with engine.connect("owner") as connection:
        cursor = connection.execute(text, parameters)  # type: ignore[call-overload]
        return list(cursor) if cursor.description else []


def figures(release_id: int) -> dict[tuple[str, str, str], dict[str, Any]]:
    """The published figures of a release by (family, code, statistic)."""
    rows = execute("select * from published.figures where release_id = %s", release_id)
    return {(row["family"], row["code"], row["statistic"]): row for row in rows}


def contents() -> str:
    """Everything of marts, published and the ledger, canonical: no ids given by a sequence."""
    tables = {
        "published.releases": "subject_id, revision_number, data_sha256, is_withheld",
        "published.figures": "family, code, statistic, value, text_value, is_hidden, reason",
        "published.verbatims": "item_code, position, masked_text",
        "published.suggestions": "item_code, strength",
        "confidential.release_respondents": "figure_key, shown_level, respondent_id",
        "marts.evaluation_figures": "wave_code, family, code, statistic, value, text_value, refusal",
        "marts.released_moments": "family, code, mean, variance",
    }
    return json.dumps({
        table: execute(
            f"select array_agg(line order by line) as rows from (select ({columns})::text as line from {table})"
        )
        for table, columns in tables.items()
    })
