"""Who gets in: HR by the login form and the navigation, nobody by a wrong password or without one."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from tests.demo.browser.conftest import Board, password
from tests.demo.browser.truth import STAGES, classes, funnel, number

from trainloop.board.words import words

pytestmark = [pytest.mark.acceptance, pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(2400)]


def test_a_wrong_password_opens_nothing(board: Board) -> None:
    """The login stays where it is and says so; the board behind it stays shut."""
    with board.visit(None) as page:
        page.goto(board.stack.api.url)
        page.fill("input[name=username]", "hr")
        page.fill("input[name=password]", password("hr") + "x")
        with page.expect_response(re.compile("/auth/token")) as answer:
            page.click("button[type=submit]")
        assert answer.value.status == 401
        expect(page.get_by_text("Invalid credentials")).to_be_visible()
        assert "/login" in page.url
        assert [one for one in page.context.cookies() if one["name"] == "_token"] == []
        shut = page.goto(f"{board.address}/")
        assert shut is not None
        assert shut.status == 401


def test_hr_signs_in_and_sees_where_all_classes_stand(board: Board) -> None:
    """Login form, entry of the navigation, the funnel inside Airflow's frame: as many classes as there are."""
    counts = funnel()
    assert len([count for count in counts.values() if count]) >= 4, "classes at many stages"
    late = sum(one.late_count for one in classes())
    assert late > 0
    with board.visit(None) as page:
        page.goto(board.stack.api.url)
        page.fill("input[name=username]", "hr")
        page.fill("input[name=password]", password("hr"))
        page.click("button[type=submit]")
        page.get_by_role("link", name="Board").click()
        frame = page.frame_locator("iframe")
        expect(frame.get_by_role("heading", name="Stages of all classes")).to_be_visible()
        page.screenshot(path=board.pictures / "airflow.png")
        shown = dict(zip(STAGES, frame.locator(".funnel .count").all_inner_texts(), strict=True))
        assert shown == {stage: words("en").say("classes_count", count=counts[stage]) for stage in STAGES}
        late_classes = sum(one.late_count > 0 for one in classes() if one.stage != "cancelled")
        told = [int(text.split()[1]) for text in frame.locator(".funnel .mark.overdue").all_inner_texts()]
        assert sum(told) == late_classes
        expect(frame.locator("#late .number")).to_have_text(str(late))
        waiting = number("select count(*) from ops.approvals where state = 'open'")
        assert waiting > 0
        expect(frame.get_by_role("link", name=f"{waiting} decision")).to_be_visible()
        frame.locator(".funnel a").first.click()
        expect(frame.get_by_text(f"{counts[STAGES[0]]} classes")).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/sessions/2026-C001", "/sessions.csv", "/sessions.xlsx", "/reports/1.pdf"])
def test_nobody_without_login_sees_anything(board: Board, path: str) -> None:
    """A page that leads to the login, and nothing of the data."""
    with board.visit(None) as page:
        answer = page.goto(f"{board.address}{path}")
        assert answer is not None
        assert answer.status == 401
        assert not any(one.code in page.content() or one.course_en in page.content() for one in classes())
        page.get_by_role("link", name="Sign in to Airflow").click()
        expect(page.locator("input[name=password]")).to_be_visible()
