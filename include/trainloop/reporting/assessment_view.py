"""The view of one person's 360 feedback: what only that person reads. It names nobody, not even the reader."""

from __future__ import annotations

from typing import ClassVar

from trainloop.reporting.document import Document, View
from trainloop.reporting.view import Fact, Figure, Point, Scale


class GroupColumn(View):
    """One group of raters, with how many of those asked have answered."""

    label: str
    counts: str


class AspectRow(View):
    """One dimension or item: the own view, the others', the way between them, and each group's mean in column order."""

    label: str
    own: Figure
    others: Figure
    way: Figure
    gap: str
    groups: tuple[Figure, ...] = ()
    agreement: str = ""


class Comments(View):
    label: str
    texts: tuple[str, ...]


class AssessmentView(Document):
    """Private feedback of one 360 assessment."""

    kind: ClassVar[str] = "assessment_feedback"
    template: ClassVar[str] = "assessment.html.j2"

    wave_code: str
    headline: str
    evidence: str
    facts: tuple[Fact, ...]
    columns: tuple[GroupColumn, ...]
    scale: Scale
    dimensions: tuple[AspectRow, ...]
    items: tuple[AspectRow, ...]
    items_reason: str
    keep: tuple[Point, ...]
    practise: tuple[Point, ...]
    comments: tuple[Comments, ...]
    comments_reason: str
    quality_facts: tuple[Fact, ...]
    notes: tuple[str, ...]

    def about(self) -> dict[str, str]:
        return {"wave_code": self.wave_code}
