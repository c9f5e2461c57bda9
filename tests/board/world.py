"""Classes at every stage, with what the board shows of them. `today` is the fixture's Monday 2026-03-16."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from psycopg.types.json import Jsonb

from trainloop.config import get_site
from trainloop.warehouse import engine

TODAY = date(2026, 3, 16)
PDF = b"%PDF-1.7 a report of the tests"


def moment(day: date, hour: int = 9) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=get_site().company.zone)


def found_company(learners: int = 12) -> None:
    """Two departments, two courses, two trainers, some employees."""
    with engine.connect("owner") as connection:
        connection.execute(
            """insert into core.departments (department_code, name_zh, name_en, file_id, row_number)
               values ('D1', '销售部', 'Sales', 1, 1), ('D2', '研发部', 'Engineering', 1, 2);
               insert into core.courses (course_code, name_zh, name_en, topic_code, mode, hours, file_id, row_number)
               values ('C-NEG', '商务谈判', 'Negotiation', 'T-NEG', 'classroom', 6, 1, 1),
                      ('C-PY', 'Python 数据分析', 'Python for analysts', 'T-PY', 'online', 12, 1, 2);
               insert into core.trainers (trainer_id, name, email, kind, file_id, row_number)
               values ('T1', '韩老师', 't1@example.com', 'external', 1, 1),
                      ('T2', 'Lin', 't2@example.com', 'internal', 1, 2)"""
        )
        connection.execute(
            """insert into core.employees (employee_id, name, email, department_code, job_family, job_level, file_id,
                   row_number)
               select 'E' || n, '学员' || n, 'e' || n || '@example.com', case when n %% 2 = 0 then 'D2' else 'D1' end,
                   'sales', 'P5', 1, n
               from generate_series(1, %s) as n""",
            (learners,),
        )


def add_class(
    code: str, starts_on: date, *steps: tuple[str, int, str], course: str = "C-NEG", trainer: str = "T1",
    status: str = "confirmed", learners: int = 6,
) -> None:  # fmt: skip
    """One class with its steps as (step, days after the start, state)."""
    mode = "online" if course == "C-PY" else "classroom"
    with engine.connect("owner") as connection, connection.cursor() as cursor:
        cursor.execute(
            """insert into core.class_sessions (session_code, course_code, trainer_id, starts_at, ends_at, mode, status,
                   file_id, row_number) values (%s, %s, %s, %s, %s, %s, %s, 1, 1)""",
            (code, course, trainer, moment(starts_on), moment(starts_on, 17), mode, status),
        )
        cursor.execute(
            """insert into core.enrollments (session_code, employee_id, status, file_id, row_number)
               select %s, 'E' || n, 'confirmed', 1, n from generate_series(1, %s) as n""",
            (code, learners),
        )
        cursor.executemany(
            """insert into ops.milestones (subject_kind, subject_id, step, due_on, state, done_at, planned_at)
               values ('class_session', %s, %s, %s, %s, %s, %s)""",
            [
                (code, step, starts_on + timedelta(days=days), state,
                 moment(starts_on + timedelta(days=days)) if state == "done" else None, moment(starts_on))
                for step, days, state in steps
            ],
        )  # fmt: skip


def add_wave(code: str, *, asked: int, answered: int, state: str = "open") -> str:
    """The evaluation wave of a class."""
    wave = f"EVAL-{code}"
    with engine.connect("owner") as connection:
        connection.execute(
            """insert into ops.survey_waves (wave_code, instrument_code, instrument_version, subject_kind, subject_id,
                   anonymity, state, opened_at, closes_at, closed_at, minimum_count)
               values (%s, 'course_evaluation', '1', 'class_session', %s, 'anonymous', %s, %s, %s, %s, 5)""",
            (
                wave,
                code,
                state,
                moment(TODAY),
                moment(TODAY + timedelta(days=7)),
                moment(TODAY) if state == "closed" else None,
            ),
        )
        connection.execute(
            """insert into ops.invitations (wave_code, employee_id, token, is_used, invited_on)
               select %s, 'E' || n, md5(%s || n), n <= %s, '2026-03-16' from generate_series(1, %s) as n""",
            (wave, wave, answered, asked),
        )
    return wave


def add_report(folder: Path, subject_id: str, audience: str, *, kind: str = "run_sheet", content: bytes = PDF) -> int:
    """A registered PDF; returns its id."""
    path = folder / f"{kind}-{subject_id}-{audience}.pdf"
    path.write_bytes(content)
    with engine.connect("owner") as connection:
        row = connection.execute(
            """insert into ops.reports (kind, subject_kind, subject_id, audience, locale, revision_number, view_sha256,
                   state, uri, pdf_sha256, size_bytes, page_count, rendered_at)
               values (%s, 'class_session', %s, %s, 'zh-CN', 1, 'v', 'rendered', %s, %s, %s, 2, %s)
               returning report_id""",
            (
                kind,
                subject_id,
                audience,
                path.as_uri(),
                hashlib.sha256(content).hexdigest(),
                len(content),
                moment(TODAY),
            ),
        ).fetchone()
    assert row is not None
    return int(row["report_id"])


def add_mail(
    template: str, state: str, *, subject: tuple[str, str] = ("class_session", "2026-C001"), number: int = 1
) -> int:
    """One mail and its notice; returns the mail's id."""
    key = f"{template}-{subject[1]}-{number}"
    with engine.connect("owner") as connection:
        row = connection.execute(
            """insert into ops.messages (environment, recipient_kind, recipient_id, recipient_address, template, locale,
                   timezone, calendar_code, is_urgent, subject, mime_message_id, mime_bytes, mime_sha256, state,
                   composed_at, sent_at, settled_at)
               values ('test', 'employee', 'E1', 'secret-address@example.com', %(template)s, 'zh-CN',
                   'Asia/Shanghai', 'CN', false, 'secret subject', %(key)s, '', '', %(state)s::text::ops.message_state,
                   %(now)s, case when %(state)s::text = 'sent' then %(now)s end,
                   case when %(state)s::text <> 'composed' then %(now)s end)
               returning message_id""",
            {"template": template, "key": key, "state": state, "now": moment(TODAY)},
        ).fetchone()
        assert row is not None
        connection.execute(
            """insert into ops.notices (
                   kind, subject_kind, subject_id, recipient_kind, recipient_id, step, state, message_id, facts
               ) values (%s, %s, %s, 'employee', %s, '', 'composed', %s, %s)""",
            (template, *subject, f"E{number}", row["message_id"], Jsonb({})),
        )
    return int(row["message_id"])


