"""Questions with several answers, as tools export them: a column for each option, or one cell that lists them.

Headers of option columns name question and option: `Question [Option]` (LimeSurvey), `3、题目(选项)` (问卷星),
`Question: Option`, `Question/Option`. A cell lists options between ┋, ; or |, or what the mapping says (Google Forms:
a comma, which may stand in an option too, so the longest known option wins).
"""

from __future__ import annotations

import hashlib
import re
import string
from collections.abc import Mapping as MappingOf
from collections.abc import Sequence

from trainloop.contracts.model import word_key
from trainloop.surveys.instrument import Item, Option
from trainloop.surveys.mapping import Mapping, plain

CHOSEN = "chosen"
NOT_CHOSEN = "not_chosen"
YES = ("1", "Y", "Yes", "True", "是", "√", "✓", "✔", "选中", "已选", "已选择")
NO = ("0", "N", "No", "False", "否", "未选", "未选中", "未选择", "-")
# Between option codes in staging; no code holds it.
SEPARATOR = "\x1f"
_SEPARATORS = re.compile(r"[┋;；|｜\n]")
# What a person wrote beside the option "other": the option counts, the words are another question's.
_REMARK = re.compile(r"〖[^〗]*〗")
# 问卷星 letters options in the order of its own questionnaire, which need not be ours.
_LETTER = re.compile(r"^\s*[A-Za-z]\s*[.、．]\s*")


def option_column(item: Item, option: Option) -> str:
    """Return the contract column of one option; codes of topics are no column names, and their order may change."""
    return f"item_{item.code}__{hashlib.sha256(option.code.encode()).hexdigest()[:8]}"


def option_words(mapping: Mapping, item: Item, option: Option, number: int) -> tuple[str, ...]:
    """Return every spelling of an option: code, both wordings, the tool's own, lettered as 问卷星 does."""
    own = mapping.words.get(item.code, {}).get(option.code, ())
    letter = string.ascii_uppercase[number : number + 1]
    lettered = (
        [f"{letter}{dot}{text}" for dot in (".", ". ", "、") for text in (option.zh, option.en)] if letter else []
    )
    return (option.code, option.zh, option.en, *lettered, *own)


def words_of_item(mapping: Mapping, item: Item) -> dict[str, str]:
    """Return the option code by the key of every spelling."""
    return {
        word_key(word): option.code
        for number, option in enumerate(item.options)
        for word in option_words(mapping, item, option, number)
    }


def option_headers(mapping: Mapping, item: Item, texts: Sequence[str]) -> dict[str, list[str]]:
    """Return for each option the headers of one file that are its column; options without one are left out."""
    found: dict[str, list[str]] = {}
    codes = words_of_item(mapping, item)
    for text in texts:
        for stem, option in _readings(plain(text)):
            code = codes.get(word_key(option))
            if code is not None and mapping.is_header_of(item, stem):
                found.setdefault(code, []).append(text)
                break
    return found


def _readings(header: str) -> list[tuple[str, str]]:
    """Return the ways to read a header as question and option."""
    readings = []
    for opening, closing in (("[", "]"), ("(", ")")):
        if header.endswith(closing):
            places = [place for place, letter in enumerate(header) if letter == opening]
            readings += [(header[:place].rstrip(), header[place + 1 : -1].strip()) for place in places]
    for mark in (":", "/", "|", " - ", "_"):
        places = [found.start() for found in re.finditer(re.escape(mark), header)]
        readings += [(header[:place].rstrip(), header[place + len(mark) :].strip()) for place in places]
    return [(stem, option) for stem, option in readings if stem and option]


def _option(words: MappingOf[str, str], text: str) -> str | None:
    return words.get(word_key(text)) or words.get(word_key(_LETTER.sub("", text)))


def split_choices(cell: str, words: MappingOf[str, str], separator: str | None) -> tuple[str, ...] | None:
    """Return the codes of the options that a cell lists, each once, sorted; None when a part of it is no option."""
    text = _REMARK.sub("", cell)
    whole = _option(words, text)
    if whole is not None:
        return (whole,)
    parts = text.split(separator) if separator else _SEPARATORS.split(text)
    codes: set[str] = set()
    place = 0
    while place < len(parts):
        if not parts[place].strip():
            place += 1
            continue
        last = len(parts) if separator else place + 1
        for end in range(last, place, -1):
            code = _option(words, (separator or "").join(parts[place:end]))
            if code is not None:
                codes.add(code)
                place = end
                break
        else:
            return None
    return tuple(sorted(codes))
