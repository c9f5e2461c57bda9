"""Reasons in plain words: they name column, rule and remedy, in both languages, and never a value."""

from __future__ import annotations

import re

import pytest
from tests.quality.people import HEADERS, contract_with

from trainloop.contracts import Check, Contract, all_contracts, checks_of
from trainloop.quality import messages

EVERY = [(contract, check) for contract in all_contracts() for check in checks_of(contract)]


@pytest.mark.parametrize(
    ("contract", "check"), EVERY, ids=lambda one: getattr(one, "dataset", getattr(one, "code", ""))
)
def test_every_check_of_every_contract_has_its_words(contract: Contract, check: Check) -> None:
    """A contract is YAML: no new dataset may end in a check without a reason."""
    reason = messages.row_reason(contract, check, {})
    stop = messages.stop_reason(contract, check, {}, 3, 100)
    holds = messages.rule_text(contract, check)
    for text in (reason.zh, stop.zh):
        assert text.endswith(("。", "！")), text
        assert re.search(r"[\u4e00-\u9fff]", text)
    for text in (reason.en, stop.en, holds.en, reason.zh, holds.zh):
        assert "None" not in text
        assert "{" not in text
    if check.column is not None:
        assert f"「{check.column.zh}」" in reason.zh
        assert f"“{check.column.en}”" in reason.en


def test_the_owner_reads_the_header_of_their_own_file() -> None:
    """The contract calls the column 工号, the file 员工编号: the reason says 员工编号."""
    contract = contract_with()
    check = next(one for one in checks_of(contract) if one.code == "person_id.wrong_pattern")
    assert messages.row_reason(contract, check, HEADERS) == (
        "「员工编号」：格式不符：数字，前面可有一个字母。请更正。",
        ", “员工编号”: has the wrong form: digits, one letter before. Please correct it.",
    )


@pytest.mark.parametrize(
    ("changes", "zh", "en"),
    [
        ({"minimum": 0, "maximum": 5}, "请填写 0 至 5 之间的数值。", "Write a number between 0 and 5."),
        ({"minimum": 1}, "请填写不小于 1 的数值。", "Write a number not below 1."),
        ({"maximum": 9}, "请填写不大于 9 的数值。", "Write a number not above 9."),
    ],
)
def test_limits_are_said_as_a_person_would(changes: dict[str, int], zh: str, en: str) -> None:
    """One-sided limits are one-sided in words, too."""
    column = {"name": "score", "zh": "得分", "en": "Score", "type": "decimal", "example": "4"} | changes
    key = {"name": "id", "zh": "编号", "en": "ID", "type": "code", "is_required": True, "example": "1"}
    contract = contract_with(key=["id"], columns=[key, column], row_rules=[])
    check = next(one for one in checks_of(contract) if one.code == "score.out_of_range")
    found = messages.remedy(contract, check)
    assert found.zh.endswith(zh)
    assert found.en.endswith(en)


@pytest.mark.parametrize(
    ("text", "locale", "parts"),
    [
        (
            "第 17 行「入职日期」：无法识别为日期。请写成 2026-03-01。",
            "zh-CN",
            ("「入职日期」：无法识别为日期。", "请写成 2026-03-01。"),
        ),
        ("第 3 行「甲」：离职日期早于入职日期，请核对。", "zh-CN", ("「甲」：离职日期早于入职日期。", "请核对。")),
        ("Row 3, “A”: out of range. Write a number.", "en", ("“A”: out of range.", "Write a number.")),
        ("Row 3, “A”: before hiring; check both.", "en", ("“A”: before hiring;", "Check both.")),
        ("Row 3, “A”: odd.", "en", ("“A”: odd.", "")),
    ],
)
def test_a_reason_splits_into_problem_and_remedy(text: str, locale: messages.Locale, parts: tuple[str, str]) -> None:
    """The workbook has a column for each."""
    assert messages.split_reason(text, locale) == parts
