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

from trainloop.reporting import glyphs
from trainloop.reporting.catalogue import catalogue
from trainloop.reporting.document import Document
from trainloop.reporting.drawings import Bar, Drawing, Interval
from trainloop.reporting.view import Figure, Scale, Share

CHART_SCHEME = "chart:"
_MARGIN = 7.0  # room for half a label at both ends of an axis, in the chart's own pixels


@dataclass(frozen=True)
class Segment:
    """One part of a stacked bar, in the chart's own pixels."""

    share: Share
    left: float
    width: float
    middle: float


def at(value: float, scale: Scale, width: float) -> float:
    """Return where `value` stands on an axis drawn `width` wide."""
    within = min(max(value, scale.low), scale.high)
    return round(_MARGIN + (within - scale.low) / (scale.high - scale.low) * (width - 2 * _MARGIN), 2)


def portion(percent: float, width: float) -> float:
    """Return the length of a bar of 0–100 %."""
    return round(min(max(percent, 0.0), 100.0) / 100 * width, 2)


def segments(shares: Sequence[Share], width: float) -> list[Segment]:
    """Return the parts of a stacked bar; shares that were rounded still fill it."""
    total = sum(share.percent for share in shares) or 1.0
    placed: list[Segment] = []
    left = 0.0
    for share in shares:
        length = share.percent / total * width
        placed.append(Segment(share, round(left, 2), round(length, 2), round(left + length / 2, 2)))
        left += length
    return placed


def centred(text: str, middle: float, size: float) -> float:
    """Return where a number starts that stands in the middle of `middle`.

    Counted here because `text-anchor` makes WeasyPrint draw each label as a form of its own: a third of a chart's cost.
    """
    return round(middle - glyphs.width(text, size) / 2, 2)


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
    environment.globals.update(language=language, at=at, segments=segments, tick_text=tick_text, centred=centred)
    return environment


@dataclass(frozen=True)
class Page:
    """The HTML of a report and the charts it shows, by address: SVG, or drawings without words."""

    html: str
    charts: dict[str, bytes | Drawing]


def page(view: Document) -> Page:
    """Return the page of a view."""
    charts: dict[str, bytes | Drawing] = {}

    def keep(chart: bytes | Drawing) -> str:
        address = f"{CHART_SCHEME}{len(charts)}"
        charts[address] = chart
        return address

    def svg_chart(width: float, height: float, content: str) -> str:
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        )
        return keep(f"{head}{content}</svg>".encode())

    def interval_chart(figure: Figure, scale: Scale, width: float, height: float) -> str:
        def place(value: float | None) -> float | None:
            return None if value is None else at(value, scale, width)

        ticks = tuple(at(tick, scale, width) for tick in scale.ticks)
        zero = at(0, scale, width) if scale.low < 0 else None
        value, low, high = place(figure.value), place(figure.low), place(figure.high)
        return keep(Interval(width, height, ticks, zero, value, low, high, view.colour))

    def bar_chart(percent: float, width: float, height: float) -> str:
        return keep(Bar(width, height, portion(percent, width), view.colour))

    template = _environment().get_template(view.template)
    text = template.render(
        view=view,
        t=catalogue(view.locale),
        svg_chart=svg_chart,
        interval_chart=interval_chart,
        bar_chart=bar_chart,
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
    """Return the identity of templates, style and words: reports are drawn anew when their looks change."""
    digest = hashlib.sha256()
    package = resources.files(__package__)
    for folder in ("locale", "styles", "templates"):
        for file in sorted(package.joinpath(folder).iterdir(), key=_name):
            if file.is_file():
                digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _name(file: Traversable) -> str:
    return file.name
