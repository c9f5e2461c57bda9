"""The frozen view model of a report: everything a template prints, already in the reader's words.

A template places and never computes: every figure stands here twice at most, as the text to print and, where a chart
draws it, as the number behind that text. The canonical JSON of a view is its identity (`view_sha256`): the same view
is never drawn twice, and the same view gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from trainloop.config import Locale

Audience = Literal["hr", "trainer", "business", "subject"]
Tone = Literal["good", "caution", "bad", "neutral"]


class View(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Figure(View):
    """One figure: its text, or the reason why there is none. `value`, `low`, `high` are set only for drawing."""

    text: str
    is_shown: bool
    value: float | None = None
    low: float | None = None
    high: float | None = None
    interval: str = ""
    n: str = ""


class Fact(View):
    """A label and what stands behind it."""

    label: str
    text: str
    tone: Tone = "neutral"


class Share(View):
    """One segment of a stacked bar or one bar of a list, 0 to 100."""

    label: str
    percent: float
    text: str
    count: str = ""


class Bars(View):
    """Shares that are drawn together, or the reason why they are not."""

    label: str
    n: str = ""
    shares: tuple[Share, ...] = ()
    reason: str = ""


class Item(View):
    label: str
    mean: Figure
    top: Figure
    bottom: Figure
    is_weak: bool = False


class Dimension(View):
    label: str
    mean: Figure
    items: tuple[Item, ...]


class Scale(View):
    """The ends of an axis and its ticks."""

    low: float
    high: float
    ticks: tuple[float, ...]


class Nps(View):
    label: str
    score: Figure
    bars: Bars


class Response(View):
    """Who was asked and who answered."""

    rate: Figure
    sentence: str
    band: str
    tone: Tone


class Point(View):
    """A finding, a suggestion or something to keep."""

    title: str
    detail: str
    advice: str = ""


class Verdict(View):
    headline: str
    evidence: str
    tone: Tone
    decide_title: str
    decide: tuple[Point, ...]
    keep: tuple[Point, ...]
    keep_reason: str = ""


class ComparisonRow(View):
    label: str
    difference: Figure
    conclusion: str


class Comparison(View):
    title: str
    basis: str = ""
    scale: Scale | None = None
    rows: tuple[ComparisonRow, ...] = ()
    reason: str = ""


class Quotes(View):
    label: str
    quotes: tuple[str, ...] = ()
    reason: str = ""


class FileRow(View):
    dataset: str
    name: str
    checked_on: str
    row_count: str
    accepted: str
    quarantined: str
    other: str
    verdict: str


class DataRow(View):
    """One row of the attached data."""

    family: str
    code: str
    label: str
    statistic: str
    value: str
    respondent_count: int | None
    is_hidden: bool
    reason: str


class Document(View):
    """What every report has, whatever it is about: one edition for one audience in one language.

    A subclass is a kind of report; `trainloop.reporting.kinds` lists them.
    """

    kind: ClassVar[str]
    """What `ops.reports` calls it; also its folder in the reports store."""
    template: ClassVar[str]
    """The page below `templates/`."""

    layout_sha256: str
    locale: Locale
    audience: Audience
    colour: str
    company: str
    title: str
    audience_label: str
    released_at: str
    site_version: str
    revision: str
    data_rows: tuple[DataRow, ...]

    def about(self) -> dict[str, str]:
        """Return the key of the subject, as the attached data name it."""
        raise NotImplementedError

    def canonical_json(self) -> str:
        """Return this view as JSON with sorted keys and no spaces."""
        return json.dumps(self.model_dump(mode="json"), ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def sha256(self) -> str:
        """Return the identity of this view."""
        return hashlib.sha256(self.canonical_json().encode()).hexdigest()


class ReportView(Document):
    """The Training Effect Analysis Report of one class session."""

    kind: ClassVar[str] = "course_evaluation"
    template: ClassVar[str] = "report.html.j2"

    course_name: str
    session_code: str
    released_on: str
    is_small: bool
    distribution_min: int
    facts: tuple[Fact, ...]
    glance: tuple[Fact, ...]
    response: Response
    verdict: Verdict
    mean_scale: Scale
    dimensions: tuple[Dimension, ...]
    reliability: tuple[str, ...]
    legend: tuple[str, ...]
    distributions: tuple[Bars, ...]
    nps: Nps
    choices: tuple[Bars, ...]
    comparisons: tuple[Comparison, ...]
    test: tuple[Fact, ...]
    test_bars: tuple[Share, ...]
    test_sentence: str
    attendance: tuple[Fact, ...]
    attendance_sentence: str
    words_reason: str
    themes: tuple[Bars, ...]
    quotes: tuple[Quotes, ...]
    suggestions: tuple[Point, ...]
    suggestions_sentence: str
    quality_sentence: str
    quality_tone: Tone
    files: tuple[FileRow, ...]
    quality_facts: tuple[Fact, ...]
    quality_notes: tuple[str, ...]
    anonymity_notes: tuple[str, ...]
    method_notes: tuple[str, ...]

    def about(self) -> dict[str, str]:
        return {"session_code": self.session_code}
