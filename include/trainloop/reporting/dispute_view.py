"""The papers of a dispute: clarification pack, pilot report, agreed plan. One page layout of sections, three kinds."""

from __future__ import annotations

from typing import ClassVar

from trainloop.reporting.document import Document, Tone, View
from trainloop.reporting.view import Fact, FileRow


class Cell(View):
    """One cell of a table; a tone makes it a badge."""

    text: str
    is_number: bool = False
    tone: Tone = "neutral"


class Section(View):
    """One chapter: a lead, pairs of label and text, a table, notes; what is empty is not printed."""

    title: str
    lead: str = ""
    pairs: tuple[Fact, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    notes_title: str = ""
    notes: tuple[str, ...] = ()


class DisputeView(Document):
    """What all papers of a dispute have."""

    template: ClassVar[str] = "dispute.html.j2"

    dispute_id: str
    name: str
    facts: tuple[Fact, ...]
    headline: str
    headline_detail: str
    sections: tuple[Section, ...]
    quality_sentence: str
    quality_tone: Tone
    files: tuple[FileRow, ...]
    notes: tuple[str, ...]

    def about(self) -> dict[str, str]:
        return {"dispute_id": self.dispute_id}


class PackView(DisputeView):
    """R48: the evidence for the meeting."""

    kind: ClassVar[str] = "dispute_pack"


class PilotReportView(DisputeView):
    """R51: what the registered pilot showed."""

    kind: ClassVar[str] = "pilot_report"


class AgreedPlanView(DisputeView):
    """R52: what the three signed."""

    kind: ClassVar[str] = "agreed_plan"
