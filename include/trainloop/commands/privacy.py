"""erase, export: what a person may ask for. The id is asked for, never logged; counts are shown."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trainloop.commands.console import console, in_a_folder, show_table

PersonId = Annotated[
    str, typer.Argument(help="employee id as in the employees file, leading zeros included; with --trainer a trainer's")
]
IsTrainer = Annotated[
    bool, typer.Option("--trainer", help="the id is that of an external trainer (讲师编号), who is no employee")
]


def register(app: typer.Typer) -> None:
    app.command()(erase)
    app.command()(export)


def erase(
    person_id: PersonId,
    by: Annotated[str, typer.Option("--by", help="who asked for it or decides it; kept as proof")],
    undo: Annotated[
        bool, typer.Option("--undo", help="let files bring this person again; what is gone stays gone")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask again")] = False,
    trainer: IsTrainer = False,
) -> None:
    """Erase a person: own records and texts go, what counts need stays under an alias that leads nowhere."""
    from trainloop.config import get_site
    from trainloop.retention import erasure, tombstones
    from trainloop.talent import cases

    if undo:
        erasure.undo(tombstones.trainer_key(person_id) if trainer else person_id)
        console.print("[green]✓[/] Files may bring this person again.")
        return
    if not yes:
        typer.confirm("This cannot be taken back. Erase this person's data?", abort=True)
    done = erasure.erase_trainer(person_id, by) if trainer else erasure.erase(person_id, by)
    cases.take_out()
    if not done.counts:
        console.print("This person was erased before; nothing was left to do.")
        return
    show_table("Erased", ("where", "rows"), sorted(done.counts.items()))
    rules = get_site().retention
    console.print(
        f"[green]✓[/] {done.alias}. Archived files go after {rules.raw_files} days, mails to others that may name the "
        f"person after {rules.mail_bodies}. Take the person out of the source systems, too: rows that come again are "
        "held back.",
        highlight=False,
    )


def export(
    person_id: PersonId,
    to: Annotated[Path, typer.Option("--to", callback=in_a_folder, help="ZIP to write; hand it over by a safe way")],
    trainer: IsTrainer = False,
) -> None:
    """Write everything that is kept about a person into one ZIP (subject access)."""
    from trainloop.retention.export import export_person, export_trainer

    counts = export_trainer(person_id, to) if trainer else export_person(person_id, to)
    show_table("Exported", ("what", "rows"), sorted(counts.items()))
    console.print(f"[green]✓[/] {to}", highlight=False)
