"""Needs, data quality, outbox, approvals and trainers: what HR looks after beside the classes."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import FastAPI, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.exceptions import HTTPException

from trainloop.board.document_pages import OPEN_AUDIENCES, may_download
from trainloop.board.guard import Acts, Sees
from trainloop.board.pages import Pages, airflow_of, base_of
from trainloop.board.session_pages import PAGE_SIZE, pattern_of
from trainloop.config import get_site
from trainloop.contracts import all_contracts

SHOWN = 50
# action of the form → statement; each returns the rows it changed
CHANGES = {"hold": "hold_template", "release": "release_template", "retry": "retry_failed"}


def add_pages(app: FastAPI, pages: Pages) -> None:
    _add_needs(app, pages)
    _add_data(app, pages)
    _add_outbox(app, pages)
    _add_people(app, pages)


def _add_needs(app: FastAPI, pages: Pages) -> None:
    store = pages.store

    @app.get("/needs")
    def needs(visitor: Sees, request: Request, year: Annotated[str, Query(max_length=4)] = "") -> HTMLResponse:
        years = store.rows("need_years", "board_desk")
        chosen = next((one for one in years if one["year"] == year), years[0] if years else None)
        topics, reports = [], []
        if chosen is not None:
            topics = store.rows("needs", "board_desk", release_id=chosen["release_id"])
            reports = store.rows("need_reports", "board_desk", year=chosen["year"], audiences=list(OPEN_AUDIENCES))
        return pages.show(request, visitor, "needs", years=years, chosen=chosen, topics=topics, reports=reports)


def _add_data(app: FastAPI, pages: Pages) -> None:
    store = pages.store

    @app.get("/data")
    def data(visitor: Sees, request: Request) -> HTMLResponse:
        files = {row["dataset"]: row for row in store.rows("last_files", "board_desk")}
        contracts = {contract.dataset: contract for contract in all_contracts()}
        held = store.rows("quarantine", "board_desk", limit=SHOWN)
        audit = store.row("last_audit")
        return pages.show(
            request,
            visitor,
            "data",
            contracts=contracts,
            files=files,
            missing=[contract for dataset, contract in contracts.items() if dataset not in files],
            owners={key: contact.name for key, contact in get_site().contacts.items()},
            quarantine=[row | {"is_open": may_download(visitor, row["dataset"])} for row in held],
            audit=audit,
            failed=store.rows("failed_checks", "board_desk", check_run_id=audit["check_run_id"]) if audit else [],
        )


def _add_outbox(app: FastAPI, pages: Pages) -> None:
    store = pages.store

    @app.get("/outbox")
    def outbox(
        visitor: Sees,
        request: Request,
        done: Literal["", "hold", "release", "retry", "nothing"] = "",
        template: Annotated[str, Query(max_length=80)] = "",
        count: Annotated[int, Query(ge=0)] = 0,
    ) -> HTMLResponse:
        return pages.show(
            request,
            visitor,
            "outbox",
            templates=store.rows("templates", "board_desk"),
            failures=store.rows("failures", "board_desk", limit=SHOWN),
            changes=store.rows("changes", "board_desk", limit=10),
            done=done,
            done_template=template,
            done_count=count,
        )

    @app.post("/outbox/{action}")
    def change(sent: Acts, request: Request, action: Literal["hold", "release", "retry"]) -> RedirectResponse:
        template = sent.field("template")
        if not template:
            raise HTTPException(404)
        by = f"airflow:{sent.visitor.name}"
        values = {"template": template, "by": by}
        changed = store.change(CHANGES[action], by, f"board.{action}", ("template", template), values)
        told = {"done": action if changed else "nothing", "template": template, "count": len(changed)}
        # 303: a page reloaded after it sends nothing again.
        return RedirectResponse(f"{base_of(request)}/outbox?{urlencode(told)}", status_code=303)


def _add_people(app: FastAPI, pages: Pages) -> None:
    store = pages.store

    @app.get("/approvals")
    def approvals(visitor: Sees, request: Request) -> HTMLResponse:
        return pages.show(
            request,
            visitor,
            "approvals",
            waiting=store.rows("approvals", "board_desk", is_open=True, limit=SHOWN),
            decided=store.rows("approvals", "board_desk", is_open=False, limit=20),
            owners={key: contact.name for key, contact in get_site().contacts.items()},
            actions=f"{airflow_of(request)}/required_actions",
            now=store.now(),
        )

    @app.get("/trainers")
    def trainers(
        visitor: Sees,
        request: Request,
        search: Annotated[str, Query(max_length=80)] = "",
        page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    ) -> HTMLResponse:
        place = {"limit": PAGE_SIZE, "offset": (page - 1) * PAGE_SIZE}
        found = store.rows("trainers", "board_desk", now=store.now(), pattern=pattern_of(search), **place)
        count = found[0]["of_count"] if found else 0
        return pages.show(
            request,
            visitor,
            "trainers",
            trainers=found,
            search=search,
            count=count,
            page_number=page,
            address=lambda number: f"?{urlencode({'search': search, 'page': number})}",
            page_count=max(1, -(-count // PAGE_SIZE)),
        )
