"""After a restore nothing leaves until a person has decided what to do with mails that may have left before."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from trainloop.cli import app
from trainloop.outbox.leases import LeaseInDoubtError, grant_first_lease, grant_lease, in_doubt
from trainloop.outbox.mailer import deliver_due
from trainloop.outbox.transport import SmtpTransport
from trainloop.warehouse import engine, migrations

from .conftest import World


def nobody_listens() -> SmtpTransport:
    """A transport that fails when it is used at all."""
    return SmtpTransport(host="127.0.0.1", port=9, user=None, password=None, security="none", timeout_seconds=1)


def restored(world: World) -> None:
    """The mail of the backup left after it, then the old state came back into the very same database."""
    taken = world.backup()
    world.query("update ops.messages set state = 'sent', sent_at = now(), settled_at = now(), next_attempt_at = null")
    world.restore(taken.uri, replace=True)
    assert world.query("select state::text from ops.messages") == [{"state": "composed"}]


def test_mails_that_left_after_the_backup_do_not_leave_again(world: World) -> None:
    """The same cluster and database have the same identity, so the restore itself lays the lease down."""
    restored(world)
    assert deliver_due(nobody_listens()) == {"has_lease": 0, "sent": 0, "queued": 1}
    assert not grant_first_lease("development", "trainloop up")
    assert deliver_due(nobody_listens())["has_lease"] == 0


def test_a_person_is_asked_for_a_choice_with_the_count(world: World) -> None:
    """A plain `outbox lease` would be a decision nobody took."""
    restored(world)
    with pytest.raises(LeaseInDoubtError, match=r"restored from backup development-\w+-\w+: 2 mails"):
        grant_lease("development", "a person")
    assert deliver_due(nobody_listens())["has_lease"] == 0


def test_the_list_of_what_is_in_doubt_names_kinds_and_counts_and_nobody(world: World) -> None:
    """What is written and what will be, each with how many people and since when."""
    restored(world)
    shown = CliRunner().invoke(app, ["outbox", "in-doubt"], env={"COLUMNS": "200"}).output
    assert "survey_invitation" in shown
    assert "evaluation_report" in shown
    assert "example.com" not in shown
    assert "学员" not in shown
    with engine.connect("sender") as connection:
        rows = in_doubt(connection)
    assert [(row["kind"], row["is_written"], row["mails"], row["recipients"]) for row in rows] == [
        ("evaluation_report", False, 1, 1),
        ("survey_invitation", True, 1, 1),
    ]


def test_discarding_drops_all_but_the_kinds_that_are_kept(world: World) -> None:
    """Links of invitations may be dead: their kind can go all the same."""
    restored(world)
    counts = grant_lease("development", "a person", discard_queued=True, keep=["survey_invitation"])
    assert counts == {"discarded_notices": 1, "discarded_messages": 0}
    assert deliver_due(nobody_listens())["has_lease"] == 1
    assert world.query("select state::text, reason from ops.notices") == [
        {"state": "dropped", "reason": "before_lease"}
    ]
    assert CliRunner().invoke(app, ["outbox", "in-doubt"]).output.startswith("This database was not restored")


def test_sending_everything_again_is_a_choice_too(world: World) -> None:
    """When the original sent nothing: its server died with the mails in it."""
    restored(world)
    assert grant_lease("development", "a person", discard_queued=False) == {
        "discarded_notices": 0,
        "discarded_messages": 0,
    }
    assert deliver_due(nobody_listens())["queued"] == 1
    assert world.count("ops.sender_leases") == 1


def test_status_says_schema_lease_and_last_backup(world: World) -> None:
    """Before, held after a restore, and after the decision; a warehouse of a newer release is called so."""
    command = CliRunner()

    def status() -> str:
        told = command.invoke(app, ["status"], env={"COLUMNS": "200"})
        assert told.exit_code == 0, told.output
        return told.output

    assert "Last backup   none" in status()
    taken = world.backup()
    shown = status()
    assert taken.uri in shown
    assert "development may send from this database" in shown
    assert f"Schema        {migrations.files()[-1].stem}\n" in shown
    world.restore(taken.uri, replace=True)
    assert f"held: restored from {taken.manifest.backup_id}" in status()
    world.query("delete from ops.sender_leases")
    world.query("insert into ops.schema_migrations (name, sha256) values ('9999_future', 'x')")
    shown = status()
    assert "none for development" in shown
    assert "9999_future  newer than this release" in shown


def test_backup_and_restore_are_commands_that_say_what_happens_next(world: World) -> None:
    """What is not in a backup, what a restore holds back, and why a restore does not start."""
    command = CliRunner()
    told = command.invoke(app, ["backup", str(world.backups), "--without-airflow"], env={"COLUMNS": "200"})
    assert told.exit_code == 0, told.output
    assert "Not in it: the secret key" in told.output
    (folder,) = world.backups.iterdir()
    refused = command.invoke(app, ["restore", str(folder), "--without-airflow"])
    assert refused.exit_code == 1
    assert "--replace" in refused.output
    done = command.invoke(app, ["restore", str(folder), "--without-airflow", "--replace"], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    assert "Sending is held: 2 mails" in done.output
