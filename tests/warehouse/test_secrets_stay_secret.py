"""Passwords of addresses stand in no message and no log; tasks find them in a secrets backend."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from trainloop.errors import WarehouseLoginRefusedError
from trainloop.warehouse import engine

ASK = "from trainloop.orchestration.warehouse import connection_url; print('URL', connection_url('sender'))"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("postgresql://owner:hushhush@127.0.0.1:9/warehouse", "does not answer"),
        ("postgresql://owner:hush%zzhush@127.0.0.1:9/warehouse", "no valid postgresql:// URL"),
        ("postgresql://owner:hush hush@127.0.0.1:9/warehouse", "no valid postgresql:// URL"),
    ],
)
@pytest.mark.parametrize("is_told", [True, False], ids=["command", "traceback"])
def test_a_password_is_in_no_message_whatever_is_wrong_with_its_address(
    address: str, words: str, is_told: bool, tmp_path: Path
) -> None:
    """The real output of a process, with its sentence or with its whole traceback."""
    code = "from trainloop.warehouse.migrations import migrate; migrate()"
    command = [sys.executable, "-m", "trainloop", "migrate"] if is_told else [sys.executable, "-c", code]
    environment = os.environ | {"TRAINLOOP_WAREHOUSE_URL": address, "TRAINLOOP_HOME": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode
    told = " ".join((done.stdout + done.stderr).split())
    assert words in told
    assert "hush" not in told


def test_a_wrong_password_of_a_role_is_told_as_such_with_the_place_to_correct_it(warehouse: str) -> None:
    """Nothing waits for a server that is there: the Connection or the key is to be corrected."""
    address = urlsplit(engine.url("sender"))
    wrong = address._replace(netloc=f"trainloop_sender:hushhush@{address.netloc.rpartition('@')[2]}").geturl()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "_resolvers", [lambda _: wrong])
        with (
            pytest.raises(WarehouseLoginRefusedError, match="trainloop_warehouse_<role>") as told,
            engine.connect("sender"),
        ):
            pass
    assert "role sender" in str(told.value)
    assert "hushhush" not in str(told.value)


@pytest.mark.slow
def test_a_secrets_backend_gives_the_address_of_a_role(tmp_path: Path) -> None:
    """Vault, AWS or a file: any backend of Airflow; here the one that reads a file."""
    secrets = tmp_path / "connections.json"
    secrets.write_text(json.dumps({"trainloop_warehouse_sender": "postgres://sender:fromvault@db.example.com/tl"}))
    environment = os.environ | {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__SECRETS__BACKEND": "airflow.secrets.local_filesystem.LocalFilesystemBackend",
        "AIRFLOW__SECRETS__BACKEND_KWARGS": json.dumps({"connections_file_path": str(secrets)}),
    }
    done = subprocess.run([sys.executable, "-c", ASK], env=environment, capture_output=True, text=True, check=False)
    assert "URL postgresql://sender:fromvault@db.example.com/tl" in done.stdout, done.stderr[-2000:]
