"""People with certificates, appraisals and a promotion rule, on Tuesday 2026-03-03; the pages in front of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.outbox.conftest import Company, found_company

from trainloop.forms.app import create_app
from trainloop.forms.store import Store

SetClock = Callable[..., datetime]
RULE_DATASETS = ("certificates", "certifications", "promotion_rules", "performance_reviews")


class People:
    """Writes rows as intake would and reads what became of them."""

    def __init__(self, company: Company) -> None:
        self.run = company.run
        self.hire = company.hire
        for number, dataset in enumerate(RULE_DATASETS, start=101):
            self.run(
                """insert into ops.inbox_files (file_id, dataset, name, source_uri, archive_uri, content_sha256,
                size_bytes, found_at) overriding system value values (%s, %s, %s, '', '', %s, 0, now())""",
                *(number, dataset, f"{dataset}.csv", dataset),
            )
            self.run(
                """insert into ops.check_runs (suite, file_id, checked_at, row_count, is_passed, gate_decision)
                values (%s, %s, '2026-03-02 09:00+08', 3, true, 'pass')""",
                *(dataset, number),
            )
        self.run(
            """insert into core.certificates (certificate_code, name_zh, name_en, file_id, row_number)
            values ('S2', '销售二级认证', 'Sales level 2', 101, 1)"""
        )
        self.rule("2026-01-01", certificate="S2", points=20, months=12)

    def rule(self, valid_from: str, *, certificate: str | None = None, points: int = 0, months: int = 0) -> None:
        self.run(
            """insert into core.promotion_rules (job_family, job_level, valid_from, next_level, certificate_code,
            required_points, months_in_level, file_id, row_number)
            values ('sales', 'P5', %s, 'P6', %s, %s, %s, 103, 1)""",
            *(valid_from, certificate, points, months),
        )

    def certify(self, who: str, passed_on: str = "2026-02-02", expires_on: str | None = None, **more: Any) -> None:
        self.run(
            """insert into core.certifications (employee_id, certificate_code, passed_on, expires_on, certificate_no,
            is_revoked, file_id, row_number) values (%s, 'S2', %s, %s, %s, %s, 102, 1)""",
            *(who, passed_on, expires_on, more.get("number"), more.get("is_revoked", False)),
        )

    def rate(self, who: str, *ratings: str) -> None:
        for number, rating in enumerate(ratings, start=1):
            self.run(
                """insert into core.performance_reviews (employee_id, period, kpi_code, target_value, actual_value,
                rating, file_id, row_number) values (%s, %s, 'k', 1, 1, %s, 104, 1)""",
                *(who, f"2025Q{number}", rating),
            )

    def serve(self, who: str, since: str = "2024-01-01") -> None:
        self.run("update core.employees set hired_on = %s where employee_id = %s", since, who)

    def ready(self, who: str) -> None:
        """Everything the rule asks for, on 3 March 2026."""
        self.certify(who)
        self.rate(who, "C", "B", "A")
        self.serve(who)

    def ledger(self, who: str = "E1") -> list[tuple[str, float, str]]:
        rows = self.run(
            """select rule_code, points::float8 as points, reason from ops.point_entries where employee_id = %s
            order by entry_id""",
            who,
        )
        return [(row["rule_code"], row["points"], row["reason"]) for row in rows]

    def told(self, kind: str) -> list[dict[str, Any]]:
        return self.run(
            """select recipient_kind, recipient_id, subject_id, step, sequence_number from ops.notices
            where kind = %s order by notice_id""",
            kind,
        )


@pytest.fixture
def people(warehouse: str, set_clock: SetClock) -> People:
    """Employees E1–E3 of sales P5; the rule wants certificate S2, 20 points and 12 months; trainer T1."""
    return People(found_company())


class Browser:
    """A browser without a script."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def open(self, path: str, status: int = 200, **query: str) -> str:
        page = self.client.get(path, params=query)
        assert page.status_code == status, page.text
        return page.text

    def press(self, path: str, **fields: str) -> Any:
        """Open a page as a person does, fill it in and press its button."""
        found = re.search(r'name="form_token" value="([^"]+)"', self.open(path))
        assert found is not None
        return self.client.post(path, data={"form_token": found[1], **fields}, follow_redirects=False)


@pytest.fixture
def browser(people: People) -> Iterator[Browser]:
    """The forms service, as role trainloop_forms."""
    with TestClient(create_app(Store()), base_url="http://127.0.0.1:8030") as client:
        yield Browser(client)
