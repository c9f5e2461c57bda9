"""What the things that people decide are called: one list for mails, Airflow's form and the page behind the link."""

from __future__ import annotations

import functools
import re
from datetime import date
from importlib import resources
from typing import Any

from trainloop.config import Locale
from trainloop.yaml_text import read_yaml

_MONTH = re.compile(r"\d{4}-\d{2}")


@functools.cache
def approval_words() -> dict[str, dict[str, Any]]:
    """Return, by kind of approval, `minutes` and per locale title, why, button and reason."""
    words: dict[str, dict[str, Any]] = read_yaml(
        resources.files(__package__).joinpath("approval_kinds.yaml").read_text("utf-8")
    )
    return words


def approval_title(kind: str, subject_id: str, revision_number: int, locale: Locale) -> str:
    """Return what a decision is about; a month is named as people name it."""
    title: str = approval_words()[kind][locale]["title"]
    return title.format(subject=_subject(subject_id, locale), revision=revision_number)


def _subject(subject_id: str, locale: Locale) -> str:
    if not _MONTH.fullmatch(subject_id):
        return subject_id
    from babel.dates import format_skeleton

    first = date.fromisoformat(f"{subject_id}-01")
    text: str = format_skeleton("yMMMM", first, locale="zh_CN" if locale == "zh-CN" else "en_GB")
    return text
