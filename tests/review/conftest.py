"""A company at the end of its year: five courses with planted evidence, as intake and releases leave it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from tests.resources.conftest import Company

from trainloop.warehouse import engine

# course → (topic, evaluation means of its classes, Hake gain, plans done of ten, 90-day grade and outcome)
COURSES = {
    "C-KEEP": ("T-KEEP", (4.5, 4.6), 0.4, 8, ("D", "improved")),
    "C-SCALE": ("T-SCALE", (4.4, 4.3), 0.5, 8, ("B", "improved")),
    "C-FIX": ("T-FIX", (4.3, 4.2), 0.02, 8, None),
    "C-STOP": ("T-STOP", (2.9, 2.8), 0.4, 1, ("C", "worsened")),
    "C-ONCE": ("T-ONCE", (3.0,), None, 0, None),
}
PEOPLE = 20


def _class(company: Company, course: str, number: int, mean: float, gain: float | None) -> None:
    session = f"{course}-{number}"
    company.do(
        """insert into core.class_sessions (session_code, course_code, trainer_id, starts_at, ends_at, timezone, mode,
        status, file_id, row_number) values (%s, %s, 'T1', %s, %s, 'Asia/Shanghai', 'classroom', 'confirmed', 1, 1)""",
        *(session, course, f"2026-0{number + 2}-05 09:00+08", f"2026-0{number + 2}-05 17:00+08"),
    )
    company.do(
        """insert into core.attendance (session_code, employee_id, slot, status, file_id, row_number)
        select %s, employee_id, 1, 'present', 1, 1 from core.employees""",
        session,
    )
    release = company.rows(
        """insert into published.releases (product, subject_kind, subject_id, revision_number, data_sha256,
        site_version, released_at) values ('course_evaluation', 'class_session', %s, 1, 'x', '1', now())
        returning release_id""",
        session,
    )[0]["release_id"]
    figures = [
        ("dimension", "content_practicality", "mean", mean),
        ("dimension", "instructor_professionalism", "mean", mean),
        ("response", "wave", "complete_count", 18),
        ("response", "wave", "eligible_count", 20),
    ]
    if gain is not None:
        figures.append(("test", "class", "gain", gain))
    for family, code, statistic, value in figures:
        company.do(
            """insert into published.figures (release_id, family, code, statistic, value, respondent_count)
            values (%s, %s, %s, %s, %s, 18)""",
            *(release, family, code, statistic, value),
        )


@pytest.fixture
def company(warehouse: str, set_clock: Callable[..., datetime]) -> Iterator[Company]:
    """Twenty people in two departments (one of three people) came to every class; it is Monday, 21 December 2026."""
    set_clock(2026, 12, 21)
    with engine.connect("owner", autocommit=True) as connection:
        one = Company(connection)
        for code, head in (("D1", "E01"), ("D2", None)):
            one.do(
                """insert into core.departments (department_code, name_zh, name_en, head_employee_id, file_id,
                row_number) values (%s, %s, %s, %s, 1, 1)""",
                *(code, code, code, head),
            )
        for number in range(1, PEOPLE + 1):
            one.do(
                """insert into core.employees (employee_id, name, email, department_code, job_family, job_level,
                locale, timezone, calendar_code, file_id, row_number)
                values (%s, %s, %s, %s, 'S', 'P1', 'zh-CN', 'Asia/Shanghai', 'CN', 1, 1)""",
                *(f"E{number:02}", f"测试{number}", f"e{number}@example.com", "D2" if number > 17 else "D1"),
            )
        one.do(
            """insert into core.trainers (trainer_id, name, email, kind, file_id, row_number)
            values ('T1', '韩梅梅', 'han@example.com', 'internal', 1, 1)"""
        )
        one.do(
            """insert into core.kpi_definitions (kpi_code, name_zh, name_en, direction, unit, file_id, row_number)
            values ('K1', '指标', 'Indicator', 'higher', 'pct', 1, 1)"""
        )
        for course, (topic, means, gain, done, finding) in COURSES.items():
            one.do(
                """insert into core.courses (course_code, name_zh, name_en, topic_code, mode, hours, file_id,
                row_number) values (%s, %s, %s, %s, 'classroom', 6, 1, 1)""",
                *(course, f"课程{course[2:]}", course, topic),
            )
            one.do(
                """insert into core.training_topics (topic_code, name_zh, name_en, file_id, row_number)
                values (%s, %s, %s, 1, 1)""",
                *(topic, topic, topic),
            )
            for number, mean in enumerate(means, start=1):
                _class(one, course, number, mean, gain)
            if done:
                _plans(one, f"{course}-1", done)
                _plan_report(one, f"{course}-1", done)
            if finding:
                _finding(one, f"{course}-1", *finding)
        yield one


def _plans(company: Company, session: str, done: int) -> None:
    """Twenty people plan after the class; `done` tenths of them reach it, the others lack a tool."""
    company.do(
        """insert into ops.survey_waves (wave_code, instrument_code, instrument_version, subject_kind, subject_id,
        anonymity, minimum_count, opened_at, closes_at, state) values (%s, 'action_plan', '1', 'class_session', %s,
        'named', 1, now(), now(), 'open')""",
        *(f"AP-{session}", session),
    )
    company.do(
        """insert into ops.invitations (wave_code, employee_id, token, invited_on)
        select %s, employee_id, %s || employee_id, current_date from core.employees""",
        *(f"AP-{session}", session),
    )
    company.do(
        """insert into ops.action_plans (plan_id, session_code, employee_id, goal, metric, target_value, due_on,
        first_step, state, blocker, made_at, updated_at, check_in_due_on)
        select %s || employee_id, %s, employee_id, 'g', 'm', 1, '2026-05-01', 's',
            (case when substr(employee_id, 2)::integer <= %s then 'done' else 'late' end)::ops.plan_state,
            case when substr(employee_id, 2)::integer <= %s then 'none' else 'tool' end, now(), now(), '2026-05-01'
        from core.employees""",
        *(f"P-{session}-", session, done * 2, done * 2),
    )


def _finding(company: Company, session: str, grade: str, outcome: str) -> None:
    release = company.rows(
        """insert into published.releases (product, subject_kind, subject_id, revision_number, data_sha256,
        site_version, released_at) values ('performance_90d', 'class_session', %s, 1, 'x', '1', now())
        returning release_id""",
        session,
    )[0]["release_id"]
    company.do(
        """insert into marts.performance_findings (session_code, kpi_code, is_key, release_id, revision_number, grade,
        sentence_code, outcome, inference, is_selected_on_results, learner_count, comparison_count, learner_team_count,
        comparison_team_count, relevant_effect, trend, weaknesses, cautions)
        values (%s, 'K1', true, %s, 1, %s, 's', %s, 'none', false, 20, 20, 4, 4, 0.5, 'parallel', '{}', '{}')""",
        *(session, release, grade, outcome),
    )


def _plan_report(company: Company, session: str, done: int) -> None:
    """The 30-day report of the class shows its twenty plans."""
    release = company.rows(
        """insert into published.releases (product, subject_kind, subject_id, revision_number, data_sha256,
        site_version, released_at) values ('action_plans_30d', 'class_session', %s, 1, 'x', '1', now())
        returning release_id""",
        session,
    )[0]["release_id"]
    for statistic, share in (("done_pct", done * 10), ("verified_pct", 0)):
        company.do(
            """insert into published.figures (release_id, family, code, statistic, value, respondent_count)
            values (%s, 'plan', 'class', %s, %s, 20)""",
            *(release, statistic, share),
        )
