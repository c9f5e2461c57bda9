"""backup, restore: both databases out and in again. Sending is held after a restore until a person decides."""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trainloop.commands.console import console

if TYPE_CHECKING:
    from trainloop.recovery.restore import Restored
    from trainloop.settings import Settings


def register(app: typer.Typer) -> None:
    for command in (backup, restore):
        app.command()(command)


def backup(
    uri: Annotated[str, typer.Argument(help="folder or URI to keep it in; default: TRAINLOOP_BACKUPS_URI")] = "",
    keep_days: Annotated[
        int | None, typer.Option(min=1, help="afterwards remove whole backups older than this many days")
    ] = None,
    without_airflow: Annotated[bool, typer.Option("--without-airflow", help="the warehouse alone")] = False,
) -> None:
    """Back up the warehouse and Airflow's metadata; nothing has to stop for it."""
    from trainloop.recovery.backup import backup as take
    from trainloop.settings import get_settings

    settings = get_settings()
    with console.status("Dumping…"):
        airflow = None if without_airflow else airflow_address(settings)
        taken = take(settings, uri or settings.folder_uri("backups"), getpass.getuser(), airflow, keep_days)
    size = sum(piece.size_bytes for piece in taken.manifest.files.values()) / 1e6
    holds = "  ".join(f"{name.replace('_', ' ')} {count}" for name, count in taken.manifest.holds.items())
    console.print(f"[green]✓[/] {taken.uri}  ({size:.1f} MB)", highlight=False, soft_wrap=True)
    console.print(f"  {holds}", highlight=False)
    if taken.removed:
        console.print(f"  removed: {', '.join(taken.removed)}", highlight=False)
    if taken.manifest.airflow_version is None:
        console.print("  without Airflow's metadata: the warehouse plans by itself", highlight=False)
    console.print("  Not in it: the secret key, the archive and the documents. Keep copies of them, too.")


def restore(
    uri: Annotated[str, typer.Argument(help="folder of one backup, as `trainloop backup` printed it")],
    replace: Annotated[bool, typer.Option("--replace", help="the databases hold something: replace all of it")] = False,
    without_airflow: Annotated[bool, typer.Option("--without-airflow", help="the warehouse alone")] = False,
    other_key: Annotated[bool, typer.Option("--other-key", help="the secret key of then is lost for good")] = False,
) -> None:
    """Bring both databases back to a backup; mails are held until `trainloop outbox lease`."""
    from trainloop.recovery.restore import Wishes
    from trainloop.recovery.restore import restore as bring_back
    from trainloop.settings import get_settings
    from trainloop.stack.layout import Layout

    settings = get_settings()
    wishes = Wishes(getpass.getuser(), replace, other_key, without_airflow)
    with console.status("Restoring…") as shown:
        airflow = None if without_airflow else airflow_address(settings)
        done = bring_back(settings, uri, airflow, wishes, lambda step: shown.update(f"Restoring… {step}"))
        # The tables may be an older Airflow's: the next `up` migrates them.
        layout = Layout(settings)
        if layout.record_file.exists():
            record = layout.read_record()
            record.airflow_version = ""
            layout.write_record(record)
    _tell(done)


def airflow_address(settings: Settings) -> str | None:
    """Return the URL of Airflow's metadata: the setting, a container's variable, else the embedded one."""
    from trainloop.stack.environment import airflow_database_url

    given = os.environ.get("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "")
    if settings.airflow_database_url is None and given.startswith("postgres"):
        scheme, _, rest = given.partition("://")
        return f"{scheme.partition('+')[0]}://{rest}"
    if settings.airflow_database_url is None and settings.warehouse_url is not None:
        home: Path = settings.home
        if not (home / "postgres" / "port").exists():
            return None
    return airflow_database_url(settings).replace("postgresql+psycopg2://", "postgresql://", 1)


def _tell(done: Restored) -> None:
    manifest = done.manifest
    console.print(
        f"[green]✓[/] restored {manifest.backup_id}, taken {manifest.taken_at:%Y-%m-%d %H:%M} UTC", highlight=False
    )
    if done.migrations:
        console.print(f"  migrated from {manifest.schema_version}: {', '.join(done.migrations)}", highlight=False)
    console.print(f"  erased again: {done.erased_again} people", highlight=False)
    if done.forgotten_tombstones:
        console.print(
            f"[yellow]![/] {done.forgotten_tombstones} erased people have no file in the archive's .erased-people: who "
            "was erased after this backup may be back. Restore the archive, then run `purge_expired_records`.",
            highlight=False,
        )
    for kind, count in done.missing_files.items():
        console.print(f"[yellow]![/] {count} files ({kind}) are not where the warehouse says.", highlight=False)
    if not done.has_airflow:
        console.print("  Airflow's metadata were left alone.")
    console.print(
        f"[yellow]![/] Sending is held: {done.in_doubt} mails may have left before. `trainloop up`, then "
        "`trainloop outbox in-doubt`, then `trainloop outbox lease`.",
        highlight=False,
    )
