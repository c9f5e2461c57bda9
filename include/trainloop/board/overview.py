"""The first page: where all classes stand, what is late, who must act, today's mails and data problems."""

from __future__ import annotations

from datetime import timedelta

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from trainloop.board.guard import Sees
from trainloop.board.pages import Pages
from trainloop.board.words import stage_rules, stages
from trainloop.config import get_site
from trainloop.domain import calendar

LATE_SHOWN = 12
PROBLEM_DAYS = 7
PROBLEMS_SHOWN = 6


def add_pages(app: FastAPI, pages: Pages) -> None:
    store = pages.store

    @app.get("/")
    def overview(visitor: Sees, request: Request) -> HTMLResponse:
        now = store.now()
        zone = get_site().company.zone
        today = calendar.local_date(now, zone)
        counted = {row["stage"]: row for row in store.rows("funnel", now=now, today=today, **stage_rules())}
        funnel = [
            {"number": number, "stage": stage, "count": found["class_count"], "late": found["late_count"]}
            for number, stage in enumerate(stages(), 1)
            for found in [counted.get(number, {"class_count": 0, "late_count": 0})]
        ]
        late = store.rows("late_steps", today=today, limit=LATE_SHOWN)
        return pages.show(
            request,
            visitor,
            "overview",
            funnel=funnel,
            most=max((one["count"] for one in funnel), default=0),
            late=late,
            late_count=late[0]["of_count"] if late else 0,
            owed=store.rows("owed", today=today),
            approvals=store.rows("approvals", "board_desk", is_open=True, limit=50),
            mails={
                row["standing"]: row["mail_count"]
                for row in store.rows("mails_of_day", since=calendar.start_of_day(today, zone))
            },
            problems=store.rows("data_problems", since=now - timedelta(days=PROBLEM_DAYS)),
            problems_shown=PROBLEMS_SHOWN,
            audit=store.row("last_audit"),
        )
