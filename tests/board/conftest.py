"""The board in front of a warehouse, visited by people whose rights a header names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Mount

from trainloop.board.app import create_app
from trainloop.board.guard import Right, Visitor, token_of
from trainloop.board.store import Store
from trainloop.warehouse import engine

PREFIX = "/lifecycle-board"
RIGHTS: dict[str, frozenset[Right]] = {
    "hr": frozenset({"see", "act"}),
    "reader": frozenset({"see"}),
    "engineer": frozenset({"see", "act", "engineer"}),
    "nobody": frozenset(),
}


async def by_header(request: Request) -> Visitor | None:
    """Somebody who says who they are; nobody without a word."""
    name = request.headers.get("x-visitor")
    return Visitor(name, name, RIGHTS.get(name.partition("-")[0], frozenset())) if name else None


def every_route() -> list[tuple[str, str]]:
    """Every method and path of the application, with a value for each parameter."""
    app = create_app(by_header)
    values = {
        "session_code": "2026-C001", "report_id": "1", "file_id": "1", "action": "hold", "kind": "csv",
        "face": "NotoSansSC-Bold.ttf",
    }  # fmt: skip
    found = []
    for route in app.routes:
        assert isinstance(route, APIRoute), f"{route} is no route of ours and has no guard"
        found += [(method, route.path.format(**values)) for method in sorted(route.methods)]
    return found


@dataclass
class Board:
    """The board as a browser sees it, below Airflow's address."""

    client: TestClient

    def get(self, path: str, visitor: str = "hr", **query: Any) -> httpx.Response:
        return self.client.get(f"{PREFIX}{path}", headers={"x-visitor": visitor}, params=query, follow_redirects=False)

    @staticmethod
    def token(visitor: str = "hr") -> str:
        return token_of(Visitor(visitor, visitor, frozenset()))

    def post(
        self, path: str, visitor: str = "hr", headers: dict[str, str] | None = None, **fields: str
    ) -> httpx.Response:
        own = {"x-visitor": visitor} | (headers or {})
        return self.client.post(f"{PREFIX}{path}", headers=own, data=fields, follow_redirects=False)

    @staticmethod
    def run(query: str, *values: object) -> list[dict[str, Any]]:
        with engine.connect("owner") as connection:
            done = connection.execute(query, values)  # type: ignore[arg-type]
            return done.fetchall() if done.description else []


@pytest.fixture
def board(warehouse: str, set_clock: Callable[..., datetime]) -> Iterator[Board]:
    """An empty warehouse on Monday 2026-03-16, 10:00."""
    set_clock(2026, 3, 16, 10)
    store = Store()
    app = Starlette(routes=[Mount(PREFIX, create_app(by_header, store))])
    with TestClient(app) as client:
        yield Board(client)
    store.close()
