"""Which characters the report fonts can draw.

A missing glyph is found before drawing: a PDF with an empty box in somebody's name must not leave the house. Names
and titles with one are refused by name; in free text, where learners write emoji, it becomes a visible mark.
"""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from collections.abc import Iterator
from importlib import resources
from typing import Any

from trainloop.reporting.errors import GlyphMissingError

FACES = ("NotoSansSC-Regular.ttf", "NotoSansSC-Bold.ttf")
# Latin, punctuation and arrows, enclosed figures and geometric shapes, Chinese punctuation, full-width forms.
_COMMON_BLOCKS = (
    range(0x20, 0x250), range(0x2000, 0x2400), range(0x2460, 0x2600), range(0x3000, 0x3040), range(0xFF00, 0xFFF0),
)  # fmt: skip
_INVISIBLE = {"Cc", "Cf"}
_VARIATION_SELECTORS = range(0xFE00, 0xFE10)
_RUN_OF_SPACES = re.compile(r"[^\S\n]+")


@functools.cache
def drawable() -> frozenset[int]:
    """Return the code points that both faces carry."""
    from fontTools.ttLib import TTFont

    folder = resources.files(__package__).joinpath("fonts")
    covered: list[set[int]] = []
    for face in FACES:
        with resources.as_file(folder.joinpath(face)) as path, TTFont(path, lazy=True) as font:
            covered.append(set(font.getBestCmap()))
    return frozenset(set.intersection(*covered))


def common_face(face: str) -> bytes:
    """Return a face cut to common characters: cutting a report's glyphs out of it takes a seventh of the time.

    Common are Latin letters, punctuation, signs and the characters of GB 2312 level 1. The style sheet names the whole
    face behind it, for names such as 喆 or 堃.
    """
    import uharfbuzz  # type: ignore[import-untyped]

    wanted = uharfbuzz.SubsetInput()
    wanted.sets(uharfbuzz.SubsetInputSets.UNICODE).update(_common_characters())
    wanted.sets(uharfbuzz.SubsetInputSets.LAYOUT_FEATURE_TAG).invert()
    with resources.as_file(resources.files(__package__).joinpath("fonts", face)) as path:
        whole = uharfbuzz.Face(uharfbuzz.Blob.from_file_path(path))
        cut: bytes = uharfbuzz.subset(whole, wanted).blob.data
    return cut


def _common_characters() -> set[int]:
    characters = {code for block in _COMMON_BLOCKS for code in block}
    for row, cell in itertools.product(range(0xA1, 0xD8), range(0xA1, 0xFF)):
        characters.update(map(ord, bytes((row, cell)).decode("gb2312", errors="ignore")))
    return characters


def tidy(text: str) -> str:
    """Return `text` composed (NFC), with every kind of space as a plain one and without invisible characters."""
    composed = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    spaced = "".join(
        " " if char != "\n" and (char.isspace() or unicodedata.category(char) in {"Zs", "Zl", "Zp"}) else char
        for char in composed
    )
    visible = "".join(
        char
        for char in spaced
        if char == "\n" or (unicodedata.category(char) not in _INVISIBLE and ord(char) not in _VARIATION_SELECTORS)
    )
    return _RUN_OF_SPACES.sub(" ", visible).strip()


def mark_missing(text: str, mark: str) -> tuple[str, int]:
    """Return free text with each run of characters the fonts lack replaced by `mark`, and how many runs there were."""
    known = drawable()
    parts: list[str] = []
    count = 0
    is_inside = False
    for char in tidy(text):
        # A combining mark belongs to the character before it.
        is_missing = char != "\n" and (ord(char) not in known or (is_inside and unicodedata.category(char) == "Mn"))
        if not is_missing:
            parts.append(char)
        elif not is_inside:
            parts.append(mark)
            count += 1
        is_inside = is_missing
    return "".join(parts), count


def check(view: Any) -> None:
    """Raise GlyphMissingError naming every character of a view (as plain data) that cannot be drawn, and where."""
    known = drawable()
    missing: dict[str, str] = {}
    for place, text in _texts(view, ""):
        for char in text:
            if char != "\n" and ord(char) not in known:
                missing.setdefault(char, place)
    if missing:
        raise GlyphMissingError(
            characters=", ".join(f"{char} (U+{ord(char):04X})" for char in missing),
            places=", ".join(sorted(set(missing.values()))),
        )


def _texts(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, f"{place}.{key}" if place else str(key))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner, place)
