"""The board as HR uses it: in the Airflow UI, in a real browser, with the data of a class that was run through."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from playwright.sync_api import BrowserContext, FrameLocator, Page, expect, sync_playwright
from tests.board import world

from trainloop.settings import PROJECT_DIR, get_settings
from trainloop.stack.layout import Layout
from trainloop.warehouse import engine

if TYPE_CHECKING:
    from conftest import Stack

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.slow,
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine"),
]
SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 900}}
PATHS = ("/", "/sessions", "/sessions/2026-B001", "/needs", "/data", "/outbox", "/approvals", "/trainers")
WIDTH = "document.documentElement.scrollWidth - window.innerWidth"


@pytest.fixture(scope="module")
def seeded(stack: Stack) -> Stack:
    """A class of its own beside what earlier tests ran through: steps, an open wave, a PDF to open, one that is not."""
    with engine.connect("owner") as connection:
        connection.execute(
            """insert into core.courses (course_code, name_zh, name_en, mode, hours, file_id, row_number)
               values ('C-BOARD', '看板课程', 'Board course', 'classroom', 6, 1, 1);
               insert into core.trainers (trainer_id, name, email, kind, file_id, row_number)
               values ('T-BOARD', '看板老师', 'board@example.com', 'internal', 1, 1)"""
        )
    steps = (("readiness_1", -1, "done"), ("class_log", 0, "pending"), ("evaluation_report", 14, "pending"))
    world.add_class("2026-B001", world.TODAY, *steps, course="C-BOARD", trainer="T-BOARD")
    world.add_wave("2026-B001", asked=10, answered=4)
    world.add_report(stack.home, "2026-B001", "class_manager", content=one_page_pdf())
    world.add_report(stack.home, "2026-B001", "trainer", kind="class_log", content=one_page_pdf())
    return stack


@pytest.fixture(scope="module")
def pictures() -> Path:
    """Where the screenshots of the last run are kept; git ignores the folder."""
    folder = PROJECT_DIR / ".trainloop" / "pictures" / "board"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


@pytest.fixture(scope="module")
def browser(seeded: Stack) -> Iterator[Browser]:
    with sync_playwright() as programs:
        started = programs.chromium.launch(executable_path=PROGRAM, args=["--no-sandbox"])
        yield Browser(started, seeded.api.url)
        started.close()


class Browser:
    """A browser at one Airflow; `context` is signed in without the form."""

    def __init__(self, started: object, url: str) -> None:
        self.started, self.url = started, url

    def context(self, user: str | None, **options: object) -> BrowserContext:
        context: BrowserContext = self.started.new_context(**options)  # type: ignore[attr-defined]
        if user is not None:
            login = {"username": user, "password": password(user)}
            token = httpx.post(f"{self.url}/auth/token", json=login, trust_env=False).json()["access_token"]
            context.add_cookies([{"name": "_token", "value": token, "url": self.url}])
        return context


def password(user: str) -> str:
    """What Airflow keeps for a user of the simple auth manager."""
    kept: dict[str, str] = json.loads(Layout(get_settings()).passwords_file.read_text())
    return kept[user]


def one_page_pdf() -> bytes:
    from io import BytesIO

    from pypdf import PdfWriter

    writer, made = PdfWriter(), BytesIO()
    writer.add_blank_page(width=200, height=200)
    writer.write(made)
    return made.getvalue()


def opened(page: Page, url: str) -> FrameLocator:
    """The board inside Airflow's frame."""
    page.goto(f"{url}/plugin/lifecycle-board")
    return page.frame_locator("iframe")


