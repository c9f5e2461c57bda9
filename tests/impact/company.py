"""A company in the warehouse: departments, one class on 14 May 2026, monthly figures of an indicator or two."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from trainloop.warehouse import engine

SESSION = "2026-C001"
MONTHS = tuple(f"{2025 + (10 + n) // 12}-{(10 + n) % 12 + 1:02d}" for n in range(10))  # 2025-11 … 2026-08
AFTER = np.arange(len(MONTHS)) > 6


def write(text: str, values: Any = None) -> None:
    with engine.connect("owner") as connection:
        connection.execute(text, values)


def write_many(text: str, rows: Iterable[Sequence[Any]]) -> None:
    with engine.connect("owner") as connection, connection.cursor() as cursor:
        cursor.executemany(text, list(rows))


def read(text: str, values: Any = None) -> list[dict[str, Any]]:
    with engine.connect("owner") as connection:
        return connection.execute(text, values).fetchall()


def one(text: str, values: Any = None) -> dict[str, Any]:
    (row,) = read(text, values)
    return row


def learner(number: int) -> str:
    return f"L{number:03d}"


def other(number: int) -> str:
    return f"C{number:03d}"


def file_of(dataset: str, finished: str = "2026-05-01T00:00Z") -> int:
    """Register a merged file with the gate's verdict; return its id."""
    found = one(
        """insert into ops.inbox_files (dataset, name, source_uri, archive_uri, content_sha256, size_bytes, state,
               found_at, finished_at, row_count, accepted_count)
           values (%(dataset)s, %(dataset)s || '.csv', '', '', gen_random_uuid()::text, 1, 'merged', %(at)s, %(at)s, 1,
               1)
           returning file_id""",
        {"dataset": dataset, "at": finished},
    )
    write(
        """insert into ops.check_runs (suite, file_id, checked_at, row_count, is_passed, gate_decision)
           values (%s, %s, %s, 1, true, 'pass')""",
        (dataset, found["file_id"], finished),
    )
    file_id: int = found["file_id"]
    return file_id


def make(learners: int = 40, others: int = 40, *, team_size: int = 4, status: str = "waitlisted") -> None:
    """Learners who attended and others with an enrollment of `status` ('' = none), in departments of `team_size`."""
    plan = file_of("class_sessions", "2026-01-05T00:00Z")
    people = [*map(learner, range(learners)), *map(other, range(others))]
    teams = {who: f"{who[0]}{int(who[1:]) // team_size:02d}" for who in people}
    write_many(
        """insert into core.departments (department_code, name_zh, name_en, head_employee_id, file_id, row_number)
           values (%s, %s, %s, %s, 1, 1)""",
        [
            (team, f"{team}部", f"Team {team}", next(who for who in people if teams[who] == team))
            for team in sorted(set(teams.values()))
        ],
    )
    write_many(
        """insert into core.employees (employee_id, name, email, department_code, job_family, job_level, hired_on,
               labour_cost_band, file_id, row_number)
           values (%s, %s, %s, %s, 'sales', 'P5', '2020-01-01', 'B', 1, 1)""",
        [(who, f"Person {who}", f"{who.lower()}@example.com", teams[who]) for who in people],
    )
    write(
        """insert into core.employee_history (employee_id, valid_from, department_code, job_family, job_level,
               labour_cost_band, file_id)
           select employee_id, '2020-01-01', department_code, job_family, job_level, labour_cost_band, 1
           from core.employees"""
    )
    indicator("sales", direction="higher", unit="千元")
    write(
        """insert into core.courses (course_code, name_zh, name_en, mode, hours, key_kpi_code, file_id, row_number)
           values ('C-NEG', '商务谈判', 'Business negotiation', 'classroom', 6, 'sales', 1, 1)"""
    )
    write(
        """insert into core.trainers (trainer_id, name, email, kind, file_id, row_number)
           values ('T001', 'Trainer One', 't1@example.com', 'external', 1, 1)"""
    )
    class_session(SESSION, "2026-05-14", plan)
    attend(SESSION, map(learner, range(learners)))
    if status:
        write_many(
            """insert into core.enrollments (session_code, employee_id, status, file_id, row_number)
               values (%s, %s, %s, %s, 1)""",
            [(SESSION, other(number), status, plan) for number in range(others)],
        )


