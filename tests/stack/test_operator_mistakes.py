"""What operators get wrong is told by its name and with its remedy, before anything is half done."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from psycopg_pool import PoolTimeout
from typer.testing import CliRunner

from trainloop.cli import app
from trainloop.config import load_site
from trainloop.errors import SecretTooShortError, SettingInvalidError, SiteFileInvalidError
from trainloop.settings import PROJECT_DIR, Settings, get_settings
from trainloop.stack import local
from trainloop.stack.layout import write_private
from trainloop.stack.provision import provision
from trainloop.warehouse import engine

SHORT = "a key that is too short"


def run(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `trainloop` as its user does, on the embedded server."""
    environment = {name: value for name, value in os.environ.items() if name != "TRAINLOOP_WAREHOUSE_URL"}
    command = [sys.executable, "-m", "trainloop", *words]
    return subprocess.run(command, env=environment | variables, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [("ENVIRONMENT", "live"), ("AIRFLOW_PORT", "80x80"), ("AIRFLOW_PORT", "99999"), ("FORMS_PORT", "-1")],
)
def test_a_setting_that_cannot_be_is_named_without_its_value(
    name: str, value: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The value may be a secret in the wrong line."""
    monkeypatch.setenv(f"TRAINLOOP_{name}", value)
    with pytest.raises(SettingInvalidError, match=f"TRAINLOOP_{name}: ") as told:
        get_settings()
    assert value not in str(told.value)


def test_a_line_of_env_left_empty_is_a_setting_nobody_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty key would sign everything, an empty home would be the folder one happens to stand in."""
    for name in ("HOME", "SECRET_KEY", "WAREHOUSE_URL", "SITE_FILE"):
        monkeypatch.setenv(f"TRAINLOOP_{name}", "")
    found = Settings()
    assert found.home == PROJECT_DIR / ".trainloop"
    assert (found.secret_key, found.warehouse_url, found.site_file) == (None, None, None)


@pytest.mark.parametrize("name", ["TRAINLOOP_SECRET_KEY", "TRAINLOOP_FORMS_KEY"])
def test_a_key_that_can_be_guessed_starts_and_makes_nothing(
    name: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`up` and `provision` refuse it before the first process and the first table."""
    monkeypatch.setenv("TRAINLOOP_WAREHOUSE_URL", "postgresql://owner@127.0.0.1:1/warehouse")
    monkeypatch.setenv(name, SHORT)
    get_settings.cache_clear()
    for start in (local.up, provision):
        with pytest.raises(SecretTooShortError, match=name) as told:
            start(get_settings())
        assert SHORT not in str(told.value)
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("command", ["up", "doctor", "backup"])
def test_a_home_that_is_a_file_is_told_without_a_traceback(command: str, tmp_path: Path) -> None:
    """Nobody reads a traceback to learn that a folder is in the way."""
    (tmp_path / "home").write_text("in the way")
    done = run(command, TRAINLOOP_HOME=str(tmp_path / "home"))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert str(tmp_path / "home") in "".join((done.stdout + done.stderr).split())


def test_a_full_disk_is_told_by_every_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever writes: the reason, the place, what to do."""

    def refuse() -> None:
        raise OSError(errno.ENOSPC, "whatever", "/srv/home/stack.json")

    monkeypatch.setattr("trainloop.warehouse.migrations.migrate", refuse)
    told = CliRunner().invoke(app, ["migrate"], env={"COLUMNS": "200"})
    assert told.exit_code == 1
    assert "refused /srv/home/stack.json: No space left on device" in " ".join(told.stderr.split())


def test_a_server_that_breaks_off_is_told_without_a_traceback_and_without_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its disk is full, or it was stopped in the middle: a retry may help."""

    def refuse() -> None:
        raise psycopg.errors.DiskFull("could not extend file\nCONTEXT: COPY employees, line 1: 张三")

    monkeypatch.setattr("trainloop.warehouse.migrations.migrate", refuse)
    told = CliRunner().invoke(app, ["migrate"], env={"COLUMNS": "200"})
    assert told.exit_code == 75
    assert "broke off: could not extend file" in told.stderr
    assert "张三" not in told.output


def test_a_full_disk_leaves_no_half_written_secret_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither under the name nor aside."""

    def refuse(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="No space"):
        write_private(tmp_path / "jwt-secret", "secret")
    with pytest.raises(OSError, match="No space"):
        Settings(home=tmp_path, secret_key=None, environment="development").secret()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["stack.json", "secrets.json", "postgres/port"])
@pytest.mark.parametrize("command", ["status", "doctor"])
def test_a_file_of_the_home_that_a_power_cut_emptied_is_named_with_what_may_be_removed(
    command: str, name: str, tmp_path: Path
) -> None:
    """The key must not be removed, the ports may."""
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "port").write_text("1")
    (tmp_path / name).write_text("")
    done = run(command, TRAINLOOP_HOME=str(tmp_path), TRAINLOOP_SECRET_KEY="")
    assert done.returncode == 1
    told = "".join((done.stdout + done.stderr).split())
    assert f"{tmp_path / name}cannotberead" in told
    assert "secrets.jsonholdsthesecretkeyandmustnotberemoved" in told
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "words",
    [["export", "00012", "--to"], ["template", "employees", "-o"], ["mapping", "wjx", "annual_needs", "-o"]],
    ids=lambda words: words[0],
)
def test_a_file_into_a_folder_that_is_not_there_is_refused_by_its_name(words: list[str], tmp_path: Path) -> None:
    """Before anything is read for it."""
    told = CliRunner().invoke(app, [*words, str(tmp_path / "no" / "copy")], env={"COLUMNS": "300"})
    assert told.exit_code == 2
    assert f"there is no folder {tmp_path / 'no'}" in told.output


