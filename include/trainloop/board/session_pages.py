"""Class sessions: the list with its filters and exports, and the page of one class."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import Depends, FastAPI, Query, Request
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from trainloop.board.document_pages import OPEN_AUDIENCES
from trainloop.board.export import as_csv, as_xlsx
from trainloop.board.guard import Sees
from trainloop.board.pages import Pages, airflow_of, language_of, standing
from trainloop.board.store import Row, Store
from trainloop.board.words import Words, stage_rules, stages, step_of, words
from trainloop.config import get_site
from trainloop.domain import calendar

PAGE_SIZE = 25
MAX_EXPORTED = 20_000
MAX_OFFSET = 1_000_000


@dataclass(frozen=True)
class Filter:
    """What the list is narrowed down to; empty texts are off."""

    stage: Annotated[str, Query(max_length=40)] = ""
    department: Annotated[str, Query(max_length=80)] = ""
    trainer: Annotated[str, Query(max_length=80)] = ""
    starts_from: Annotated[date | Literal[""], Query()] = ""
    starts_to: Annotated[date | Literal[""], Query()] = ""
    search: Annotated[str, Query(max_length=80)] = ""
    late: Annotated[Literal["", "1"], Query()] = ""

    def values(self) -> dict[str, Any]:
        """Return the values of the statement `sessions`, but for page and time."""
        zone = get_site().company.zone
        order = list(stages())
        return {
            "stage": order.index(self.stage) + 1 if self.stage in order else None,
            "department": self.department or None,
            "trainer": self.trainer or None,
            "starts_from": calendar.start_of_day(self.starts_from, zone) if self.starts_from else None,
            "starts_before": calendar.end_of_day(self.starts_to, zone) if self.starts_to else None,
            "pattern": pattern_of(self.search),
            "is_late": self.late == "1",
        }

    def query(self, **more: object) -> str:
        """Return the filter as an address's query."""
        own = {name: str(value) for name, value in vars(self).items() if value != ""}
        return urlencode(own | {name: str(value) for name, value in more.items()})


def pattern_of(typed: str) -> str | None:
    """Return what was typed as a pattern that finds it anywhere; its own wildcards mean themselves."""
    plain = typed.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{plain}%" if plain else None


