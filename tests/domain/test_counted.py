"""Counts agree with their nouns, in every English text that people read."""

from __future__ import annotations

import re
from importlib import resources

import pytest
import yaml

from trainloop.domain.counted import counted, filled
from trainloop.reporting.catalogue import catalogue

# Where a count is two at least: a digest holds several things, a cohort several people, a quote several departments.
NEVER_ONE = re.compile(r"^\{\{ count \}\} (things|questionnaires)|subjects_count|at least \{count\} departments")
# A count, then a noun in the plural. "is", "was", "says" … are no nouns; neither is a share that was printed before.
PLURAL = re.compile(
    r"\{+ ?(\w+) ?\}+ (?:[a-z-]+ )?(?:[a-z]{3,}(?<!ss)(?<!us)(?<!was)(?<!does)(?<!says)(?<!takes)s|people)\b"
)
COUNTS = re.compile(
    r"(_count|count|minutes|hours|days|points|answers|answered|plans|sessions|learners|asked|complete|eligible)$"
)


def texts(tree: object) -> list[str]:
    if isinstance(tree, dict):
        return [text for value in tree.values() for text in texts(value)]
    if isinstance(tree, list):
        return [text for value in tree for text in texts(value)]
    return [tree] if isinstance(tree, str) else []


def english() -> dict[str, list[str]]:
    """Every English text of mails, reports and forms, by the file or catalogue it stands in."""
    found = {"reports": list(catalogue("en").messages.values())}
    package = resources.files("trainloop")
    for file in [*package.joinpath("outbox", "templates").iterdir(), package.joinpath("forms", "words.yaml")]:
        if file.name.endswith(".yaml") and not file.name.endswith("zh-CN.yaml"):
            tree = yaml.safe_load(file.read_text("utf-8"))
            found[file.name] = texts(tree["en"] if "en" in tree else [one.get("en") for one in tree.values()])
    return found


def test_a_count_is_printed_with_the_word_that_agrees_with_it() -> None:
    """One class, two classes, no classes; a count may come printed."""
    assert counted(1, "class", "classes") == "1 class"
    assert counted("1", "class", "classes") == "1 class"
    assert counted(0, "class", "classes") == "0 classes"
    assert filled("{n:person meets|people meet} it, {open:lacks|lack} one", {"n": 1, "open": 2}) == (
        "1 person meets it, 2 lack one"
    )
    assert filled("plain {a}", {"a": "1|2"}) == "plain 1|2"


def test_a_fact_that_is_missing_is_an_error_of_ours() -> None:
    """As in every message: nothing is left out in silence."""
    with pytest.raises(KeyError):
        filled("{n:class|classes}", {})


def test_no_english_text_has_a_count_before_a_plural_that_one_would_break() -> None:
    """ "1 classes" is what people remember of a mail; the noun stands in the placeholder or the filter instead."""
    groups = english()
    assert len(groups) > 60
    broken = [
        f"{name}: {text}"
        for name, group in groups.items()
        for text in group
        for match in PLURAL.finditer(text)
        if COUNTS.search(match[1]) and not NEVER_ONE.search(text)
    ]
    assert broken == []
