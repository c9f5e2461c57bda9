"""up, down, status, doctor, migrate: the local stack and this machine."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import typer
from rich.markup import escape

from trainloop.commands.console import FAILURE, console, show_table

if TYPE_CHECKING:
    from trainloop.settings import Settings
    from trainloop.stack.layout import StackRecord
    from trainloop.warehouse.engine import Connection


def register(app: typer.Typer) -> None:
    for command in (up, down, status, doctor, migrate, provision):
        app.command()(command)


def up() -> None:
    """Start PostgreSQL, Airflow, the forms service and (outside production) the dev mailbox; safe to run again."""
    from trainloop.settings import get_settings
    from trainloop.stack import local
    from trainloop.stack.layout import ADMIN, Layout

    settings = get_settings()
    started = time.monotonic()
    with console.status("Starting…") as shown:
        record = local.up(settings, lambda step: shown.update(f"Starting… waiting for {step}"))
    console.print(f"[green]✓[/] ready after {time.monotonic() - started:.0f} s")
    password = Layout(settings).admin_password()
    console.print(f"  Airflow   {record.airflow_url}   user {ADMIN}   password {password}", highlight=False)
    if "mailbox" in record.ports:
        console.print(f"  Mailbox   {record.mailbox_url}", highlight=False)
    console.print(f"  Forms     {record.forms_url}", highlight=False)
    console.print(f"  Inbox     {settings.folder_uri('inbox')}", highlight=False)


def down() -> None:
    """Stop what `trainloop up` started, by process id; data stay."""
    from trainloop.settings import get_settings
    from trainloop.stack import local

    with console.status("Stopping…") as shown:
        stopped = local.down(get_settings(), lambda step: shown.update(f"Stopping… {step}"))
    console.print(f"[green]✓[/] stopped: {', '.join(stopped)}" if stopped else "Nothing was running.")


def status() -> None:
    """What runs, where, and what waits in the warehouse."""
    from trainloop.settings import get_settings
    from trainloop.stack import local
    from trainloop.stack.layout import Layout

    settings = get_settings()
    if local.belongs_to_an_engine():
        console.print("The services are the container engine's: `docker compose ps`.")
    else:
        _processes(settings, Layout(settings).read_record(), local.running(settings))
    _warehouse_status()


def _processes(settings: Settings, record: StackRecord, pids: dict[str, int | None]) -> None:
    if settings.environment == "production":
        pids.pop("mailbox")
    show_table(
        "Processes", ("part", "process", "state"), [(n, p, "running" if p else "stopped") for n, p in pids.items()]
    )
    if any(pids.values()):
        console.print(f"Airflow {record.airflow_url}", highlight=False)
        if "forms" in record.ports:
            console.print(f"Forms   {record.forms_url}", highlight=False)
        if "mailbox" in record.ports:
            console.print(f"Mailbox {record.mailbox_url}", highlight=False)


def _warehouse_status() -> None:
    from trainloop import clock
    from trainloop.settings import get_settings
    from trainloop.warehouse import engine
    from trainloop.warehouse.embedded import EmbeddedServer
    from trainloop.warehouse.statements import statement

    if EmbeddedServer.is_at_rest(get_settings()):
        console.print("The warehouse is at rest, or there is none yet: `trainloop up`")
        return
    _schema_status()
    with engine.connect("board") as connection:
        console.print(f"Business date {clock.today(connection)}", highlight=False)
        _sending_status(connection)
        _backup_status(connection)
        for title, block, headers in (
            ("Files", "files_by_state", ("dataset", "state", "files", "rows", "accepted", "quarantined", "parked")),
            ("Steps that are due", "due_steps", ("step", "due", "oldest since")),
            ("Due but not done at the last audit", "gaps", ("step", "due", "done", "not done")),
            ("Mails", "messages_by_state", ("state", "mails", "next attempt")),
        ):
            rows = connection.execute(statement("console", block), {"today": clock.today(connection)}).fetchall()
            if rows:
                show_table(title, headers, [tuple(row.values()) for row in rows])


def _schema_status() -> None:
    """Say which migration the warehouse is at and what is missing to this release."""
    from trainloop.warehouse import migrations

    applied, known = migrations.applied_here(), [path.stem for path in migrations.files()]
    behind, ahead = len(set(known) - set(applied)), sorted(set(applied) - set(known))
    told = f"Schema        {applied[-1] if applied else 'none'}"
    if ahead:
        told += "  [red]newer than this release[/]"
    elif behind:
        told += f"  [yellow]{behind} migrations behind: `trainloop migrate`[/]"
    console.print(told, highlight=False)


def _sending_status(connection: Connection) -> None:
    from trainloop.outbox.leases import holds_lease, restored_from
    from trainloop.settings import get_settings

    environment, backup_id = get_settings().environment, restored_from(connection)
    if holds_lease(connection):
        console.print(f"Sender lease  {environment} may send from this database", highlight=False)
    elif backup_id is not None:
        console.print(
            f"Sender lease  [yellow]held[/]: restored from {backup_id}; look at `trainloop outbox in-doubt`",
            highlight=False,
        )
    else:
        console.print(
            f"Sender lease  [yellow]none for {environment}[/]: nothing is sent (`trainloop outbox lease`)",
            highlight=False,
        )


def _backup_status(connection: Connection) -> None:
    from trainloop.warehouse.statements import statement

    last = connection.execute(statement("recovery", "last_backup")).fetchone()
    if last is None:
        console.print("Last backup   [yellow]none[/]: `trainloop backup`", highlight=False)
        return
    told = f"{last['taken_at']:%Y-%m-%d %H:%M} UTC, {last['size_bytes'] / 1e6:.1f} MB, {last['uri']}"
    console.print(f"Last backup   {told}", highlight=False, soft_wrap=True)


def doctor() -> None:
    """Say what is missing on this machine and in this installation, and how to mend it."""
    from trainloop.commands.deployment import examine_deployment
    from trainloop.commands.limesurvey import examine_limesurvey
    from trainloop.settings import get_settings
    from trainloop.stack.doctor import examine

    settings = get_settings()
    outside = examine_limesurvey(settings)
    findings = [*examine(settings), *examine_deployment(settings), *([outside] if outside else [])]
    for finding in findings:
        mark = {"ok": "[green]✓[/]", "advice": "[yellow]![/]", "problem": "[red]✗[/]"}[finding.level]
        console.print(f"{mark} {finding.subject}: {escape(finding.detail)}", highlight=False)
        if finding.remedy:
            console.print(f"    → {escape(finding.remedy)}", highlight=False)
    if any(finding.level == "problem" for finding in findings):
        raise typer.Exit(FAILURE)


def migrate() -> None:
    """Bring the warehouse to this release (`up` does it too)."""
    from trainloop.warehouse.migrations import migrate as run_migrations

    names = run_migrations()
    console.print(f"Ran {', '.join(names)}." if names else "The warehouse is up to date.")


def provision() -> None:
    """Prepare a deployment: both databases, roles, Airflow's Connections, HR's role, the first login."""
    from trainloop.settings import get_settings
    from trainloop.stack.provision import provision as run_provision

    names = run_provision(get_settings())
    console.print(f"Ran {', '.join(names)}." if names else "The warehouse is up to date.")
    console.print("[green]✓[/] databases, roles, Connections and logins are ready")
