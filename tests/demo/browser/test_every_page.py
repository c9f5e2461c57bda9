"""Every page in both languages on both screens: it fits, it asks nobody else, and its picture is kept."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.browsers import SIZES
from tests.demo.browser import november
from tests.demo.browser.conftest import REPORTED, Board

pytestmark = [pytest.mark.acceptance, pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(2400)]
PATHS = (
    "/",
    "/sessions",
    f"/sessions/{REPORTED}",
    f"/sessions/{november.OVER}",
    "/needs",
    "/data",
    "/outbox",
    "/approvals",
    "/trainers",
)
WIDTH = "document.documentElement.scrollWidth - window.innerWidth"
# The scripts of languages: a page in one must not speak the other, but for names and titles that data bring.
TITLE = "document.querySelector('h1').textContent"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_page_fits_and_asks_nobody_else(board: Board, size: str, language: str) -> None:
    """No sideways scrolling, no foreign host, no complaint of the browser; the pictures are kept."""
    asked: list[str] = []
    complaints: list[str] = []
    with board.visit("hr", size, color_scheme="light") as page:
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        for path in PATHS:
            answer = page.goto(f"{board.address}{path}?lang={language}")
            assert answer is not None
            assert answer.status == 200
            assert page.evaluate(WIDTH) <= 0, path
            page.screenshot(path=board.pictures / f"{size}-{language}{path.replace('/', '-')}.png", full_page=True)
        page.emulate_media(color_scheme="dark")
        page.screenshot(path=board.pictures / f"{size}-{language}-dark.png")
    assert all(url.startswith(board.stack.api.url) for url in asked)
    assert complaints == []


def test_the_language_changes_on_every_page_and_stays(board: Board) -> None:
    """One press on any page, the same page in the other language, and every page after it."""
    with board.visit("hr", locale="zh-CN") as page:
        for path in PATHS:
            page.goto(f"{board.address}{path}")
            html = page.locator("html")
            expect(html).to_have_attribute("lang", "zh-CN")
            before = page.title()
            page.get_by_role("link", name="English").click()
            expect(html).to_have_attribute("lang", "en")
            assert page.url.startswith(f"{board.address}{path}?")
            assert page.title() != before
            page.get_by_role("link", name="中文").click()
            expect(html).to_have_attribute("lang", "zh-CN")
            assert page.title() == before
