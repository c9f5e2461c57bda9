"""The embedded server: one for many processes, stopped only by `stop`, whole again after a kill."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest

from trainloop import storage
from trainloop.errors import ServerKeyError, ServerVersionError
from trainloop.settings import Settings
from trainloop.warehouse import embedded as embedded_module
from trainloop.warehouse.embedded import EmbeddedServer


@pytest.mark.slow
def test_six_processes_at_once_get_one_server(tmp_path: Path) -> None:
    """Safe for many processes: whoever comes first starts it, the others find it."""
    code = (
        "from trainloop.settings import Settings as S; from trainloop.warehouse.embedded import EmbeddedServer as E; "
    )
    code += "print(E.from_settings(S()).url('trainloop'))"
    environment = os.environ | {"TRAINLOOP_HOME": str(tmp_path)}
    processes = [
        subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    urls = {process.communicate(timeout=60)[0].strip() for process in processes}
    embedded = EmbeddedServer.from_settings(Settings(home=tmp_path))
    try:
        assert len(urls) == 1
        assert embedded.is_running()
    finally:
        assert embedded.stop()
    assert not embedded.is_running()


@pytest.mark.slow
def test_a_home_may_have_blanks_and_chinese_characters_in_its_name(tmp_path: Path) -> None:
    """The server starts, and a file put into the inbox by hand is where the inbox is read."""
    settings = Settings(home=tmp_path / "培训 的 home's")
    embedded = EmbeddedServer.from_settings(settings)
    try:
        with psycopg.connect(embedded.url("trainloop")) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
    finally:
        embedded.stop()
    (settings.home / "inbox").mkdir()
    (settings.home / "inbox" / "员工.csv").write_bytes(b"x")
    assert [one["name"] for one in storage.listing(settings.folder_uri("inbox"))] == ["员工.csv"]


@pytest.mark.slow
@pytest.mark.skipif(os.getuid() != 0 or shutil.which("runuser") is None, reason="only root runs it as somebody else")
@pytest.mark.parametrize("depth", [1, 60], ids=["socket in the home", "socket in /tmp"])
def test_root_without_user_namespaces_runs_the_server_as_a_system_user(
    depth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in most containers: the folder and the socket's are that user's, wherever they are."""
    monkeypatch.setattr(embedded_module, "_as_ordinary_user", lambda: ("runuser", "-u", "nobody", "--"))
    # Not pytest's own folder: only root reaches it.
    with tempfile.TemporaryDirectory(prefix="trainloop-") as folder:
        Path(folder).chmod(0o755)
        embedded = EmbeddedServer.from_settings(Settings(home=Path(folder) / ("h" * depth)))
        try:
            with psycopg.connect(embedded.url("trainloop")) as connection:
                assert connection.execute("select 1").fetchone() == (1,)
        finally:
            assert embedded.stop()


@pytest.mark.slow
def test_another_secret_key_is_told_and_not_taken_for_a_server_that_does_not_start(tmp_path: Path) -> None:
    """The key makes the server's passwords: with another one nobody waits, and nothing is started beside it."""
    embedded = EmbeddedServer.from_settings(Settings(home=tmp_path))
    changed = EmbeddedServer(embedded.folder, "a password made of another key")
    embedded.ensure_running()
    try:
        with pytest.raises(ServerKeyError, match="TRAINLOOP_SECRET_KEY"):
            changed.ensure_running()
        assert embedded.stop()
        with pytest.raises(ServerKeyError, match="TRAINLOOP_SECRET_KEY"):
            changed.ensure_running()
    finally:
        embedded.stop()


@pytest.mark.slow
def test_acknowledged_rows_survive_a_kill_of_the_postmaster(tmp_path: Path) -> None:
    """Crash-safe: after kill -9 the next caller starts it again and every committed row is there."""
    embedded = EmbeddedServer.from_settings(Settings(home=tmp_path))
    with psycopg.connect(embedded.url("trainloop"), autocommit=True) as connection:
        connection.execute("create table kept as select generate_series(1, 10000) as number")
    pid = int((embedded.data / "postmaster.pid").read_text().splitlines()[0])
    os.kill(_outside_pid(pid, embedded.data), signal.SIGKILL)
    try:
        with psycopg.connect(embedded.url("trainloop")) as connection:
            assert connection.execute("select count(*) from kept").fetchone() == (10000,)
    finally:
        embedded.stop()


def _outside_pid(pid: int, data: Path) -> int:
    """The user namespace shares our process ids, so the postmaster's own pid is the one to kill."""
    assert str(data) in Path(f"/proc/{pid}/cmdline").read_text()
    return pid


def test_data_of_another_major_version_are_refused_by_name(tmp_path: Path) -> None:
    """An upgrade is a decision: the message names both versions and each step, with the folder to move."""
    old = tmp_path / "postgres" / "17" / "data"
    old.mkdir(parents=True)
    (old / "PG_VERSION").write_text("17\n")
    with pytest.raises(ServerVersionError) as told:
        EmbeddedServer.from_settings(Settings(home=tmp_path)).ensure_running()
    for words in ("PostgreSQL 17", "trainloop backup", f"Move {old.parent}", "trainloop restore"):
        assert words in str(told.value)
