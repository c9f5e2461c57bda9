"""P3: Chinese PDFs a second and core against Typst, and how many unchanged reports are drawn again.

Both sides draw the same two pages, warm: tagged PDF/A-3a with the same two attachments and the same two font files.
Every document is another class, so Typst's memory of earlier ones helps as it would in real use. A reader must find
the same words on both. Unchanged: what `render_reports` draws when a report's task is cleared and nothing is new.
"""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import pypdf
import pytest
from jinja2 import DictLoader
from tests.benchmarks.harness import Journal, Side, alternate
from tests.reporting.conftest import SESSION, Figures, make_evidence, make_view, published_rows, seed_evidence

from trainloop.reporting import attachments, pages
from trainloop.reporting.course_evaluation import render_reports
from trainloop.reporting.press import Press
from trainloop.reporting.view import Dimension, Item, ReportView

HERE = Path(__file__).resolve()
FONTS = HERE.parents[2] / "include/trainloop/reporting/fonts"
BATCH = 5  # documents a round, so that Typst's 20 ms each are well above the clock's grain
CJK = re.compile(r"[\u4e00-\u9fff]{2,}")


def two_pages(number: int) -> ReportView:
    """Return the report of one class cut to what fills two pages: the verdict, the items, four distributions."""
    evidence = make_evidence(20 + number % 30, 52, course_name_zh=f"业务谈判第 {number} 期")
    rows = published_rows(20 + number % 30, 52, seed=number)
    view = make_view("hr", "zh-CN", replace(evidence, figures=Figures(1, rows)))
    return view.model_copy(update={"distributions": view.distributions[:4], "quality_notes": ()})


@pytest.fixture
def html_of_two_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the template end after the distributions, so that both sides draw the same two pages."""
    environment = pages._environment()
    folder = HERE.parents[2] / "include/trainloop/reporting/templates"
    source = {file.name: file.read_text("utf-8") for file in folder.glob("*.j2")}
    cut = source["details.html.j2"].index('<section class="chapter">\n<h2>{{ t("section.recommendation")')
    source["details.html.j2"] = source["details.html.j2"][:cut]
    source["evidence.html.j2"] = ""
    monkeypatch.setattr(environment, "loader", DictLoader(source))
    monkeypatch.setattr(environment, "cache", {})


def typst_source(view: ReportView) -> str:
    """Return the same words, tables and bars as Typst markup."""

    def esc(text: str) -> str:
        return re.sub(r"([\\#$*_`<>@\[\]~/])", r"\\\1", text)

    def plot(value: float | None, low: float | None, high: float | None) -> str:
        if value is None:
            return ""
        low, high = low or value, high or value
        grid = "".join(
            f'#place(dx: {tick * 27}pt, line(angle: 90deg, length: 12pt, stroke: 0.6pt + rgb("#dfe4ea")))'
            for tick in range(5)
        )
        return (
            f"#box(width: 110pt, height: 10pt)[{grid}#place(dx: {(low - 1) * 27:.1f}pt, dy: 5pt, line(length: "
            f"{(high - low) * 27:.1f}pt))#place(dx: {(value - 1) * 27:.1f}pt, dy: 2pt, circle(radius: 3pt, "
            'fill: rgb("#1f5fa8")))]'
        )

    colours = ("#b35806", "#f1a94e", "#d5dbe1", "#8db7da", "#2b6ca3")

    def row_of(row: Dimension | Item) -> str:
        shares = [esc(row.top.text), esc(row.bottom.text)] if isinstance(row, Item) else ["", ""]
        mean = f"{esc(row.mean.text)} ({esc(row.mean.interval)})"
        cells = [esc(row.label), plot(row.mean.value, row.mean.low, row.mean.high), mean, *shares, esc(row.mean.n)]
        if isinstance(row, Item):
            return " ".join(f"[{cell}]," for cell in cells)
        return " ".join(f'table.cell(fill: rgb("#f2f5f9"))[*{cell}*],' if cell else "[]," for cell in cells)

    rows = "\n".join(row_of(row) for dimension in view.dimensions for row in (dimension, *dimension.items))
    bars = "\n".join(
        f"[{esc(one.label)}], ["
        + "".join(
            f'#box(width: {share.percent * 2.4:.1f}pt, height: 11pt, fill: rgb("{colour}"))'
            f"[#text(size: 6pt)[{esc(share.text)}]]"
            for share, colour in zip(one.shares, colours, strict=True)
            if share.percent
        )
        + f"], [{esc(one.n)}],"
        for one in view.distributions
    )
    points = "\n".join(
        f"*{esc(one.title)}* \\\n{esc(one.advice)} \\\n#text(size: 8pt)[{esc(one.detail)}]\n"
        for one in (*view.verdict.decide, *view.verdict.keep)
    )
    facts = " ".join(f"{esc(fact.label)} {esc(fact.text)}" for fact in (*view.facts, *view.glance))
    return f"""#set document(title: "report", date: datetime(year: 2026, month: 3, day: 20))
