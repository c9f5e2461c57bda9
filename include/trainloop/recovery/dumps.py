"""pg_dump and pg_restore as children: streamed, hashed on the way, passwords never in a process list.

The dump is loaded through psql in one transaction that we end ourselves: whoever dies, PostgreSQL rolls back.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from trainloop import faults
from trainloop.errors import PermanentError
from trainloop.recovery.manifest import Piece
from trainloop.storage import BLOCK, Draft
from trainloop.warehouse.embedded import binaries

# Tables of files under way: the archive has the file, so a crash and a backup leave them out alike.
UNDER_WAY = ("raw.*", "staging.*")


class DumpFailedError(PermanentError):
    """The database could not be dumped: {detail}. No backup was made."""


class LoadFailedError(PermanentError):
    """The backup could not be loaded: {detail}. The database is as it was before."""


def dump(url: str, schemas: Sequence[str], target: Draft, snapshot: str | None = None) -> Piece:
    """Write a custom-format dump of some schemas to `target`. Raises DumpFailedError, StoreFailedError."""
    address, environment = _address(url)
    command = [str(binaries() / "pg_dump"), "--format=custom", "--no-owner", f"--dbname={address}"]
    command += [f"--schema={name}" for name in schemas] + [f"--exclude-table={name}" for name in UNDER_WAY]
    command += [f"--snapshot={snapshot}"] if snapshot else []
    digest, size_bytes = hashlib.sha256(), 0
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log)
        assert process.stdout is not None
        try:
            while chunk := process.stdout.read(BLOCK):
                target.write(chunk)
                digest.update(chunk)
                size_bytes += len(chunk)
        finally:
            # The target's own error, a full disk, breaks pg_dump's pipe: it ends, and the disk stays the news.
            process.stdout.close()
            process.wait()
        if process.returncode:
            raise DumpFailedError(detail=_last_line(log))
    return Piece(sha256=digest.hexdigest(), size_bytes=size_bytes)


def load(dump_file: Path, url: str, schemas: Sequence[str], *, afterwards: str = "") -> None:
    """Replace the schemas by those of a dump and run `afterwards`, all in one transaction. Raises LoadFailedError."""
    address, environment = _address(url)
    psql = [str(binaries() / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=terse"]
    with tempfile.TemporaryFile() as log:
        session = subprocess.Popen(
            [*psql, f"--dbname={address}"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
        assert session.stdin is not None
        try:
            is_read = _feed(session.stdin, dump_file, schemas, afterwards, log)
        finally:
            with suppress(BrokenPipeError):
                session.stdin.close()
            session.wait()
        if session.returncode or not is_read:
            raise LoadFailedError(detail=_last_line(log))


def _feed(stdin: IO[bytes], dump_file: Path, schemas: Sequence[str], afterwards: str, log: IO[bytes]) -> bool:
    """Write the whole transaction; without its last word (commit) psql ends and PostgreSQL rolls back."""
    before = ["set client_min_messages = warning; begin;"]
    before += [
        sql.SQL("drop schema if exists {} cascade;").format(sql.Identifier(name)).as_string(None) for name in schemas
    ]
    try:
        stdin.write("\n".join([*before, ""]).encode())
        stdin.flush()
        command = [str(binaries() / "pg_restore"), "--no-owner", "--file=-", str(dump_file)]
        if subprocess.run(command, stdout=stdin, stderr=log, check=False).returncode:
            return False
        faults.point("restore.loading")
        stdin.write(f"\n{afterwards}\ncommit;\n".encode())
        stdin.flush()
    except BrokenPipeError:
        return False
    return True


def _address(url: str) -> tuple[str, dict[str, str]]:
    facts = {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
    password = facts.pop("password", None)
    return make_conninfo(**facts), os.environ | ({"PGPASSWORD": password} if password else {})


def _last_line(log: IO[bytes]) -> str:
    """Return the last error a program told; VERBOSITY=terse keeps values of rows out of it."""
    log.seek(0)
    lines = [line for line in log.read().decode(errors="replace").splitlines() if line.strip()]
    told = [line for line in lines if "error" in line.lower() or "fatal" in line.lower()]
    return (told or lines or ["it was ended"])[0 if told else -1].strip()
