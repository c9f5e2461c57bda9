"""What all commands share: the console, tables, and errors told without a traceback."""

from __future__ import annotations

import errno
import os
from collections.abc import Collection, Iterable, Sequence
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


class Commands(TyperGroup):
    """A group whose commands tell a TrainLoopError as a sentence: exit code 75 when a retry may help, else 1."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except TrainLoopError as error:
            told = error
        except OSError as error:
            if error.errno not in _REFUSALS:
                raise
            told = MachineRefusedError(place=error.filename or "to write", detail=os.strerror(error.errno))
        error_console.print(f"[bold red]✗[/] {escape(str(told))}")
        raise typer.Exit(TEMPORARY_FAILURE if isinstance(told, TransientError) else FAILURE)


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
