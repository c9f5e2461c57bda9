"""What every report has, whatever it is about: the frozen document that a template prints.

A template places and never computes: every figure stands in a document twice at most, as the text to print and, where a
chart draws it, as the number behind that text. The canonical JSON of a document is its identity (`view_sha256`): the
same one is never drawn twice, and the same one gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from trainloop.config import Locale, get_site

Audience = Literal["hr", "trainer", "business", "subject", "class_manager", "hrbp"]
Tone = Literal["good", "caution", "bad", "neutral"]


class View(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


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


def _logo() -> str:
    """Return the company's logo as an address that holds it: the process that draws opens no file."""
    logo = get_site().company.logo
    return logo.data_uri() if logo else ""


class Document(View, ABC):
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
    logo: str = Field(default_factory=_logo)
    company: str
    title: str
    audience_label: str
    released_at: str
    site_version: str
    revision: str
    data_rows: tuple[DataRow, ...]

    @abstractmethod
    def about(self) -> dict[str, str]:
        """Return the key of the subject, as the attached data name it."""

    def canonical_json(self) -> str:
        """Return this view as JSON with sorted keys and no spaces."""
        return json.dumps(self.model_dump(mode="json"), ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def sha256(self) -> str:
        """Return the identity of this view."""
        return hashlib.sha256(self.canonical_json().encode()).hexdigest()
