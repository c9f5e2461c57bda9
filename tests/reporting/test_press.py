"""What a press keeps from one document to the next changes nothing that is drawn."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO

import pikepdf
import pypdf
import pytest
from weasyprint.css import StyleFor
from weasyprint.css.counters import CounterStyle
from weasyprint.css.properties import INITIAL_VALUES
from weasyprint.document import Document
from weasyprint.formatting_structure.boxes import TextBox

from trainloop.reporting import glyphs, pages
from trainloop.reporting.drawings import Axis, Bar, Interval, Stack
from trainloop.reporting.press import Press, WellFormed
from trainloop.reporting.view import ReportView

ViewOf = Callable[..., ReportView]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def press() -> Press:
    return Press()


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_an_element_has_the_style_that_weasyprint_gives_it(press: Press, view_of: ViewOf, locale: str) -> None:
    """Styles kept by signature are those of a document styled alone, element by element, property by property."""
    press.draw(view_of("trainer", "en"))
    press.draw(view_of("hr", "zh-CN"))
    page = WellFormed(pages.page(view_of("hr", locale)), press._cascade)
    kept = press._cascade.context(page, CounterStyle()).style_for
    alone = StyleFor(page, press._cascade.sheets, False, press._fonts, None)
    compared = 0
    for key, style in alone.get_computed_styles().items():
        known = kept.get_computed_styles()[key]
        assert {name: known[name] for name in INITIAL_VALUES} == {name: style[name] for name in INITIAL_VALUES}
        compared += 1
    assert compared > 300


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_a_page_has_the_words_and_places_that_weasyprint_gives_it(press: Press, view_of: ViewOf, locale: str) -> None:
    """Bullets, page numbers and spaces included: every text stands where a document laid out alone has it."""

    def texts(document: Document) -> list[tuple[int, str, float, float]]:
        return [
            (number, box.text, round(box.position_x, 3), round(box.position_y, 3))
            for number, page in enumerate(document.pages, 1)
            for box in page._page_box.descendants(placeholders=True)
            if isinstance(box, TextBox)
        ]

    made = pages.page(view_of("hr", locale))
    page = WellFormed(made, press._cascade)
    ((_, _, _), (sheet, _, _)) = press._cascade.sheets
    options = {**page.options, "stylesheets": [sheet], "cache": dict(made.charts)}
    alone = texts(Document._render(page, press._fonts, None, None, options))
    assert len(alone) > 200
    assert [text for _, text, _, _ in alone if text.startswith("•")] != []
    assert texts(WellFormed(made, press._cascade).laid_out()) == alone


def test_the_style_sheet_asks_for_nothing_that_a_signature_lacks() -> None:
    """A selector that looks at later siblings, positions or descendants would share a style too widely."""
    selectors = re.findall(r"([^{}]+)\{", re.sub(r"/\*.*?\*/", "", pages.style(), flags=re.DOTALL))
    assert len(selectors) > 80
    looking_far = re.compile(r"~|:nth|:has|:empty|:only|-of-type|:not|\[")
    assert [one for one in selectors if looking_far.search(one)] == []


def test_the_order_of_documents_does_not_matter(view_of: ViewOf) -> None:
    """A PDF is the same bytes on a fresh press and after reports in another language and colour."""
    view = view_of("hr", "zh-CN")
    fresh = Press().draw(view).pdf
    used = Press()
    used.draw(view_of("trainer", "en").model_copy(update={"colour": "#7a1f5f"}))
    assert used.draw(view).pdf == fresh


def test_rare_characters_come_from_the_whole_face_and_the_rest_from_the_cut_one(press: Press, view_of: ViewOf) -> None:
    """A cut face serves nearly everything; 喆 and 堃 are names of people and must be drawn all the same."""
    from fontTools.ttLib import TTFont

    cut = TTFont(BytesIO(glyphs.common_face("NotoSansSC-Regular.ttf"))).getBestCmap()
    assert {ord(char) for char in "培训效果分析报告Aa1%–●▲"} <= set(cut)
    assert not {ord(char) for char in "喆堃"} & set(cut)
    assert {ord(char) for char in "喆堃"} <= glyphs.drawable()


def test_drawings_stand_where_their_numbers_say(press: Press, view_of: ViewOf) -> None:
    """The circle of a mean lies between the ends of its interval, and all of it within the chart."""
    charts = pages.page(view_of("hr", "zh-CN")).charts.values()
    intervals = [chart for chart in charts if isinstance(chart, Interval) and chart.value is not None]
    assert len(intervals) > 10
    for chart in intervals:
        assert chart.value is not None
        if chart.low is not None and chart.high is not None:
            assert 0 <= chart.low <= chart.value <= chart.high <= chart.width
    stacks = [chart for chart in charts if isinstance(chart, Stack)]
    assert len(stacks) > 3
    for chart in stacks:
        assert [part.left for part in chart.parts] == sorted(part.left for part in chart.parts)
        assert sum(part.width for part in chart.parts) == pytest.approx(chart.width, abs=0.1)
    bars = [chart for chart in charts if isinstance(chart, Bar)]
    assert bars
    assert all(0 <= chart.length <= chart.width for chart in bars)


def test_the_words_of_a_drawing_are_text_in_the_report_s_own_faces(press: Press, view_of: ViewOf) -> None:
    """Whoever searches or copies finds the numbers of an axis and of a stacked bar; no face comes in for them."""
    view = view_of("hr", "zh-CN")
    charts = pages.page(view).charts.values()
    words = [label for chart in charts if isinstance(chart, Axis) for label, _ in chart.labels]
    words += [part.text for chart in charts if isinstance(chart, Stack) for part in chart.parts if part.width > 30]
    assert len(words) > 25
    reader = pypdf.PdfReader(BytesIO(press.draw(view).pdf))
    text = "".join(page.extract_text() for page in reader.pages)
    assert [word for word in words if word not in text] == []
    names = {str(font["/BaseFont"]) for page in reader.pages for font in page["/Resources"]["/Font"].values()}
    assert {re.sub(r"^/[A-Z]{6}\+", "", name) for name in names} <= {"Report", "Report-Bold", "Report-Whole"}


def test_a_pdf_is_packed_once_and_tightly(press: Press, view_of: ViewOf) -> None:
    """Every stream that can be compressed is, what the writer adds last included."""
    pdf = press.draw(view_of("hr", "zh-CN")).pdf
    with pikepdf.open(BytesIO(pdf)) as document:
        assert document.check_pdf_syntax() == []
        streams = [one for one in document.objects if isinstance(one, pikepdf.Stream)]
        assert len(streams) > 8
        bare = [one for one in streams if "/Filter" not in one and one.get("/Subtype") != "/XML"]
        assert bare == []
    heads = re.findall(rb"<<[^<>]*?/Type /(?:ObjStm|XRef).*?>>\nstream", pdf, re.DOTALL)
    assert len(heads) == 2
    assert all(b"/FlateDecode" in head for head in heads)
