"""Errors tell what to do: the docstring of a type is its message, and what follows its first sentence is the remedy."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import yaml
from tests.architecture import layers

from trainloop.errors import TrainLoopError

# What only a command, a form or the board raises: whoever typed it reads the message itself, no mail tells of it.
NO_TASKS = (
    "board",
    "commands",
    "demo",
    "forms",
    "recovery",
    "stack",
    "impact/analysis.py",
    "impact/design.py",
    "impact/tables.py",
)
WORDS = resources.files("trainloop.outbox").joinpath("templates", "own_remedies.zh-CN.yaml")


def class_definitions(*, of_tasks_only: bool = False) -> Iterator[ast.ClassDef]:
    for path in layers.python_files(layers.PACKAGE_DIR):
        if not (of_tasks_only and _is_no_task(path.relative_to(layers.PACKAGE_DIR))):
            yield from (node for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.ClassDef))


def _is_no_task(path: Path) -> bool:
    return any(path.as_posix() == place or path.as_posix().startswith(f"{place}/") for place in NO_TASKS)


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
    assert {name for name, error in errors.items() if re.search("[\u4e00-\u9fff]{5}", error.remedy())} == set()


def test_every_error_a_task_can_raise_says_what_to_do_in_chinese_too() -> None:
    """An alert is in its reader's language from end to end; words for a type that is gone are none."""
    words: dict[str, str] = yaml.safe_load(WORDS.read_text("utf-8"))
    errors = errors_of_ours()
    of_tasks = {node.name for node in class_definitions(of_tasks_only=True)} & set(errors)
    assert len(of_tasks) > 90
    assert of_tasks - set(words) == {"TransientError", "PermanentError"}
    assert set(words) - set(errors) == set()
    assert {name for name, text in words.items() if not re.fullmatch(r".*[\u4e00-\u9fff].*[。）]", text)} == set()
