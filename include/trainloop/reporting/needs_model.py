"""The views of the year's training needs: the annual report, and the extract for one trainer."""

from __future__ import annotations

from typing import ClassVar, Literal

from trainloop.reporting.document import Document, Tone, View
from trainloop.reporting.view import Bars, Fact, FileRow, Point, Share

LayerState = Literal["passed", "failed", "missing"]


class LayerView(View):
    """One layer of one need: its state, the value against the threshold, why, and the evidence lines."""

    label: str
    state: LayerState
    state_label: str
    value: str
    threshold: str
    reason: str
    evidence: tuple[str, ...]


class NeedView(View):
    """One topic: verdict, scores, three layers, and its place at the budget line."""

    code: str
    name: str
    rank: str
    verdict: str
    tone: Tone
    priority: float
    priority_text: str
    scores: tuple[str, ...]
    target: str
    deadline: str
    cost: str
    cumulative: str
    funding: str
    is_funded: bool
    layers: tuple[LayerView, ...]
    review: tuple[str, ...]
    override: str
    quotes: tuple[str, ...]


class HeatCell(View):
    """One crossing: what is printed, and the step of the colour scale (0 = nothing, 1–5)."""

    text: str
    step: int
    note: str = ""


class HeatRow(View):
    label: str
    cells: tuple[HeatCell, ...]
    is_total: bool = False


class HeatMap(View):
    """A table whose cells are shaded; every shade has its number in the cell."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[HeatRow, ...]
    note: str = ""
    reason: str = ""


class TraceRow(View):
    goal: str
    weight: str
    topic: str
    course: str
    finding: str


class GapRow(View):
    """One indicator or competency of the year."""

    label: str
    gap: str
    interval: str
    n: str
    percent: float
    below: str
    shortfall: str
    running: str
    trend: str
    cause: str


class TableRow(View):
    cells: tuple[str, ...]


class NeedsView(Document):
    """《年度培训需求分析报告》, the annual training needs report, for HR (the draft) or for executives (approved)."""

    kind: ClassVar[str] = "annual_needs"
    template: ClassVar[str] = "annual_needs.html.j2"

    year: int
    name: str
    state: str
    facts: tuple[Fact, ...]
    headline: str
    evidence: str
    decide: tuple[Point, ...]
    glance: tuple[Fact, ...]
    warnings: tuple[str, ...]
    needs: tuple[NeedView, ...]
    budget: tuple[Fact, ...]
    cut_line: str
    sensitivity_sentence: str
    sensitivity: tuple[TableRow, ...]
    knapsack: str
    trace_sentence: str
    trace: tuple[TraceRow, ...]
    trace_findings: tuple[str, ...]
    review_sentence: str
    review: tuple[TableRow, ...]
    interviews_sentence: str
    interviews: HeatMap
    interviews_missing: str
    performance: tuple[GapRow, ...]
    quarters: tuple[str, ...]
    quarter_rows: tuple[TableRow, ...]
    competencies: tuple[GapRow, ...]
    gaps_sentence: str
    demand: tuple[Bars, ...]
    demand_sentence: str
    survey_facts: tuple[Fact, ...]
    modes: tuple[Share, ...]
    obstacles: tuple[Share, ...]
    tables: tuple[HeatMap, ...]
    tables_hidden: str
    quality_sentence: str
    quality_tone: Tone
    files: tuple[FileRow, ...]
    response_facts: tuple[Fact, ...]
    quality_notes: tuple[str, ...]
    anonymity_notes: tuple[str, ...]
    method_notes: tuple[str, ...]

    def about(self) -> dict[str, str]:
        return {"year": str(self.year)}


class TrainerNeedsView(Document):
    """What one trainer needs to know of the year's approved needs: the trainer's own topics, nothing about money."""

    kind: ClassVar[str] = "trainer_needs"
    template: ClassVar[str] = "trainer_needs.html.j2"

    year: int
    trainer_id: str
    name: str
    facts: tuple[Fact, ...]
    headline: str
    evidence: str
    needs: tuple[NeedView, ...]
    interviews: HeatMap
    notes: tuple[str, ...]

    def about(self) -> dict[str, str]:
        return {"year": str(self.year), "trainer_id": self.trainer_id}
