"""R14: what is old, double, unlicensed, ownerless or without its file is found, told once and closed when mended."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.resources.conftest import Company

from trainloop import faults
from trainloop.outbox.composer import compose_due
from trainloop.resources.knowledge import check_files, curate
from trainloop.settings import get_settings

SetClock = Callable[..., datetime]


def employ(company: Company, *codes: str, left_on: str | None = None) -> None:
    company.do(
        """insert into core.departments (department_code, name_zh, name_en, file_id, row_number)
        values ('D1', '销售', 'Sales', 1, 1) on conflict do nothing"""
    )
    for code in codes:
        company.do(
            """insert into core.employees (employee_id, name, email, department_code, job_family, job_level, left_on,
            file_id, row_number) values (%s, '某' || %s, lower(%s) || '@example.com', 'D1', 'sales', 'P5', %s, 1, 1)""",
            *(code, code, code, left_on),
        )


def asset(company: Company, code: str, content: bytes | None = b"", **columns: Any) -> None:
    """A sound asset of C1 owned by E1; the same code again changes it."""
    content = code.encode() if content == b"" else content
    values = {
        "kind": "courseware", "course_code": "C1", "owner_id": "E1", "licence": "自有版权", "licence_expires_on": None,
        "reviewed_on": "2026-01-10", "uri": f"C1/{code}.pdf", "checksum": hashlib.sha256(content or b"").hexdigest(),
    } | columns  # fmt: skip
    if content is not None:
        path = Path(get_settings().folder_uri("materials").removeprefix("file://")) / "C1" / f"{code}.pdf"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    company.do(
        """insert into core.knowledge_assets (asset_code, kind, title_zh, title_en, course_code, owner_id, version,
        licence, licence_expires_on, reviewed_on, uri, checksum, file_id, row_number)
        values (%s, %s, '谈判课件', 'Slides', %s, %s, '1', %s, %s, %s, %s, %s, 1, 1)
        on conflict (asset_code) do update set owner_id = excluded.owner_id, licence = excluded.licence,
        reviewed_on = excluded.reviewed_on, checksum = excluded.checksum,
        licence_expires_on = excluded.licence_expires_on""",
        *(code, *(values[name] for name in ("kind", "course_code", "owner_id", "licence", "licence_expires_on",
                                            "reviewed_on", "uri", "checksum"))),
    )  # fmt: skip


def scan(**options: Any) -> dict[str, int]:
    check_files()
    return curate(**options)


def is_open(company: Company) -> set[tuple[str, str]]:
    rows = company.rows("select kind, item_code from ops.resource_findings where closed_at is null")
    return {(row["kind"], row["item_code"]) for row in rows}


def mails(company: Company) -> list[tuple[str, str]]:
    rows = company.rows("select kind, recipient_id from ops.notices order by notice_id")
    return [(row["kind"], row["recipient_id"]) for row in rows]


@pytest.fixture
def shelf(company: Company) -> Company:
    employ(company, "E1", "E2")
    asset(company, "KA-1")
    return company


def test_a_sound_asset_makes_no_mail(shelf: Company) -> None:
    """Licensed, owned, reviewed, its file as registered: usable, nothing found."""
    counts = scan()
    assert (counts["assets"], counts["opened"], counts["notices_planned"]) == (1, 0, 0)
    (row,) = shelf.rows("select licence_state, file_state, is_usable from marts.knowledge_index")
    assert tuple(row.values()) == ("valid", "sound", True)


@pytest.mark.parametrize(
    ("columns", "content", "found"),
    [
        ({"reviewed_on": "2025-02-01"}, b"", {("asset_stale", "KA-2")}),
        ({"reviewed_on": None}, b"", {("asset_stale", "KA-2")}),
        ({"kind": "template", "reviewed_on": "2025-02-01"}, b"", set()),
        ({"licence": " "}, b"", {("asset_unlicensed", "KA-2")}),
        ({"licence_expires_on": "2026-03-01"}, b"", {("asset_licence_expired", "KA-2")}),
        ({"licence_expires_on": "2026-03-02"}, b"", {("asset_licence_ending", "KA-2")}),
        ({"licence_expires_on": "2026-05-01"}, b"", set()),
        ({"owner_id": None}, b"", {("asset_ownerless", "KA-2")}),
        ({"owner_id": "E9"}, b"", {("asset_ownerless", "KA-2")}),
        ({}, b"KA-1", {("asset_duplicate", "KA-1"), ("asset_duplicate", "KA-2")}),
        ({"checksum": "a" * 64}, b"", {("asset_file_changed", "KA-2")}),
        ({}, None, {("asset_file_missing", "KA-2")}),
        ({"uri": None}, b"", {("asset_file_missing", "KA-2")}),
        ({"uri": "https://elsewhere.example.com/x.pdf"}, b"", {("asset_file_missing", "KA-2")}),
    ],
)
def test_what_is_wrong_with_an_asset_is_named(
    shelf: Company, columns: dict[str, Any], content: bytes | None, found: set[tuple[str, str]]
) -> None:
    """On 2 March 2026; ages by kind, a licence is valid on its last day and warned of 60 days ahead."""
    employ(shelf, "E9", left_on="2026-02-27")
    asset(shelf, "KA-2", content, **columns)
    scan()
    assert is_open(shelf) == found


def test_a_taught_course_without_usable_courseware_is_hrs_matter(shelf: Company) -> None:
    """Taught: a class within 180 days. An asset that must not be handed out does not cover its course."""
    asset(shelf, "KA-1", licence=None)
    scan()
    assert is_open(shelf) == {("asset_unlicensed", "KA-1"), ("course_uncovered", "C1")}
    shelf.do("update core.class_sessions set status = 'cancelled'")
    scan()
    assert is_open(shelf) == {("asset_unlicensed", "KA-1")}


def test_each_state_is_told_once_and_again_when_it_comes_back(shelf: Company, set_clock: SetClock) -> None:
    """Owner and HR one mail each; mended in between, it is news when it returns."""
    asset(shelf, "KA-2", licence=None)
    assert scan()["notices_planned"] == 2
    assert mails(shelf) == [("asset_tasks", "E1"), ("knowledge_digest", "hr_lead")]
    set_clock(2026, 3, 9)
    assert scan()["notices_planned"] == 0
    asset(shelf, "KA-2")
    assert scan()["closed"] == 1
    set_clock(2026, 3, 16)
    asset(shelf, "KA-2", licence=None)
    assert scan()["notices_planned"] == 2


def test_a_new_owner_is_told_what_is_open(shelf: Company, set_clock: SetClock) -> None:
    """Who can act changed: another state."""
    asset(shelf, "KA-2", licence=None)
    scan()
    set_clock(2026, 3, 9)
    asset(shelf, "KA-2", licence=None, owner_id="E2")
    scan()
    assert [who for kind, who in mails(shelf) if kind == "asset_tasks"] == ["E1", "E2"]


def test_a_file_is_read_again_only_when_it_changed_or_long_after(shelf: Company, set_clock: SetClock) -> None:
    """28 days; another registered checksum is another file."""
    assert check_files() == {"checked": 1, "faulty": 0}
    assert check_files() == {"checked": 0, "faulty": 0}
    asset(shelf, "KA-1", b"new")
    assert check_files() == {"checked": 1, "faulty": 0}
    set_clock(2026, 4, 2)
    assert check_files() == {"checked": 1, "faulty": 0}


def test_the_mails_name_asset_and_remedy_in_the_readers_language(shelf: Company) -> None:
    """Composed: the owner's list and HR's, the index at a glance."""
    asset(shelf, "KA-2", licence=None)
    scan()
    compose_due()
    rows = shelf.rows("select template, subject, state::text from ops.messages order by template")
    assert [(row["template"], row["subject"]) for row in rows] == [
        ("asset_tasks", "您负责的知识资产有 1 项需要处理"),
        ("knowledge_digest", "知识库每周检查：1 项新问题"),
    ]


def test_a_mail_about_what_was_mended_before_it_left_is_not_written(shelf: Company) -> None:
    """Judged again at composing."""
    asset(shelf, "KA-2", licence=None)
    scan()
    asset(shelf, "KA-2")
    curate()
    compose_due()
    assert shelf.rows("select from ops.messages") == []


def test_a_date_in_the_past_mails_nobody(shelf: Company) -> None:
    """A backfill tells nothing; the next scan does."""
    asset(shelf, "KA-2", licence=None)
    assert scan(as_of=date(2026, 2, 23))["notices_planned"] == 0
    assert scan()["notices_planned"] == 2


@pytest.mark.slow
@pytest.mark.parametrize("point", ["knowledge.before_commit", "knowledge.after_commit"])
def test_a_killed_scan_run_again_tells_once(shelf: Company, point: str) -> None:
    """Findings and mails are one commit."""
    asset(shelf, "KA-2", licence=None)
    code = "from trainloop.resources import knowledge; knowledge.curate()"
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | {faults.VARIABLE: point}, check=False)
    assert done.returncode == -signal.SIGKILL
    scan()
    assert mails(shelf) == [("asset_tasks", "E1"), ("knowledge_digest", "hr_lead")]
    assert is_open(shelf) == {("asset_unlicensed", "KA-2")}
