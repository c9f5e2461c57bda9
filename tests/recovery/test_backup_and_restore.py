"""A backup is whole or it is none; a restore brings everything back and says what it could not."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from trainloop import faults
from trainloop.errors import PermanentError
from trainloop.recovery.backup import BackupNotWrittenError, BackupRunsError, NothingToBackUpError, backup
from trainloop.recovery.dumps import LoadFailedError
from trainloop.recovery.manifest import MANIFEST, BackupDamagedError, BackupUnreadableError
from trainloop.recovery.restore import (
    BackupNewerError,
    DiskTooSmallError,
    OtherKeyError,
    TargetInUseError,
    TargetNotEmptyError,
    Wishes,
    restore,
)
from trainloop.retention import erasure
from trainloop.settings import Settings, get_settings
from trainloop.warehouse import engine, migrations
from trainloop.warehouse.embedded import binaries

from .conftest import World

# Comments, keys of the dump, and the number of the audit's own row.
OWN = re.compile(r"^(--|\\restrict|\\unrestrict)|setval.*audit_entry_id_seq")
CODE = """
from trainloop.recovery.backup import backup; from trainloop.recovery.restore import Wishes, restore
from trainloop.settings import Settings, get_settings
{call}
"""


def dump(world: World, name: str) -> str:
    """Schema, grants and data of a database as text; who sends, when migrations ran and backups are its own matter."""
    left_out = [f"--exclude-table-data=ops.{table}" for table in ("sender_leases", "backups", "audit_entries")]
    command = [str(binaries() / "pg_dump"), "--no-owner", "--exclude-table=raw.*", *left_out, world.server.url(name)]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    text = "\n".join(line for line in text.splitlines() if not OWN.search(line))
    # A view or function that is read again drops needless brackets and names its constants; nothing else may differ.
    return re.sub(r"[()]| AS (text|bytea)\b", "", text)


def run_and_die(call: str, point: str) -> None:
    """Run one call in a process of its own that is killed at the point."""
    environment = os.environ | {faults.VARIABLE: point}
    done = subprocess.run([sys.executable, "-c", CODE.format(call=call)], env=environment, check=False)
    assert done.returncode == -signal.SIGKILL, point


def test_a_restored_warehouse_is_the_one_that_was_backed_up(world: World) -> None:
    """Tables, rows, functions and grants are the same; files under way are left out, as a crash would."""
    taken = world.backup()
    assert taken.manifest.holds == {"employees": 30, "class_sessions": 0, "files": 1, "mails": 1, "documents": 0}
    before = dump(world, "source")
    world.lead("target")
    done = world.restore(taken.uri)
    assert dump(world, "target") == before
    assert (done.migrations, done.missing_files, done.in_doubt) == ((), {}, 2)
    assert world.query("select count(*) as n from pg_tables where schemaname = 'raw'")[0]["n"] == 0
    with engine.connect("board") as connection:
        connection.execute("select from ops.messages limit 1")


def test_a_backup_is_for_the_eyes_of_its_owner_and_names_what_it_needs(world: World) -> None:
    """It holds what the warehouse holds: folder private, no key in it, every file with its checksum."""
    taken = world.backup()
    folder = Path(taken.uri)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    manifest = json.loads((folder / MANIFEST).read_text())
    assert set(manifest["files"]) == {"warehouse.dump", "references.jsonl"}
    assert os.environ["TRAINLOOP_SECRET_KEY"] not in (folder / MANIFEST).read_text()
    reference = json.loads((folder / "references.jsonl").read_text())
    assert (reference["kind"], reference["sha256"]) == ("archive", "abc")
    assert world.query("select uri from ops.backups") == [{"uri": taken.uri}]


@pytest.mark.parametrize("point", ["backup.dumped", "backup.before_manifest"])
def test_a_backup_that_was_killed_is_no_backup_and_the_next_one_tidies_up(world: World, point: str) -> None:
    """Never a half backup that looks whole."""
    run_and_die(f"backup(get_settings(), {str(world.backups)!r}, 'a person', None)", point)
    (half,) = world.backups.iterdir()
    world.lead("target")
    with pytest.raises(BackupUnreadableError, match=r"there is no manifest\.json"):
        world.restore(str(half))
    world.lead("source")
    half = half.rename(half.with_name("development-20200101T000000Z-0000"))
    assert world.backup().removed == (half.name,)
    assert len(list(world.backups.iterdir())) == 1


@pytest.mark.parametrize("point", ["restore.before_load", "restore.loading"])
def test_a_restore_killed_in_the_middle_leaves_the_old_state_whole(world: World, point: str) -> None:
    """One transaction: everything of before, or everything of the backup."""
    taken = world.backup()
    world.query("delete from core.employees where employee_id = 'E30'")
    before = dump(world, "source")
    run_and_die(f"restore(get_settings(), {taken.uri!r}, None, Wishes('a person', replace=True))", point)
    assert dump(world, "source") == before
    world.restore(taken.uri, replace=True)
    assert world.count("core.employees") == 30


@pytest.mark.parametrize("point", ["restore.loaded", "restore.both_loaded"])
def test_a_restore_killed_after_loading_sends_nothing_and_ends_when_run_again(world: World, point: str) -> None:
    """The lease is laid down in the transaction that brings the queue back."""
    taken = world.backup()
    run_and_die(f"restore(get_settings(), {taken.uri!r}, None, Wishes('a person', replace=True))", point)
    (lease,) = world.query("select database_identity from ops.sender_leases")
    assert lease["database_identity"] == f"restored:{taken.manifest.backup_id}"
    world.restore(taken.uri, replace=True)
    assert world.query("select subject_id from ops.audit_entries where action = 'restored'") == [
        {"subject_id": taken.manifest.backup_id}
    ]


def test_who_was_erased_after_the_backup_is_erased_again(world: World) -> None:
    """Erasure re-applies after a restore: the tombstones lie beside the archive and outlive the database."""
    taken = world.backup()
    erasure.erase("E7", "a person")
    done = world.restore(taken.uri, replace=True)
    assert (done.erased_again, done.forgotten_tombstones) == (1, 0)
    assert world.query("select from core.employees where employee_id = 'E7'") == []
    later = world.backup()
    shutil.rmtree(world.archive)
    done = world.restore(later.uri, replace=True)
    assert (done.forgotten_tombstones, done.missing_files) == (1, {"archive": 1})


def test_a_backup_of_an_older_release_is_migrated(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup outlives the release that took it: what it lacks is run after it is loaded."""
    taken = world.backup()
    later = tmp_path / "9000_later.sql"
    later.write_text("create table ops.later (n integer)")
    known = migrations.files()
    monkeypatch.setattr(migrations, "files", lambda: [*known, later])
    world.lead("target")
    assert world.restore(taken.uri).migrations == ("9000_later",)
    assert world.count("ops.later") == 0


