"""Where people stand in the warehouse, table by table: the declaration behind erasure, export and their tests."""

from __future__ import annotations

import functools
from importlib import resources
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from trainloop.yaml_text import read_yaml


class Holding(BaseModel):
    """One table with people in it; the words are explained at the head of `holdings.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    own: str | None = None
    when: dict[str, str] = {}
    named: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    erase: Literal["alias", "delete", "keep"] = "alias"
    empty: dict[str, str | None] = {}
    hidden: tuple[str, ...] = ()


class Holdings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    people: dict[str, Holding]
    trainers: dict[str, Holding]
    indirect: tuple[str, ...]
    nobody: tuple[str, ...]


@functools.cache
def holdings() -> Holdings:
    """Return the declaration."""
    text = resources.files("trainloop.retention").joinpath("holdings.yaml").read_text("utf-8")
    content: dict[str, Any] = read_yaml(text)
    return Holdings.model_validate(content)
