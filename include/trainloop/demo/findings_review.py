"""The training review: its suggestions, who approved it, who reads it, and what it leaves for next year's needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from trainloop.config import get_site
from trainloop.demo.findings import Check, same
from trainloop.demo.needs_truth import needs
from trainloop.demo.review_truth import reviewed
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement


def check_review(connection: Connection) -> Iterator[Check]:
    """Yield the checks of the year's review."""
    truth = reviewed()
    found = {row["code"]: row["text_value"] for row in connection.execute(statement("demo", "review_suggestions"))}
    for code, suggestion in truth.suggestions.items():
        yield same("review_suggestion", code, suggestion, found.pop(code, "–"))
    yield same("review_others", "2026", "", ", ".join(sorted(found)))
    seeds = connection.execute(statement("demo", "review_seeds"), {"year": needs().plan_year}).fetchall()
    of_courses = {row["topic_code"]: row["finding"] for row in seeds if row["source_kind"] == "course"}
    yield same("review_seeds", str(needs().plan_year), _pairs(truth.seeds), _pairs(of_courses))
    weak = sorted({row["source_code"].partition(":")[0] for row in seeds if row["source_kind"] == "item"})
    yield same("review_weak_items", str(needs().plan_year), truth.weak_course, ", ".join(weak))
    traced = sum(row["is_traced"] for row in seeds)
    yield Check(
        "review_in_needs", str(needs().plan_year), f"{len(seeds)}", f"{traced}", bool(seeds) and traced == len(seeds)
    )
    yield from _check_readers(connection)


def _check_readers(connection: Connection) -> Iterator[Check]:
    site = get_site()
    row = connection.execute(statement("demo", "review_readers")).fetchone()
    assert row is not None
    yield same("review_approved", "2026", "approved / link", f"{row['state']} / {row['decided_via']}")
    contacts = len({**site.contacts_of("executive"), **site.contacts_of("hr")})
    yield same("review_readers", "2026", (contacts, 0), (row["told_contacts"], row["told_others"]))
    yield Check(
        "review_extracts", "2026", f"{row['shown_departments']}", f"{row['told_heads']}",
        row["told_heads"] == row["shown_departments"] > 0,
    )  # fmt: skip
    locales = len(site.company.report_locales)
    planted = locales * (2 + row["shown_departments"])
    yield same("review_pdfs", "2026", planted, row["pdf_count"])


def _pairs(found: Mapping[str, str]) -> str:
    return ", ".join(f"{code} {value}" for code, value in sorted(found.items()))
