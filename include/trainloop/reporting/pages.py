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
from trainloop.reporting.drawings import ANSWER_TEXT, ANSWERS, Axis, Bar, Drawing, Interval, Part, Stack
from trainloop.reporting.view import Bars, Figure, Scale, Share

CHART_SCHEME = "chart:"
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
    environment.globals.update(language=language, answers=ANSWERS)
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

    template = _environment().get_template(view.template)
    text = template.render(
        view=view,
        t=catalogue(view.locale),
        axis_chart=axis_chart,
        stacked_chart=stacked_chart,
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
