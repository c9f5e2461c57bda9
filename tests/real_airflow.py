"""A real stack in a home of its own: `trainloop up`, what a test does with it, `trainloop down`."""

from __future__ import annotations

import email
import email.policy
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

from trainloop import clock
from trainloop.config import get_site
from trainloop.settings import get_settings
from trainloop.stack import local
from trainloop.stack.airflow_api import AirflowApi
from trainloop.stack.layout import Layout
from trainloop.warehouse import engine


@dataclass
class Stack:
    """What a test does with a running stack: business time, files, DAG runs, mails."""

    home: Path
    api: AirflowApi
    up_seconds: float

    def set_clock(self, year: int, month: int, day: int, hour: int = 10) -> None:
        """Freeze business time at an hour of the site's day."""
        moment = datetime(year, month, day, hour, tzinfo=get_site().company.zone)
        with engine.connect("owner") as connection:
            clock.freeze(connection, moment)

    def drop(self, name: str, content: str | bytes) -> None:
        """Put a file into the inbox that was written a minute ago, so that it is stable."""
        path = self.home / "inbox" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        written_at = time.time() - 60
        os.utime(path, (written_at, written_at))

    def run(self, dag_id: str, **conf: object) -> float:
        """Run a DAG and all that its assets start; return the seconds of the run itself."""
        done = self.api.run(dag_id, conf, seconds=300)
        assert done.state == "success", f"{dag_id} {done.run_id} is {done.state}: {self.errors_of(dag_id)}"
        self.api.wait_until_quiet(300)
        return done.seconds or 0.0

    def mails(self) -> list[EmailMessage]:
        """Every mail the mailbox got."""
        files = sorted((self.home / "mailbox").rglob("*.eml"))
        return [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in files]

    def press(self, path: str, action: str, **fields: str) -> None:
        """Open a link as a person does, fill its form and press a button."""
        with httpx.Client(base_url=Layout(get_settings()).read_record().forms_url, trust_env=False) as browser:
            page = browser.get(path)
            signed = re.search(r'name="form_token" value="([^"]+)"', page.text)
            assert signed is not None, page.text
            sent = browser.post(path, data=fields | {"form_token": signed[1], "action": action})
            assert sent.status_code == httpx.codes.SEE_OTHER, sent.text

    def errors_of(self, dag_id: str) -> str:
        """What the newest failed task of a DAG said, for the failure's message."""
        folder = self.home / "logs" / "tasks"
        logs = sorted(folder.rglob(f"dag_id={dag_id}/**/*.log"), key=lambda path: path.stat().st_mtime)
        events = [json.loads(line) for path in logs[-5:] for line in path.read_text().splitlines()]
        told = [error for event in events for error in event.get("error_detail", [])]
        return "; ".join(f"{error['exc_type']}: {error['exc_value']}" for error in told) or "no error in the logs"


@contextmanager
def running(home: Path, users: str, ports_from: int, **variables: str) -> Iterator[Stack]:
    """`trainloop up` in a home, `trainloop down` at the end; in between this process has the stack's settings.

    `users` are logins with their roles; ports lie around `ports_from` (two stacks run side by side); `variables` are
    environment variables of this process and of the stack, nothing else of ours is set.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AIRFLOW", "TRAINLOOP_"))]:
            if name != "TRAINLOOP_SECRET_KEY":
                patch.delenv(name)
        # What anything leaves in the folder of temporary files can be searched.
        (home / "temporary").mkdir()
        own = {
            "TRAINLOOP_HOME": str(home),
            "TMPDIR": str(home / "temporary"),
            "TRAINLOOP_AIRFLOW_PORT": str(ports_from + 80),
            "TRAINLOOP_MAILBOX_PORT": str(ports_from + 25),
            "TRAINLOOP_MAILBOX_SMTP_PORT": str(ports_from + 26),
            "TRAINLOOP_FORMS_PORT": str(ports_from + 30),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": users,
        }
        for name, value in (own | variables).items():
            patch.setenv(name, value)
        get_settings.cache_clear()
        get_site.cache_clear()
        began = time.monotonic()
        try:
            done = subprocess.run(
                [sys.executable, "-m", "trainloop", "up"], capture_output=True, text=True, check=False, timeout=400
            )
            assert done.returncode == 0, done.stdout + done.stderr
            with AirflowApi.from_settings(get_settings()) as api:
                yield Stack(home, api, time.monotonic() - began)
        finally:
            local.down(get_settings())
            assert not any(local.running(get_settings()).values())
            assert not list(Layout(get_settings()).pids.glob("*.json"))
    get_settings.cache_clear()
    get_site.cache_clear()
