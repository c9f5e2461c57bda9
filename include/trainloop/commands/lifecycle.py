"""lifecycle, report, marts: where each class session stands, its report on demand, all figures made anew."""

from __future__ import annotations

import logging
from typing import Annotated, Any

import typer

from trainloop.commands.console import console, show_counts, show_table


def register(app: typer.Typer) -> None:
    for command in (lifecycle, report, marts):
        app.command()(command)


def lifecycle(
    session: Annotated[str, typer.Argument(help="show the steps of one class session")] = "",
    late: Annotated[bool, typer.Option("--late", help="only classes with a late step")] = False,
    stage: Annotated[str, typer.Option(help="preparation, delivery, evaluation, transfer, impact or finished")] = "",
    limit: Annotated[int, typer.Option(min=1, max=5_000, help="newest classes first")] = 40,
) -> None:
    """Where class sessions stand: ✓ done, ○ to come, ◔ due today, ! late, ✗ expired, – skipped."""
    from trainloop.board.session_pages import Filter, find_sessions, steps_of
    from trainloop.board.store import Store
    from trainloop.board.words import stages, words

    if stage and stage not in stages():
        raise typer.BadParameter(f"stages are: {', '.join(stages())}", param_hint="--stage")
    # The pool tells each of its tries; here one sentence at the end says it.
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
    store, text = Store(), words("en")
    try:
        found = find_sessions(store, Filter(stage=stage, late="1" if late else "", search=session), limit, 0)
        # The search finds parts of names, too; a code that is one is meant.
        found = [row for row in found if row["session_code"] == session] or found
        steps = steps_of(store, found)
        title = f"Business date {store.today()}"
    finally:
        store.close()
    if not found:
        console.print("No class is like that." if session or stage or late else "No class session is planned yet.")
    elif session and len(found) == 1:
        code = found[0]["session_code"]
        _show_steps(f"{title} · {code} {text.either(found[0], 'course')}", steps.get(code, []), text)
    else:
        _show_classes(f"{title} · {len(found)} of {found[0]['of_count']} classes", found, steps, text)


def report(session: Annotated[str, typer.Argument(help="session code, such as 2026-C001")]) -> None:
    """Make the report of a closed class session here and now; the same data make no second one."""
    from trainloop.reporting.course_evaluation import render_reports
    from trainloop.surveys.results import evaluate_session

    with console.status("Computing…"):
        evaluated = evaluate_session(session)
    with console.status("Rendering…"):
        rendered = render_reports(session)
    show_counts(evaluated | rendered)


def marts() -> None:
    """Make the unreleased figures of all evaluated classes anew, after an upgrade or a change of the site file."""
    from trainloop.surveys.results import make_marts

    with console.status("Computing…"):
        made = make_marts()
    show_counts(made)


def _show_classes(title: str, found: list[dict[str, Any]], steps: Any, text: Any) -> None:
    from trainloop.board.pages import ICONS

    lines = [
        (
            row["session_code"],
            f"{text.either(row, 'course')}, {row['starts_at']:%Y-%m-%d}",
            "cancelled" if row["stage"] == "cancelled" else text.stage(row["stage"]),
            f"! {row['late_count']}" if row["late_count"] else "",
            row["next_due_on"],
            "".join(ICONS[step["standing"]] for step in steps.get(row["session_code"], ())),
        )
        for row in found
    ]
    headers = ("class", "course", "stage", "late", "next due", "steps")
    show_table(title, headers, lines, whole=("class", "late", "next due", "steps"))


def _show_steps(title: str, steps: list[dict[str, Any]], text: Any) -> None:
    from trainloop.board.pages import ICONS

    lines = [
        (
            f"{ICONS[step['standing']]} {text.code('state', step['standing'])}",
            text.step(step["step"]),
            step["due_on"],
            step["done_at"] and f"{step['done_at']:%Y-%m-%d}",
            text.code("acts", text.acts(step["step"]))
            if step["standing"] == "overdue"
            else text.reason(step["reason"] or ""),
        )
        for step in steps
    ]
    headers = ("state", "step", "due", "done", "who must act, or why")
    show_table(title, headers, lines, whole=("state", "due", "done"))
