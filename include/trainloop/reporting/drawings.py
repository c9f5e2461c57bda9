"""Charts, drawn straight into the PDF: a tenth of what the same SVG costs, and reports have dozens.

Lengths are the chart's own pixels, from the top left corner; colours `#rrggbb`. WeasyPrint asks an image for its size
and lets it draw; that is the whole interface. Words are real text in the font of the `img` element.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_GRID, _ZERO, _TRACK, _PAPER, _LABEL = "#dfe4ea", "#98a4b1", "#eef1f5", "#ffffff", "#5b6775"
# From disagreement to agreement, told apart by every kind of colour vision; and what is written on them.
ANSWERS = ("#b35806", "#f1a94e", "#d5dbe1", "#8db7da", "#2b6ca3")
ANSWER_TEXT = ("#ffffff", "#1c2733", "#1c2733", "#1c2733", "#ffffff")
_ROOM = 24  # what a number in a part of a stacked bar needs
# How far the control points of a quarter circle of radius 1 stand from its ends.
_KAPPA = 0.5523


@dataclass(frozen=True)
class Drawing(ABC):
    """An image of a fixed size."""

    width: float
    height: float

    def get_intrinsic_size(self, _resolution: float, _font_size: float) -> tuple[float, float, float]:
        return self.width, self.height, self.width / self.height

    def draw(self, stream: Any, width: float, height: float, style: Any) -> None:
        """Draw within `width` × `height` of the page's units."""
        stream.set_matrix(width / self.width, 0, 0, height / self.height, 0, 0)
        self.paint(stream, style)

    @abstractmethod
    def paint(self, stream: Any, style: Any) -> None:
        """Draw on a stream whose unit is the chart's own pixel; `style` is what words are set in."""


@dataclass(frozen=True)
class Interval(Drawing):
    """A value with its interval over the grid of an axis; without an interval, an open circle."""

    ticks: Sequence[float]
    zero: float | None
    value: float | None
    low: float | None
    high: float | None
    colour: str

    def paint(self, stream: Any, _style: Any) -> None:
        self._verticals(stream, self.ticks, _GRID)
        if self.zero is not None:
            self._verticals(stream, [self.zero], _ZERO)
        middle = self.height / 2
        if self.low is not None and self.high is not None:
            stream.set_line_cap(1)
            stream.set_color_rgb(*_rgb(self.colour, 0.45), stroke=True)
            stream.set_line_width(2.6)
            stream.move_to(self.low, middle)
            stream.line_to(self.high, middle)
            stream.stroke()
        if self.value is not None:
            stream.set_color_rgb(*_rgb(self.colour), stroke=True)
            stream.set_color_rgb(*_rgb(self.colour if self.low is not None else _PAPER))
            stream.set_line_width(1.4)
            _circle(stream, self.value, middle, 4)
            stream.fill_and_stroke()

    def _verticals(self, stream: Any, places: Sequence[float], colour: str) -> None:
        stream.set_color_rgb(*_rgb(colour), stroke=True)
        stream.set_line_width(0.8)
        for x in places:
            stream.move_to(x, 0)
            stream.line_to(x, self.height)
        stream.stroke()


@dataclass(frozen=True)
class Bar(Drawing):
    """A bar filled to `length`."""

    length: float
    colour: str

    def paint(self, stream: Any, _style: Any) -> None:
        for length, colour in ((self.width, _TRACK), (self.length, self.colour)):
            stream.set_color_rgb(*_rgb(colour))
            stream.rectangle(0, 0, length, self.height)
            stream.fill()


@dataclass(frozen=True)
class Axis(Drawing):
    """The labels of an axis, each in the middle of its tick."""

    labels: Sequence[tuple[str, float]]

    def paint(self, stream: Any, style: Any) -> None:
        stream.set_color_rgb(*_rgb(_LABEL))
        for text, middle in self.labels:
            _word(stream, text, middle, self.height - 2, style)


@dataclass(frozen=True)
class Part:
    """One part of a stacked bar."""

    text: str
    left: float
    width: float
    colour: str
    text_colour: str


