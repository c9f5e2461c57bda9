"""The payroll file of one batch: a CSV line for each class, exact amounts, no cell that is taken for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

from trainloop.domain.spreadsheet import safe_cell

# Column → header. Payroll reads both languages.
COLUMNS: Final[Mapping[str, str]] = {
    "month": "月份 month",
    "revision_number": "批次 batch",
    "employee_id": "工号 employee_id",
    "trainer_id": "讲师编号 trainer_id",
    "session_code": "班次 session_code",
    "class_on": "班次日期 class_on",
    "kind": "类型 kind",
    "hours": "课时 hours",
    "base_amount": "课时标准 base",
    "level_factor": "等级系数 level",
    "difficulty_factor": "难度系数 difficulty",
    "class_size_factor": "规模系数 class_size",
    "quality_factor": "质量系数 quality",
    "due_amount": "应付 due",
    "paid_amount": "已付 paid",
    "amount": "本次支付 amount",
    "currency": "币种 currency",
}


def write_file(lines: Sequence[Mapping[str, Any]], currency: str) -> bytes:
    """Return the file: UTF-8 with the mark Excel wants; the same lines give the same bytes."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS.values())
    for line in lines:
        writer.writerow([safe_cell(_plain({**line, "currency": currency}[column])) for column in COLUMNS])
    return b"\xef\xbb\xbf" + buffer.getvalue().encode("utf-8")


def _plain(value: Any) -> str:
    """Return a number without exponent, anything else as it reads."""
    return "" if value is None else f"{value:f}" if hasattr(value, "quantize") else str(value)
