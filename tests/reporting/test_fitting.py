"""No page is turned for a few lines: a document that ends badly is set tighter, or its last chapter gets the page."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pypdf
import pytest

from trainloop.reporting import fitting
from trainloop.reporting.evidence import Evidence
from trainloop.reporting.fitting import SCANT_MM, fitted
from trainloop.reporting.press import Press
from trainloop.reporting.view import ReportView

FEWEST_LINES = 7
HEAD_AND_FOOT = 3


@dataclass(frozen=True)
class Laid:
    """A document of which only the last page's filling matters."""

    fit: str
    filled: tuple[float, ...]

    @property
    def pages(self) -> list[float]:
        return list(self.filled)


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "filled_mm", lambda page: page)


@pytest.mark.parametrize(
    ("ways", "chosen"),
    [
        ({"": (250, 100)}, ""),
        ({"": (30,)}, ""),
        ({"": (250, 8), "tight": (249,)}, "tight"),
        ({"": (250, 8), "tight": (250, 7), "turned": (190, 70)}, "turned"),
        ({"": (250, 8), "tight": (250, 7), "turned": (250, 8)}, ""),
        ({"": (250, 8), "tight": (250, 7), "turned": (190, 250, 60)}, ""),
    ],
)
@pytest.mark.usefixtures("measured")
def test_the_way_that_ends_best_is_taken(ways: dict[str, tuple[float, ...]], chosen: str) -> None:
    """As designed when it ends well, tighter when that saves the page, turned when that fills it; else as designed."""
    tried: list[str] = []

    def lay_out(fit: str) -> Laid:
        tried.append(fit)
        return Laid(fit, ways[fit])

    assert fitted(lay_out).fit == chosen
    assert tried == list(ways)
    assert SCANT_MM > 30


@pytest.mark.slow
@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_no_evaluation_report_ends_with_a_page_of_a_few_lines(
    view_of: Callable[..., ReportView], evidence_of: Callable[..., Evidence], locale: str
) -> None:
    """However many comments a class wrote: whoever turns to the last page finds something to read there."""
    press, evidence = Press(), evidence_of(21, 26)
    last_pages: dict[int, int] = {}
    for count in range(3, 30, 2):
        comments = tuple(f"第 {number} 条意见：练习时间太短，希望多一些实操。" for number in range(count))
        view = view_of("hr", locale, replace(evidence, verbatims={"most_useful": comments, "to_improve": comments}))
        last_pages[count] = _lines_of_last_page(press.draw(view).pdf)
    assert {count: lines for count, lines in last_pages.items() if lines < FEWEST_LINES} == {}


def _lines_of_last_page(pdf: bytes) -> int:
    pages: Any = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return len([line for line in pages[-1].extract_text().splitlines() if line.strip()]) - HEAD_AND_FOOT
