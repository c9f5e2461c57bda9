"""`trainloop doctor` about the installation: what it works with, what is wrong there, and what to do about it."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from pydantic import SecretStr
from tests.outbox.conftest import MailServer, free_port

from trainloop.commands.deployment import examine_deployment
from trainloop.outbox.leases import grant_first_lease
from trainloop.settings import Settings, get_settings
from trainloop.stack.doctor import Finding, examine
from trainloop.warehouse import engine


def look(**settings: object) -> dict[str, Finding]:
    """Examine with these settings in place of this process's."""
    return {
        finding.subject: finding
        for finding in examine_deployment(get_settings().model_copy(update=settings))  # type: ignore[arg-type]
    }


def run(query: str) -> None:
    with engine.connect("owner") as connection:
        connection.execute(query)  # type: ignore[arg-type]


@pytest.fixture
def ready(warehouse: str) -> None:
    """A warehouse as `up` leaves it."""
    grant_first_lease(get_settings().environment, "test")


def test_a_sound_installation_has_no_problem(ready: None) -> None:
    """Schema, clocks, lease, folders: all looked at, nothing to do."""
    found = look()
    assert {finding.level for finding in found.values()} == {"ok"}
    assert {"Folder inbox", "Folder reports", "Schema", "Clock", "Business time", "Sender", "Mail"} <= found.keys()


def test_a_schema_that_is_newer_or_older_is_named_with_what_to_do(ready: None) -> None:
    """A database of a newer release is refused; migrations that have not run are told."""
    run("insert into ops.schema_migrations (name, sha256) values ('9999_of_tomorrow', '')")
    assert look()["Schema"].level == "problem"
    assert "9999_of_tomorrow" in look()["Schema"].detail
    run("delete from ops.schema_migrations where name >= '9999' or name like '0200%'")
    found = look()
    assert (found["Schema"].level, found["Schema"].detail[:1]) == ("advice", "1")
    # Nothing else is asked of a schema that this release does not know.
    assert "Sender" not in found


def test_a_copy_of_a_database_may_not_send_and_hears_why(warehouse: str) -> None:
    """Database restored or cloned: the sender has no lease for that environment."""
    found = look()["Sender"]
    assert found.level == "problem"
    assert "outbox lease" in found.remedy


def test_a_clock_that_stands_is_a_problem_outside_the_demo(ready: None) -> None:
    """The demo leaves business time standing; a company's must go on."""
    run("update ops.clock set frozen_at = '2026-03-01 09:00+08'")
    found = look()["Business time"]
    assert (found.level, found.detail[:26]) == ("problem", "stands at 2026-03-01 01:00")


def test_a_folder_nobody_can_write_in_is_named_with_its_setting(home: Path) -> None:
    """A wrong URI would stop intake at night; doctor says it by day."""
    (home / "a-file").write_text("not a folder")
    found = look(inbox_uri=(home / "a-file" / "inbox").as_uri(), reports_uri="nowhere://bucket/reports")
    assert found["Folder inbox"].level == found["Folder reports"].level == "problem"
    assert "TRAINLOOP_INBOX_URI" in found["Folder inbox"].remedy
    assert look(archive_uri="memory://archive")["Folder archive"].level == "ok"


def test_a_mail_server_is_called_and_hung_up_on(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reachable: said with its security. Not reachable: a problem with a remedy. Nothing is sent."""
    server = MailServer(port=free_port())
    controller = Controller(server, hostname="127.0.0.1", port=server.port)
    controller.start()
    extra = '"extra": {"disable_ssl": true, "disable_tls": true}'
    for port, level in ((server.port, "ok"), (free_port(), "problem")):
        monkeypatch.setenv(
            "AIRFLOW_CONN_SMTP_DEFAULT", f'{{"conn_type": "smtp", "host": "127.0.0.1", "port": {port}, {extra}}}'
        )
        assert look(environment="production")["Mail"].level == level
    controller.stop()
    assert server.received == []
    monkeypatch.delenv("AIRFLOW_CONN_SMTP_DEFAULT")
    assert look(environment="production")["Mail"].level == "advice"


def test_a_forms_service_that_does_not_answer_is_a_problem(home: Path) -> None:
    """Links in mails would lead nowhere."""
    found = look(forms_url=f"http://127.0.0.1:{free_port()}")["Forms"]
    assert found.level == "problem"
    assert "lead nowhere" in found.detail


def test_production_hears_of_sample_contacts_and_of_a_short_key(home: Path) -> None:
    """The shipped contacts are nobody's; a key that can be guessed opens every link."""
    settings = get_settings().model_copy(update={"environment": "production", "secret_key": SecretStr("short")})
    found = {finding.subject: finding for finding in examine(settings)}
    assert "hr_lead" in found["Site file"].detail
    assert found["Secret key"].level == "problem"
    assert "Mailbox port" not in found
    assert isinstance(settings, Settings)
