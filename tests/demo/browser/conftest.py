"""The year as it stood in November, looked at two days later: a real Airflow over it, and a browser in front."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.browsers import SIZES, browsing
from tests.demo.browser import november
from tests.demo.conftest import LivedYear
from tests.real_airflow import Stack, running

from trainloop.outbox.leases import grant_lease
from trainloop.settings import PROJECT_DIR, get_settings
from trainloop.stack.layout import Layout

USERS = "admin:admin,hr:user,reader:viewer"
# A report that is made once more changes nothing, and this class has a run of its own to open.
REPORTED = "2026-C012"
DRIVEN = (
    ("ingest_inbox", None),
    ("plan_milestones", None),
    ("collect_course_evaluations", None),
    ("report_course_evaluations", REPORTED),
    ("deliver_mail", None),
    ("audit_warehouse", None),
)
PATIENCE_SECONDS = 300
EXPECTED_WITHIN = 30_000


@dataclass(frozen=True)
class Board:
    """A browser at one Airflow with the board in it."""

    stack: Stack
    browser: Browser
    pictures: Path

    @property
    def address(self) -> str:
        return f"{self.stack.api.url}/lifecycle-board"

    @contextmanager
    def visit(self, user: str | None, size: str = "desktop", **options: object) -> Iterator[Page]:
        """A page of a window of its own; `user` is signed in without the form."""
        settings = {"viewport": SIZES[size], "locale": "en", "accept_downloads": True} | options
        context: BrowserContext = self.browser.new_context(**settings)  # type: ignore[arg-type]
        if user is not None:
            url = self.stack.api.url
            login = {"username": user, "password": password(user)}
            token = httpx.post(f"{url}/auth/token", json=login, trust_env=False).json()["access_token"]
            context.add_cookies([{"name": "_token", "value": token, "url": url}])
        yield context.new_page()
        context.close()


def password(user: str) -> str:
    """What Airflow keeps for a user of the simple auth manager."""
    kept: dict[str, str] = json.loads(Layout(get_settings()).passwords_file.read_text())
    return kept[user]


@pytest.fixture(scope="package")
def airflow(_year_lived_once: LivedYear) -> Iterator[Stack]:
    """Airflow over the year in November; HR's files of two days later have gone through its DAGs.

    No run begins by itself, so what a page shows and what the tables hold is one moment.
    """
    kept = _year_lived_once.kept
    variables = {
        "TRAINLOOP_WAREHOUSE_URL": kept.url,
        "TRAINLOOP_SITE_FILE": str(PROJECT_DIR / "include/trainloop/demo/site.yaml"),
        "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",
    }
    with running(kept.home, USERS, 19000, **variables) as stack:
        stack.set_clock(november.TODAY.year, november.TODAY.month, november.TODAY.day)
        for name, content in november.files(_year_lived_once.year.company).items():
            stack.drop(name, content)
        # A copy of a database may not send until somebody says so.
        grant_lease(get_settings().environment, by="test")
        for dag_id, session_code in DRIVEN:
            run = stack.api.wait(stack.api.trigger(dag_id, partition_key=session_code), 300)
            assert run.state == "success", f"{dag_id}: {stack.errors_of(dag_id)}"
        # It waits for people, so it does not end.
        stack.api.trigger("ask_approvals")
        until = time.monotonic() + PATIENCE_SECONDS
        while not stack.api.required_actions("ask_approvals"):
            assert time.monotonic() < until, "nobody is asked anything"
            time.sleep(0.3)
        yield stack


@pytest.fixture(scope="package")
def pictures() -> Path:
    """Where the screenshots of the last run are kept; git ignores the folder."""
    folder = PROJECT_DIR / ".trainloop" / "pictures" / "board"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


@pytest.fixture(scope="package")
def board(airflow: Stack, pictures: Path) -> Iterator[Board]:
    expect.set_options(timeout=EXPECTED_WITHIN)
    with browsing() as browser:
        yield Board(airflow, browser, pictures)
