"""Everything a course report rests on, read once, as frozen rows: release, class, wave, figures, words, files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from trainloop.reporting.errors import DataQualityMissingError, FigureMissingError, NothingToReportError
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

PRODUCT = "course_evaluation"


@dataclass(frozen=True)
class Release:
    release_id: int
    revision_number: int
    released_at: datetime
    site_version: str


@dataclass(frozen=True)
class ClassSession:
    session_code: str
    course_name_zh: str
    course_name_en: str
    trainer_id: str
    trainer_name: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    mode: str

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


@dataclass(frozen=True)
class Wave:
    wave_code: str
    instrument_code: str
    opened_at: datetime
    closes_at: datetime
    is_without_attendance: bool
    has_completions: bool
    source: str = "exports"


@dataclass(frozen=True)
class Row:
    """One published figure: a value, a text, or the reason why there is neither."""

    family: str
    code: str
    statistic: str
    value: Decimal | None
    text_value: str | None
    respondent_count: int | None
    is_hidden: bool
    reason: str | None


@dataclass(frozen=True)
class Suggestion:
    rule_code: str
    item_code: str
    strength: str
    suggestion_zh: str
    suggestion_en: str


@dataclass(frozen=True)
class CheckedFile:
    """One file behind the figures with the gate's newest verdict about it."""

    dataset: str
    file_id: int
    name: str
    row_count: int
    accepted_count: int
    unchanged_count: int
    quarantined_count: int
    parked_count: int
    refused_count: int
    checked_at: datetime | None
    gate_decision: str | None


class Figures:
    """The figures of one release by family, code and statistic."""

    def __init__(self, release_id: int, rows: tuple[Row, ...]) -> None:
        self.release_id = release_id
        self.rows = rows
        self._by_name = {(row.family, row.code, row.statistic): row for row in rows}

    def row(self, family: str, code: str, statistic: str) -> Row:
        """Return one figure; raises FigureMissingError: every statistic of a release has its row."""
        try:
            return self._by_name[family, code, statistic]
        except KeyError:
            raise FigureMissingError(release_id=self.release_id, figure=f"{family}/{code}/{statistic}") from None

    def has(self, family: str, code: str, statistic: str) -> bool:
        return (family, code, statistic) in self._by_name

    def value(self, family: str, code: str, statistic: str) -> Decimal | None:
        return self.row(family, code, statistic).value

    def count(self, family: str, code: str, statistic: str) -> int:
        """Return an administrative count; a hidden one would be a fault of the release."""
        row = self.row(family, code, statistic)
        if row.value is None:
            raise FigureMissingError(release_id=self.release_id, figure=f"{family}/{code}/{statistic}")
        return int(row.value)

    def codes(self, family: str) -> Iterator[str]:
        """Yield the codes of a family in the order of their rows."""
        yield from dict.fromkeys(row.code for row in self.rows if row.family == family)


@dataclass(frozen=True)
class Evidence:
    release: Release
    session: ClassSession
    wave: Wave
    figures: Figures
    verbatims: dict[str, tuple[str, ...]]
    suggestions: tuple[Suggestion, ...]
    files: tuple[CheckedFile, ...]


def read_evidence(connection: Connection, session_code: str) -> Evidence:
    """Return what the newest release of a class that is not withheld says, and what it rests on.

    Raises NothingToReportError without a release, DataQualityMissingError when a file behind the figures has no
    verdict of the gate, or answers were counted and no file of answers is known.
    """
    key = {"session_code": session_code}

    def rows(name: str, **parameters: object) -> list[dict[str, object]]:
        return connection.execute(statement("reporting", name), key | parameters).fetchall()

    heads = rows("newest_release", product=PRODUCT)
    waves = rows("evaluation_wave")
    if not heads or not waves:
        raise NothingToReportError(session_code=session_code)
    release = Release(**heads[0])  # type: ignore[arg-type]
    here = {"release_id": release.release_id}
    verbatims: dict[str, tuple[str, ...]] = {}
    for row in rows("verbatims", **here):
        verbatims[str(row["item_code"])] = (*verbatims.get(str(row["item_code"]), ()), str(row["masked_text"]))
    wave = Wave(**waves[0])  # type: ignore[arg-type]
    figures = tuple(Row(**row) for row in rows("figures", **here))  # type: ignore[arg-type]
    evidence = Evidence(
        release=release,
        session=ClassSession(**rows("class_session")[0]),  # type: ignore[arg-type]
        wave=wave,
        figures=Figures(release.release_id, figures),
        verbatims=verbatims,
        suggestions=tuple(Suggestion(**row) for row in rows("suggestions", **here)),  # type: ignore[arg-type]
        files=tuple(CheckedFile(**row) for row in rows("checked_files", wave_code=wave.wave_code)),  # type: ignore[arg-type]
    )
    _require_verdicts(evidence)
    return evidence


def _require_verdicts(evidence: Evidence) -> None:
    without = {file.dataset for file in evidence.files if file.gate_decision is None}
    answers = sum(evidence.figures.count("response", "wave", name) for name in ("complete_count", "partial_count"))
    datasets = {file.dataset for file in evidence.files}
    # Our own forms judge each answer as it is sent; what an outside tool delivers is a file like every other.
    if evidence.wave.source != "forms" and answers and "survey_exports" not in datasets:
        without.add("survey_exports")
    if without:
        raise DataQualityMissingError(datasets=", ".join(sorted(without)), session_code=evidence.session.session_code)
