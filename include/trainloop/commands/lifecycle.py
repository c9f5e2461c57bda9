"""lifecycle, report: where each class session stands, and its report on demand."""

from __future__ import annotations

from collections import defaultdict
from typing import Annotated, Any

import typer

from trainloop.commands.console import console, show_counts, show_table

MARKS = {"pending": "·", "done": "✓", "expired": "✗", "skipped": "–"}


def register(app: typer.Typer) -> None:
    for command in (lifecycle, report):
        app.command()(command)


def lifecycle(
    session: Annotated[str, typer.Argument(help="show one class session only")] = "",
) -> None:
    """Class sessions and their steps: ✓ done, · pending, ! overdue, ✗ expired, – skipped."""
    from trainloop import clock
    from trainloop.warehouse import engine
    from trainloop.warehouse.statements import statement

    with engine.connect("board") as connection:
        today = clock.today(connection)
        rows = connection.execute(statement("console", "session_steps"), {"session": session}).fetchall()
    steps = list(dict.fromkeys(row["step"] for row in rows))
    sessions: dict[str, dict[str, str]] = defaultdict(dict)
    for row in rows:
        sessions[row["session_code"]][row["step"]] = _cell(row, today)
    if not rows:
        console.print("No class session is planned yet." if not session else f"{session} has no planned step.")
        return
    cells = [(code, *(found.get(step) for step in steps)) for code, found in sessions.items()]
    headers = (step.replace("_", "\n") for step in steps)
    show_table(f"Business date {today}", ("class session", *headers), cells)


def report(
    session: Annotated[str, typer.Argument(help="session code, such as 2026-C001")],
    performance: Annotated[bool, typer.Option("--performance", help="the 90-day Performance Report")] = False,
) -> None:
    """Make the report of a closed class session here and now; the same data make no second one."""
    if performance:
        from trainloop.impact.measuring import measure_session as evaluate
        from trainloop.reporting.performance import render_reports
    else:
        from trainloop.reporting.course_evaluation import render_reports
        from trainloop.surveys.results import evaluate_session as evaluate

    with console.status("Computing…"):
        evaluated = evaluate(session)
    with console.status("Rendering…"):
        rendered = render_reports(session)
    show_counts(evaluated | rendered)


def _cell(row: dict[str, Any], today: Any) -> str:
    mark = "!" if row["state"] == "pending" and row["due_on"] < today else MARKS[row["state"]]
    return f"{mark} {row['due_on']:%m-%d}{' late' if row['is_late'] else ''}"
