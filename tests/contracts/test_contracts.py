"""Contracts: what they may say and what derives from them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from trainloop import contracts
from trainloop.config import get_site
from trainloop.contracts import ContractInvalidError, ContractUnknownError, all_contracts, checks_of, header_key
from trainloop.warehouse import engine

KNOWN = {
    "allowance_rates", "trainer_events", "trainer_event_attendance",
    "employees", "departments", "courses", "trainers", "class_sessions", "enrollments", "attendance", "test_results",
    "survey_completions", "survey_exports", "kpi_definitions", "strategy_goals", "training_topics", "interview_plan",
    "business_interviews", "performance_reviews", "competency_requirements", "competency_assessments",
    "need_confirmations", "rater_nominations", "vendors", "vendor_ratings", "knowledge_assets", "budgets",
    "session_costs", "resource_bookings", "prework_events", "learner_questions", "platform_checks", "incidents",
    "interactions", "kpi_facts", "trainer_candidates", "trainer_assessments", "course_kpis", "class_designs",
    "certificates", "certifications", "promotion_rules",
}  # fmt: skip


def test_every_dataset_is_declared_and_loads_after_what_it_refers_to() -> None:
    """Load order: referenced datasets first; every owner is a contact of the site file."""
    order = [contract.dataset for contract in all_contracts()]
    assert set(order) == KNOWN
    for contract in all_contracts():
        assert all(order.index(other) < order.index(contract.dataset) for other in contract.referenced_datasets)
        assert contract.owner in get_site().contacts
        assert all(len(column.zh) and len(column.en) for column in contract.columns)


def test_every_declared_table_has_the_declared_columns(warehouse: str) -> None:
    """The contract and its table say the same names and types."""
    for contract in all_contracts():
        if contract.entry != "inbox":
            continue
        with engine.connect("owner") as connection:
            rows = connection.execute(
                """select column_name, udt_name from information_schema.columns
                where table_schema = %s and table_name = %s""",
                (contract.table_schema, contract.dataset),
            ).fetchall()
        types = {
            row["column_name"]: row["udt_name"].replace("int4", "integer").replace("bool", "boolean") for row in rows
        }
        assert {column.name: column.sql_type for column in contract.columns}.items() <= types.items()


def test_examples_pass_their_own_contract() -> None:
    """What the dictionary and the template show as an example would be accepted."""
    for contract in all_contracts():
        for column in contract.columns:
            if column.allowed:
                assert column.example in {word for choice in column.allowed for word in choice.words}
            assert column.example or not column.is_required


@pytest.mark.parametrize(
    ("header", "same"),
    [
        ("Ｅmployee ID（必填）*", "employee_id"),
        (" 工 号 ", "工号"),
        ("E-mail", "email"),
        ("工号 (Employee ID) *", "工号"),
    ],
)
def test_headers_are_recognised_in_any_spelling(header: str, same: str) -> None:
    """Width, case, spaces, punctuation and bracketed remarks do not matter."""
    assert header_key(header) == header_key(same)


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ({"key": ["nobody"]}, "no column named nobody"),
        ({"surprise": 1}, "surprise"),
        (
            {"columns": [{"name": "a", "zh": "甲", "en": "A", "type": "choice", "example": "x"}], "key": ["a"]},
            "allowed values",
        ),
        (
            {"columns": [{"name": "a", "zh": "甲", "en": "A", "type": "code", "example": "x"}], "key": ["a"]},
            "must be required",
        ),
    ],
)
def test_a_contract_that_contradicts_itself_is_refused_by_name(
    tmp_path: Path, change: dict[str, object], hint: str
) -> None:
    """The message says which key is wrong."""
    declared = yaml.safe_load((contracts.FOLDER / "departments.yaml").read_text("utf-8")) | change
    (tmp_path / "broken.yaml").write_text(yaml.safe_dump(declared), "utf-8")
    with pytest.raises(ContractInvalidError, match=hint):
        contracts.read_contract(tmp_path / "broken.yaml")


def test_an_unknown_dataset_is_named_with_the_known_ones() -> None:
    """The remedy is in the message."""
    with pytest.raises(ContractUnknownError, match="employees"):
        contracts.load_contract("nobody")


def test_checks_have_unique_codes_and_the_dictionary_lists_every_column() -> None:
    """One list of checks for suite, messages and documents; one generated page."""
    page = contracts.dictionary_markdown()
    for contract in all_contracts():
        codes = [check.code for check in checks_of(contract)]
        assert len(codes) == len(set(codes))
        assert all(f"| `{column.name}` |" in page for column in contract.columns)
