"""What a reader of the PDF sees and what an archive finds in it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal

import pikepdf
import pypdf
import pytest

from trainloop.reporting import pages
from trainloop.reporting.errors import GlyphMissingError, RenderWarningError
from trainloop.reporting.evidence import Evidence
from trainloop.reporting.press import Press, Printed
from trainloop.reporting.view import ReportView

pytestmark = pytest.mark.slow
RARE_NAMES = "喆堃玥镕赟祎翀"


@pytest.fixture(scope="module")
def press() -> Press:
    return Press()


def reader(printed: Printed) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(printed.pdf))


def text_of(printed: Printed) -> str:
    """All words of the PDF, without line breaks and spaces that layout put in."""
    return re.sub(r"\s+", "", " ".join(page.extract_text() for page in reader(printed).pages))


def packed(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize("complete", [21, 12, 7])
def test_every_published_mean_is_printed_as_it_was_released(
    press: Press, view_of: Callable[..., ReportView], evidence_of: Callable[..., Evidence], locale: str, complete: int
) -> None:
    """Numbers equal the published rows in both languages, beside their n."""
    evidence = evidence_of(complete, 26)
    text = text_of(press.draw(view_of("hr", locale, evidence)))

    means = [row for row in evidence.figures.rows if row.family in {"item", "dimension"} and row.statistic == "mean"]
    assert len(means) == 16
    for row in means:
        assert isinstance(row.value, Decimal)
        assert str(row.value) in text
    assert f"n={complete}" in text
    shares = [row for row in evidence.figures.rows if row.statistic == "top2_pct" and row.value is not None]
    assert len(shares) == (12 if complete >= 10 else 0)
    assert all(f"{row.value}%" in text for row in shares)


def test_page_one_holds_the_verdict_and_its_evidence(press: Press, view_of: Callable[..., ReportView]) -> None:
    """Whoever reads one page knows what to decide and on what evidence."""
    view = view_of("hr", "zh-CN")
    first = packed(reader(press.draw(view)).pages[0].extract_text())
    for expected in (view.course_name, "2026-C001", "王喆堃", "2026年3月12日", "80.8%", view.verdict.headline):
        assert packed(expected) in first
    for expected in ("推荐值", "实操练习时间充分", "需要商定的行动", "值得保持", "有代表性", "第1页/共5页"):
        assert packed(expected) in first


@pytest.mark.parametrize(("locale", "numbering"), [("zh-CN", "第{}页/共{}页"), ("en", "Page{}of{}")])
def test_every_page_is_numbered_and_headed(
    press: Press, view_of: Callable[..., ReportView], locale: str, numbering: str
) -> None:
    """Page x of y on every page; the running header from page 2 on."""
    view = view_of("trainer", locale)
    printed = press.draw(view)
    pages = reader(printed).pages
    assert len(pages) == printed.page_count >= 4
    for number, page in enumerate(pages, start=1):
        assert numbering.format(number, len(pages)) in packed(page.extract_text())
        if number > 1:
            assert packed(f"{view.title}·{view.course_name}") in packed(page.extract_text())


@pytest.mark.parametrize(("complete", "said"), [(4, "完整答卷仅4份，少于5份"), (0, "没有收到完整答卷")])
def test_too_few_answers_are_one_page_that_says_so(
    press: Press, view_of: Callable[..., ReportView], evidence_of: Callable[..., Evidence], complete: int, said: str
) -> None:
    """No mean below 5: one page with the response rate, what to do, and the reason in place of each number."""
    printed = press.draw(view_of("hr", "zh-CN", evidence_of(complete, 26)))
    text = text_of(printed)
    assert printed.page_count == 1
    assert said in text
    assert f"（n={complete}）" in text
    assert "接下来怎么做" in text
    assert "数据质量与匿名说明" in text


def test_it_has_bookmarks_language_title_and_alternative_texts(
    press: Press, view_of: Callable[..., ReportView]
) -> None:
    """A reader jumps by outline; a screen reader knows the language and what each chart shows."""
    view = view_of("hr", "en")
    printed = press.draw(view)
    outline = [entry["/Title"] for entry in _flat(reader(printed).outline)]
    assert outline[0] == view.course_name
    assert {"Results by question", "Data quality and anonymity", "Suggestions for improvement"} <= set(outline)
    with pikepdf.open(io.BytesIO(printed.pdf)) as pdf:
        assert str(pdf.Root.Lang) == "en"
        assert bool(pdf.Root.MarkInfo.Marked)
        assert view.course_name in str(pdf.docinfo["/Title"])
        things = (thing for thing in pdf.objects if isinstance(thing, pikepdf.Dictionary))
        charts = [str(thing.Alt) for thing in things if thing.get("/S") == "/Figure"]
        assert "Case practice: 3.3 3.0 – 3.7" in charts


def _flat(outline: list[object]) -> Iterator[dict[str, str]]:
    for entry in outline:
        if isinstance(entry, list):
            yield from _flat(entry)
        else:
            yield entry  # type: ignore[misc]


def test_it_is_an_archive_file_with_its_data_inside(press: Press, view_of: Callable[..., ReportView]) -> None:
    """PDF/A-3a; data.csv for spreadsheets (UTF-8 with BOM) and data.json hold the aggregate figures."""
    view = view_of("hr", "zh-CN")
    printed = press.draw(view)
    with pikepdf.open(io.BytesIO(printed.pdf)) as pdf:
        with pdf.open_metadata() as metadata:
            assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "A")
            assert metadata["xmp:CreateDate"].startswith("2026-03-20T01:00:00")
        assert sorted(pdf.attachments) == ["data.csv", "data.json"]
        table = pdf.attachments["data.csv"].get_file().read_bytes()
        content = json.loads(pdf.attachments["data.json"].get_file().read_bytes())
    assert table.startswith(b"\xef\xbb\xbf")
    lines = list(csv.DictReader(io.StringIO(table.decode("utf-8-sig"))))
    assert len(lines) == len(content["figures"]) == len(view.data_rows)
    mean = next(line for line in lines if (line["code"], line["statistic"]) == ("practice_enough", "mean"))
    assert mean["value"] == next(
        row.value for row in view.data_rows if (row.code, row.statistic) == ("practice_enough", "mean")
    )


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_only_the_bundled_fonts_are_embedded_and_only_as_subsets(
    press: Press, view_of: Callable[..., ReportView], locale: str
) -> None:
    """No system font slips in on any machine."""
    printed = press.draw(view_of("hr", locale))
    with pikepdf.open(io.BytesIO(printed.pdf)) as pdf:
        names = {
            str(thing["/FontName"])
            for thing in pdf.objects
            if isinstance(thing, pikepdf.Dictionary) and thing.get("/Type") == "/FontDescriptor"
        }
    assert names
    assert all(re.fullmatch(r"/[A-Z]{6}\+Noto-Sans-SC.*|/[A-Z]{6}\+.*(NotoSansSC|Report).*", name) for name in names)
    assert len(printed.pdf) < 300_000


def test_rare_characters_of_names_are_real_glyphs(
    press: Press, view_of: Callable[..., ReportView], evidence_of: Callable[..., Evidence]
) -> None:
    """A GB2312 subset misses these; people's names must print."""
    text = text_of(press.draw(view_of("hr", "zh-CN", evidence_of(4, 26, trainer_name=RARE_NAMES))))
    assert RARE_NAMES in text