def test_an_error_of_ours_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of the program that is missing is nothing an operator mends by space or rights."""

    def refuse() -> None:
        raise FileNotFoundError(errno.ENOENT, "whatever", "sql/statements/no.sql")

    monkeypatch.setattr("trainloop.warehouse.migrations.migrate", refuse)
    assert isinstance(CliRunner().invoke(app, ["migrate"]).exception, FileNotFoundError)


def test_a_container_starts_and_stops_no_second_set_of_services(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`docker compose run --rm init trainloop up` would run every DAG beside the deployment's own scheduler."""
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")
    for command in ("up", "down"):
        told = CliRunner().invoke(app, [command], env={"COLUMNS": "200"})
        assert told.exit_code == 1
        assert "docker compose up --detach" in told.stderr
    assert list(home.iterdir()) == []
    told = CliRunner().invoke(app, ["status"])
    assert "docker compose ps" in told.output
    assert "stopped" not in told.output


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("TRAINLOOP_FORMS_KEY", SHORT, "TRAINLOOP_FORMS_KEY has 23 characters"),
        ("TRAINLOOP_FORMS_KEY", "", "TRAINLOOP_SECRET_KEY is not set"),
        ("TRAINLOOP_FORMS_DATABASE_URL", "postgresql://trainloop_forms:hush%zz@h/trainloop", "percent-encoded"),
        ("TRAINLOOP_FORMS_PORT", "none", "TRAINLOOP_FORMS_PORT"),
    ],
)
def test_a_forms_service_without_what_it_needs_ends_and_names_it(
    name: str, value: str, words: str, tmp_path: Path
) -> None:
    """Healthy and useless would be worse: every link would fail, and the log would repeat a secret."""
    good = {
        "TRAINLOOP_ENVIRONMENT": "production",
        "TRAINLOOP_HOME": str(tmp_path),
        "TRAINLOOP_SECRET_KEY": "",
        "TRAINLOOP_FORMS_KEY": "a key of the test suite, forty characters",
        "TRAINLOOP_FORMS_DATABASE_URL": "postgresql://trainloop_forms:hush@127.0.0.1:1/trainloop",
    }
    command = [sys.executable, "-m", "trainloop.forms", "--port", "0"]
    environment = os.environ | good | {name: value}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert words in done.stderr
    assert "hush" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_pool_tells_of_no_password_that_its_address_holds(caplog: pytest.LogCaptureFixture) -> None:
    """Each try of a pool is logged with the words of its error."""
    caplog.set_level("WARNING", logger="psycopg.pool")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "_resolvers", [lambda _: "postgresql://trainloop_forms:hush%zz@127.0.0.1:1/trainloop"])
        with engine.pool("forms", 1) as pool, pytest.raises(PoolTimeout):
            pool.wait(timeout=0.5)
    assert "no valid postgresql:// URL" in caplog.text
    assert "hush" not in caplog.text


def test_doctor_leaves_nothing_behind_where_nothing_is_set_up(tmp_path: Path) -> None:
    """Run as root before the first `up`, it would leave a home and a key that the service's user cannot read."""
    done = run("doctor", TRAINLOOP_HOME=str(tmp_path / "home"), TRAINLOOP_SECRET_KEY="")
    assert "Warehouse" in done.stdout
    assert not (tmp_path / "home").exists()


def test_doctor_prints_brackets_as_they_are(tmp_path: Path) -> None:
    """A path or a server's words are no markup: they would vanish, or end the command."""
    done = run("doctor", TRAINLOOP_HOME=str(tmp_path / "[prod]" / "[" / "home"))
    assert "[prod]" in done.stdout, done.stderr


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"surveyz: {source: forms}\n", "surveyz: Extra inputs are not permitted"),
        (b"surveys: {source: [forms\n", "line 2"),
        ("company: {name_zh: 培训}\n".encode("gb18030"), "not UTF-8"),
        (b"- company\n", "keys with keys below them"),
        (b"company: Example\n", "keys with keys below them"),
    ],
)
def test_what_is_wrong_with_a_site_file_is_said_in_words(content: bytes, words: str, tmp_path: Path) -> None:
    """Also for a file that is none of ours at all."""
    path = tmp_path / "site.yaml"
    path.write_bytes(content)
    with pytest.raises(SiteFileInvalidError, match=words) as told:
        load_site(path)
    assert "pydantic" not in str(told.value)


@pytest.mark.parametrize(("command", "code"), [("metrics", 75), ("status", 0), ("doctor", None)])
def test_who_only_looks_starts_no_server(command: str, code: int | None, tmp_path: Path) -> None:
    """A scheduled `metrics` would undo every `down`; nor does looking make a home."""
    home = tmp_path / "home"
    done = run(command, TRAINLOOP_HOME=str(home))
    assert code is None or done.returncode == code
    assert "trainloop up" in " ".join((done.stdout + done.stderr).split())
    assert command != "metrics" or done.stdout == ""
    assert not (home / "postgres").exists()


def test_a_service_asked_for_its_options_starts_no_server(tmp_path: Path) -> None:
    """`--help` is answered before anything is looked at."""
    environment = os.environ | {"TRAINLOOP_HOME": str(tmp_path / "home")}
    environment.pop("TRAINLOOP_WAREHOUSE_URL", None)
    command = [sys.executable, "-m", "trainloop.forms", "--help"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, "--port" in done.stdout) == (0, True)
    assert not (tmp_path / "home").exists()
