"""PDFs a second against Typst: the same two-page Chinese report, both warm, in turns, one core each.

Run: `python tests/benchmarks/bench_reporting.py [--documents 100]`; prints JSON. Seconds are processor seconds of this
process, threads of the library included, so what else the machine does matters less. The ratio is Typst's seconds a
document divided by ours (1 = as fast); goal ≥ 0.12, stretch 0.3. Both sides write tagged PDF/A-3a with the same two
attachments and the same two font files; every document is another class, so Typst's memory of earlier ones helps as it
would in real use.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import os
import platform
import re
import statistics
import sys
import time
from pathlib import Path
from types import ModuleType

from trainloop.reporting.view import Dimension, Item, ReportView

HERE = Path(__file__).resolve()
FONTS = HERE.parents[2] / "include/trainloop/reporting/fonts"
ROUNDS_WARM = 3


def load_samples() -> ModuleType:
    """Return the sample class of tests/reporting as a module."""
    spec = importlib.util.spec_from_file_location("reporting_samples", HERE.parents[1] / "reporting/conftest.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def two_pages(samples: ModuleType, number: int) -> ReportView:
    """Return the report of one class cut to what fills two pages: the verdict, the items, four distributions."""
    from dataclasses import replace

    evidence = samples.make_evidence(20 + number % 30, 52, course_name_zh=f"业务谈判第 {number} 期")
    rows = samples.published_rows(20 + number % 30, 52, seed=number)
    view = samples.make_view("hr", "zh-CN", replace(evidence, figures=samples.Figures(1, rows)))
    assert isinstance(view, ReportView)
    return view.model_copy(update={"distributions": view.distributions[:4], "quality_notes": ()})


def html_of_two_pages() -> None:
    """Let the template end after the distributions, so that both sides draw the same two pages."""
    from jinja2 import DictLoader

    from trainloop.reporting import pages

    environment = pages._environment()
    folder = HERE.parents[2] / "include/trainloop/reporting/templates"
    source = {file.name: file.read_text("utf-8") for file in folder.glob("*.j2")}
    cut = source["details.html.j2"].index('<section class="chapter">\n<h2>{{ t("section.recommendation")')
    source["details.html.j2"] = source["details.html.j2"][:cut]
    source["evidence.html.j2"] = ""
    environment.loader = DictLoader(source)
    environment.cache.clear()  # type: ignore[union-attr]


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


def measure(documents: int) -> dict[str, object]:
    """Return medians and the ratio of both sides, drawn in turns."""
    import pypdf
    import typst

    os.environ.setdefault("TRAINLOOP_SECRET_KEY", "a key of the benchmark, forty characters")
    samples = load_samples()
    from trainloop.reporting import attachments
    from trainloop.reporting.press import Press

    html_of_two_pages()
    views = [two_pages(samples, number) for number in range(documents + ROUNDS_WARM)]
    press = Press()
    compiler = typst.Compiler(font_paths=[str(FONTS)], ignore_system_fonts=True)
    seconds: dict[str, list[float]] = {"trainloop": [], "typst": []}
    sizes: dict[str, int] = {}
    for number, view in enumerate(views):
        started = time.process_time()
        ours = press.draw(view)
        between = time.process_time()
        data = {name.replace(".", "-"): content.decode() for name, content, _ in attachments.files(view)}
        source = typst_source(view).encode()
        theirs = compiler.compile(input=source, format="pdf", pdf_standards=["a-3a"], sys_inputs=data)
        ended = time.process_time()
        if number < ROUNDS_WARM:
            continue
        seconds["trainloop"].append(between - started)
        seconds["typst"].append(ended - between)
        sizes = {"trainloop": len(ours.pdf), "typst": len(theirs)}
    pages = {"trainloop": ours.page_count, "typst": len(pypdf.PdfReader(_stream(theirs)).pages)}
    medians = {side: statistics.median(times) for side, times in seconds.items()}
    return {
        "benchmark": "reporting",
        "documents": documents,
        "pages": pages,
        "bytes": sizes,
        "median_processor_seconds": {side: round(value, 4) for side, value in medians.items()},
        "per_second_and_core": {side: round(1 / value, 2) for side, value in medians.items()},
        "ratio": round(medians["typst"] / medians["trainloop"], 3),
        "goal": 0.12,
        "versions": {name: importlib.metadata.version(name) for name in ("weasyprint", "typst")}
        | {"python": platform.python_version()},
    }


def _stream(content: bytes) -> object:
    import io

    return io.BytesIO(content)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=100)
    json.dump(measure(parser.parse_args().documents), sys.stdout, indent=1)
    print()
