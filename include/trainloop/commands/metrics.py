"""metrics: what the lifecycle owes, as gauges in the text format that Prometheus and its collectors read."""

from __future__ import annotations

import typer

from trainloop.errors import TransientError

PREFIX = "trainloop_"
# Gauge → its label, where it has one, and its help.
GAUGES: dict[str, tuple[str, str]] = {
    "due_not_done": ("step", "steps of the lifecycle whose day has passed and that are not done"),
    "outbox_waiting": ("", "mails that are written and not sent"),
    "outbox_age_seconds": ("", "age of the oldest mail that is written and not sent"),
    "quarantined_rows": ("dataset", "rows that wait for their owner's correction"),
    "last_file_age_seconds": ("dataset", "time since the last file of a contract was taken in"),
    "last_backup_age_seconds": ("", "time since the last whole backup; not there before the first one"),
    "may_send": ("", "1 when this environment holds the sender's lease on this database"),
}


def register(app: typer.Typer) -> None:
    app.command()(metrics)


class WarehouseAtRestError(TransientError):
    """The embedded PostgreSQL does not run, and who only looks does not start it. Start it with `trainloop up`."""


def metrics() -> None:
    """Print the lifecycle's gauges for Prometheus (textfile collector, Pushgateway)."""
    from trainloop.settings import get_settings
    from trainloop.warehouse.embedded import EmbeddedServer

    if EmbeddedServer.is_at_rest(get_settings()):
        raise WarehouseAtRestError
    typer.echo(exposition(), nl=False)


def exposition() -> str:
    """Return every gauge in the text format; one that has nothing to count is there with 0 or without a line."""
    from trainloop import clock
    from trainloop.config import get_site
    from trainloop.settings import get_settings
    from trainloop.warehouse import engine
    from trainloop.warehouse.statements import statement

    with engine.connect("board") as connection:
        facts = {
            "now": clock.now(connection),
            "today": clock.today(connection),
            "environment": get_settings().environment,
            "performance_patience_days": get_site().impact.wait_days - get_site().impact.window_days,
        }
        rows = connection.execute(statement("metrics", "gauges"), facts).fetchall()
    lines = []
    for gauge, (label, told) in GAUGES.items():
        lines += [f"# HELP {PREFIX}{gauge} {told}", f"# TYPE {PREFIX}{gauge} gauge"]
        for row in rows:
            if row["gauge"] == gauge:
                selector = f'{{{label}="{row["label"]}"}}' if label else ""
                lines.append(f"{PREFIX}{gauge}{selector} {row['value']:g}")
    return "\n".join([*lines, ""])