def class_session(code: str, day: str, file_id: int, course: str = "C-NEG") -> None:
    write(
        """insert into core.class_sessions (session_code, course_code, trainer_id, starts_at, ends_at, mode, status,
               file_id, row_number)
           values (%(code)s, %(course)s, 'T001', (%(day)s || ' 09:00+08')::timestamptz,
               (%(day)s || ' 17:00+08')::timestamptz, 'classroom', 'confirmed', %(file)s, 1)""",
        {"code": code, "course": course, "day": day, "file": file_id},
    )


def attend(code: str, people: Iterable[str]) -> None:
    file_id = file_of("attendance", "2026-05-15T00:00Z")
    write_many(
        """insert into core.attendance (session_code, employee_id, status, file_id, row_number)
           values (%s, %s, 'present', %s, 1)""",
        [(code, who, file_id) for who in people],
    )


def indicator(code: str, *, direction: str = "higher", unit: str | None = None, rate_per: int | None = None) -> None:
    write(
        """insert into core.kpi_definitions (kpi_code, name_zh, name_en, direction, unit, rate_per, unit_value_amount,
               margin_pct, value_owner, value_source, file_id, row_number)
           values (%s, %s, %s, %s, %s, %s, 1000, 40, '财务部', '2025 cost study', 1, 1)""",
        (code, f"{code}指标", f"{code} indicator", direction, unit, rate_per),
    )


def levels(count: int, generator: np.random.Generator, effect: float = 0.0, low: float = 0.0) -> np.ndarray:
    """People × months: a steady person, little luck, an effect after the class, a dip in the three months before it."""
    steady = generator.normal(100, 8, count)
    values = steady[:, None] + generator.normal(0, 2, (count, len(MONTHS)))
    values[:, 3:6] += low
    return values + effect * AFTER


def grid(count: int, generator: np.random.Generator, effect: float = 0.0) -> np.ndarray:
    """Levels whose groups have the same mean before, whatever their size."""
    steady = np.linspace(92, 108, count)
    return steady[:, None] + generator.normal(0, 0.5, (count, len(MONTHS))) + effect * AFTER


def facts(
    people: Sequence[str],
    values: np.ndarray,
    kpi: str = "sales",
    *,
    months: Sequence[str] = MONTHS,
    finished: str = "2026-09-05T00:00Z",
    exposure: np.ndarray | None = None,
) -> int:
    """Write one file of monthly figures, shape (people, months), of a rate with its exposure; return its id."""
    file_id = file_of("kpi_facts", finished)
    column = "value" if exposure is None else "numerator"
    write(
        f"""insert into core.kpi_facts (unit_kind, unit_id, kpi_code, period, {column}, denominator,
                file_id, row_number)
           select 'employee', unit_id, %(kpi)s, period, round(amount, 4), exposure, %(file)s, 1
           from unnest(%(people)s::text[], %(periods)s::text[], %(amounts)s::numeric[], %(exposures)s::numeric[])
               as given (unit_id, period, amount, exposure)
           on conflict (unit_kind, unit_id, kpi_code, period) do update
           set value = excluded.value, file_id = excluded.file_id""",
        {
            "kpi": kpi,
            "file": file_id,
            "people": [who for who in people for _ in months],
            "periods": [*months] * len(people),
            "amounts": [float(one) for one in values.ravel()],
            "exposures": [None] * values.size if exposure is None else [float(one) for one in exposure.ravel()],
        },
    )
    return file_id


def costs(amounts: dict[str, str], currency: str = "CNY") -> None:
    file_id = file_of("session_costs", "2026-05-20T00:00Z")
    write_many(
        "insert into core.session_costs (session_code, category, amount, currency, file_id, row_number)"
        " values (%s, %s, %s, %s, %s, 1)",
        [(SESSION, category, amount, currency, file_id) for category, amount in amounts.items()],
    )


def finding(kpi: str = "sales", session: str = SESSION) -> dict[str, Any]:
    return one("select * from marts.performance_findings where session_code = %s and kpi_code = %s", (session, kpi))


def figures(session: str = SESSION) -> dict[tuple[str, str, str], dict[str, Any]]:
    """The newest release that is not withheld."""
    rows = read(
        """select figures.* from published.figures as figures
           where release_id = (
               select max(release_id) from published.releases
               where product = 'performance_90d' and subject_id = %s and not is_withheld
           )""",
        (session,),
    )
    return {(row["family"], row["code"], row["statistic"]): row for row in rows}
