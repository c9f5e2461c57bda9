"""View → HTML: a sandboxed Jinja environment, everything escaped, an unknown name is an error."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

from jinja2 import PackageLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from trainloop.reporting.catalogue import catalogue
from trainloop.reporting.document import Document
from trainloop.reporting.drawings import ANSWER_TEXT, ANSWERS, Axis, Bar, Drawing, Interval, Line, Lines, Part, Stack
from trainloop.reporting.view import Bars, Course, Figure, Scale, Share

CHART_SCHEME = "chart:"
_BESIDE = "#8a5a00"  # the comparison group: dashed, too, for readers who see no colour
_MARGIN = 7.0  # room for half a label at both ends of an axis, in the chart's own pixels


def at(value: float, scale: Scale, width: float) -> float:
    """Return where `value` stands on an axis drawn `width` wide."""
    within = min(max(value, scale.low), scale.high)
    return round(_MARGIN + (within - scale.low) / (scale.high - scale.low) * (width - 2 * _MARGIN), 2)


def portion(percent: float, width: float) -> float:
    """Return the length of a bar of 0–100 %."""
    return round(min(max(percent, 0.0), 100.0) / 100 * width, 2)


def parts(shares: Sequence[Share], colours: Sequence[int], width: float) -> list[Part]:
    """Return the parts of a stacked bar; shares that were rounded still fill it."""
    total = sum(share.percent for share in shares) or 1.0
    placed: list[Part] = []
    left = 0.0
    for share, colour in zip(shares, colours, strict=True):
        length = share.percent / total * width
        if share.percent > 0:
            placed.append(Part(share.text, round(left, 2), round(length, 2), ANSWERS[colour], ANSWER_TEXT[colour]))
        left += length
    return placed


_LEFT, _TOP, _BOTTOM = 46.0, 16.0, 18.0  # room for the labels around lines


def lines(course: Course, width: float, height: float, colour: str) -> Lines:
    """Return two groups over time: one cell of time as wide as another, the class between two of them."""
    step = (width - _LEFT) / len(course.cells)

    def x(cell: int) -> float:
        return round(_LEFT + (cell + 0.5) * step, 2)

    def y(value: float) -> float:
        share = (value - course.scale.low) / (course.scale.high - course.scale.low)
        return round(height - _BOTTOM - share * (height - _TOP - _BOTTOM), 2)

    def points(values: Sequence[float | None]) -> list[tuple[float, float] | None]:
        return [None if value is None else (x(cell), y(value)) for cell, value in enumerate(values)]

    return Lines(
        width,
        height,
        tuple((text, y(tick)) for text, tick in zip(course.tick_texts, course.scale.ticks, strict=True)),
        tuple((text, x(cell)) for cell, text in enumerate(course.cells)),
        (course.event, round(_LEFT + course.event_at * step, 2)),
        (Line(points(course.comparison), _BESIDE, is_dashed=True), Line(points(course.learners), colour)),
        _LEFT,
        _LEFT / 2,
    )


def tick_text(tick: float) -> str:
    """Return the label of a tick, with a real minus."""
    return f"{tick:g}".replace("-", "−")


def language(text: str) -> str:
    """Return the language of a quotation, for hyphens, quotes and screen readers."""
    return "zh-CN" if any("\u3400" <= char <= "\u9fff" for char in text) else "en"


@functools.cache
def _environment() -> SandboxedEnvironment:
    environment = SandboxedEnvironment(
        loader=PackageLoader("trainloop.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(language=language, answers=ANSWERS, beside=_BESIDE)
    return environment


@dataclass(frozen=True)
class Page:
    """The HTML of a report and the charts it shows, by address."""

    html: str
    charts: dict[str, Drawing]


def page(view: Document) -> Page:
    """Return the page of a view."""
    charts: dict[str, Drawing] = {}

    def keep(chart: Drawing) -> str:
        address = f"{CHART_SCHEME}{len(charts)}"
        charts[address] = chart
        return address

    def axis_chart(scale: Scale, width: float, height: float) -> str:
        return keep(Axis(width, height, tuple((tick_text(tick), at(tick, scale, width)) for tick in scale.ticks)))

    def stacked_chart(bars: Bars, colours: Sequence[int], width: float, height: float) -> str:
        return keep(Stack(width, height, tuple(parts(bars.shares, colours, width))))

    def interval_chart(figure: Figure, scale: Scale, width: float, height: float) -> str:
        def place(value: float | None) -> float | None:
            return None if value is None else at(value, scale, width)

        ticks = tuple(at(tick, scale, width) for tick in scale.ticks)
        zero = at(0, scale, width) if scale.low < 0 else None
        value, low, high = place(figure.value), place(figure.low), place(figure.high)
        return keep(Interval(width, height, ticks, zero, value, low, high, view.colour))

    def bar_chart(percent: float, width: float, height: float) -> str:
        return keep(Bar(width, height, portion(percent, width), view.colour))

    def line_chart(course: Course, width: float, height: float) -> str:
        return keep(lines(course, width, height, view.colour))

    template = _environment().get_template(view.template)
    text = template.render(
        view=view,
        t=catalogue(view.locale),
        axis_chart=axis_chart,
        stacked_chart=stacked_chart,
        interval_chart=interval_chart,
        bar_chart=bar_chart,
        line_chart=line_chart,
    )
    return Page(html=text, charts=charts)


@functools.cache
def style() -> str:
    """Return the style sheet: what all reports share, then what each kind adds."""
    folder = resources.files(__package__).joinpath("styles")
    own = sorted((file for file in folder.iterdir() if file.name.endswith(".css")), key=_name)
    return "\n".join(file.read_text("utf-8") for file in sorted(own, key=lambda file: file.name != "report.css"))


@functools.cache
def layout_sha256() -> str:
    """Return the identity of templates, style, charts and words: reports are drawn anew when their looks change."""
    package = resources.files(__package__)
    digest = hashlib.sha256(package.joinpath("drawings.py").read_bytes())
    for folder in ("locale", "styles", "templates"):
        for file in sorted(package.joinpath(folder).iterdir(), key=_name):
            if file.is_file():
                digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _name(file: Traversable) -> str:
    return file.name
