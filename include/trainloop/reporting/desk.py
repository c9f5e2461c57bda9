"""One release as it was read, and the desk at which an edition of it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trainloop.config import Site
from trainloop.reporting import glyphs
from trainloop.reporting.catalogue import Catalogue
from trainloop.reporting.evidence import CheckedFile, Figures


@dataclass(frozen=True)
class Released:
    """One release: figures, names of what they are about by kind and code, files behind them."""

    revision_number: int
    released_at: datetime
    site_version: str
    figures: Figures
    names: Mapping[tuple[str, str], Mapping[str, Any]]
    files: tuple[CheckedFile, ...]


@dataclass(frozen=True)
class Desk:
    """One edition in the making."""

    release: Released
    words: Catalogue
    site: Site

    def name(self, kind: str, code: str) -> str:
        """Return what something is called in the reader's language, its code where nobody told a name."""
        row = self.release.names.get((kind, code))
        text = self.words.either(row["name_zh"], row["name_en"]) if row else code
        return glyphs.mark_missing(text, self.words("words.symbol"))[0]
