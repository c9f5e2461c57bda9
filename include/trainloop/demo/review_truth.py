"""What is true about the training review of the year, read from `review_truth.yaml`."""

from __future__ import annotations

import functools
from importlib import resources
from typing import Literal

from trainloop.demo.truth import Planted
from trainloop.yaml_text import read_yaml

Suggestion = Literal["keep", "fix", "scale", "stop", "none"]


class Reviewed(Planted):
    """What the review suggests by course, and what it leaves for next year's needs by topic."""

    suggestions: dict[str, Suggestion]
    seeds: dict[str, Suggestion]
    weak_course: str


@functools.cache
def reviewed() -> Reviewed:
    """Return the planted suggestions and seeds."""
    text = resources.files(__package__).joinpath("review_truth.yaml").read_text("utf-8")
    return Reviewed.model_validate(read_yaml(text))
