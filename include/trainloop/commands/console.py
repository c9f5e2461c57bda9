"""What all commands share: the console, tables, and errors told without a traceback."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from typer.core import TyperGroup

from trainloop.errors import TrainLoopError, TransientError

console = Console()
error_console = Console(stderr=True)

# sysexits.h: a script may try again later.
TEMPORARY_FAILURE = 75
FAILURE = 1


class Commands(TyperGroup):
    """A group whose commands tell a TrainLoopError as a sentence: exit code 75 when a retry may help, else 1."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except TrainLoopError as error:
            error_console.print(f"[bold red]✗[/] {escape(str(error))}")
            raise typer.Exit(TEMPORARY_FAILURE if isinstance(error, TransientError) else FAILURE) from error


def show_table(
    title: str, headers: Sequence[str], rows: Iterable[Sequence[object]], whole: Collection[str] = ()
) -> None:
    """Print a table; a cell that is None stays empty, columns of `whole` are neither cut nor wrapped."""
    table = Table(title=title, title_justify="left", header_style="bold")
    for header in headers:
        table.add_column(header, no_wrap=header in whole)
    for row in rows:
        table.add_row(*("" if cell is None else escape(str(cell)) for cell in row))
    console.print(table)


def show_counts(counts: dict[str, Any]) -> None:
    """Print what an entry point returned: ids and counts."""
    console.print("  ".join(f"{key} [bold]{escape(str(value))}[/]" for key, value in counts.items()))
