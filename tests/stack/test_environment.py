"""Ports, secrets and the environment of the local Airflow."""

from __future__ import annotations

import json
import socket
import stat
from pathlib import Path

import pytest

from trainloop.settings import Settings, get_settings
from trainloop.stack import ports
from trainloop.stack.doctor import examine
from trainloop.stack.environment import airflow_environment
from trainloop.stack.layout import Layout, StackRecord
from trainloop.stack.local import COMMANDS, down

RECORD = StackRecord({"airflow": 18080, "forms": 18030, "mailbox": 18025, "mailbox_smtp": 11025})
OWN_DATABASE = "postgresql://owner@127.0.0.1:1/airflow"


@pytest.fixture
def layout(home: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """An empty home whose Airflow has a database elsewhere, so that nothing is started."""
    monkeypatch.setenv("TRAINLOOP_AIRFLOW_DATABASE_URL", OWN_DATABASE)
    get_settings.cache_clear()
    made = Layout(get_settings())
    made.create()
    return made


def test_a_taken_port_gives_the_next_free_one() -> None:
    """Two stacks, or another program, may live on this machine."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        chosen = ports.choose(taken, {taken + 1})
    assert chosen > taken + 1


def test_everything_listens_on_loopback_only(layout: Layout) -> None:
    """A laptop in a café offers nothing to the network."""
    environment = airflow_environment(get_settings(), layout, RECORD)
    assert environment["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert "--skip-serve-logs" in COMMANDS["triggerer"]


def test_secrets_are_long_private_and_the_same_for_every_component(layout: Layout) -> None:
    """A mismatch of the JWT secret fails every task; a short one is refused."""
    first = airflow_environment(get_settings(), layout, RECORD)
    second = airflow_environment(get_settings(), layout, RECORD)
    assert first == second
    assert len(first["AIRFLOW__API_AUTH__JWT_SECRET"]) >= 64
    layout.admin_password()
    for path in layout.secrets.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


def test_each_home_has_its_own_secrets(layout: Layout, tmp_path: Path) -> None:
    """No default password outside one home."""
    other = Layout(Settings(home=tmp_path / "other"))
    other.create()
    assert other.admin_password() != layout.admin_password()


def test_the_metadata_database_is_named_with_its_driver(layout: Layout) -> None:
    """Bare `postgresql://` means psycopg 3 since SQLAlchemy 2.1."""
    environment = airflow_environment(get_settings(), layout, RECORD)
    assert environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].startswith("postgresql+psycopg2://")


def test_mail_goes_to_the_dev_mailbox_only_where_there_is_one(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    """In production the Connection smtp_default is the company's; a variable that the user set wins everywhere."""
    environment = airflow_environment(get_settings(), layout, RECORD)
    assert json.loads(environment["AIRFLOW_CONN_SMTP_DEFAULT"])["port"] == 11025
    production = airflow_environment(get_settings(), layout, StackRecord({"airflow": 18080}))
    assert "AIRFLOW_CONN_SMTP_DEFAULT" not in production
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", "smtp://mail.example.com")
    assert airflow_environment(get_settings(), layout, RECORD)["AIRFLOW_CONN_SMTP_DEFAULT"] == "smtp://mail.example.com"


def test_links_lead_to_the_forms_service_of_this_stack_unless_people_reach_it_elsewhere(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wanted port may be taken; a reverse proxy's address is the company's to say."""
    assert airflow_environment(get_settings(), layout, RECORD)["TRAINLOOP_FORMS_URL"] == "http://127.0.0.1:18030"
    monkeypatch.setenv("TRAINLOOP_FORMS_URL", "https://forms.example.com")
    get_settings.cache_clear()
    environment = airflow_environment(get_settings(), layout, RECORD)
    assert environment["TRAINLOOP_FORMS_URL"] == "https://forms.example.com"


def test_processes_compile_their_modules(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    """PYTHONDONTWRITEBYTECODE makes every Airflow process start three seconds slower."""
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert "PYTHONDONTWRITEBYTECODE" not in airflow_environment(get_settings(), layout, RECORD)


def test_down_in_an_empty_home_stops_nothing(home: Path) -> None:
    """`make down` before `make up` is no error."""
    assert down(get_settings()) == []


def test_doctor_gives_every_problem_a_remedy(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    """A problem without a remedy is a riddle."""
    site = layout.home / "site.yaml"
    site.write_text("company: {timezone: 5}")
    monkeypatch.setenv("TRAINLOOP_SITE_FILE", str(site))
    monkeypatch.setenv("TRAINLOOP_WAREHOUSE_URL", "postgresql://nobody@127.0.0.1:1/none")
    get_settings.cache_clear()
    findings = {finding.subject: finding for finding in examine(get_settings())}
    assert findings["Site file"].level == findings["Warehouse"].level == "problem"
    assert all(finding.remedy for finding in findings.values() if finding.level != "ok")
