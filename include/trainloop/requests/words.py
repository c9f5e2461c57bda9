"""What the things that people decide are called: one list for mails, Airflow's form and the page behind the link."""

from __future__ import annotations

import functools
from importlib import resources
from typing import Any

from trainloop.yaml_text import read_yaml


@functools.cache
def approval_words() -> dict[str, dict[str, Any]]:
    """Return, by kind of approval, `minutes` and per locale title, why, button and reason."""
    words: dict[str, dict[str, Any]] = read_yaml(
        resources.files(__package__).joinpath("approval_kinds.yaml").read_text("utf-8")
    )
    return words