def test_hr_signs_in_and_finds_a_class_from_the_navigation(browser: Browser, pictures: Path) -> None:
    """Login form, entry of the menu, filter, class, PDF in its own window, runs in Airflow's window."""
    context = browser.context(None, viewport=SIZES["desktop"], locale="en")
    page = context.new_page()
    page.goto(browser.url)
    page.fill("input[name=username]", "hr")
    page.fill("input[name=password]", password("hr"))
    page.click("button[type=submit]")
    page.get_by_role("link", name="Board").click()
    board = page.frame_locator("iframe")
    expect(board.get_by_role("heading", name="Stages of all classes")).to_be_visible(timeout=30_000)
    page.screenshot(path=pictures / "airflow.png")
    board.get_by_role("link", name="Classes", exact=True).click()
    board.get_by_label("Search").fill("Board course")
    board.get_by_role("button", name="Filter").click()
    expect(board.get_by_text("1 class")).to_be_visible()
    board.get_by_role("link", name="2026-B001").click()
    expect(board.get_by_text("response at least 40 %")).to_be_visible()
    expect(board.get_by_role("link", name="Open PDF")).to_have_count(1)
    with context.expect_page() as window:
        board.get_by_role("link", name="Open PDF").click()
    answer = context.request.get(window.value.url)
    assert answer.body().startswith(b"%PDF-")
    board.get_by_role("link", name="DAG runs report_course_evaluations").click()
    page.wait_for_url("**/dags/report_course_evaluations/runs?partition_key_pattern=2026-B001")
    context.close()


def test_the_language_and_the_keyboard(browser: Browser) -> None:
    """One press changes every page; Tab leads past the menu to the content."""
    context = browser.context("hr", viewport=SIZES["desktop"], locale="zh-CN")
    page = context.new_page()
    board = opened(page, browser.url)
    expect(board.get_by_role("heading", name="班次阶段")).to_be_visible(timeout=30_000)
    board.get_by_role("link", name="English").click()
    board.get_by_role("link", name="Trainers", exact=True).click()
    expect(board.get_by_role("heading", name="Trainers")).to_be_visible()
    page.goto(f"{browser.url}/lifecycle-board/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#content"
    context.close()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_page_fits_and_asks_nobody_else(browser: Browser, pictures: Path, size: str, language: str) -> None:
    """No sideways scrolling, no foreign host, no complaint of the browser; the pictures are kept."""
    context = browser.context("hr", viewport=SIZES[size], color_scheme="dark" if size == "phone" else "light")
    page = context.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for path in PATHS:
        answer = page.goto(f"{browser.url}/lifecycle-board{path}?lang={language}")
        assert answer is not None
        assert answer.status == 200
        assert page.evaluate(WIDTH) <= 0, path
        page.screenshot(path=pictures / f"{size}-{language}{path.replace('/', '-')}.png", full_page=True)
    assert all(url.startswith(browser.url) for url in asked)
    assert complaints == []
    context.close()


def test_hr_holds_mails_and_a_reader_may_not(browser: Browser) -> None:
    """The button is there for HR only, and the server says no whatever a page says."""
    with engine.connect("owner") as connection:
        connection.execute("insert into ops.held_templates values ('seat_offer', ops.business_now(), 'test')")
    context = browser.context("hr", locale="en")
    page = context.new_page()
    page.goto(f"{browser.url}/lifecycle-board/outbox?lang=en")
    page.get_by_role("button", name="Release seat_offer").click()
    expect(page.get_by_role("status")).to_contain_text("may leave again")
    context.close()
    reader = browser.context("reader", locale="en")
    page = reader.new_page()
    page.goto(f"{browser.url}/lifecycle-board/outbox?lang=en")
    expect(page.get_by_role("button")).to_have_count(0)
    refused = reader.request.post(f"{browser.url}/lifecycle-board/outbox/hold", form={"template": "seat_offer"})
    assert refused.status == 403
    reader.close()


def test_nobody_without_login_sees_anything(browser: Browser) -> None:
    """A page that leads to the login, and nothing of the data."""
    context = browser.context(None, locale="en")
    page = context.new_page()
    answer = page.goto(f"{browser.url}/lifecycle-board/sessions/2026-B001")
    assert answer is not None
    assert answer.status == 401
    assert "Board course" not in page.content()
    expect(page.get_by_role("link", name="Sign in to Airflow")).to_be_visible()
    context.close()
