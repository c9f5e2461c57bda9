"""The nightly purge: what is past its days goes, what is not stays, counts prove it, and a kill changes nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from trainloop import faults
from trainloop.retention.files import purge_logs
from trainloop.retention.purge import PLACES, purge_expired
from trainloop.warehouse import engine

SetClock = Callable[..., datetime]
# Two of each thing: one of January 2024 and one of December 2026; the clock says 2027-01-15.
COMPANY = """
insert into core.departments (department_code, name_zh, name_en, file_id, row_number)
values ('D1', '销售', 'Sales', 1, 1);
insert into core.employees (employee_id, name, department_code, job_family, job_level, left_on, removed_on, file_id,
    row_number)
values ('E1', '甲', 'D1', 'sales', 'P5', null, null, 1, 1), ('E2', '乙', 'D1', 'sales', 'P5', null, null, 1, 2),
    ('E3', '丙', 'D1', 'sales', 'P5', '2026-03-01', '2026-03-01', 1, 3),
    ('E4', '丁', 'D1', 'sales', 'P5', '2026-12-01', '2026-12-01', 1, 4);
insert into core.courses (course_code, name_zh, name_en, mode, hours, file_id, row_number)
values ('C1', '课', 'Course', 'classroom', 1, 1, 1);
insert into core.trainers (trainer_id, name, email, kind, file_id, row_number)
values ('T1', '师', 't1@example.com', 'internal', 1, 1);
insert into core.class_sessions (session_code, course_code, trainer_id, starts_at, ends_at, timezone, mode, capacity,
    status, is_pilot, file_id, row_number)
select code, 'C1', 'T1', day, day + interval '1 hour', 'Asia/Shanghai', 'classroom', 20, 'confirmed', false, 1, 1
from (values ('OLD', timestamptz '2024-01-10 09:00+08'), ('NEW', '2026-12-20 09:00+08')) as v (code, day);
insert into ops.inbox_files (dataset, name, source_uri, archive_uri, content_sha256, size_bytes, state, found_at,
    finished_at, row_count, accepted_count, unchanged_count, quarantined_count, parked_count, refused_count)
select 'employees', code, 'x', %(archive)s || code, code, 1, 'merged', day, day, 3, 0, 0, 1, 2, 0
from (values ('OLD', timestamptz '2024-01-10 09:00+08'), ('NEW', '2026-12-20 09:00+08')) as v (code, day);
insert into ops.quarantined_rows (file_id, row_number, row_values)
select file_id, 1, '{"name": "甲"}' from ops.inbox_files;
insert into ops.parked_rows (file_id, dataset, row_number, row_values, missing_column, missing_value, state)
select file_id, 'employees', n, '{"name": "甲"}', 'department_code', 'D9',
    (array['matched', 'waiting'])[n - 1]::ops.parking_state
from ops.inbox_files cross join (values (2), (3)) as v (n);
insert into ops.survey_waves (wave_code, instrument_code, instrument_version, subject_kind, subject_id, anonymity,
    state, opened_at, closes_at, closed_at, minimum_count)
select kind || '-' || code, kind, '1', case kind when 'feedback_360' then 'person' else 'class_session' end, code,
    'confidential', 'closed', day, day + interval '7 days', day + interval '7 days', 5
from (values ('OLD', timestamptz '2024-01-10 09:00+08'), ('NEW', '2026-12-20 09:00+08')) as v (code, day)
cross join (values ('course_evaluation'), ('feedback_360')) as k (kind);
insert into core.attendance (session_code, employee_id, status, file_id, row_number)
values ('OLD', 'E1', 'present', 1, 1), ('OLD', 'E2', 'absent', 1, 2);
insert into ops.invitations (wave_code, employee_id, token, is_used, invited_on, coarse_groups)
select wave_code, person, wave_code || person, person = 'E1', '2024-01-10', '{"job_level": "P5"}'
from ops.survey_waves cross join (values ('E1'), ('E2')) as p (person);
insert into ops.wave_people (wave_code, employee_id) select wave_code, 'E1' from ops.survey_waves;
insert into confidential.responses (wave_code, state, external_id_hash, coarse_groups, pseudonym)
select wave_code, 'complete', wave_code, '{"job_level": "P5"}', 'somebody' from ops.survey_waves;
insert into confidential.answers (response_id, item_code, score, free_text)
select response_id, item, score, said from confidential.responses
cross join (values ('q1', 4.0, null), ('q2', null, 'my manager')) as a (item, score, said);
insert into ops.assessments (wave_code, employee_id, promoted_on, raters_from, planned_at)
select wave_code, 'E1', opened_at::date, 'rule', opened_at from ops.survey_waves where instrument_code = 'feedback_360';
insert into confidential.assessment_results (wave_code, data_sha256, site_version, computed_at, rater_count, has_self)
select wave_code, 'x', '1', planned_at, 5, true from ops.assessments;
insert into core.named_responses (wave_code, employee_id, state, answered_at, answers)
select wave_code, 'E1', 'complete', opened_at, '{}' from ops.survey_waves where instrument_code = 'course_evaluation';
insert into core.kpi_facts (unit_kind, unit_id, kpi_code, period, value, file_id, row_number)
values ('employee', 'E1', 'K', '2024-01', 1, 1, 1), ('employee', 'E1', 'K', '2026-12', 1, 1, 2),
    ('team', 'D1', 'K', '2024-01', 1, 1, 3);