def refused(world: World, uri: str, error: type[PermanentError], words: str, **wishes: bool) -> None:
    """A restore says why not, and the database is as it was."""
    before = dump(world, "source")
    with pytest.raises(error, match=words):
        world.restore(uri, **wishes)
    assert dump(world, "source") == before


def test_a_database_that_holds_something_is_replaced_only_when_told(world: World) -> None:
    """The flag is the decision."""
    refused(world, world.backup().uri, TargetNotEmptyError, "--replace")


def test_a_database_in_use_is_not_replaced_and_the_programs_are_named(world: World) -> None:
    """A restore under running tasks would wait for ever or break them."""
    taken = world.backup()
    with engine.connect("intake"):
        refused(world, taken.uri, TargetInUseError, r"trainloop-intake \(1\)", replace=True)


def test_a_changed_byte_a_short_file_and_a_missing_one_are_told_apart(world: World) -> None:
    """Nothing is loaded that is not what was written."""
    taken = world.backup()
    path = Path(taken.uri) / "warehouse.dump"
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    refused(world, taken.uri, BackupDamagedError, "another checksum", replace=True)
    path.write_bytes(content[:-9])
    refused(world, taken.uri, BackupDamagedError, "bytes instead of", replace=True)
    path.unlink()
    refused(world, taken.uri, BackupDamagedError, "it is missing", replace=True)
    (Path(taken.uri) / MANIFEST).write_text('{"format": 9}')
    refused(world, taken.uri, BackupUnreadableError, "format", replace=True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"migrations": ["0001_layers", "9999_future"]}, "migration 9999_future, this release has 0"),
        ({"airflow_version": "99.1.0"}, "Airflow 99.1.0"),
        ({"postgres_major": 99}, "PostgreSQL 99"),
    ],
)
def test_what_a_newer_release_wrote_is_refused_by_name(world: World, change: dict[str, object], words: str) -> None:
    """An old release must not load what it does not know."""
    taken = world.backup()
    path = Path(taken.uri) / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    refused(world, taken.uri, BackupNewerError, words, replace=True)


