"""The workbook that HR downloads and fills: headers, formats and lists from the contract.

Row 1 shows an example, row 2 is the header, data start below: intake reads what stands under the header, so the example
is never taken for data. Codes are formatted as text so that 0012 keeps its zeros.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trainloop.contracts import Column, Contract, load_contract

HEADER_ROW = 2
_LAST_ROW = 20_000
_FORMATS = {
    "text": "@",
    "code": "@",
    "choice": "@",
    "email": "@",
    "period": "@",
    "date": "yyyy-mm-dd",
    "timestamp": "yyyy-mm-dd hh:mm",
}
_KINDS = {
    "text": "文字 text",
    "code": "编码（文本格式）code, as text",
    "integer": "整数 whole number",
    "decimal": "数字 number",
    "percent": "百分比 percentage",
    "date": "日期 date 2026-03-01",
    "timestamp": "日期和时间 date and time 2026-03-01 09:00",
    "boolean": "是/否 yes/no",
    "email": "邮箱 e-mail address",
    "choice": "从列表选择 choose from the list",
    "period": "期间 period 2026-03, 2026-W10, 2026-03-05",
    "timezone": "时区 time zone Asia/Shanghai",
}


def write_template(dataset: str, path: Path) -> Path:
    """Write the template of a dataset as XLSX; return the path. Raises ContractUnknownError."""
    contract = load_contract(dataset)
    from openpyxl import Workbook

    book = Workbook()
    data = book.active
    assert data is not None
    data.title = contract.sheet or contract.title_zh
    lists = book.create_sheet("lists")
    lists.sheet_state = "hidden"
    for number, column in enumerate(contract.columns, 1):
        _write_column(data, lists, column, number)
    data.freeze_panes = f"A{HEADER_ROW + 1}"
    _write_notes(book.create_sheet("填写说明 Notes"), contract)
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


def header_of(column: Column) -> str:
    """Return the header in both languages; intake reads what stands outside the brackets."""
    return f"{column.zh} ({column.en})" + (" *" if column.is_required else "")


def _write_column(data: Any, lists: Any, column: Column, number: int) -> None:
    from openpyxl.styles import Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    letter = get_column_letter(number)
    data.column_dimensions[letter].number_format = _FORMATS.get(column.type, "General")
    data.column_dimensions[letter].width = max(14, 2 * len(column.zh), len(header_of(column)))
    example = data.cell(HEADER_ROW - 1, number, f"例 e.g. {column.example}" if column.example else None)
    example.font = Font(italic=True, color="808080")
    header = data.cell(HEADER_ROW, number, header_of(column))
    header.font = Font(bold=True)
    header.fill = PatternFill("solid", fgColor="FFF2CC" if column.is_required else "E7E6E6")
    words = ["是", "否"] if column.type == "boolean" else [choice.zh for choice in column.allowed]
    if words:
        for row, word in enumerate(words, 1):
            lists.cell(row, number, word)
        choice = DataValidation("list", formula1=f"lists!${letter}$1:${letter}${len(words)}", allow_blank=True)
        choice.error = "请从列表中选择。Please choose from the list."
        choice.add(f"{letter}{HEADER_ROW + 1}:{letter}{_LAST_ROW}")
        data.add_data_validation(choice)


def _write_notes(notes: Any, contract: Contract) -> None:
    from openpyxl.styles import Font

    lines: list[list[str]] = [
        [f"{contract.title_zh} {contract.title_en}"],
        [contract.purpose_zh],
        [contract.purpose_en],
        ["带 * 的列必填；请勿修改表头；第一行是示例，数据从表头下一行开始填写。"],
        ["Columns with * are required; keep the header; row 1 is an example, data start below the header."],
        [],
        ["列 Column", "内容 Content", "必填 Required", "可填值 Values", "示例 Example", "说明 Note"],
    ]
    lines += [
        [
            f"{column.zh} {column.en}",
            _KINDS[column.type],
            "是 yes" if column.is_required else "否 no",
            "；".join(f"{choice.zh} / {choice.en}" for choice in column.allowed)
            or "；".join(filter(None, (column.pattern_zh, column.pattern_en))),
            column.example,
            " ".join(filter(None, (column.note_zh, column.note_en))),
        ]
        for column in contract.columns
    ]
    for line in lines:
        notes.append(line)
    for cell in (notes["A1"], *notes[7]):
        cell.font = Font(bold=True)
    for letter, width in zip("ABCDEF", (34, 40, 14, 60, 26, 60), strict=True):
        notes.column_dimensions[letter].width = width
