"""Kill -9 at every commit and foreign call of intake, run again: the warehouse is the same as without the kill."""

from __future__ import annotations

import os
import re
import signal
import time
import traceback
from datetime import UTC, datetime

import psycopg
import pytest
from tests.intake.conftest import DEPARTMENTS, Inbox

from trainloop import clock, faults
from trainloop.intake import pipeline
from trainloop.intake.parking import match_parked_rows
from trainloop.intake.replay import replay_quarantine
from trainloop.settings import get_settings
from trainloop.warehouse import engine
from trainloop.warehouse.embedded import EmbeddedServer

POINTS = [
    "intake.archived", "intake.registered", "intake.landed", "intake.staged", "intake.judged", "intake.committing",
    "intake.merged", "intake.removing", "intake.inbox_removed", "intake.parked_committing", "intake.parked_again",
    "intake.quarantined_committing", "intake.quarantined_again", "quality.before_judge", "quality.after_judge",
]  # fmt: skip
# Ids count attempts, not facts; times of files in the inbox are those of this very test.
IDS = re.compile(r"(_id|_uri|_modified_at)$")
TABLES = (
    "core.departments", "core.employees", "core.employee_history", "core.courses", "core.class_sessions",
    "core.attendance", "ops.inbox_files", "ops.quarantined_rows", "ops.quarantine_reasons", "ops.parked_rows",
    "ops.notices", "ops.check_results", "ops.audit_entries",
)  # fmt: skip
SESSIONS_END_SECONDS = 60.0
OTHER_SESSIONS = """
select application_name, state, wait_event, query from pg_stat_activity
where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()
"""


def fill(inbox: Inbox) -> None:
    """Good, refused, quarantined, early and corrected files of several datasets."""
    inbox.drop("departments", "d.csv", DEPARTMENTS, age=90)
    inbox.drop("departments", "broken.xlsx", b"PK\x03\x04 broken", age=80)
    rows = [f"E{number:04},员工{number},{'D010' if number != 3 else 'D999'},sales,P5" for number in range(1, 9)]
    inbox.drop("employees", "e.csv", "\n".join(["工号,姓名,部门编码,序列,层级", *rows]), age=90)
    inbox.drop("courses", "c.csv", "课程编码,课程名称,英文名称,授课形式,课时\nC1,谈判,Negotiation,面授,6\n")
    inbox.drop("trainers", "t.csv", "讲师编号,姓名,邮箱,讲师类型\nT1,韩梅梅,han@example.com,外部\n")
    head = "班次编码,课程编码,讲师编号,开始时间,结束时间,授课形式\n"
    inbox.drop("class_sessions", "s.csv", head + "A1,C1,T1,2026-03-05 09:00,2026-03-05 17:00,面授\n", age=90)
    attendance = "班次,工号,出勤状态\nA1,E0001,出勤\nA1,E0002,什么\nA2,E0004,出勤\n"
    inbox.drop("attendance", "a.csv", attendance, age=90)
    inbox.drop("attendance", "a2.csv", attendance.replace("E0001,出勤", "E0001,迟到"), age=80)


def later(inbox: Inbox) -> None:
    """The class that was waited for, and the department that a row lacked."""
    head = "班次编码,课程编码,讲师编号,开始时间,结束时间,授课形式\n"
    inbox.drop("class_sessions", "s2.csv", head + "A2,C1,T1,2026-04-05 09:00,2026-04-05 17:00,面授\n", age=70)
    inbox.drop("departments", "d2.csv", DEPARTMENTS + "D999,新,New\n", age=70)


def run(fault_point: str = "") -> int:
    """Take in everything that waits, in a child that the fault point may kill; return its exit code."""
    child = os.fork()
    if child == 0:
        os.environ[faults.VARIABLE] = fault_point
        try:
            for dataset in pipeline.waiting_datasets():
                pipeline.ingest_dataset(dataset)
            match_parked_rows()
            replay_quarantine()
        except BaseException:  # noqa: BLE001 - a child of a fork must never return into pytest
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code == (0 if not fault_point else code)
    _let_sessions_end()
    return code


def _let_sessions_end() -> None:
    """Wait until PostgreSQL has seen that the child is gone: until then the dead one's locks keep a dataset busy."""
    until = time.monotonic() + SESSIONS_END_SECONDS
    # Each look is a transaction of its own: within one, PostgreSQL repeats the first answer.
    with engine.connect("owner", autocommit=True) as connection:
        while others := connection.execute(OTHER_SESSIONS).fetchall():
            assert time.monotonic() < until, f"sessions that do not end: {others}"
            time.sleep(0.01)


def canonical(inbox: Inbox) -> dict[str, list[str]]:
    """What the warehouse says, without what counts attempts: all rows of every table in a fixed order."""
    facts: dict[str, list[str]] = {}
    for table in TABLES:
        rows = [
            {name: value for name, value in row.items() if not IDS.search(name)}
            for row in inbox.rows(f"select * from {table}")
            if row.get("action") != "same_bytes_again"
        ]
        facts[table] = sorted(str(sorted(row.items())) for row in rows)
    return facts


@pytest.fixture(scope="module")
def undisturbed(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What the same story leaves in a warehouse of its own, where nobody was killed."""
    import great_expectations  # noqa: F401 - once here instead of in every child

    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("drop database if exists undisturbed with (force)")
        connection.execute("create database undisturbed template template_migrated")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAINLOOP_WAREHOUSE_URL", server.url("undisturbed"))
        patch.setenv("TRAINLOOP_HOME", str(tmp_path_factory.mktemp("undisturbed")))
        get_settings.cache_clear()
        with engine.connect("owner") as connection:
            clock.freeze(connection, datetime(2026, 3, 2, 1, tzinfo=UTC))
        inbox = Inbox()
        for happens in (fill, later):
            happens(inbox)
            run()
        found = canonical(inbox)
    get_settings.cache_clear()
    return found


@pytest.mark.slow
@pytest.mark.parametrize("point", ["", *POINTS])
def test_a_kill_at_any_point_changes_nothing_in_the_end(
    undisturbed: dict[str, list[str]], inbox: Inbox, point: str
) -> None:
    """Killed there in both halves of the story, each time run again: same rows, same counts, same notices."""
    kills = 0
    for happens in (fill, later):
        happens(inbox)
        kills += run(point) == -signal.SIGKILL
        run()
    assert kills or not point, "the point was never reached"
    assert canonical(inbox) == undisturbed
    assert not [path for path in (get_settings().home / "inbox").rglob("*") if path.is_file()]
