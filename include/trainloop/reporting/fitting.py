"""A last page with a few lines on it: the document is set a little tighter, or its last chapter begins on that page.

Nobody likes to turn a page for one line. How long a report is depends on names, files and comments, so no style sheet
can know; it is seen when the pages are there. A document that ends well is laid out once, others up to three times.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol, TypeVar

from weasyprint.formatting_structure.boxes import LineBox, MarginBox, ReplacedBox

# Classes of the root element, see `styles/report.css`: as designed, tighter, the last chapter on a page of its own.
PLAIN: Final = ""
TIGHT: Final = "tight"
TURNED: Final = "turned"
# A last page filled to less than this is one to do something about: a quarter of its height.
SCANT_MM: Final = 60
_PX_PER_MM: Final = 96 / 25.4


class Laid(Protocol):
    """A document with its pages."""

    @property
    def pages(self) -> Sequence[Any]: ...


_Document = TypeVar("_Document", bound=Laid)


def fitted(lay_out: Callable[[str], _Document]) -> _Document:
    """Return the document as `lay_out` makes it with the class under which its last page is worth turning to."""
    plain = lay_out(PLAIN)
    if not _is_scant(plain):
        return plain
    tight = lay_out(TIGHT)
    if len(tight.pages) < len(plain.pages):
        return tight
    turned = lay_out(TURNED)
    if len(turned.pages) == len(plain.pages) and not _is_scant(turned):
        return turned
    return plain


def _is_scant(document: Laid) -> bool:
    return len(document.pages) > 1 and filled_mm(document.pages[-1]) < SCANT_MM


def filled_mm(page: Any) -> float:
    """Return how far down the text and pictures of a page reach, from the top of its text area, in mm."""
    box = page._page_box
    bodies = [child for child in box.children if not isinstance(child, MarginBox)]
    ends = [
        one.position_y + one.height
        for body in bodies
        for one in (body, *body.descendants(placeholders=True))
        if isinstance(one, LineBox | ReplacedBox)
    ]
    return float(max(ends, default=box.content_box_y()) - box.content_box_y()) / _PX_PER_MM
