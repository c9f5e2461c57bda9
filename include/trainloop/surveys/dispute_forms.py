"""The forms of a dispute: named, asked by a person's own link, read by the three parties."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib import resources
from typing import Final, Literal

from trainloop.surveys.instrument import Instrument
from trainloop.yaml_text import read_yaml

DisputeForm = Literal[
    "dispute_statement", "dispute_design", "dispute_design_ack", "dispute_pilot", "dispute_decision", "sign_agreed_plan"
]
STATEMENT_SCALES: Final = ("content_fits", "level_fits", "theory_weight", "tools_weight", "simulation_weight")
STATEMENT_CHOICES: Final = ("main_goal", "measure")


@functools.cache
def dispute_forms() -> Mapping[str, Instrument]:
    """Return the forms by kind of commitment."""
    found = read_yaml(resources.files(__package__).joinpath("dispute_forms.yaml").read_text("utf-8"))
    return {
        kind: Instrument.model_validate(form | {"code": kind, "anonymity": "named"}) for kind, form in found.items()
    }