def add_pages(app: FastAPI, pages: Pages) -> None:
    store = pages.store

    @app.get("/sessions")
    def sessions(
        visitor: Sees, request: Request, chosen: Annotated[Filter, Depends()], page: Annotated[int, Query(ge=1)] = 1
    ) -> HTMLResponse:
        found = find_sessions(store, chosen, PAGE_SIZE, min((page - 1) * PAGE_SIZE, MAX_OFFSET))
        count = found[0]["of_count"] if found else 0
        text = words(language_of(request))
        return pages.show(
            request,
            visitor,
            "sessions",
            chosen=chosen,
            sessions=found,
            milestones=steps_of(store, found),
            count=count,
            page_number=page,
            page_count=max(1, -(-count // PAGE_SIZE)),
            address=lambda number: f"?{chosen.query(page=number)}",
            stage_names=[(stage, text.stage(stage)) for stage in stages()],
            department_names=[(row["department_code"], text.either(row, "name")) for row in store.rows("departments")],
            trainer_names=[(row["trainer_id"], row["name"]) for row in store.rows("trainer_names")],
        )

    @app.get("/sessions.{kind}")
    def export(
        _visitor: Sees, request: Request, kind: Literal["csv", "xlsx"], chosen: Annotated[Filter, Depends()]
    ) -> Response:
        text = words(language_of(request))
        found = find_sessions(store, chosen, MAX_EXPORTED, 0)
        header, lines = _table(found, steps_of(store, found), text)
        name = f"class-sessions-{store.today():%Y-%m-%d}.{kind}"
        made, media = (
            (as_csv(header, lines), "text/csv; charset=utf-8")
            if kind == "csv"
            else (as_xlsx(text.say("nav_sessions"), header, lines), XLSX)
        )
        return Response(made, media_type=media, headers={"Content-Disposition": f'attachment; filename="{name}"'})

    @app.get("/sessions/{session_code}")
    def session(visitor: Sees, request: Request, session_code: str) -> HTMLResponse:
        row = store.row("session", session_code=session_code)
        if row is None:
            raise HTTPException(404)
        steps = steps_of(store, [row])[session_code]
        about_topic = {"topic_code": row["topic_code"], "year": f"{row['starts_at']:%Y}"}
        return pages.show(
            request,
            visitor,
            "session",
            menu="sessions",
            session=row,
            stage=_stage_of(row, _by_stage(steps), store.now()),
            stages=_by_stage(steps),
            waves=[wave | {"rate": _rate(wave)} for wave in store.rows("session_waves", session_code=session_code)],
            rate_step=get_site().suppression.open_rate_step_pct,
            reports=store.rows("session_reports", session_code=session_code, audiences=list(OPEN_AUDIENCES)),
            mails=_mails(store.rows("session_mails", session_code=session_code)),
            problems=store.rows("session_problems", session_code=session_code),
            need=store.row("need_of_topic", **about_topic) if row["topic_code"] else None,
            runs=lambda step: _runs(airflow_of(request), step, session_code),
        )


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def find_sessions(store: Store, chosen: Filter, limit: int, offset: int) -> list[Row]:
    """Return one page of the classes of a filter, newest first, each with its stage and how much of it is late."""
    now = store.now()
    today = calendar.local_date(now, get_site().company.zone)
    page = {"now": now, "today": today, "limit": limit, "offset": offset}
    order = list(stages())
    found = store.rows("sessions", **chosen.values(), **stage_rules(), **page)
    return [row | {"stage": "cancelled" if row["status"] == "cancelled" else order[row["stage"] - 1]} for row in found]


def steps_of(store: Store, found: list[Row]) -> Mapping[str, list[Row]]:
    """Return the steps of classes by code, in the order they fall due, each with its standing."""
    today = store.today()
    steps: dict[str, list[Row]] = defaultdict(list)
    codes = [row["session_code"] for row in found]
    for row in store.rows("milestones_of", session_codes=codes, today=today) if codes else ():
        steps[row["session_code"]].append(row | {"standing": standing(row, today)})
    return steps


def _by_stage(steps: list[Row]) -> list[tuple[str, list[Row]]]:
    """Return the steps of a class under the stages they belong to; unknown ones go to the stage before them."""
    grouped: dict[str, list[Row]] = {stage: [] for stage in stages()}
    current = next(iter(stages()))
    for row in steps:
        known = step_of(row["step"])
        current = known[1].stage if known else current
        facts = (
            known[1].model_dump(include={"acts", "dag", "is_per_class"}) if known else {"acts": "system", "dag": None}
        )
        grouped[current].append(row | facts)
    return [(stage, rows) for stage, rows in grouped.items() if rows]


def _stage_of(row: Row, grouped: list[tuple[str, list[Row]]], now: datetime) -> str:
    """Return the first stage with something left to do; without any the class is to come, or finished."""
    left = next((stage for stage, steps in grouped if any(step["state"] == "pending" for step in steps)), None)
    names = list(stages())
    return left or (names[0] if row["ends_at"] > now else names[-1])


def _runs(airflow: str, step: Row, session_code: str) -> str:
    """Return the address of a step's runs in Airflow: of this class where the DAG runs once for each."""
    query = f"?{urlencode({'partition_key_pattern': session_code})}" if step["is_per_class"] else ""
    return f"{airflow}/dags/{step['dag']}/runs{query}"


def _rate(wave: Row) -> int | None:
    """Return the response rate of a wave in whole steps, so that no single answer can be seen coming in."""
    if wave["invited_count"] < wave["minimum_count"]:
        return None
    step = get_site().suppression.open_rate_step_pct
    return int(100 * wave["used_count"] / wave["invited_count"]) // step * step


def _mails(rows: list[Row]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows:
        counts[row["kind"]][row["standing"]] = row["notice_count"]
    return counts


def _table(found: list[Row], milestones: Mapping[str, list[Row]], text: Words) -> tuple[list[str], list[list[str]]]:
    """Return the list as a table: a class a line, then a column for every step any of them has."""
    steps = list(dict.fromkeys(row["step"] for rows in milestones.values() for row in rows))
    names = ("session", "course", "trainer", "date", "end", "mode", "status", "stage", "late", "next")
    header = [*(text.say(f"column_{name}") for name in names), *map(text.step, steps)]
    zone = get_site().company.zone
    lines = []
    for row in found:
        own = {step["step"]: step for step in milestones.get(row["session_code"], ())}
        lines.append([
            row["session_code"], text.either(row, "course"), row["trainer_name"],
            f"{row['starts_at'].astimezone(zone):%Y-%m-%d %H:%M}", f"{row['ends_at'].astimezone(zone):%Y-%m-%d %H:%M}",
            text.code("mode", row["mode"]), text.code("class", row["status"]),
            text.code("class", "cancelled") if row["stage"] == "cancelled" else text.stage(row["stage"]),
            str(row["late_count"]), f"{row['next_due_on']:%Y-%m-%d}" if row["next_due_on"] else "",
            *(
                f"{text.code('state', own[step]['standing'])} {own[step]['due_on']:%Y-%m-%d}" if step in own else ""
                for step in steps
            ),
        ])  # fmt: skip
    return header, lines
