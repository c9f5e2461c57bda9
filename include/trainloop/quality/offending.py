"""The workbook a data owner gets: quarantined rows as they stood in the file, what is wrong and how to mend it.

Every value is a text cell: leading zeros stay, nothing is a formula. The bytes depend on the rows only (fixed times
and properties), because mails are frozen with the hash of what they carry.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from trainloop.config import Locale, get_site
from trainloop.contracts import Contract, ContractUnknownError, load_contract
from trainloop.domain.spreadsheet import is_formula
from trainloop.errors import PermanentError
from trainloop.quality.messages import split_reason
from trainloop.settings import get_settings
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

FILE_ID_HEADER = "文件编号 (file_id)"
ROW_NUMBER_HEADER = "行号 (row_number)"
PROBLEM_HEADER = "问题 (what is wrong)"
REMEDY_HEADER = "如何更正 (how to correct)"
OWN_HEADERS = (FILE_ID_HEADER, ROW_NUMBER_HEADER, PROBLEM_HEADER, REMEDY_HEADER)

_ILLEGAL = re.compile(r"[\000-\010\013\014\016-\037\ufffe\uffff]")
_TIMES = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*")
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
_TITLES: dict[Locale, tuple[str, str]] = {"zh-CN": ("待更正的行", "说明"), "en": ("Rows to correct", "How to correct")}


class FileUnknownError(PermanentError):
    """There is no inbox file {file_id}. The data page of the board lists those there are."""


def workbook(connection: Connection, file_id: int, locale: Locale) -> bytes:
    """Return the XLSX of a file's open quarantined rows in its owner's language.

    At most site.intake.max_owner_rows rows; the rest is counted on the sheet of instructions. Same rows, same bytes.
    """
    from openpyxl import Workbook

    file = connection.execute(statement("quality", "offending_file"), {"file_id": file_id}).fetchone()
    if file is None:
        raise FileUnknownError(file_id=file_id)
    limit = get_site().intake.max_owner_rows
    rows = connection.execute(statement("quality", "offending_rows"), {"file_id": file_id, "limit": limit}).fetchall()
    contract = _contract(file["dataset"])
    book = Workbook()
    sheet, guide = book.active, book.create_sheet(_TITLES[locale][1])
    assert sheet is not None
    sheet.title = _TITLES[locale][0]
    headers = _headers(file["headers"], rows, contract)
    _fill_rows(sheet, file_id=file_id, headers=headers, rows=rows, contract=contract, locale=locale)
    _fill_guide(guide, file, len(rows), locale)
    return _frozen(book)


def _contract(dataset: str) -> Contract | None:
    try:
        return load_contract(dataset)
    except ContractUnknownError:
        return None


def _headers(known: list[list[str]], rows: list[dict[str, Any]], contract: Contract | None) -> dict[str, str]:
    """Return header by column: those of the file in its order, then columns the rows have besides them."""
    headers = dict(known)
    present = {column for row in rows for column in row["row_values"]}
    labels = {column.name: column.zh for column in contract.columns} if contract is not None else {}
    rest = [*(name for name in labels if name in present), *sorted(present - labels.keys())]
    return headers | {column: labels.get(column, column) for column in rest if column not in headers}


def _fill_rows(
    sheet: Worksheet,
    *,
    file_id: int,
    headers: Mapping[str, str],
    rows: list[dict[str, Any]],
    contract: Contract | None,
    locale: Locale,
) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    head, own = PatternFill("solid", fgColor="1F3A5F"), PatternFill("solid", fgColor="EEF2F7")
    wrong, wrap = PatternFill("solid", fgColor="FFD9D6"), Alignment(wrap_text=True, vertical="top")
    position = {column: len(OWN_HEADERS) + nth for nth, column in enumerate(headers, 1)}
    for nth, header in enumerate([*OWN_HEADERS, *headers.values()], 1):
        cell = _write(sheet, 1, nth, header)
        cell.font, cell.fill = Font(bold=True, color="FFFFFF"), head
        cell.alignment = Alignment(wrap_text=True, vertical="center")
    for number, row in enumerate(rows, 2):
        texts = [reason["zh" if locale == "zh-CN" else "en"] for reason in row["reasons"]]
        parts = [split_reason(text, locale) for text in texts]
        lead = (file_id, row["row_number"], "\n".join(one for one, _ in parts), "\n".join(one for _, one in parts))
        for nth, value in enumerate(lead, 1):
            cell = _write(sheet, number, nth, str(value))
            cell.fill, cell.alignment = own, wrap
        for column, nth in position.items():
            _write(sheet, number, nth, row["row_values"].get(column)).alignment = Alignment(vertical="top")
        for reason, text in zip(row["reasons"], texts, strict=True):
            for column in _marked(reason, contract):
                if column in position:
                    marked: Any = sheet.cell(number, position[column])
                    marked.fill = wrong
                    earlier = f"{marked.comment.text}\n" if marked.comment else ""
                    marked.comment = Comment(earlier + text, "TrainLoop", height=90, width=300)
    sheet.freeze_panes = "C2"
    sheet.auto_filter.ref = sheet.dimensions
    for nth, width in enumerate((16, 14, 44, 44), 1):
        sheet.column_dimensions[get_column_letter(nth)].width = width
    for column, nth in position.items():
        texts = [headers[column], *(str(row["row_values"].get(column) or "") for row in rows[:200])]
        sheet.column_dimensions[get_column_letter(nth)].width = min(max(map(_width, texts)) + 3, 42)


def _marked(reason: Mapping[str, str], contract: Contract | None) -> tuple[str, ...]:
    """Return the columns whose cells a reason is about."""
    if contract is not None:
        if reason["rule"] == "duplicate_key":
            return contract.key
        for rule in contract.row_rules:
            if reason["rule"] == f"row_rule:{rule.code}":
                return tuple(name for name in (rule.left, rule.right) if name)
    return (reason["column_name"],)


def _write(sheet: Worksheet, row: int, column: int, value: str | None) -> Cell:
    """Write a text cell. What looks like a formula also carries the quote prefix, as if typed with an apostrophe."""
    cell: Any = sheet.cell(row, column)
    cell.number_format = "@"
    if value is not None:
        cell.value = _ILLEGAL.sub("\ufffd", value)
        cell.data_type = "s"
        cell.quotePrefix = is_formula(value)
    return cell  # type: ignore[no-any-return]


def _width(text: str) -> int:
    """Return the width of a text in Latin characters; Chinese characters are two wide."""
    return sum(2 if ord(character) > 0x2E7F else 1 for character in text)


def _fill_guide(sheet: Worksheet, file: Mapping[str, Any], shown_count: int, locale: Locale) -> None:
    from openpyxl.styles import Alignment, Font

    folder = f"{get_settings().folder_uri('inbox')}/{file['dataset']}/corrections/".removeprefix("file://")
    rest = file["open_count"] - shown_count
    zh = [
        "如何更正",
        f"文件「{file['name']}」（编号 {file['file_id']}）有 {file['open_count']} 行未通过检查，其余各行不受影响。",
        "1. 在第一张工作表中更正标红的单元格；批注说明了问题和改法。",
        f"2. 请保留「{FILE_ID_HEADER}」和「{ROW_NUMBER_HEADER}」两列；不需要导入的行可以整行删除。",
        f"3. 另存为 XLSX，放入文件夹：{folder}",
        "4. 更正后的行会重新检查；仍有问题的行会再次发给您。",
        *(
            [f"本表只列出前 {shown_count} 行，另有 {rest} 行。问题较多时，请在来源系统更正后重新提交整个文件。"]
            if rest
            else []
        ),
    ]
    en = [
        "How to correct",
        f"{file['open_count']} rows of “{file['name']}” (file {file['file_id']}) failed a check; the others are fine.",
        "1. Correct the cells marked red on the first sheet; their notes say what is wrong and how to mend it.",
        f"2. Keep the columns “{FILE_ID_HEADER}” and “{ROW_NUMBER_HEADER}”; delete rows that are not to be loaded.",
        f"3. Save as XLSX and put it into the folder: {folder}",
        "4. Corrected rows are checked again; what is still wrong comes back to you.",
    ]
    if rest:
        zh.append(f"本表只列出前 {shown_count} 行，另有 {rest} 行。建议在来源系统更正后重新提交整个文件。")
        en.append(
            f"The first {shown_count} rows are listed, {rest} more wait: better send the whole file again, corrected."
        )
    lines = [*zh, "", *en] if locale == "zh-CN" else [*en, "", *zh]
    for number, line in enumerate(lines, 1):
        cell = _write(sheet, number, 1, line)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        if line in {zh[0], en[0]}:
            cell.font = Font(bold=True, size=14)
    sheet.column_dimensions["A"].width = 100


def _frozen(book: Workbook) -> bytes:
    """Return the workbook's bytes without the moment of writing: openpyxl stamps both the properties and the zip."""
    book.properties.creator = "TrainLoop"
    draft, final = io.BytesIO(), io.BytesIO()
    book.save(draft)
    with zipfile.ZipFile(draft) as source, zipfile.ZipFile(final, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(source.namelist(), key=lambda one: (one != "[Content_Types].xml", one)):
            content = source.read(name)
            if name == "docProps/core.xml":
                content = _TIMES.sub(rb"\g<1>1980-01-01T00:00:00Z", content)
            info = zipfile.ZipInfo(name, _ZIP_EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            target.writestr(info, content)
    return final.getvalue()
