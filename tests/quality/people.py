"""A contract with every kind of check, a good row and the headers of a file."""

from __future__ import annotations

from typing import Any

from trainloop.contracts import Contract

CONTRACT = {
    "dataset": "people",
    "title_zh": "人员",
    "title_en": "People",
    "purpose_zh": "测试",
    "purpose_en": "test",
    "owner": "hr_data",
    "key": ["person_id"],
    "load_mode": "upsert",
    "expected_volume": {"minimum": 1, "maximum": 2_000_000},
    "columns": [
        {"name": "person_id", "zh": "工号", "en": "Person ID", "type": "code", "is_required": True, "example": "00012",
         "pattern": "^[A-Z]?[0-9]{1,9}$",
         "pattern_zh": "数字，前面可有一个字母", "pattern_en": "digits, one letter before"},
        {"name": "name", "zh": "姓名", "en": "Name", "type": "text", "is_required": True, "max_length": 20,
         "example": "李雷", "personal_data": "name"},
        {"name": "hired_on", "zh": "入职日期", "en": "Hired on", "type": "date", "is_required": True,
         "earliest": "1990-01-01", "latest": "2030-12-31", "example": "2026-03-01"},
        {"name": "left_on", "zh": "离职日期", "en": "Left on", "type": "date", "example": ""},
        {"name": "score", "zh": "得分", "en": "Score", "type": "decimal", "minimum": 0, "maximum": 5, "example": "4.5"},
        {"name": "status", "zh": "状态", "en": "Status", "type": "choice", "example": "在岗",
         "allowed": [{"code": "active", "zh": "在岗", "en": "Active"}, {"code": "left", "zh": "离职", "en": "Left"}]},
    ],
    "row_rules": [
        {"code": "left_after_hired", "left": "left_on", "operator": ">=", "right": "hired_on",
         "zh": "离职日期早于入职日期，请核对两个日期。",
         "en": "The leaving date is before the hiring date; check both."},
        {"code": "left_says_when", "left": "left_on", "operator": "present",
         "when": {"column": "status", "equals": "left"},
         "severity": "warn", "zh": "状态为离职但没有离职日期。", "en": "Somebody who left has no leaving date."},
    ],
}  # fmt: skip
HEADERS = {
    "person_id": "员工编号",
    "name": "姓名",
    "hired_on": "入职日期",
    "left_on": "离职日期",
    "score": "得分",
    "status": "状态",
}
GOOD = {
    "person_id": "00012",
    "name": "李雷",
    "hired_on": "2021-07-01",
    "left_on": None,
    "score": "4.5",
    "status": "active",
}


def contract_with(**changes: Any) -> Contract:
    """The test contract with top-level keys replaced."""
    return Contract.model_validate(CONTRACT | changes)


def column_with(name: str, **changes: Any) -> list[dict[str, Any]]:
    """The test contract's columns, one of them changed."""
    return [column | changes if column["name"] == name else column for column in CONTRACT["columns"]]  # type: ignore[attr-defined]
