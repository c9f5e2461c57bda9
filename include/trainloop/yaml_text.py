"""YAML as this project reads it: safe types only, by libyaml's parser, which takes a seventh of PyYAML's own time.

Every task of Airflow reads the site file, so its parser is a cost of each of them.
"""

from __future__ import annotations

from typing import Any

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # a PyYAML built without libyaml has no CSafeLoader


def read_yaml(text: str) -> Any:
    """Return what a document says; raises yaml.YAMLError with line, column and the line itself."""
    try:
        return yaml.load(text, Loader=_LOADER)  # noqa: S506 - both loaders are safe ones
    except yaml.YAMLError:
        # PyYAML's own parser says a fault better: at the line where it began, with that line.
        return yaml.safe_load(text)
