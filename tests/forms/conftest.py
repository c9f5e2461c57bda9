"""People with links: waves of any instrument, opened, and the service in front of them."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from tests.outbox.conftest import Company, found_company

from trainloop import faults
from trainloop.domain.survey import wave_code
from trainloop.forms.app import create_app
from trainloop.forms.store import Store
from trainloop.stack import ports
from trainloop.surveys.instrument import Item, load_instrument

SetClock = Callable[..., datetime]


def token_of(wave: str, employee_id: str) -> str:
    return hashlib.sha256(f"{wave}{employee_id}".encode()).hexdigest()[:32]


@dataclass
class Site:
    """The outbox's company and a browser without a script."""

    company: Company
    client: TestClient
    waves: list[str] = field(default_factory=list)

    def run(self, query: str, *values: object) -> list[dict[str, Any]]:
        return self.company.run(query, *values)

    def wave(
        self, instrument_code: str, subject_id: str, *people: str, subject_kind: str = "quarter", **columns: Any
    ) -> str:
        """Open a wave and invite people; return its code."""
        code = columns.pop("code", None) or wave_code(instrument_code, subject_id)
        values = {"minimum_count": 3, "opened_at": self.company.noon, "state": "open"} | columns
        instrument = load_instrument(instrument_code)
        self.run(
            """insert into ops.survey_waves (wave_code, instrument_code, instrument_version, subject_kind, subject_id,
                   anonymity, opened_at, closes_at, has_completions, minimum_count, source, state)
               values (%s, %s, %s, %s, %s, %s, %s, %s, true, %s, 'forms', %s)""",
            code, instrument_code, instrument.version, subject_kind, subject_id, instrument.anonymity,
            values["opened_at"], self.company.noon + timedelta(days=7), values["minimum_count"], values["state"],
        )  # fmt: skip
        self.company.invite(*people, wave=code)
        return code

    def topics(self, *codes: str) -> None:
        for code in codes:
            self.run(
                """insert into core.training_topics (topic_code, name_zh, name_en, file_id, row_number)
                   values (%s, %s, %s, 1, 1)""",
                code, f"主题{code}", f"Topic {code}",
            )  # fmt: skip

    def page_fields(self, path: str, **query: str) -> dict[str, str]:
        """Open a page as a person does and return its hidden field."""
        page = self.client.get(path, params=query)
        assert page.status_code == 200, page.text
        found = re.search(r'name="form_token" value="([^"]+)"', page.text)
        assert found is not None
        return {"form_token": found[1]}

    def send(self, wave: str, employee_id: str, action: str = "submit", **answers: Any) -> Any:
        """Open the form, fill it (required items by a first answer) and press a button."""
        path = f"/f/{token_of(wave, employee_id)}"
        fields: dict[str, Any] = self.page_fields(path) | {"action": action}
        if action == "submit":
            fields |= full_answers(wave_instrument(self, wave))
        fields |= {f"q_{code}": value for code, value in answers.items()}
        return self.client.post(path, data=fields, follow_redirects=False)


def wave_instrument(site: Site, wave: str) -> str:
    row = site.run("select instrument_code from ops.survey_waves where wave_code = %s", wave)
    return str(row[0]["instrument_code"])


def full_answers(instrument_code: str) -> dict[str, str]:
    """A first answer to every required item."""
    return {f"q_{item.code}": _first(item) for item in load_instrument(instrument_code).items if item.is_required}


def _first(item: Item) -> str:
    match item.kind:
        case "choice" | "multi":
            return item.options[0].code
        case "date":
            return "2026-03-01"
        case "text":
            return "写几句"
        case "number":
            return str(item.minimum or 0)
    return "5"


@contextmanager
def serving(point: str = "") -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The service as its own process on a free port, to be killed at a fault point; yields it and its address."""
    port = ports.choose(18100, set())
    command = [sys.executable, "-m", "trainloop.forms", "--port", str(port)]
    process = subprocess.Popen(command, env=os.environ | {faults.VARIABLE: point})
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with suppress(httpx.HTTPError):
                if httpx.get(f"{address}/health", timeout=2).is_success:
                    break
            assert process.poll() is None
            time.sleep(0.1)
        yield process, address
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture
def site(warehouse: str, set_clock: SetClock) -> Iterator[Site]:
    """Employees E1–E3 on Tuesday 2026-03-03, 10:00, and the service as role trainloop_forms."""
    company = found_company()
    with TestClient(create_app(Store()), base_url="http://127.0.0.1:8030") as client:
        yield Site(company, client)
