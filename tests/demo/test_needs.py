"""The planted needs of the sample company: its own files and answers lead the analysis to every planted verdict."""

from __future__ import annotations

from datetime import date

import pytest
from psycopg.types.json import Jsonb

from trainloop import clock
from trainloop.demo import needs_files
from trainloop.demo.company import Company, build_company
from trainloop.demo.files import year_files
from trainloop.demo.findings_files import check_files
from trainloop.demo.findings_needs import check_needs
from trainloop.demo.needs_answers import answering, needs_answers
from trainloop.demo.needs_truth import needs
from trainloop.demo.runners import DirectRunner
from trainloop.demo.tables import PlantedFile
from trainloop.demo.timeline import steps
from trainloop.demo.year import Year
from trainloop.needs.analysis import analyze_year
from trainloop.settings import get_settings
from trainloop.warehouse import engine

CLOSED_ON = date(2026, 11, 23)


@pytest.fixture(scope="module")
def company() -> Company:
    return build_company()


def test_the_planted_share_of_each_target_group_names_its_topic(company: Company) -> None:
    """Shares are exact within the people who answer, and nobody names more than the form allows."""
    people = {one.employee_id: one for one in company.on(CLOSED_ON)}
    answers = needs_answers(company, CLOSED_ON)
    for topic in needs().topics:
        group = [one for one in answers if topic.is_for(people[one])]
        named = [one for one in group if any(topic.code in answers[one].get(item, ()) for item in
                 ("wished_topics", "career_topics", "weak_topics"))]  # fmt: skip
        assert len(named) == round(len(group) * topic.asking_pct / 100), topic.code
    assert max(len(said.get("wished_topics", ())) for said in answers.values()) <= 5
    assert 200 < len(answering(company, CLOSED_ON)) < 240


@pytest.mark.slow
def test_files_and_answers_of_the_needs_stage_lead_to_every_planted_verdict(warehouse: str, company: Company) -> None:
    """Quiet strategic gap first, popular topic rejected, process problem no need, an override, orphans both ways."""
    year = Year(company, DirectRunner(), get_settings())
    arrived = year_files(company)
    _take_in(year, list(arrived[date(2026, 1, 5)]))
    _take_in(year, [one for one in arrived[date(2026, 9, 30)] if one.dataset == "employees"])
    _take_in(year, _needs_files(company))
    _close_wave(company)
    with engine.connect("owner") as connection:
        clock.freeze(connection, steps()[-1].moment.replace(month=11, day=24))
    analyze_year(needs().plan_year)
    with engine.connect("owner") as connection:
        checks = [*check_needs(connection), *check_files(connection, _needs_files(company))]
    assert [f"{one.subject}: {one.en}: {one.planted} → {one.found}" for one in checks if not one.is_met] == []
    assert len(checks) > 30


def _needs_files(company: Company) -> list[PlantedFile]:
    return [file for _, file in needs_files.files(company)]


def _take_in(year: Year, files: list[PlantedFile]) -> None:
    year._drop(files, year.steps[0])
    with engine.connect("owner") as connection:
        clock.freeze(connection, year.steps[0].moment)
    year._runner.run(("ingest",), lambda _: None, plans=False, forms={})


def _close_wave(company: Company) -> None:
    """The survey as if it had been answered and closed: forms and their coarse groups."""
    people = {one.employee_id: one for one in company.on(CLOSED_ON)}
    with engine.connect("owner") as connection:
        connection.execute(
            """insert into ops.survey_waves (wave_code, instrument_code, instrument_version, subject_kind, subject_id,
                   anonymity, state, opened_at, closes_at, closed_at, has_completions, minimum_count, population)
               values ('NEEDS-2027', 'annual_needs', '1', 'needs_year', '2027', 'anonymous', 'closed',
                   '2026-11-02T00:00Z', '2026-11-23T15:59Z', '2026-11-23T16:00Z', true, 5, 'active_employees')"""
        )
        connection.execute(
            """insert into ops.invitations (wave_code, employee_id, token, invited_on)
               select 'NEEDS-2027', employee_id, gen_random_uuid()::text, '2026-11-02' from core.employees"""
        )
        for employee_id, said in needs_answers(company, CLOSED_ON).items():
            groups = {"job_level": people[employee_id].level, "job_family": people[employee_id].family}
            row = connection.execute(
                """insert into confidential.responses (wave_code, state, external_id_hash, coarse_groups)
                   values ('NEEDS-2027', 'complete', %s, %s) returning response_id""",
                (employee_id, Jsonb(groups)),
            ).fetchone()
            assert row is not None
            for item in ("wished_topics", "career_topics", "weak_topics"):
                for code in said.get(item, ()):
                    connection.execute(
                        "insert into confidential.answers (response_id, item_code, choice) values (%s, %s, %s)",
                        (row["response_id"], item, code),
                    )
