"""The command line: `trainloop <command>`. Each command is a thin door to the package that does the work."""

from __future__ import annotations

import typer

from trainloop.commands import files, impact, lifecycle, mail, metrics, needs, privacy, recovery, stack, tools
from trainloop.commands.console import Commands

app = typer.Typer(
    cls=Commands,
    help="TrainLoop: a company's training lifecycle, from files in an inbox to reports in a mailbox.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for module in (stack, files, lifecycle, impact, needs, mail, metrics, privacy, recovery, tools):
    module.register(app)
