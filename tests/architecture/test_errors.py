"""Errors tell what to do: the docstring of a type is its message, and what follows its first sentence is the remedy."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.architecture import layers

from trainloop.errors import TrainLoopError


def class_definitions() -> Iterator[ast.ClassDef]:
    for path in layers.python_files(layers.PACKAGE_DIR):
        yield from (node for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.ClassDef))


def errors_of_ours() -> dict[str, type[TrainLoopError]]:
    """Every type below TrainLoopError by its name, with its docstring; read, not imported."""
    nodes = list(class_definitions())
    bases = {node.name: {base.id for base in node.bases if isinstance(base, ast.Name)} for node in nodes}
    ours = {TrainLoopError.__name__}
    while more := {name for name, above in bases.items() if above & ours} - ours:
        ours |= more
    found = [node for node in nodes if node.name in ours - {TrainLoopError.__name__}]
    return {node.name: type(node.name, (TrainLoopError,), {"__doc__": ast.get_docstring(node)}) for node in found}


def test_every_error_says_what_to_do() -> None:
    """A sentence after the first, without a fact of the failure: it may stand in any mail and log."""
    errors = errors_of_ours()
    assert len(errors) > 100
    assert {name for name, error in errors.items() if not error.remedy()} == set()
    assert {name for name, error in errors.items() if "{" in error.remedy()} == set()
