"""What people write about: texts counted against a dictionary that HR can edit.

Chinese text is cut into words by jieba, which is taught the dictionary's words first, so that 实操 is not cut apart;
other text is cut at its letters. A theme is mentioned when one of its words occurs; `practic*` stands for every word
that begins so. Counted are people, not words: a text that says "case" three times counts once.
"""

from __future__ import annotations

import functools
import itertools
import logging
import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

_CHINESE = re.compile(r"[㐀-鿿]+")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


@dataclass(frozen=True)
class Theme:
    """One theme with its names and, for all languages together, its words; a phrase of several words is allowed."""

    code: str
    name_zh: str
    name_en: str
    words: tuple[str, ...]


@functools.lru_cache(maxsize=4)
def _tokenizer(words: frozenset[str], cache_folder: str | None) -> Any:
    import jieba

    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    # jieba keeps its parsed dictionary in a file; the machine's shared temporary folder is nobody's to trust.
    tokenizer.tmp_dir = cache_folder
    for word in sorted(words):
        tokenizer.add_word(word)
    return tokenizer


def tokens(text: str, words: frozenset[str] = frozenset(), cache_folder: str | None = None) -> list[str]:
    """Return the words of a text in any mix of Chinese and other languages, lower case, in order."""
    plain = unicodedata.normalize("NFKC", text).lower()
    found: list[str] = []
    position = 0
    for match in _CHINESE.finditer(plain):
        found += _WORD.findall(plain[position : match.start()])
        found += _tokenizer(words, cache_folder).lcut(match.group())
        position = match.end()
    return found + _WORD.findall(plain[position:])


def mentioned(text: str, themes: Sequence[Theme], cache_folder: str | None = None) -> frozenset[str]:
    """Return the codes of the themes that a text mentions."""
    sought = _sought(tuple(themes))
    found = tokens(text, sought.chinese, cache_folder)
    present, running = frozenset(found), f" {' '.join(found)} "
    return frozenset(
        code
        for code, words, parts in sought.themes
        if not words.isdisjoint(present) or any(part in running for part in parts)
    )


class _Sought(NamedTuple):
    """What a dictionary looks for: Chinese words, and by theme whole words and parts of the running text."""

    chinese: frozenset[str]
    themes: tuple[tuple[str, frozenset[str], tuple[str, ...]], ...]


@functools.lru_cache(maxsize=4)
def _sought(themes: tuple[Theme, ...]) -> _Sought:
    chinese = frozenset(word for theme in themes for word in theme.words if _CHINESE.fullmatch(word))
    found = []
    for theme in themes:
        words = [word.lower() for word in theme.words]
        parts = [f" {word[:-1]}" if word.endswith("*") else f" {word} " for word in words if {*word} & {"*", " "}]
        found.append((theme.code, frozenset(words), tuple(parts)))
    return _Sought(chinese, tuple(found))


def count_themes(
    groups: Sequence[Mapping[str, Mapping[str, str]]], themes: Sequence[Theme], cache_folder: str | None = None
) -> dict[str, dict[str, list[int]]]:
    """Count people per theme: `{theme: {"count": any text, "count:<item>": that text}}`, a number a group.

    A group maps a text item to `{respondent id: text}`, the items are those of all groups. Every theme and item has an
    entry, 0 included. What several people wrote in the same words is cut into words once.
    """
    said = {text for texts in groups for answers in texts.values() for text in answers.values()}
    found = {text: mentioned(text, themes, cache_folder) for text in said}
    names = ("count", *(f"count:{item}" for item in dict.fromkeys(itertools.chain.from_iterable(groups))))
    counts = {theme.code: {name: [0] * len(groups) for name in names} for theme in themes}
    for place, texts in enumerate(groups):
        people: dict[str, set[str]] = defaultdict(set)
        for item, answers in texts.items():
            for respondent, text in answers.items():
                for code in found[text]:
                    counts[code][f"count:{item}"][place] += 1
                    people[code].add(respondent)
        for code, those in people.items():
            counts[code]["count"][place] = len(those)
    return counts
