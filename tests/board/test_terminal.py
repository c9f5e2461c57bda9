"""`trainloop lifecycle`: the board for a terminal."""

from __future__ import annotations

from datetime import timedelta

from tests.board.conftest import Board
from tests.board.world import TODAY, add_class, found_company
from typer.testing import CliRunner

from trainloop.cli import app


def told(*words: str, columns: int = 160) -> str:
    done = CliRunner().invoke(app, ["lifecycle", *words], env={"COLUMNS": str(columns)})
    assert done.exit_code == 0, done.output
    return done.output


def test_the_terminal_shows_stage_late_steps_and_who_must_act(board: Board) -> None:
    """The same rules as the board, by the same statements."""
    found_company()
    add_class("2026-C001", TODAY - timedelta(days=3), ("readiness_1", -1, "done"), ("class_log", 0, "pending"))
    add_class("2026-C002", TODAY + timedelta(days=30), ("readiness_1", -1, "pending"))
    everything = told()
    assert "2 of 2 classes" in everything
    assert "Class day" in everything
    assert "✓!" in everything
    assert "2026-C002" not in told("--late")
    assert "2026-C001" not in told("--stage", "preparation")
    one = told("2026-C001")
    for words in ("✓ done", "! late", "Class log", "class manager"):
        assert words in one
    assert "No class is like that" in told("2026-C999")


def test_a_narrow_terminal_cuts_no_date_and_no_step(board: Board) -> None:
    """Eighty columns hold a class with all its steps; words wrap, dates and icons do not."""
    found_company()
    steps = [(f"readiness_{number}", number, "pending") for number in range(1, 19)]
    add_class("2026-C001", TODAY + timedelta(days=3), *steps)
    everything = told(columns=80)
    assert "○" * 18 in everything
    assert "2026-03-20" in everything
    assert "2026-03-20" in told("2026-C001", columns=80)
