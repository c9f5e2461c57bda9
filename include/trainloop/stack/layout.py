"""Where the local stack keeps its files below `<home>`, and what it remembers between commands."""

from __future__ import annotations

import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from fcntl import LOCK_EX, flock
from pathlib import Path

from trainloop.config import load_site
from trainloop.settings import Settings, private_draft, read_kept

ADMIN = "admin"


@dataclass
class StackRecord:
    """What `<home>/stack.json` holds: the ports taken, the Airflow release whose tables the database has."""

    ports: dict[str, int] = field(default_factory=dict)
    airflow_version: str = ""

    @property
    def airflow_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['airflow']}"

    @property
    def forms_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['forms']}"

    @property
    def mailbox_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['mailbox']}"


class Layout:
    """The folders and files of one home."""

    def __init__(self, settings: Settings) -> None:
        self._site_file = settings.site_file
        self.home = settings.home.absolute()
        self.airflow_home = self.home / "airflow"
        self.logs = self.home / "logs"
        self.task_logs = self.logs / "tasks"
        self.pids = self.home / "run"
        self.secrets = self.home / "secrets"
        self.mailbox = self.home / "mailbox"
        self.record_file = self.home / "stack.json"
        self.passwords_file = self.secrets / "airflow-passwords.json"

    def create(self) -> None:
        """Make the folders; the secrets' one is private."""
        for folder in (self.airflow_home, self.task_logs, self.pids, self.mailbox):
            folder.mkdir(parents=True, exist_ok=True)
        self.secrets.mkdir(mode=0o700, exist_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let one `up` or `down` of this home work at a time; the others wait."""
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "stack.lock").open("w") as lock:
            flock(lock, LOCK_EX)
            yield

    def read_record(self) -> StackRecord:
        if not self.record_file.exists():
            return StackRecord()
        kept = read_kept(self.record_file)
        return StackRecord(**{one.name: kept[one.name] for one in fields(StackRecord) if one.name in kept})

    def write_record(self, record: StackRecord) -> None:
        write_private(self.record_file, json.dumps(asdict(record), indent=2))

    def secret(self, name: str, make: Callable[[], str]) -> str:
        """Return a secret of this home, made at its first use."""
        path = self.secrets / name
        if not path.exists():
            write_private(path, make())
        return path.read_text()

    def logins(self) -> dict[str, str]:
        """Return the local Airflow's logins and roles: the administrator, and everybody the site file lets decide.

        Approvals about money want two logins, so one alone would not do.
        """
        site = load_site(self._site_file)
        users = {user for contact in site.contacts.values() for user in contact.airflow_users}
        return dict.fromkeys(sorted(users | site.allowances.approvers.keys()), "op") | {ADMIN: "admin"}

    def admin_password(self) -> str:
        """Return the local Airflow's admin password."""
        return self.password(ADMIN)

    def password(self, user: str) -> str:
        """Return the password of a login of the local Airflow; made here, so that no log ever prints it."""
        known: dict[str, str] = read_kept(self.passwords_file) if self.passwords_file.exists() else {}
        if missing := self.logins().keys() - known:
            known |= {login: secrets.token_urlsafe(12) for login in sorted(missing)}
            write_private(self.passwords_file, json.dumps(known) + "\n")
        return known[user]


def write_private(path: Path, text: str) -> None:
    """Write a file only its owner reads, whole or not at all."""
    with private_draft(path, text) as draft:
        draft.replace(path)


def fernet_key() -> str:
    return urlsafe_b64encode(secrets.token_bytes(32)).decode()


def long_key() -> str:
    """86 characters: Airflow's JWT wants at least 64 bytes."""
    return secrets.token_urlsafe(64)
