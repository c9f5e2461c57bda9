"""The view of the Training Effect Analysis Report, and the parts that other reports print as well."""

from __future__ import annotations

from typing import ClassVar

from trainloop.reporting.document import Document, Tone, View


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


class Course(View):
    """Both groups over the cells of time, None where a figure is not shown; the class lies before cell `event_at`."""

    label: str
    scale: Scale
    tick_texts: tuple[str, ...]
    cells: tuple[str, ...]
    event_at: int
    event: str
    learners: tuple[float | None, ...]
    comparison: tuple[float | None, ...]


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
    interaction: tuple[Fact, ...]
    cost: tuple[Fact, ...]
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
