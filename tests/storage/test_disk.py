"""A file on this disk is there whole or not at all, and a disk that fails is heard."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from trainloop import faults, storage
from trainloop.storage import StoreFailedError, StoreUnknownError


def failing_fsync(_: int) -> None:
    raise OSError(5, "Input/output error")


def test_a_disk_that_fails_to_keep_the_bytes_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """fsync is where a dying disk says so; the file that was there before stays."""
    uri = (tmp_path / "a.pdf").as_uri()
    storage.keep(uri, b"before")
    monkeypatch.setattr(os, "fsync", failing_fsync)
    with pytest.raises(StoreFailedError, match="Input/output error"):
        storage.keep(uri, b"after")
    with storage.drafted(tmp_path.as_uri()) as draft:
        draft.write(b"stream")
        with pytest.raises(StoreFailedError, match="Input/output error"):
            draft.keep_as("b.csv")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.pdf": b"before"}


def test_a_full_disk_keeps_nothing_half(tmp_path: Path) -> None:
    """A disk of 64 KB: whole files and streams are refused, the folder is as it was."""
    code = (
        "from trainloop import storage\n"
        f"folder = '{tmp_path.as_uri()}'\n"
        "def stream():\n"
        "    with storage.drafted(folder) as draft:\n"
        "        [draft.write(bytes(1 << 14)) for _ in range(10)]\n"
        "for ask in (lambda: storage.keep(folder + '/a.pdf', bytes(1 << 17)), stream):\n"
        "    try:\n"
        "        ask()\n"
        "    except storage.StoreFailedError as error:\n"
        "        print(error.facts['detail'])\n"
    )
    script = f'mount -t tmpfs -o size=64k tmpfs {tmp_path} && {sys.executable} -c "$CODE" && ls -A {tmp_path}'
    namespace = ["unshare", "--user", "--map-root-user", "--mount"]
    if subprocess.run([*namespace, "mount", "-t", "tmpfs", "tmpfs", tmp_path], capture_output=True).returncode:  # noqa: PLW1510
        pytest.skip("no user namespace in which a small disk could be mounted")
    done = subprocess.run(
        [*namespace, "sh", "-c", script], env=os.environ | {"CODE": code}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["No space left on device"] * 2


def test_killed_before_the_rename_the_old_file_stays(tmp_path: Path) -> None:
    """What is left of the draft has a name that nobody reads."""
    uri = (tmp_path / "a.csv").as_uri()
    storage.keep(uri, b"before")
    code = f"from trainloop import storage; storage.keep({uri!r}, b'after')"
    environment = os.environ | {faults.VARIABLE: "storage.before_rename"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    assert storage.read(uri) == b"before"
    assert [one["name"] for one in storage.listing(tmp_path.as_uri()) if not one["name"].startswith(".")] == ["a.csv"]


def test_a_folder_without_files_is_empty_and_a_store_without_a_driver_is_named(tmp_path: Path) -> None:
    """Before the first file nobody made the folder; an address that nothing reaches is a person's to correct."""
    assert storage.listing((tmp_path / "inbox").as_uri()) == []
    assert storage.info((tmp_path / "a.csv").as_uri()) is None
    storage.remove([(tmp_path / "a.csv").as_uri()])
    with pytest.raises(StoreUnknownError, match="ftpx://host/folder"):
        storage.listing("ftpx://host/folder/x")
