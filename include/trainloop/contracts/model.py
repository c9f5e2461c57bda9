"""What a data contract may say: one frozen model, from which everything about a dataset derives.

The model holds declarations only. Header mapping, casts, the Great Expectations suite, quarantine reasons, the data
dictionary, the XLSX template and the demo's checks read it; none of them knows a dataset by name.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import Decimal
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from trainloop.config import Locale

ColumnType = Literal[
    "text", "code", "integer", "decimal", "percent", "date", "timestamp", "boolean", "email", "choice", "timezone",
    "period",
]  # fmt: skip
# block: the row goes to quarantine. stop: the whole file is refused. warn: counted and shown, nothing held back.
Severity = Literal["block", "stop", "warn"]
# none: about things. identifier: names a person by number. name, contact: by words. sensitive: marks, pay, attendance.
# secret: whoever reads it can act for the person (tokens). Anything but none stays out of logs and check results.
PersonalData = Literal["none", "identifier", "name", "contact", "sensitive", "secret"]
# snapshot: the file is the whole truth. upsert: it changes the rows it names. append: it only adds.
LoadMode = Literal["snapshot", "upsert", "append"]
OnMissingReference = Literal["park", "block", "warn"]
# present: the left one is filled in. either: at least one of both is.
Operator = Literal[">", ">=", "<", "<=", "=", "!=", "present", "either"]
# Found while reading and casting (intake): wrong_type, lost_digits, extra_cells. Against the warehouse and its clock
# (intake): unknown_reference, wrong_grain, not_ended, wrong_order. In answer sheets (surveys): unknown_option. By the
# suite (quality): missing_value, not_allowed, out_of_range, wrong_pattern, too_long, duplicate_key, row_rule,
# mixed_values, overlapping_ranges, gap_in_ranges, too_many_empty, unexpected_volume.
Rule = Literal[
    "wrong_type",
    "lost_digits",
    "extra_cells",
    "unknown_reference",
    "wrong_grain",
    "not_ended",
    "wrong_order",
    "unknown_option",
    "missing_value",
    "not_allowed",
    "out_of_range",
    "wrong_pattern",
    "too_long",
    "duplicate_key",
    "erased_person",
    "row_rule",
    "mixed_values",
    "overlapping_ranges",
    "gap_in_ranges",
    "too_many_empty",
    "unexpected_volume",
]
DEFAULT_SEVERITY: dict[str, Severity] = {"unexpected_volume": "warn", "too_many_empty": "warn"}

SQL_TYPES: dict[ColumnType, str] = {
    "text": "text",
    "code": "text",
    "integer": "integer",
    "decimal": "numeric",
    "percent": "numeric",
    "date": "date",
    "timestamp": "timestamptz",
    "boolean": "boolean",
    "email": "text",
    "choice": "text",
    "timezone": "text",
    "period": "text",
}
_NAME = r"^[a-z][a-z0-9_]{0,62}$"


def header_key(header: str) -> str:
    """Return what two spellings of a header share: width, case, spaces, punctuation and bracketed remarks fall away.

    >>> header_key("Ｅmployee　ID（必填）*")
    'employeeid'
    """
    plain = unicodedata.normalize("NFKC", header).casefold()
    return re.sub(r"[\W_]+", "", re.sub(r"\([^)]*\)|\[[^\]]*\]|【[^】]*】", "", plain))


def word_key(word: str) -> str:
    """Return what two spellings of one allowed value share: width, case and outer or doubled spaces fall away."""
    return " ".join(unicodedata.normalize("NFKC", word).casefold().split())


class Declared(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Choice(Declared):
    """One allowed value: the code core keeps and the words files use for it."""

    code: str
    zh: str
    en: str
    aliases: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """Every accepted spelling, the code first."""
        return (self.code, self.zh, self.en, *self.aliases)


class Order(Declared):
    """From which stage each stage may be reached, for one subject (the key without the stage); `none`: the first."""

    by: str = Field(description="Date column that says when a stage was reached")
    after: dict[str, tuple[str, ...]]


class Column(Declared):
    """One column: `is_required` means that the file must have it and that no cell of it may be empty."""

    name: str = Field(pattern=_NAME)
    zh: str
    en: str
    aliases: tuple[str, ...] = ()
    type: ColumnType
    is_required: bool = False
    default: str | None = Field(None, description="Text that an empty cell of an optional column stands for")
    allowed: tuple[Choice, ...] = ()
    order: Order | None = Field(None, description="The values are stages that follow one another")
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    earliest: date | None = None
    latest: date | None = None
    pattern: str | None = Field(None, description="PostgreSQL and Python regular expression for the whole value")
    pattern_zh: str = Field("", description="The pattern in plain words")
    pattern_en: str = ""
    max_length: int | None = Field(None, gt=0, description="Characters")
    is_uniform: bool = Field(False, description="All rows of a file that have a value have the same one")
    decimals: int | None = Field(None, ge=0, description="Digits kept after the point")
    grain_of: str | None = Field(None, description="Column whose referenced row says in `grain` what period to write")
    percent_of: str | None = Field(None, description="Column whose value a cell like 85% is a share of")
    timezone_column: str | None = Field(None, description="Column with the time zone of a time written without one")
    references: str | None = Field(None, description="dataset.column whose value must exist", pattern=r"^\w+\.\w+$")
    on_missing_reference: OnMissingReference = "block"
    personal_data: PersonalData = "none"
    erased_prefix: str = Field("", description="What stands before the value where erased people are remembered")
    max_empty_share: float | None = Field(None, ge=0, le=1, description="Share of empty cells above which we warn")
    example: str
    note_zh: str = ""
    note_en: str = ""
    severities: dict[Rule, Severity] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if (self.type == "choice") != bool(self.allowed):
            raise ValueError(f"{self.name}: a choice lists its allowed values, and only a choice does")
        if self.default is not None and self.is_required:
            raise ValueError(f"{self.name}: a required column has no default")
        if self.pattern is not None and not (self.pattern_zh and self.pattern_en):
            raise ValueError(f"{self.name}: say the pattern in plain words (pattern_zh, pattern_en)")
        if self.timezone_column is not None and self.type != "timestamp":
            raise ValueError(f"{self.name}: only a timestamp has a timezone_column")
        if self.grain_of is not None and self.type != "period":
            raise ValueError(f"{self.name}: only a period has a grain_of")
        if self.order is not None and set(self.order.after) != {choice.code for choice in self.allowed}:
            raise ValueError(f"{self.name}: order says of every allowed value, and no other, what it may follow")
        words = [word_key(word) for choice in self.allowed for word in set(map(word_key, choice.words))]
        if len(words) != len(set(words)):
            raise ValueError(f"{self.name}: one word stands for two allowed values")
        return self

    @property
    def sql_type(self) -> str:
        """The type of the column in staging and core."""
        return SQL_TYPES[self.type]

    @property
    def reference(self) -> tuple[str, str] | None:
        """(dataset, column) that the values refer to."""
        if self.references is None:
            return None
        dataset, _, column = self.references.partition(".")
        return dataset, column

    @property
    def headers(self) -> tuple[str, ...]:
        """Every accepted spelling of the header."""
        return (self.name, self.zh, self.en, *self.aliases)

    def label(self, locale: Locale) -> str:
        return self.zh if locale == "zh-CN" else self.en

    def severity(self, rule: Rule) -> Severity:
        """Return how heavily a failed rule of this column weighs."""
        if rule == "unknown_reference" and rule not in self.severities:
            return "warn" if self.on_missing_reference == "warn" else "block"
        if rule == "erased_person" and rule not in self.severities:
            return "block" if self.is_required else "warn"
        return self.severities.get(rule, DEFAULT_SEVERITY.get(rule, "block"))


class When(Declared):
    """The rows a row rule speaks about: those whose `column` equals, or differs from, a canonical value."""

    column: str
    equals: str | None = None
    differs: str | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if (self.equals is None) == (self.differs is None):
            raise ValueError(f"{self.column}: say either equals or differs")
        return self


class RowRule(Declared):
    """A rule across columns of one row: `left operator right`; an empty operand passes a comparison."""

    code: str = Field(pattern=_NAME)
    left: str
    operator: Operator
    right: str | None = None
    when: When | None = None
    zh: str = Field(description="What is wrong and what to do, one sentence")
    en: str
    severity: Severity = "block"

    @model_validator(mode="after")
    def _operands_fit(self) -> Self:
        if (self.operator == "present") != (self.right is None):
            raise ValueError(f"{self.code}: every operator but `present` needs a right-hand column")
        return self


class Ranges(Declared):
    """Ranges of days, both ends included, that follow each other without gap or overlap for one subject of a file."""

    of: tuple[str, ...] = Field(min_length=1, description="Columns that name the subject")
    first_day: str
    last_day: str = Field(description="Date column; empty = until further notice")


class Volume(Declared):
    """How many rows a file of this dataset usually has."""

    minimum: int = Field(1, ge=0)
    maximum: int
    severity: Severity = "warn"


class Contract(Declared):
    """The single declaration of a dataset."""

    dataset: str = Field(pattern=_NAME)
    version: str = "1"
    title_zh: str
    title_en: str
    purpose_zh: str
    purpose_en: str
    owner: str = Field(description="Key of the contact in the site file who is mailed")
    file_patterns: tuple[str, ...] = ("*.csv", "*.txt", "*.tsv", "*.xlsx", "*.xlsm")
    sheet: str | None = Field(None, description="Name of the sheet; empty = the first visible one that has the columns")
    entry: Literal["inbox", "surveys"] = "inbox"
    json_statements: Literal["xapi"] | None = Field(None, description="JSON files are read as statements of this kind")
    table_schema: Literal["core", "confidential"] = "core"
    key: tuple[str, ...] = Field(min_length=1)
    load_mode: LoadMode
    fresh_within_days: int | None = None
    expected_volume: Volume
    columns: tuple[Column, ...] = Field(min_length=1)
    row_rules: tuple[RowRule, ...] = ()
    ranges: Ranges | None = Field(
        None, description="Rows that are ranges of days; only where the file is the whole truth"
    )
    duplicate_key_severity: Severity = "block"
    ends_with: str | None = Field(None, description="Date column; a row past it may vanish from a snapshot unjudged")
    history: tuple[str, ...] = Field((), description="Columns whose past is kept in core.<history_table>")
    history_table: str | None = None
    exact_headers: dict[str, str] = Field(
        default_factory=dict, description="Header text of one very file → column, looked up before the aliases"
    )

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        names = [column.name for column in self.columns]
        used = [*self.key, *self.history, *([self.ends_with] if self.ends_with else [])]
        used += [name for rule in self.row_rules for name in (rule.left, rule.right) if name]
        used += [rule.when.column for rule in self.row_rules if rule.when]
        used += [column.order.by for column in self.columns if column.order]
        used += [*self.ranges.of, self.ranges.first_day, self.ranges.last_day] if self.ranges else []
        used += [
            name
            for column in self.columns
            for name in (column.percent_of, column.timezone_column, column.grain_of)
            if name
        ]
        if unknown := sorted(set(used) - set(names)):
            raise ValueError(f"{self.dataset}: no column named {', '.join(unknown)}")
        if len(names) != len(set(names)) or {"row_number", "file_id", "removed_on"} & set(names):
            raise ValueError(f"{self.dataset}: a column is declared twice or has a reserved name")
        if self.ranges and self.load_mode != "snapshot":
            raise ValueError(f"{self.dataset}: ranges are judged within a file, so it must be a snapshot")
        if optional := [name for name in self.key if not self._can_be_key(name)]:
            raise ValueError(f"{self.dataset}: key column {optional[0]} must be required or have a default")
        taken: dict[str, str] = {}
        for column in self.columns:
            for key in {header_key(header) for header in column.headers}:
                if taken.setdefault(key, column.name) != column.name:
                    raise ValueError(f"{self.dataset}: header {key} stands for {taken[key]} and {column.name}")
        return self

    def _can_be_key(self, name: str) -> bool:
        column = self.column(name)
        return column.is_required or column.default is not None

    def column(self, name: str) -> Column:
        """Return a column by name; KeyError when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def headers(self) -> dict[str, str]:
        """Column name by `header_key` of every accepted header."""
        return {header_key(header): column.name for column in self.columns for header in column.headers}

    @property
    def referenced_datasets(self) -> frozenset[str]:
        """Other datasets whose rows this one refers to."""
        return frozenset(
            column.reference[0] for column in self.columns if column.reference and column.reference[0] != self.dataset
        )

    def title(self, locale: Locale) -> str:
        return self.title_zh if locale == "zh-CN" else self.title_en
