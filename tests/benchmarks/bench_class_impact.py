"""A company-wide class from the warehouse: 100,000 learners and 50,000 others × 6 monthly indicators in one batch.

Run: `pytest tests/benchmarks/bench_class_impact.py -s`. Nine million facts are written first (minutes). Ours is the
whole way: people by rule, facts as arrays, windows, comparison, effect, trend, grade; memory is the peak of a process
of its own, imports included. The other side is PostgreSQL itself, asked only to add the same facts up by person.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime

import pytest
from tests.benchmarks.harness import GOALS, Journal

from trainloop.warehouse import engine

LEARNERS, PEOPLE, KPIS = 100_000, 150_000, 6
MEMORY_LIMIT_MB = 1024
SESSION = "2026-C001"
FILL = (
    """insert into ops.inbox_files (dataset, name, source_uri, archive_uri, content_sha256, size_bytes, state, found_at,
           finished_at) values ('kpi_facts', 'facts.csv', '', '', 'facts', 1, 'merged', '2026-01-01', '2026-01-01')""",
    f"""insert into core.employees (employee_id, name, department_code, job_family, job_level, hired_on, file_id,
            row_number)
        select 'E' || n, 'Person', 'D' || n / 20, 'family' || n %% 4, 'P' || n / 7 %% 3, '2020-01-01', 1, n
        from generate_series(0, {PEOPLE - 1}) as n""",
    """insert into core.employee_history (employee_id, valid_from, department_code, job_family, job_level, file_id)
       select employee_id, '2020-01-01', department_code, job_family, job_level, 1 from core.employees""",
    f"""insert into core.kpi_definitions (kpi_code, name_zh, name_en, direction, file_id, row_number)
        select 'kpi_' || n, '指标', 'KPI', 'higher', 1, n from generate_series(1, {KPIS}) as n""",
    """insert into core.courses (course_code, name_zh, name_en, mode, hours, key_kpi_code, file_id, row_number)
       values ('C', '课程', 'Course', 'online', 1, 'kpi_1', 1, 1)""",
    f"""insert into core.course_kpis select 'C', 'kpi_' || n, 1, n from generate_series(2, {KPIS}) as n""",
    """insert into core.trainers (trainer_id, name, email, kind, file_id, row_number)
       values ('T', 'Trainer', 't@example.com', 'external', 1, 1)""",
    f"""insert into core.class_sessions (session_code, course_code, trainer_id, starts_at, ends_at, mode, file_id,
            row_number) values ('{SESSION}', 'C', 'T', '2026-05-14 09:00+08', '2026-05-14 10:00+08', 'online', 1, 1)""",
    f"""insert into core.attendance (session_code, employee_id, status, file_id, row_number)
        select '{SESSION}', 'E' || n, 'present', 1, n from generate_series(0, {LEARNERS - 1}) as n""",
    f"""insert into core.enrollments (session_code, employee_id, status, file_id, row_number)
        select '{SESSION}', 'E' || n, 'waitlisted', 1, n from generate_series({LEARNERS}, {PEOPLE - 1}) as n""",
    f"""insert into core.kpi_facts (unit_kind, unit_id, kpi_code, period, value, file_id, row_number)
        select 'employee', 'E' || n, 'kpi_' || k, to_char(month, 'YYYY-MM'),
            100 + n %% 17 + 4 * random() + case when n < {LEARNERS} and month > '2026-05-31' then 2 else 0 end, 1, 1
        from generate_series(1, {KPIS}) as k, generate_series(0, {PEOPLE - 1}) as n,
            generate_series('2025-11-01'::date, '2026-08-01', interval '1 month') as month""",
    "analyze",
)
CHILD = f"""
import json, re, time
from pathlib import Path
from trainloop.config import get_site
from trainloop.impact import class_study
from trainloop.impact.measuring import measure_all
from trainloop.warehouse import engine
started = time.perf_counter()
with engine.connect("statistics") as connection:
    session = class_study.read_session(connection, "{SESSION}")
    results, _, _ = measure_all(connection, session, class_study.read_indicators(connection, "C"), get_site())
found = [(one.grade, one.finding.outcome, round(one.finding.effect.estimate, 2)) for one in results]
# Not ru_maxrss: after fork and exec it begins with the peak of the parent, which has just fetched the bare sums.
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024
print(json.dumps({{"seconds": time.perf_counter() - started, "peak_mb": peak, "found": found}}))
"""


@pytest.mark.benchmark
@pytest.mark.timeout(3600)
def test_a_company_wide_class_is_measured_within_a_gigabyte(
    warehouse: str, set_clock: Callable[..., datetime], journal: Journal
) -> None:
    """Six indicators of 150,000 people from PostgreSQL: under 1 GB and six times the bare sums of the database."""
    set_clock(2026, 9, 10)
    for query in FILL:
        with engine.connect("owner") as connection:
            connection.execute(query.replace("%%", "%").encode())
    with engine.connect("statistics") as connection:
        started = time.perf_counter()
        connection.execute(
            """select unit_id, kpi_code, starts_on > '2026-05-31', avg(value) from core.kpi_facts
               where starts_on between '2025-11-01' and '2026-08-01' group by 1, 2, 3"""
        ).fetchall()
        bare = time.perf_counter() - started
    done = subprocess.run([sys.executable, "-c", CHILD], env=os.environ, capture_output=True, text=True, check=True)
    ours = json.loads(done.stdout)
    journal.note(
        "class impact",
        [ours["seconds"] / bare],
        people=PEOPLE,
        seconds=round(ours["seconds"], 1),
        peak_mb=ours["peak_mb"],
        bare_sums_seconds=round(bare, 1),
    )
    assert [one[:2] for one in ours["found"]] == [["B", "improved"]] * KPIS
    assert all(abs(effect - 2) < 0.1 for _, _, effect in ours["found"])
    assert ours["peak_mb"] < MEMORY_LIMIT_MB
    assert ours["seconds"] < GOALS["class impact"].goal * bare
