"""outbox: what waits to be sent, and HR's hand on it."""

from __future__ import annotations

import getpass
from datetime import datetime
from typing import Annotated, Literal

import typer

from trainloop.commands.console import Commands, console, show_counts, show_table

COLUMNS = {
    "id": "message_id",
    "template": "template",
    "state": "state",
    "next try": "next_attempt_at",
    "sent": "sent_at",
    "tries": "attempt_count",
    "reply": "reply_code",
    "reason": "reason",
}

State = Literal["composed", "claimed", "sent", "uncertain", "expired", "suppressed", "failed", "bounced"]

outbox = typer.Typer(cls=Commands, no_args_is_help=True, help="Mails that wait, were sent or failed.")


def register(app: typer.Typer) -> None:
    app.add_typer(outbox, name="outbox")


@outbox.command("list")
def list_messages(
    state: Annotated[State | None, typer.Option(help="those of one state")] = None,
    limit: Annotated[int, typer.Option(min=1, help="newest first")] = 50,
) -> None:
    """Show mails by id, template and state; recipients are not shown."""
    from trainloop.outbox.desk import list_messages as find

    rows = find(state, limit)
    if not rows:
        console.print("No mail.")
        return
    show_table("Mails", list(COLUMNS), [[_cell(row[COLUMNS[name]]) for name in COLUMNS] for row in rows])


@outbox.command()
def hold(template: Annotated[str, typer.Argument(help="a template, such as survey_invitation")]) -> None:
    """Hold back all mails of a template until `release`."""
    from trainloop.outbox.desk import hold as hold_template

    hold_template(template, by=getpass.getuser())
    console.print(f"{template} is held back.", highlight=False)


@outbox.command()
def release(template: Annotated[str, typer.Argument(help="a template that is held back")]) -> None:
    """Let the mails of a template leave again."""
    from trainloop.outbox.desk import release as release_template

    release_template(template)
    console.print(f"{template} may leave again.", highlight=False)


@outbox.command()
def retry(message_id: Annotated[int, typer.Argument(help="id from `trainloop outbox list`")]) -> None:
    """Send a failed mail again: the same bytes, at the next run of `deliver_mail`."""
    from trainloop.outbox.desk import retry as retry_message

    show_counts(retry_message(message_id))


@outbox.command("in-doubt")
def in_doubt() -> None:
    """After a restore: what would leave from here and may have left from the original, by kind."""
    from trainloop.outbox.leases import in_doubt as find
    from trainloop.outbox.leases import restored_from
    from trainloop.warehouse import engine

    with engine.connect("sender") as connection:
        backup_id, rows = restored_from(connection), find(connection)
    if backup_id is None:
        console.print("This database was not restored, or somebody has decided already: nothing is in doubt.")
        return
    console.print(f"Restored from backup {backup_id}; sending is held.", highlight=False)
    if not rows:
        console.print("No mail is due: `trainloop outbox lease` lets this environment send.")
        return
    names = ("kind", "written", "mails", "recipients", "oldest", "newest")
    cells = [
        (row["kind"], "yes" if row["is_written"] else "not yet", row["mails"], row["recipients"],
         _cell(row["oldest_at"]), _cell(row["newest_at"]))
        for row in rows
    ]  # fmt: skip
    show_table("May have left before the restore", names, cells)
    console.print(
        "What the lifecycle plans in the next hours joins this list; look again after the scans ran. Then "
        "`trainloop outbox lease --discard-queued` (with --keep <kind>) or `--send-queued`.",
        highlight=False,
    )


@outbox.command()
def lease(
    discard_queued: Annotated[
        bool | None,
        typer.Option(
            "--discard-queued/--send-queued", help="a restored database: drop what was due before now, or send it again"
        ),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option("--keep", help="with --discard-queued: a kind of `in-doubt` that must go all the same"),
    ] = None,
) -> None:
    """Let this environment send from this database (asked for after a restore, a clone or a move)."""
    from trainloop.outbox.leases import grant_lease
    from trainloop.settings import get_settings

    environment, by = get_settings().environment, getpass.getuser()
    show_counts(grant_lease(environment, by, discard_queued=discard_queued, keep=keep or ()))
    console.print(f"Environment {get_settings().environment} may send from this database.", highlight=False)


def _cell(value: object) -> object:
    """Times in the site's zone, to the minute."""
    from trainloop.config import get_site

    return f"{value.astimezone(get_site().company.zone):%m-%d %H:%M}" if isinstance(value, datetime) else value
