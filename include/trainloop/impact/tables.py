"""An analyst's files: the same contracts, readers and words as the inbox, cast without a warehouse.

What a cell means is what intake's SQL functions say (`staging.period_of`, `staging.decimal_of` …), on the same
spellings; each distinct text of a column is judged once. A file with wrong cells is not analysed: the error names row,
column and remedy of each, so that the analyst mends the file and not the result.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainloop.contracts import Check, Column, Contract, Rule, header_key, load_contract, read_contract
from trainloop.errors import PermanentError
from trainloop.impact.cells import judge, number_of, period_days, plain_text
from trainloop.impact.finding import Locale
from trainloop.intake.source import Source, open_source
from trainloop.quality import messages

if TYPE_CHECKING:
    import pandas as pd

LISTED_FAULTS = 10
_PEOPLE = Path(__file__).with_name("people.yaml")


class CellsWrongError(PermanentError):
    """{file} cannot be analysed: {count} cells are wrong. Correct them and run again.

    {faults}
    """


class RowsMissingError(PermanentError):
    """{file} has no data rows. Make sure that there are rows below the header."""


class FileMissingError(PermanentError):
    """There is no file {path}. Nothing was analysed. {remedy}"""


@dataclass(frozen=True)
class _Fault:
    row_number: int
    check: Check


@functools.cache
def people_contract() -> Contract:
    """Return the declaration of the file that says who was trained and who was not."""
    return read_contract(_PEOPLE)


def read_facts(path: Path, grains: dict[str, str], locale: Locale, today: date) -> pd.DataFrame:
    """Return the facts of a CSV or XLSX: unit_id and kpi_code (categories), starts_on, ends_on, numerator, denominator,
    value, unit. `grains`: the grain each indicator of the study is in; a period that is not over `today` is no fact.

    Raises CellsWrongError, FileMissingError, and FileRefusedError for what no reader can read.
    """
    import pandas as pd

    contract = load_contract("kpi_facts")
    table, faults, source = _read(path, contract)
    # A cell that could not be read is told as such, not as an empty one.
    unread = {fault.row_number for fault in faults}
    empty = table["numerator"].isna() & table["value"].isna() & ~table["row_number"].isin(unread)
    says_something = next(rule for rule in contract.row_rules if rule.code == "says_something")
    faults += [_Fault(row, Check("row", "row_rule", "block", row_rule=says_something)) for row in _rows(table, empty)]
    period = contract.column("period")
    grain = table["period"].map(len, na_action="ignore").map({7: "month", 8: "week", 10: "day"})
    wanted = table["kpi_code"].map(grains)
    is_other = wanted.notna() & grain.notna() & (grain != wanted)
    faults += [_Fault(row, Check("period", "wrong_grain", "block", column=period)) for row in _rows(table, is_other)]
    days = {text: period_days(text) for text in table["period"].dropna().unique()}
    is_running = table["period"].map({text: both[1] >= today for text, both in days.items()}).eq(True)
    faults += [_Fault(row, Check("period", "not_ended", "block", column=period)) for row in _rows(table, is_running)]
    # An analyst's unit is one thing, whatever kind its rows say it is.
    faults += _duplicates(table, ("unit_id", "kpi_code", "period"))
    _refuse(path.name, contract, faults, source, locale)
    return table.assign(
        starts_on=pd.to_datetime(table["period"].map({text: both[0] for text, both in days.items()})),
        ends_on=pd.to_datetime(table["period"].map({text: both[1] for text, both in days.items()})),
        unit_id=table["unit_id"].astype("category"),
        kpi_code=table["kpi_code"].astype("category"),
    )


def read_people(path: Path, covariates: Sequence[str], locale: Locale) -> pd.DataFrame:
    """Return the people of a CSV or XLSX in the columns of people.yaml, and the columns named as covariates.

    A covariate is a number when all its cells are. Raises as `read_facts`, and CovariateUnknownError.
    """
    import pandas as pd

    contract = people_contract()
    table, faults, source = _read(path, contract, covariates)
    faults += _duplicates(table, contract.key)
    _refuse(path.name, contract, faults, source, locale)
    for name in ("class_ends_on", "left_on", "other_class_on"):
        table[name] = pd.to_datetime(table[name])
    for name in covariates:
        numbers = table[name].map(number_of, na_action="ignore")
        if numbers.notna().sum() == table[name].notna().sum():
            table[name] = numbers.astype("float64")
    return table


class CovariateUnknownError(PermanentError):
    """{file} has no column {name}. Its other columns are: {known}. Correct `covariates` in the design."""


def _read(path: Path, contract: Contract, extra: Sequence[str] = ()) -> tuple[pd.DataFrame, list[_Fault], Source]:
    """Return every column of a contract, cast, with row_number; faults found on the way."""
    import pandas as pd

    if not path.is_file():
        raise FileMissingError(path=path, remedy="Check the path; paths in a design are relative to it.")
    source = open_source(path, path.name, contract)
    positions = _positions(path.name, source, extra)
    numbers: list[int] = []
    cells: dict[str, list[str | None]] = {name: [] for name in positions}
    rows = source.rows()
    for number, row in rows.cells:
        if all(cell is None or not cell.strip() for cell in row):
            continue
        numbers.append(number)
        for name, position in positions.items():
            cells[name].append(row[position] if position < len(row) else None)
    if not numbers:
        raise RowsMissingError(file=path.name)
    table = pd.DataFrame({"row_number": numbers})
    faults = [
        _Fault(
            one.row_number, Check("row", one.rule, "block", column=contract.column(one.column) if one.column else None)
        )
        for one in rows.findings
    ]
    for column in contract.columns:
        texts = pd.Series(cells.get(column.name, [None] * len(numbers)), dtype=object)
        table[column.name], found = _cast(texts, column)
        faults += [
            _Fault(numbers[position], Check(column.name, rule, "block", column=column)) for position, rule in found
        ]
    for name in extra:
        table[name] = pd.Series([plain_text(text) for text in cells[name]], dtype=object)
    return table, faults, source


def _rows(table: pd.DataFrame, is_wrong: pd.Series[Any]) -> list[int]:
    return [int(row) for row in table.loc[is_wrong.to_numpy(dtype=bool), "row_number"]]


def _duplicates(table: pd.DataFrame, columns: Sequence[str]) -> list[_Fault]:
    """Every row of a repeated key is wrong: nobody but its owner can say which of them is right."""
    key = list(columns)
    is_twice = table.duplicated(key, keep=False) & table[key].notna().all(axis=1)
    return [_Fault(row, Check("key", "duplicate_key", "block")) for row in _rows(table, is_twice)]


def _refuse(file: str, contract: Contract, faults: list[_Fault], source: Source, locale: Locale) -> None:
    """Raise CellsWrongError with the first faults in the order of the rows."""
    if not faults:
        return
    ordered = sorted(faults, key=lambda one: (one.row_number, one.check.finding))
    lines = []
    for fault in ordered[:LISTED_FAULTS]:
        reason = messages.row_reason(contract, fault.check, source.header.headers)
        lines.append(
            f"  第 {fault.row_number} 行{reason.zh}" if locale == "zh-CN" else f"  Row {fault.row_number}{reason.en}"
        )
    if len(ordered) > LISTED_FAULTS:
        lines.append(
            f"  … 另有 {len(ordered) - LISTED_FAULTS} 处"
            if locale == "zh-CN"
            else f"  … {len(ordered) - LISTED_FAULTS} more"
        )
    raise CellsWrongError(file=file, count=len(ordered), faults="\n".join(lines))


def _positions(file: str, source: Source, extra: Sequence[str]) -> dict[str, int]:
    columns = source.header.columns
    found = {name: position for position, name in reversed(list(enumerate(columns))) if name is not None}
    others = {header_key(text): at for at, text in enumerate(source.header.texts) if columns[at] is None}
    for name in extra:
        if name in found:
            continue
        if header_key(name) not in others:
            raise CovariateUnknownError(file=file, name=name, known=", ".join(source.header.ignored) or "none")
        found[name] = others[header_key(name)]
    return found


def _cast(texts: pd.Series[Any], column: Column) -> tuple[pd.Series[Any], list[tuple[int, Rule]]]:
    """Return a column's values and (position, rule) of each wrong cell; a distinct text is judged once."""
    judged: dict[str | None, tuple[Any, Rule | None]] = {}
    for text in texts.unique():
        judged[text] = judge(text, column)
    values = texts.map({text: value for text, (value, _) in judged.items()})
    rules = texts.map({text: rule for text, (_, rule) in judged.items()})
    if column.type == "decimal":
        values = values.astype("float64")
    wrong = rules[rules.notna()]
    return values, list(zip(wrong.index.tolist(), wrong.tolist(), strict=True))