def test_another_secret_key_is_refused_until_somebody_says_that_the_old_one_is_lost(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Links, pseudonyms and erased people hang on the key."""
    taken = world.backup()
    monkeypatch.setenv("TRAINLOOP_SECRET_KEY", "another key, also of more than forty characters")
    get_settings.cache_clear()
    refused(world, taken.uri, OtherKeyError, "--other-key", replace=True)
    assert world.restore(taken.uri, replace=True, other_key=True).in_doubt == 2


def test_a_load_that_fails_at_its_end_changes_nothing_and_shows_no_row(world: World) -> None:
    """Grants come last: one to a role that is not there ends the transaction. PostgreSQL is quoted, never a value."""
    world.query("create role stranger")
    world.query("grant select on core.employees to stranger")
    taken = world.backup()
    world.query("revoke select on core.employees from stranger")
    world.query("drop role stranger")
    world.query("delete from core.employees where employee_id = 'E30'")
    with pytest.raises(LoadFailedError, match='role "stranger" does not exist') as told:
        world.restore(taken.uri, replace=True)
    assert "学员" not in str(told.value)
    assert world.count("core.employees") == 29


def test_a_full_disk_leaves_no_half_backup_and_says_so(world: World, tmp_path: Path) -> None:
    """A disk of 64 KB: the message names the place, nothing stays behind."""
    disk = tmp_path / "disk"
    disk.mkdir()
    code = CODE.format(call=f"backup(get_settings(), {str(disk)!r}, 'a person', None)")
    mount = f"mount -t tmpfs -o size=64k tmpfs {disk}"
    script = f'{mount} && {{ {sys.executable} -c "$CODE"; code=$?; ls -A {disk}; exit $code; }}'
    namespace = ["unshare", "--user", "--map-root-user", "--mount"]
    if subprocess.run([*namespace, "mount", "-t", "tmpfs", "tmpfs", disk], capture_output=True, check=False).returncode:
        pytest.skip("no user namespace in which a small disk could be mounted")
    done = subprocess.run(
        [*namespace, "sh", "-c", script], env=os.environ | {"CODE": code}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    told = f"{BackupNotWrittenError.__name__}: The backup could not be written to {disk}: No space left on device"
    assert told in done.stderr
    assert done.stdout == ""
    assert world.count("ops.backups") == 0


def test_a_restore_into_a_disk_that_is_too_small_is_refused_before_it_starts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the embedded server's disk is ours to look at."""
    taken = world.backup()
    path = Path(taken.uri) / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | {"needed_bytes": 10**16}))
    monkeypatch.delenv("TRAINLOOP_WAREHOUSE_URL")
    with pytest.raises(DiskTooSmallError, match=r"15000000\.0 GB in .* GB are free"):
        restore(Settings(), taken.uri, None, Wishes("a person"))


def test_one_backup_at_a_time_and_none_of_nothing(world: World) -> None:
    """Two at once would tidy each other away."""
    with engine.connect("owner") as connection:
        connection.execute("select pg_advisory_lock(hashtextextended('trainloop-backup', 0))")
        with pytest.raises(BackupRunsError):
            world.backup()
    world.lead("target")
    with pytest.raises(NothingToBackUpError):
        world.backup()


def test_old_backups_go_only_when_a_newer_one_is_whole_and_only_ours(world: World) -> None:
    """Erased people leave the backups, too; what others keep in the folder stays."""
    taken = world.backup()
    old = Path(taken.uri).rename(world.backups / "development-20200101T000000Z-0000")
    shutil.copytree(old, world.backups / "production-20200101T000000Z-0000")
    (world.backups / "notes").mkdir()
    assert world.backup().removed == ()
    shutil.rmtree(next(path for path in world.backups.iterdir() if path.name.startswith("development-2026")))
    assert world.backup(keep_days=30).removed == ("development-20200101T000000Z-0000",)
    assert {path.name for path in world.backups.iterdir()} >= {"notes", "production-20200101T000000Z-0000"}


def test_a_backup_lies_at_any_uri(world: World) -> None:
    """Written to and read from a store that has no paths."""
    taken = backup(get_settings(), "memory://backups", "a person", None)
    world.lead("target")
    world.restore(taken.uri)
    assert world.count("core.employees") == 30


def test_airflows_metadata_come_back_with_the_warehouse(world: World) -> None:
    """Two databases, each in a transaction of its own; a database without Airflow's tables is left out."""
    airflow = world.server.url("target")
    assert backup(get_settings(), str(world.backups), "a person", airflow).manifest.airflow_version is None
    with psycopg.connect(airflow) as connection:
        connection.execute("create table dag_run as select 1 as id")
    taken = backup(get_settings(), str(world.backups), "a person", airflow)
    assert set(taken.manifest.files) == {"warehouse.dump", "references.jsonl", "airflow.dump"}
    with psycopg.connect(airflow) as connection:
        connection.execute("insert into dag_run values (2)")
    # Twice: what a restore leaves can be backed up and restored again.
    for _ in range(2):
        assert restore(get_settings(), taken.uri, airflow, Wishes("a person", replace=True)).has_airflow
        with psycopg.connect(airflow) as connection:
            assert connection.execute("select id from dag_run").fetchall() == [(1,)]