def test_a_character_without_glyph_in_a_name_is_an_error_that_names_it(
    press: Press, view_of: Callable[..., ReportView], evidence_of: Callable[..., Evidence]
) -> None:
    """No empty box in somebody's name: the report fails before it is drawn and says which character."""
    with pytest.raises(GlyphMissingError, match=r"U\+1F600.*facts"):
        press.draw(view_of("hr", "zh-CN", evidence_of(4, 26, trainer_name="王\U0001f600")))


def test_markup_and_hostile_text_are_printed_as_text(
    press: Press, view_of: Callable[..., ReportView], evidence_of: Callable[..., Evidence]
) -> None:
    """User text is data: escaped, wrapped within the page, emoji as a visible mark that is counted."""
    name = "<script>alert(1)</script> {{ 7*7 }} & <img src='http://example.com/x.png'>"
    hostile = ("<b>粗体</b> & {% raw %}", "W" * 400, "很好\U0001f44d\U0001f3fd\u200d\U0001f389！", "\u202ereversed\x00")
    evidence = replace(evidence_of(21, 26, course_name_zh=name), verbatims={"most_useful": hostile, "to_improve": ()})
    view = view_of("hr", "zh-CN", evidence)
    printed = press.draw(view)
    text = text_of(printed)
    assert packed(name) in text
    assert "<b>粗体</b>&{%raw%}" in text
    assert "很好［表情］！" in text
    assert "1处字符无法排印" in text
    lines = "\n".join(page.extract_text() for page in reader(printed).pages).splitlines()
    wrapped = [line.strip() for line in lines if set(line.strip()) == {"W"}]
    assert len(wrapped) >= 5
    assert max(map(len, wrapped)) <= 80


def test_the_same_view_gives_the_same_bytes(view_of: Callable[..., ReportView]) -> None:
    """Dates and the identifier come from the release; two processes' presses agree."""
    hashes = {hashlib.sha256(Press().draw(view_of("trainer", "en")).pdf).hexdigest() for _ in range(2)}
    assert len(hashes) == 1


def test_a_logged_warning_fails_the_report(
    press: Press, view_of: Callable[..., ReportView], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ignored rule is a page that nobody designed."""
    made = pages.page

    def with_nonsense(view: ReportView) -> pages.Page:
        page = made(view)
        return pages.Page(page.html.replace('style="', 'style="nonsense: 1; ', 1), page.charts)

    monkeypatch.setattr(pages, "page", with_nonsense)
    with pytest.raises(RenderWarningError):
        press.draw(view_of("hr", "en"))


def test_the_trainers_version_has_no_file_names(press: Press, view_of: Callable[..., ReportView]) -> None:
    """The trainer needs to know that the data were checked, not where HR keeps them."""
    assert "enrollments.xlsx" in text_of(press.draw(view_of("hr", "en")))
    assert "enrollments.xlsx" not in text_of(press.draw(view_of("trainer", "en")))