insert into core.performance_reviews (employee_id, period, kpi_code, target_value, actual_value, file_id, row_number)
values ('E1', '2024Q1', 'K', 1, 1, 1, 1), ('E1', '2026Q4', 'K', 1, 1, 1, 2);
insert into core.competency_assessments (employee_id, competency_code, assessed_on, self_level, file_id, row_number)
values ('E1', 'C', '2024-01-10', 3, 1, 1), ('E1', 'C', '2026-12-20', 3, 1, 2);
insert into ops.competency_pages (reader_id, assessed_on, is_team, sheets, people_count, planned_at, expires_at)
select 'E1', day, false, array['x'], 1, day, day from (values (timestamptz '2024-01-10'), ('2026-12-20')) as v (day);
insert into core.learner_questions (question_id, session_code, employee_id, question, file_id, row_number)
select 'Q' || session_code, session_code, 'E1', '?', 1, 1 from core.class_sessions;
insert into ops.asked_questions (session_code, question, asked_on)
select session_code, '?', '2024-01-09' from core.class_sessions;
insert into ops.digested_questions (source, question_id, session_code, digest_number, cluster_number, masked_text,
    told_at)
select 'file', 'Q' || session_code, session_code, 1, 1, '?', starts_at from core.class_sessions;
insert into core.prework_events (session_code, employee_id, asset_code, event, file_id, row_number)
select session_code, 'E1', 'A', 'opened', 1, 1 from core.class_sessions;
insert into ops.material_events (session_code, person_kind, person_id, asset_code, event, happened_at)
select session_code, 'employee', 'E1', 'A', 'opened', starts_at from core.class_sessions;
insert into ops.material_links (session_code, person_kind, person_id, made_at)
select session_code, 'employee', 'E1', starts_at from core.class_sessions;
insert into ops.session_groupings (session_code, seed, learners_sha256, group_count, made_at)
select session_code, 's', 'x', 1, starts_at from core.class_sessions;
insert into ops.learner_groups (session_code, employee_id, group_number)
select session_code, 'E1', 1 from core.class_sessions;
insert into forms.sign_in_entries (session_code, employee_id, slot, status)
select session_code, 'E1', 1, 'present' from core.class_sessions;
insert into ops.messages (environment, recipient_kind, recipient_id, recipient_address, template, locale, timezone,
    calendar_code, is_urgent, subject, mime_message_id, mime_bytes, mime_sha256, state, composed_at, sent_at)
select 'test', 'employee', 'E1', 'e1@example.com', 'x', 'en', 'UTC', 'CN', false, 's', code, 'body', 'h',
    state::ops.message_state, day, day
from (values ('OLD', timestamptz '2024-01-10', 'sent'), ('NEW', '2026-12-20', 'sent'), ('STUCK', '2024-01-10',
    'uncertain')) as v (code, day, state);
insert into ops.notices (kind, subject_kind, subject_id, recipient_kind, recipient_id, facts, state, reason, decided_at)
select (select kind from ops.notice_kinds order by kind limit 1), 'class_session', code, 'employee', 'E1', '{"a": 1}',
    'dropped', 'answered', day