def add_file(dataset: str, *, held_rows: int = 0, state: str = "merged", values: dict[str, Any] | None = None) -> int:
    """One inbox file, with rows in quarantine."""
    reason = ("unknown_header", "表头不符", "The header is unknown") if state == "refused" else (None, None, None)
    with engine.connect("owner") as connection:
        row = connection.execute(
            """insert into ops.inbox_files (
                   dataset, name, source_uri, archive_uri, content_sha256, size_bytes, state, found_at, finished_at,
                   row_count, accepted_count, quarantined_count, refused_rule, refused_reason_zh, refused_reason_en
               ) values (%s, %s, '', '', md5(random()::text), 10, %s, %s, %s, %s, %s, %s, %s, %s, %s)
               returning file_id""",
            (dataset, f"{dataset}.csv", state, moment(TODAY), moment(TODAY), held_rows and held_rows + 5,
             held_rows and 5, held_rows, *reason),
        ).fetchone()  # fmt: skip
        assert row is not None
        for number in range(1, held_rows + 1):
            held = connection.execute(
                """insert into ops.quarantined_rows (file_id, row_number, row_values) values (%s, %s, %s)
                   returning quarantined_row_id""",
                (row["file_id"], number, Jsonb(values or {"employee_id": f"E{number}"})),
            ).fetchone()
            assert held is not None
            connection.execute(
                """insert into ops.quarantine_reasons (quarantined_row_id, column_name, rule, message_zh, message_en)
                   values (%s, 'email', 'wrong_pattern', '邮箱格式不对。请更正。', 'No e-mail address. Correct it.')""",
                (held["quarantined_row_id"],),
            )
    return int(row["file_id"])
