"""The command line tells errors as sentences and ends with a code that scripts understand."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from trainloop.cli import app
from trainloop.commands import console
from trainloop.errors import SettingMissingError, WarehouseUnreachableError

COMMANDS = (
    "up down status doctor migrate provision intake template docs lifecycle report impact approvals needs outbox "
    "backup restore metrics demo forms mailbox bench"
)


def test_help_lists_every_command() -> None:
    """One place to look."""
    shown = CliRunner().invoke(app, ["--help"])
    assert shown.exit_code == 0
    assert all(command in shown.output for command in COMMANDS.split())


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SettingMissingError(name="TRAINLOOP_SECRET_KEY", remedy="Set it."), console.FAILURE),
        (WarehouseUnreachableError(role="board", detail="refused"), console.TEMPORARY_FAILURE),
    ],
)
def test_our_errors_are_told_without_a_traceback(error: Exception, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the remedy; the code says whether trying again may help."""

    def refuse() -> None:
        raise error

    monkeypatch.setattr("trainloop.warehouse.migrations.migrate", refuse)
    told = CliRunner().invoke(app, ["migrate"], env={"COLUMNS": "200"})
    assert told.exit_code == code
    assert str(error).splitlines()[0] in told.stderr
    assert "Traceback" not in told.output


def test_status_of_an_empty_home_says_how_to_begin(home: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing there is no error."""
    monkeypatch.delenv("TRAINLOOP_WAREHOUSE_URL", raising=False)
    told = CliRunner().invoke(app, ["status"])
    assert told.exit_code == 0
    assert "trainloop up" in told.output


def test_status_and_lifecycle_read_a_fresh_warehouse(warehouse: str) -> None:
    """Both work before anything has happened, as the role that sees codes and counts only."""
    assert CliRunner().invoke(app, ["status"]).exit_code == 0
    told = CliRunner().invoke(app, ["lifecycle"])
    assert told.exit_code == 0
    assert "No class session" in told.output


def test_migrating_twice_says_that_nothing_was_to_do(warehouse: str) -> None:
    """`trainloop migrate` may stand in any start script."""
    assert "up to date" in CliRunner().invoke(app, ["migrate"]).output