from (values ('OLD', timestamptz '2024-01-10'), ('NEW', '2026-12-20')) as v (code, day);
"""


@pytest.fixture
def kept(warehouse: str, home: Path, set_clock: SetClock) -> Path:
    """A company with an old and a new thing of every kind; returns the archive folder."""
    archive = home / "archive/employees"
    archive.mkdir(parents=True)
    with engine.connect("owner") as connection:
        for part in COMPANY.split(";\n"):
            if part.strip():
                values = {"archive": archive.as_uri() + "/"} if "%(archive)s" in part else None
                connection.execute(part, values)  # type: ignore[arg-type]
    for name in ("OLD", "NEW"):
        (archive / name).write_text("甲")
    set_clock(2027, 1, 15)
    return archive


def one(query: str) -> Any:
    with engine.connect("owner") as connection:
        row = connection.execute(query).fetchone()  # type: ignore[arg-type]
    assert row is not None
    (value,) = row.values()
    return value


def everything() -> str:
    """Every table as text, without what chance decides: tokens and moments of the proof."""
    lines = []
    with engine.connect("owner") as connection:
        tables = connection.execute(
            "select schemaname || '.' || tablename as name from pg_tables"
            " where schemaname in ('core', 'confidential', 'forms', 'ops') order by 1"
        ).fetchall()
        for table in tables:
            rows = connection.execute(
                f"select (to_jsonb(t) - 'token' - 'purged_at' - 'response_id')::text as line from {table['name']} as t"  # type: ignore[arg-type]
                " where {} order by 1".format(
                    "rule not like 'erasure%'" if table["name"] == "ops.purge_counts" else "true"
                )
            )
            lines += [f"{table['name']} {row['line']}" for row in rows if table["name"] != "ops.purge_counts"]
    return "\n".join(lines)


def test_each_rule_takes_the_old_thing_and_leaves_the_new_one(kept: Path) -> None:
    """Files and who was asked go after 90 days, 360 ratings after a year, individual records after two."""
    counts = purge_expired()
    assert counts == {
        "raw_files": 3,
        "invitations": 6,
        "mail_bodies": 2,
        "assessment_answers": 1,
        "answers": 2,
        "class_details": 8,
        "individual_records": 6,
        "leavers": 1,
        "erased_again": 0,
    }
    assert not (kept / "OLD").exists()
    assert (kept / "NEW").exists()
    assert one("select count(*) from ops.quarantined_rows where row_values = '{}' and state = 'discarded'") == 1
    assert one("select count(*) from ops.parked_rows where row_values <> '{}'") == 3
    assert one("select count(*) from ops.invitations where employee_id like 'purged-%'") == 4
    assert one("select count(*) from confidential.responses where wave_code = 'feedback_360-OLD'") == 0
    assert one("select count(*) from confidential.answers where free_text is not null") == 2
    assert one("select count(*) from confidential.responses where pseudonym is not null") == 2
    assert one("select count(*) from core.kpi_facts where unit_kind = 'team'") == 1
    assert one("select count(*) from ops.messages where mime_bytes = ''") == 1
    assert one("select name from core.employees where employee_id like 'erased-%'") == "已删除 Erased"


def test_a_forgotten_wave_keeps_its_response_rate(kept: Path) -> None:
    """Who was asked is forgotten, that one of them was absent is not: eligible stays 1 of 2."""
    rate = "select (marts.evaluation_population('course_evaluation-OLD'))::text"
    before = one(rate)
    assert before == "(2,1,1,f)"
    purge_expired()
    assert one(rate) == before


def test_every_place_leaves_a_count_even_when_nothing_was_due(kept: Path) -> None:
    """The proof says that a rule was looked at, not only that it found something."""
    purge_expired(date(2024, 1, 1))
    rows = one("select count(*) from ops.purge_counts where row_count = 0")
    assert rows == sum(map(len, PLACES.values()))


def test_an_earlier_date_purges_as_on_that_day_and_a_later_one_never_more_than_today(kept: Path) -> None:
    """What is purged too early does not come back."""
    assert sum(purge_expired(date(2024, 3, 1)).values()) == 0
    purge_expired(date(2099, 1, 1))
    assert (kept / "NEW").exists()


@pytest.mark.slow
@pytest.mark.parametrize("point", ["retention.purged", "retention.archive_removed", "retention.remembered",
                                   "retention.erasing"])  # fmt: skip
def test_a_killed_purge_ends_like_one_that_was_not(kept: Path, point: str) -> None:
    """Kill -9 at a commit, at the removal of a file, half-way through a leaver: the next run ends the same."""
    code = "from trainloop.retention.purge import purge_expired; purge_expired()"
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | {faults.VARIABLE: point}, check=False)
    assert done.returncode == -signal.SIGKILL
    purge_expired()
    assert not (kept / "OLD").exists()
    assert one("select count(*) from core.employees where employee_id = 'E3'") == 0
    after = everything()
    purge_expired()
    assert everything() == after


def test_task_logs_go_after_their_days_and_empty_folders_with_them(tmp_path: Path) -> None:
    """Logs 30 days: old files and the folders they leave empty; everything else stays."""
    old, new = tmp_path / "dag_id=a/run_id=1/task.log", tmp_path / "dag_id=a/run_id=2/task.log"
    for path in (old, new, tmp_path / "dag_id=a/notes.txt"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    moment = time.time() - 31 * 86_400
    os.utime(old, (moment, moment))
    os.utime(tmp_path / "dag_id=a/notes.txt", (moment, moment))
    assert purge_logs(str(tmp_path), 30) == 1
    assert not old.parent.exists()
    assert new.exists()
    assert (tmp_path / "dag_id=a/notes.txt").exists()
