"""A small company with a year's evidence of training needs, written straight into the warehouse.

Planted: T-QUIET is a strategic, confirmed skill gap with a near deadline that just enough people ask for; T-POP is what
most people wish, without goal or gap; T-PROC has a large gap that is a matter of process; T-SOLO is wished by few.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from trainloop.warehouse import engine

YEAR, WAVE = 2027, "NEEDS-2027"
QUARTERS = ("2025Q4", "2026Q1", "2026Q2", "2026Q3")
LEVELS = ("P4", "P5", "P6")
# family → (department, people)
FAMILIES = {"sales": ("D10", 30), "service": ("D20", 30), "finance": ("D30", 12)}
TOPICS: Mapping[str, Mapping[str, Any]] = {
    "T-QUIET": {"goal": "G1", "kpi": "defects", "families": "service", "deadline": "2027-01-31", "cost": 80000},
    "T-POP": {"goal": None, "kpi": "sales", "families": "sales", "deadline": None, "cost": 20000},
    "T-PROC": {"goal": "G2", "kpi": "delay", "families": "finance", "deadline": "2027-06-30", "cost": 30000},
    "T-SOLO": {"goal": "G1", "kpi": None, "families": "sales", "deadline": "2027-03-31", "cost": None},
}
FORM_COLUMNS = ("job_level", "job_family")


def write(text: str, values: Any = None) -> None:
    with engine.connect("owner") as connection:
        connection.execute(text, values)


def write_many(text: str, rows: Iterable[Sequence[Any]]) -> None:
    with engine.connect("owner") as connection, connection.cursor() as cursor:
        cursor.executemany(text, list(rows))


def read(text: str, values: Any = None) -> list[dict[str, Any]]:
    with engine.connect("owner") as connection:
        return connection.execute(text, values).fetchall()


def people(family: str) -> list[str]:
    return [f"{family.upper()}{number:03d}" for number in range(FAMILIES[family][1])]


def level_of(employee_id: str) -> str:
    return LEVELS[int(employee_id[-3:]) % len(LEVELS)]


def make_company() -> None:
    """Departments, people, goals, indicators, topics, one course, results, confirmations and interviews."""
    write(
        """insert into ops.inbox_files (dataset, name, source_uri, archive_uri, content_sha256, size_bytes, found_at)
           values ('test', 'test', '', '', 'test', 0, now())"""
    )
    write_many(
        """insert into core.departments (department_code, name_zh, name_en, head_employee_id, file_id, row_number)
           values (%s, %s, %s, %s, 1, 1)""",
        [(code, f"{family}部", family.title(), people(family)[0]) for family, (code, _) in FAMILIES.items()],
    )
    write_many(
        """insert into core.employees (employee_id, name, email, department_code, job_family, job_level, hired_on,
               file_id, row_number)
           values (%s, %s, %s, %s, %s, %s, '2020-01-01', 1, 1)""",
        [
            (each, f"Person {each}", f"{each}@example.com", department, family, level_of(each))
            for family, (department, _) in FAMILIES.items()
            for each in people(family)
        ],
    )
    for code, weight in (("G1", 50), ("G2", 30), ("G3", 20)):
        write(
            "insert into core.strategy_goals values (2027, %s, '目标', 'Goal', null, null, %s, null, 1, 1)",
            (code, weight),
        )
    for code, direction in (("defects", "lower"), ("sales", "higher"), ("delay", "lower")):
        write(
            """insert into core.kpi_definitions (kpi_code, name_zh, name_en, direction, file_id, row_number)
               values (%s, '指标', 'KPI', %s, 1, 1)""",
            (code, direction),
        )
    for code, topic in TOPICS.items():
        make_topic(code, **topic)
    write(
        """insert into core.courses (course_code, name_zh, name_en, topic_code, mode, hours, file_id, row_number)
           values ('C-1', '课', 'Course', 'T-QUIET', 'classroom', 6, 1, 1),
               ('C-9', '课', 'Old', null, 'classroom', 6, 1, 1)"""
    )
    make_results("service", "defects", target=2, actual=2.6, cause="skill")
    make_results("sales", "sales", target=100, actual=99, cause=None)
    make_results("finance", "delay", target=10, actual=16, cause="process")
    confirm("T-QUIET", "D20", cause=None)
    confirm("T-PROC", "D30", cause=None)
    confirm("T-POP", "D10", cause="skill")


def make_topic(code: str, *, goal: str | None, kpi: str | None, families: str, deadline: str | None, cost: Any) -> None:
    write(
        """insert into core.training_topics (topic_code, name_zh, name_en, competency_code, goal_code, kpi_code,
               target_families, deadline_on, estimated_cost_amount, file_id, row_number)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s, 1, 1)""",
        (code, f"主题{code}", f"Topic {code}", f"c-{code}", goal, kpi, families, deadline, cost),
    )


def make_results(family: str, kpi: str, *, target: float, actual: float, cause: str | None, step: float = 0.0) -> None:
    """A result per person and quarter; `step` is added each quarter, and people differ a little around `actual`."""
    write_many(
        "insert into core.performance_reviews values (%s, %s, %s, %s, %s, null, %s, 1, 1)",
        [
            (each, quarter, kpi, target, actual + step * place + (number % 3 - 1) * target / 100, cause)
            for number, each in enumerate(people(family))
            for place, quarter in enumerate(QUARTERS)
        ],
    )


def confirm(
    topic: str, department: str, *, yes: bool = True, cause: str | None = "skill", override: Sequence[str] = (None,) * 3
) -> None:
    write(
        """insert into core.need_confirmations values (2027, %s, %s, %s, '王芳', '2026-11-20', %s, %s, %s, %s, 1, 1)
           on conflict (year, topic_code, department_code) do update set is_confirmed = excluded.is_confirmed,
               cause = excluded.cause, override_verdict = excluded.override_verdict,
               override_reason = excluded.override_reason, override_by = excluded.override_by""",
        (topic, department, yes, cause, *override),
    )


def interview(number: int, department: str, topic: str | None, severity: int = 3, quote: str | None = None) -> None:
    write(
        "insert into core.business_interviews values (%s, %s, null, '2026-10-12', '痛点', %s, %s, %s, 1, 1)",
        (f"I{number:03d}", department, topic, severity, quote),
    )


def make_wave(forms: Iterable[Mapping[str, Any]], *, invited: int = 72) -> None:
    """The needs survey, closed on 23 November 2026, with these forms: level, family and item → topics or number."""
    write(
        """insert into ops.survey_waves (wave_code, instrument_code, instrument_version, subject_kind, subject_id,
               anonymity, state, opened_at, closes_at, closed_at, has_completions, minimum_count, population)
           values (%s, 'annual_needs', '1', 'needs_year', '2027', 'anonymous', 'closed', '2026-11-02T00:00Z',
               '2026-11-23T15:59Z', '2026-11-23T16:00Z', true, 5, 'active_employees')""",
        (WAVE,),
    )
    write(
        """insert into ops.invitations (wave_code, employee_id, token, invited_on)
           select %s, employee_id, gen_random_uuid()::text, '2026-11-02'
           from core.employees order by employee_id limit %s""",
        (WAVE, invited),
    )
    add_forms(forms)


def add_forms(forms: Iterable[Mapping[str, Any]], *, start: int = 0, state: str = "complete") -> None:
    from psycopg.types.json import Jsonb

    with engine.connect("intake") as connection:
        for number, form in enumerate(forms, start):
            groups = {name: form[name] for name in FORM_COLUMNS if form.get(name)}
            row = connection.execute(
                """insert into confidential.responses (wave_code, state, external_id_hash, coarse_groups)
                   values (%s, %s, %s, %s) returning response_id""",
                (WAVE, state, f"form-{number}", Jsonb(groups)),
            ).fetchone()
            assert row is not None
            for item, said in form.items():
                if item in FORM_COLUMNS:
                    continue
                for value in said if isinstance(said, list) else [said]:
                    column = "choice" if isinstance(value, str) else "score"
                    connection.execute(
                        f"insert into confidential.answers (response_id, item_code, {column}) values (%s, %s, %s)",
                        (row["response_id"], item, value),
                    )


def usual_forms() -> list[dict[str, Any]]:
    """Two of three people answer; 40 % of service ask for T-QUIET, 80 % of sales for T-POP."""
    forms: list[dict[str, Any]] = []
    for family in FAMILIES:
        for number, employee_id in enumerate(people(family)):
            if number % 3 == 2 and family != "finance":
                continue
            form: dict[str, Any] = {
                "job_level": level_of(employee_id),
                "job_family": family,
                "learning_support": 2 + number % 3,
                "preferred_mode": ("classroom", "self_paced")[number % 2],
                "available_hours": 4,
            }
            place = sum(each["job_family"] == family for each in forms)
            if family == "service" and place % 5 < 2:
                form["weak_topics"] = ["T-QUIET"]
            if family == "sales" and place % 5 < 4:
                form["wished_topics"] = ["T-POP", "T-ELSE"]
                form["career_topics"] = ["T-POP"]
            if family == "finance" and place % 2 == 0:
                form["career_topics"] = ["T-PROC"]
            forms.append(form)
    return forms
