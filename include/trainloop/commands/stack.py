"""up, down, status, doctor, migrate: the local stack and this machine."""

from __future__ import annotations

import time

import typer

from trainloop.commands.console import FAILURE, console, show_table


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
    record = Layout(settings).read_record()
    pids = local.running(settings)
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
    _warehouse_status()


def _warehouse_status() -> None:
    from trainloop import clock
    from trainloop.settings import get_settings
    from trainloop.warehouse import engine
    from trainloop.warehouse.statements import statement

    settings = get_settings()
    if settings.warehouse_url is None and not (settings.home / "postgres" / "port").exists():
        console.print("There is no warehouse yet: `trainloop up` makes one.")
        return
    with engine.connect("board") as connection:
        console.print(f"Business date {clock.today(connection)}", highlight=False)
        for title, block, headers in (
            ("Files", "files_by_state", ("dataset", "state", "files", "rows", "accepted", "quarantined", "parked")),
            ("Steps that are due", "due_steps", ("step", "due", "oldest since")),
            ("Mails", "messages_by_state", ("state", "mails", "next attempt")),
        ):
            rows = connection.execute(statement("console", block), {"today": clock.today(connection)}).fetchall()
            if rows:
                show_table(title, headers, [tuple(row.values()) for row in rows])


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
        console.print(f"{mark} {finding.subject}: {finding.detail}", highlight=False)
        if finding.remedy:
            console.print(f"    → {finding.remedy}", highlight=False)
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