#pdf.attach("data.csv", bytes(sys.inputs.data-csv), relationship: "data", mime-type: "text/csv", description: "csv")
#pdf.attach("data.json", bytes(sys.inputs.data-json), relationship: "data", mime-type: "application/json",
  description: "json")
#set page(paper: "a4", margin: 20mm, numbering: "1 / 1", header: [{esc(view.title)} · {esc(view.course_name)}])
#set text(font: "Noto Sans SC", size: 9pt, lang: "zh")
= {esc(view.course_name)}
{facts}

*{esc(view.verdict.headline)}* \\
{esc(view.verdict.evidence)}

{esc(view.response.rate.text)} {esc(view.response.band)} {esc(view.response.sentence)} {esc(view.nps.score.text)}

{points}
#pagebreak()
== 逐题结果
#table(columns: (1fr, 115pt, auto, auto, auto, auto), stroke: none,
[], [#text(size: 6pt)[1 2 3 4 5]], [#text(size: 7.5pt)[均值（95% 区间）]], [#text(size: 7.5pt)[同意]],
[#text(size: 7.5pt)[不同意]], [#text(size: 7.5pt)[n]],
{rows}
)
== 答案分布
#table(columns: (1fr, 245pt, auto), stroke: none,
{bars}
)
"""


class Printers:
    """Both sides over the same views."""

    def __init__(self, documents: int) -> None:
        import typst

        self.views = [two_pages(number) for number in range(documents)]
        self.press = Press()
        self.typst = typst.Compiler(font_paths=[str(FONTS)], ignore_system_fonts=True)
        self.place = {"ours": 0, "theirs": 0}
        self.drawn: dict[str, list[bytes]] = {}

    def batch(self, side: str) -> list[ReportView]:
        place = self.place[side]
        self.place[side] += BATCH
        return self.views[place : place + BATCH]

    def ours(self) -> None:
        self.drawn["ours"] = [self.press.draw(view).pdf for view in self.batch("ours")]

    def theirs(self) -> None:
        self.drawn["theirs"] = [self.compile(view) for view in self.batch("theirs")]

    def compile(self, view: ReportView) -> bytes:
        data = {name.replace(".", "-"): content.decode() for name, content, _ in attachments.files(view)}
        source = typst_source(view).encode()
        drawn: bytes = self.typst.compile(input=source, format="pdf", pdf_standards=["a-3a"], sys_inputs=data)
        return drawn

    def words(self, side: str) -> list[object]:
        """Return, by document: pages, attachments, and which of the view's Chinese words a reader finds."""
        end = self.place[side]
        found: list[object] = []
        for view, content in zip(self.views[end - BATCH : end], self.drawn[side], strict=True):
            pdf = pypdf.PdfReader(io.BytesIO(content))
            text = re.sub(r"\s", "", "".join(page.extract_text() for page in pdf.pages))
            wanted = [row.label for one in view.dimensions for row in (one, *one.items)]
            wanted += [view.course_name, view.verdict.headline, *(one.label for one in view.distributions)]
            words = sorted({word for one in wanted for word in CJK.findall(one)})
            found.append((
                len(pdf.pages),
                sorted(pdf.attachments),
                [word for word in words if word in text],
                len(words),
            ))
        return found


@pytest.mark.benchmark
@pytest.mark.timeout(3600)
def test_chinese_pdfs_beside_typst(journal: Journal, html_of_two_pages: None) -> None:
    """The same words on two pages; at least 0.15 of Typst's documents a second and core."""
    rounds = min(12, 4 * journal.rounds)
    both = Printers(BATCH * (rounds + 1))
    ours = Side("trainloop", both.ours, lambda: both.words("ours"))
    theirs = Side("typst", both.theirs, lambda: both.words("theirs"))
    pair = alternate(ours, theirs, rounds)
    sizes = {side: len(drawn[0]) for side, drawn in both.drawn.items()}
    journal.note_pair("P3", ours, theirs, pair, documents=BATCH * rounds, bytes_a_document=sizes)
    assert all(count == 2 and len(found) == len_all for count, _, found, len_all in both.words("ours"))


@pytest.mark.benchmark
def test_unchanged_reports_are_not_drawn_again(journal: Journal, warehouse: str) -> None:
    """A cleared task of a report that stands draws nothing."""
    evidence = make_evidence()
    seed_evidence(evidence)
    first = render_reports(SESSION)
    again = render_reports(SESSION)
    journal.note("P3b", [float(again["rendered"])], drawn_first=first["rendered"], unchanged=again["unchanged"])
    assert again["rendered"] == 0
    assert again["unchanged"] == first["rendered"]
