"""Nobody gets anything of the board without a login and the right to it, on no route, whatever fails."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest
from fastapi.testclient import TestClient
from starlette.requests import Request
from tests.board.conftest import Board, by_header, every_route

from trainloop.board.app import create_app
from trainloop.board.guard import Visitor, is_token_of, token_of
from trainloop.config import get_site

ROUTES = every_route()


def test_the_walk_sees_every_page() -> None:
    """A rule over nothing holds always."""
    assert len(ROUTES) >= 15
    assert ("POST", "/outbox/hold") in ROUTES


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_route_answers_nobody_without_login_or_right(method: str, path: str) -> None:
    """401 without a login, 403 without the role; no database is asked before."""
    client = TestClient(create_app(by_header))
    assert client.request(method, path).status_code == 401
    assert client.request(method, path, headers={"x-visitor": "nobody"}).status_code == 403


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_doorman_that_fails_lets_nobody_in(method: str, path: str, caplog: pytest.LogCaptureFixture) -> None:
    """Fail closed: an auth manager in trouble is no open door, and its words stay out of page and log."""

    async def broken(_request: Request) -> Visitor | None:
        raise RuntimeError("secret-token-of-somebody")

    answer = TestClient(create_app(broken)).request(method, path, headers={"x-visitor": "hr"})
    assert answer.status_code == 503
    assert "secret-token-of-somebody" not in answer.text + caplog.text


@pytest.mark.parametrize("path", [path for method, path in ROUTES if method == "POST"])
def test_a_change_needs_the_right_and_a_form_of_this_person(board: Board, path: str) -> None:
    """A reader may not change; HR may, but only by a page of the board that HR has open."""
    fields = {"template": "survey_invitation"}
    assert board.post(path, "reader", form_token="x", **fields).status_code == 403
    assert board.post(path, **fields).status_code == 403
    assert board.post(path, form_token="0" * 64, **fields).status_code == 403
    assert board.post(path, form_token=board.token("hr-b"), **fields).status_code == 403
    assert (
        board.post(path, headers={"sec-fetch-site": "cross-site"}, form_token=board.token(), **fields).status_code
        == 403
    )
    assert board.run("select * from ops.held_templates") == []
    assert board.post(path, form_token=board.token(), **fields).status_code == 303


def test_a_get_changes_nothing(board: Board) -> None:
    """A scanner or a prefetching browser holds back no mail."""
    assert board.get("/outbox/hold", template="survey_invitation").status_code == 405
    assert board.run("select * from ops.held_templates") == []


def test_a_token_lives_two_days_and_serves_one_person() -> None:
    """A page left open over midnight still works; last week's does not."""
    from datetime import UTC, datetime, timedelta

    one, other = Visitor("1", "one", frozenset()), Visitor("2", "two", frozenset())
    now = datetime.now(UTC)
    assert is_token_of(one, token_of(one, now - timedelta(days=1)))
    assert not is_token_of(one, token_of(one, now - timedelta(days=3)))
    assert not is_token_of(other, token_of(one))
    assert not is_token_of(one, "")


def test_pages_may_be_framed_by_airflow_only_and_load_nothing_foreign(board: Board) -> None:
    """No foreign page frames the board, no script of another host runs in it, nothing of it is cached."""
    answer = board.get("/")
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors 'self'" in policy
    assert "default-src 'none'" in policy
    assert answer.headers["cache-control"] == "no-store"
    assert "http://" not in answer.text.replace("http://www.w3.org", "")
    assert "https://" not in answer.text


def test_a_page_for_somebody_without_login_has_its_own_style(board: Board) -> None:
    """The style sheet needs a login; the few rules that stand in the page are the only ones its policy lets through."""
    answer = board.client.get("/lifecycle-board/", headers={"accept-language": "en"})
    assert answer.status_code == 401
    (style,) = re.findall("<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'self' 'sha256-{digest}'" in answer.headers["content-security-policy"]
    assert get_site().company.colour in style
