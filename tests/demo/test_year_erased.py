"""One person of the lived year asks to be erased: nothing in the warehouse leads to that person any more."""

from __future__ import annotations

import json
import os
import shutil
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.demo.conftest import DATABASE, LivedYear, _inside

from trainloop.intake.pipeline import ingest_dataset
from trainloop.retention.erasure import erase, undo
from trainloop.retention.export import export_person
from trainloop.retention.purge import purge_expired
from trainloop.settings import get_settings
from trainloop.warehouse.embedded import EmbeddedServer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
# Somebody whose traces are everywhere: a learner who leads others, rates somebody and is known by a name of one's own.
BUSIEST = """
select person.employee_id, person.name, person.email
from core.employees as person
where person.removed_on is null
    and (select count(*) from core.employees as other where other.name = person.name) = 1
    and exists (select from core.attendance where attendance.employee_id = person.employee_id)
    and exists (select from core.employees as led where led.manager_id = person.employee_id)
order by (select count(*) from ops.notices where recipient_id = person.employee_id) desc, person.employee_id
limit 1
"""
LAYERS = "'core', 'confidential', 'marts', 'published', 'forms', 'ops'"


@pytest.fixture
def copied(lived: LivedYear, server: EmbeddedServer, tmp_path: Path) -> Iterator[LivedYear]:
    """A copy of the year, database and files, in which things may be erased."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("drop database if exists a_year_copied with (force)")
        connection.execute(f"create database a_year_copied template {DATABASE}")
    home = tmp_path / "home"
    shutil.copytree(lived.home, home)
    url = server.url("a_year_copied")
    with psycopg.connect(url) as connection:
        for table in ("ops.inbox_files", "ops.reports"):
            column = "archive_uri" if table == "ops.inbox_files" else "uri"
            moved = f"update {table} set {column} = replace({column}, %s, %s)"
            connection.execute(moved, (str(lived.home), str(home)))  # type: ignore[arg-type]
    with _inside(url, home):
        yield replace(lived, url=url, home=home)


def places_of(year: LivedYear, *marks: str) -> list[str]:
    """Tables with a row in which one of the marks stands as a whole value or inside a text."""
    tables = year.rows(f"select schemaname || '.' || tablename as name from pg_tables where schemaname in ({LAYERS})")
    found = []
    for table in sorted(row["name"] for row in tables):
        rows = year.rows(f"select to_jsonb(t)::text as line from {table} as t")
        if any(mark in row["line"] for row in rows for mark in marks):
            found.append(table)
    return found


def counts(year: LivedYear) -> dict[str, Any]:
    """What is counted about classes: participation must not shrink because somebody is forgotten."""
    (row,) = year.rows(
        """select (select count(*) from core.attendance) as attended,
            (select count(*) from core.enrollments) as enrolled,
            (select count(*) from ops.invitations) as invited,
            (select count(*) from confidential.responses) as answered,
            (select sum(value) from published.figures) as published"""
    )
    return row


def test_nothing_leads_to_an_erased_person_and_nothing_that_is_counted_changes(copied: LivedYear) -> None:
    """One command: id, name and address stand in no table any more; classes keep their counts and figures."""
    (person,) = copied.rows(BUSIEST)
    marks = (f'"{person["employee_id"]}"', person["name"], person["email"])
    assert len(places_of(copied, *marks)) >= 10
    before = counts(copied)
    done = erase(person["employee_id"], "HR case 17")
    assert places_of(copied, *marks) == []
    assert counts(copied) == before
    assert done.counts["core.employees"] >= 2  # the own row, and those of whom the person led
    proof = copied.rows("select sum(row_count) as n from ops.purge_counts where rule = 'erasure:request'")
    assert proof[0]["n"] == sum(done.counts.values())
    assert erase(person["employee_id"], "HR case 17").counts == {}


def test_an_erased_person_does_not_come_back_by_file_nor_by_a_restored_database(
    copied: LivedYear, server: EmbeddedServer
) -> None:
    """Erased people stay erased: rows of later files are held back, and a backup from before erases again."""
    (person,) = copied.rows(BUSIEST)
    erase(person["employee_id"], "HR case 18")
    (file,) = copied.rows(
        "select name, archive_uri from ops.inbox_files where dataset = 'employees' and state = 'merged'"
        " order by covers_on desc limit 1"
    )
    content = Path(file["archive_uri"].removeprefix("file://")).read_bytes()
    led = copied.rows("select employee_id from core.employees where manager_id like 'erased-%%'")
    assert led
    inbox = get_settings().home / "inbox/employees"
    inbox.mkdir(parents=True, exist_ok=True)
    dropped = inbox / f"employees-2026-12-01{Path(file['name']).suffix}"
    blank_line = "\n".encode("utf-16-le" if content[:2] == b"\xff\xfe" else "ascii")
    dropped.write_bytes(content + blank_line)  # other bytes, the same people
    os.utime(dropped, (time.time() - 60, time.time() - 60))
    tally = ingest_dataset("employees")
    refused = copied.rows("select refused_rule, refused_reason_en from ops.inbox_files where name = %s", dropped.name)
    assert (tally["file_count"], tally["refused_file_count"]) == (1, 0), refused
    assert tally["quarantined_count"] >= 1
    marks = (f'"{person["employee_id"]}"', person["name"], person["email"])
    assert places_of(copied, *marks) == []
    assert copied.rows("select from core.employees where manager_id = %s", person["employee_id"]) == []
    held = copied.rows(
        "select state::text, row_values from ops.quarantined_rows join ops.quarantine_reasons "
        "using (quarantined_row_id) where rule = 'erased_person' and column_name = 'employee_id'"
    )
    assert held == [{"state": "discarded", "row_values": {}}]
    # The database as it was before the erasure; the files beside the archive are today's.
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("drop database if exists a_year_copied with (force)")
        connection.execute(f"create database a_year_copied template {DATABASE}")
    assert len(places_of(copied, *marks)) >= 10
    assert purge_expired()["erased_again"] == 1
    assert places_of(copied, *marks) == []
    undo(person["employee_id"])
    assert purge_expired()["erased_again"] == 0


def test_a_person_gets_everything_that_is_kept_and_nothing_of_others(copied: LivedYear, tmp_path: Path) -> None:
    """Subject access: own rows of every table, own confidential answers, mails; no link key, no other person's id."""
    (person,) = copied.rows(BUSIEST)
    target = tmp_path / "copy.zip"
    found = export_person(person["employee_id"], target)
    assert target.stat().st_mode & 0o777 == 0o600
    others = {row["employee_id"] for row in copied.rows("select employee_id from core.employees")}
    others.discard(person["employee_id"])
    (boss,) = copied.rows("select manager_id from core.employees where employee_id = %s", person["employee_id"])
    others.discard(boss["manager_id"])
    tokens = {row["token"] for row in copied.rows("select token from ops.invitations")}
    with zipfile.ZipFile(target) as archive:
        names = archive.namelist()
        assert {"README.txt", "core.employees.json", "core.attendance.json", "ops.invitations.json"} <= set(names)
        assert sum(name.startswith("mails/") for name in names) == found["mails"] > 0
        for name in names:
            if name.endswith(".json"):
                text = archive.read(name).decode()
                assert json.loads(text)
                assert not any(f'"{one}"' in text for one in others), name
                assert not any(token in text for token in tokens), name
