"""What all commands share: the console, tables, and errors told without a traceback."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from typer.core import TyperGroup

from trainloop.errors import PermanentError, TrainLoopError, TransientError

console = Console()
error_console = Console(stderr=True)

# sysexits.h: a script may try again later.
TEMPORARY_FAILURE = 75
FAILURE = 1


# What a disk, a folder or its rights refuse: an operator mends it, and no traceback helps.
_REFUSALS = frozenset({
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EEXIST,
    errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.EMFILE, errno.ENFILE,
})  # fmt: skip


class MachineRefusedError(PermanentError):
    """This machine refused {place}: {detail}. Nothing is half-written there.

    Give this user the right to write, free some space, or name another folder (TRAINLOOP_HOME); then run it again.
    """


class WarehouseBrokeOffError(TransientError):
    """The warehouse broke off: {detail}. What was under way is rolled back.

    Look at the disk and the log of its server (RUNBOOK 6 and 8), then run it again.
    """


class Commands(TyperGroup):
    """A group whose commands tell a TrainLoopError as a sentence: exit code 75 when a retry may help, else 1."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            told = _told(error)
            if told is None:
                raise
        error_console.print(f"[bold red]✗[/] {escape(str(told))}")
        raise typer.Exit(TEMPORARY_FAILURE if isinstance(told, TransientError) else FAILURE)


def _told(error: Exception) -> TrainLoopError | None:
    """Return what an operator is told about an error; None for a mistake of ours, which keeps its traceback."""
    if isinstance(error, TrainLoopError):
        return error
    if isinstance(error, OSError) and error.errno in _REFUSALS:
        return MachineRefusedError(place=error.filename or "to write", detail=os.strerror(error.errno))
    # Whoever raises one of psycopg has imported it; a command that needs no warehouse does not wait for it.
    psycopg = sys.modules.get("psycopg")
    if psycopg is not None and isinstance(error, psycopg.OperationalError):
        # The first words of the server; what follows (DETAIL, CONTEXT) may hold a row.
        detail = error.diag.message_primary or str(error).partition("\n")[0] or type(error).__name__
        return WarehouseBrokeOffError(detail=detail)
    return None


def in_a_folder(path: Path | None) -> Path | None:
    """Check an option that names a file to write: its folder must be there."""
    if path is not None and not path.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {path.parent}")
    return path


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
