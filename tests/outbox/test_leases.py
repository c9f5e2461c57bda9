"""Only one environment on one database may send; a copy of the database may not."""

from __future__ import annotations

import psycopg
import pytest
from tests.outbox.conftest import Company, MailServer
from typer.testing import CliRunner

from trainloop.cli import app
from trainloop.outbox.composer import compose_due
from trainloop.outbox.leases import NothingInDoubtError, grant_first_lease, grant_lease
from trainloop.outbox.mailer import deliver_due
from trainloop.settings import get_settings
from trainloop.warehouse import engine
from trainloop.warehouse.embedded import EmbeddedServer


def test_a_cloned_database_sends_nothing_and_says_so(
    company: Company, server: EmbeddedServer, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Database restored or cloned: the sender has no lease for that environment."""
    company.call("E1", "E2")
    compose_due()
    original = engine.url("owner").rpartition("/")[2]
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"create database {original}_clone template {original}")
    try:
        monkeypatch.setenv("TRAINLOOP_WAREHOUSE_URL", server.url(f"{original}_clone"))
        get_settings.cache_clear()
        assert deliver_due(mail_server.transport()) == {"has_lease": 0, "sent": 0, "queued": 2}
        assert mail_server.received == []
        assert grant_lease("development", "a person", discard_queued=True)["discarded_messages"] == 2
        assert deliver_due(mail_server.transport())["sent"] == 0
    finally:
        monkeypatch.setenv("TRAINLOOP_WAREHOUSE_URL", server.url(original))
        get_settings.cache_clear()
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            connection.execute(f"drop database {original}_clone with (force)")
    assert deliver_due(mail_server.transport())["sent"] == 2


def test_another_environment_on_the_same_database_sends_nothing(
    company: Company, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A laptop that points at the production database by mistake mails nobody."""
    company.call("E1")
    compose_due()
    monkeypatch.setenv("TRAINLOOP_ENVIRONMENT", "demo")
    get_settings.cache_clear()
    assert deliver_due(mail_server.transport())["has_lease"] == 0


def test_working_roles_cannot_grant_themselves_a_lease(warehouse: str) -> None:
    """The sender reads leases; only the owner writes them."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege), engine.connect("sender") as connection:
        connection.execute("insert into ops.sender_leases values ('x', ops.database_identity(), now(), 'me')")


def test_a_new_warehouse_may_send_and_a_second_environment_is_a_persons_decision(warehouse: str) -> None:
    """The first lease comes with the warehouse; whoever comes later, or with a copy, asks `trainloop outbox lease`."""
    assert grant_first_lease("production", "trainloop provision")
    assert not grant_first_lease("production", "trainloop provision")
    assert not grant_first_lease("development", "trainloop up")
    with engine.connect("owner") as connection:
        rows = connection.execute("select environment, granted_by from ops.sender_leases").fetchall()
    assert [tuple(row.values()) for row in rows] == [("production", "trainloop provision")]


def test_a_live_queue_is_not_dropped_by_a_command_of_the_wrong_incident(
    company: Company, mail_server: MailServer
) -> None:
    """`outbox lease --discard-queued` is for copies: where mails leave already, nothing of them is dropped."""
    company.call("E1", "E2")
    compose_due()
    with pytest.raises(NothingInDoubtError, match="outbox hold"):
        grant_lease("development", "a person", discard_queued=True)
    assert deliver_due(mail_server.transport())["sent"] == 2


def test_a_kind_that_is_misspelt_is_refused_before_anything_is_dropped_or_released(warehouse: str) -> None:
    """A typo after --keep would drop the very mails that must go, one after `release` would leave them held."""
    for words in (["lease", "--discard-queued", "--keep", "survey_invitatoin"], ["release", "survey_invitatoin"]):
        told = CliRunner().invoke(app, ["outbox", *words])
        assert told.exit_code == 1
        assert "no mail template survey_invitatoin" in " ".join(told.stderr.split())
    assert CliRunner().invoke(app, ["outbox", "list", "--state", "wating"]).exit_code == 2