@dataclass(frozen=True)
class Stack(Drawing):
    """A bar of parts, each with its number where there is room for it."""

    parts: Sequence[Part]

    def paint(self, stream: Any, style: Any) -> None:
        for part in self.parts:
            stream.set_color_rgb(*_rgb(part.colour))
            stream.rectangle(part.left + 0.4, 0.4, max(part.width - 0.8, 0.2), self.height - 0.8)
            stream.fill()
        for part in self.parts:
            if part.width >= _ROOM:
                stream.set_color_rgb(*_rgb(part.text_colour))
                _word(stream, part.text, part.left + part.width / 2, self.height / 2 + 3.2, style)


@dataclass(frozen=True)
class Line:
    """One line: its points, None where a figure is not shown; dashed for the group that stands beside."""

    points: Sequence[tuple[float, float] | None]
    colour: str
    is_dashed: bool = False


@dataclass(frozen=True)
class Lines(Drawing):
    """Lines over time: `ticks` are (label, y) of the left axis, `labels` (label, x) of the cells, `event` the class."""

    ticks: Sequence[tuple[str, float]]
    labels: Sequence[tuple[str, float]]
    event: tuple[str, float]
    lines: Sequence[Line]
    left: float
    tick_middle: float

    def paint(self, stream: Any, style: Any) -> None:
        stream.set_line_width(0.8)
        stream.set_color_rgb(*_rgb(_GRID), stroke=True)
        for _, y in self.ticks:
            stream.move_to(self.left, y)
            stream.line_to(self.width, y)
        stream.stroke()
        stream.set_color_rgb(*_rgb(_ZERO), stroke=True)
        stream.set_dash([3, 2], 0)
        stream.move_to(self.event[1], 12)
        stream.line_to(self.event[1], self.height - 14)
        stream.stroke()
        for line in self.lines:
            self._line(stream, line)
        stream.set_color_rgb(*_rgb(_LABEL))
        for text, y in self.ticks:
            _word(stream, text, self.tick_middle, y + 3, style)
        for text, x in self.labels:
            _word(stream, text, x, self.height - 2, style)
        _word(stream, self.event[0], self.event[1], 9, style)

    def _line(self, stream: Any, line: Line) -> None:
        stream.set_color_rgb(*_rgb(line.colour), stroke=True)
        stream.set_line_width(1.6)
        stream.set_dash([4, 2] if line.is_dashed else [], 0)
        is_drawn = False
        for point in line.points:
            if point is not None:
                (stream.line_to if is_drawn else stream.move_to)(*point)
            is_drawn = point is not None
        stream.stroke()
        stream.set_dash([], 0)
        stream.set_color_rgb(*_rgb(_PAPER if line.is_dashed else line.colour))
        for point in line.points:
            if point is not None:
                _circle(stream, *point, 2.4)
                stream.fill_and_stroke()


class _Word:
    """What WeasyPrint draws as a line of text."""

    def __init__(self, layout: Any, style: Any, baseline: float) -> None:
        self.pango_layout, self.style, self.baseline = layout, style, baseline
        self.text = layout.text


def _word(stream: Any, text: str, middle: float, y: float, style: Any) -> None:
    """Write `text` around `middle`, on the line `y`."""
    # Here, because whoever only asks for a report's looks (`pages.layout_sha256`) need not load what draws them.
    from weasyprint.draw.text import draw_first_line
    from weasyprint.matrix import Matrix
    from weasyprint.text.line_break import split_first_line

    layout, _length, _resume, width, _height, baseline = split_first_line(text, style, None, None, 0)
    layout.reactivate(style)
    stream.begin_text()
    start = Matrix(d=-1, e=round(middle - width / 2, 2), f=y)
    draw_first_line(stream, _Word(layout, style, baseline), "clip", "none", start)
    stream.end_text()


def _rgb(colour: str, opacity: float = 1.0) -> tuple[float, float, float]:
    """Return a colour's parts, 0–1, as it looks on white paper."""
    red, green, blue = (round(1 - opacity * (1 - int(colour[start : start + 2], 16) / 255), 4) for start in (1, 3, 5))
    return red, green, blue


def _circle(stream: Any, x: float, y: float, radius: float) -> None:
    handle = radius * _KAPPA
    stream.move_to(x + radius, y)
    stream.curve_to(x + radius, y + handle, x + handle, y + radius, x, y + radius)
    stream.curve_to(x - handle, y + radius, x - radius, y + handle, x - radius, y)
    stream.curve_to(x - radius, y - handle, x - handle, y - radius, x, y - radius)
    stream.curve_to(x + handle, y - radius, x + radius, y - handle, x + radius, y)
    stream.close()
