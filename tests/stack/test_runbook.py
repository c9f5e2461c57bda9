"""The runbook's commands exist: whoever reads it has no time for a command that was renamed."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
import typer

from trainloop.cli import app
from trainloop.outbox.kinds import KINDS
from trainloop.settings import PROJECT_DIR

PAGES = ["RUNBOOK.md", "RUNBOOK.zh-CN.md"]
STEPS = {"RUNBOOK.md": ("Symptom:", "- Look:", "- Mend:"), "RUNBOOK.zh-CN.md": ("现象：", "- 查看：", "- 处理：")}
COMMAND = re.compile(r"`(trainloop [^`]+)`")


def read(page: str) -> str:
    return (PROJECT_DIR / page).read_text("utf-8")


def commands(text: str) -> list[list[str]]:
    return [shlex.split(found)[1:] for found in COMMAND.findall(text)]


def require_known(words: list[str]) -> None:
    """Follow the words through groups to a command, then its options; raise KeyError for what is not there."""
    command: Any = typer.main.get_command(app)
    while hasattr(command, "commands"):
        command = command.commands[words[0]]
        words = words[1:]
    known = {name: one for one in command.params for name in (*one.opts, *one.secondary_opts)}
    for word in words:
        if word.startswith("--"):
            known[word]


@pytest.mark.parametrize("page", PAGES)
def test_ten_incidents_each_with_a_symptom_one_command_to_look_and_one_to_mend(page: str) -> None:
    """The form is the promise: nobody searches while something burns."""
    incidents = re.split(r"^## ", read(page), flags=re.MULTILINE)[1:]
    assert [text.split(".")[0] for text in incidents] == [str(number) for number in range(1, 11)]
    for text in incidents:
        lines = text.splitlines()
        for start in STEPS[page]:
            (line,) = [one for one in lines if one.startswith(start)]
            if start.startswith("-"):
                assert len(commands(line)) == 1, line


@pytest.mark.parametrize("page", PAGES)
def test_every_command_option_and_dag_of_the_runbook_exists(page: str) -> None:
    """Looked up in the command line itself and in dags/."""
    text = read(page)
    found = commands(text)
    assert len(found) > 20
    for words in found:
        require_known(words)
    assert set(re.findall(r"--keep (\w+)", text)) <= KINDS.keys()
    for dag_id in re.findall(r"DAG `(\w+)`", text):
        assert (PROJECT_DIR / "dags" / f"{dag_id}.py").exists()


def test_both_languages_name_the_same_commands() -> None:
    """One runbook, two languages."""
    plain = [[re.sub(r"决定人", "who decided", word) for word in words] for words in commands(read(PAGES[1]))]
    assert [words[0] for words in plain] == [words[0] for words in commands(read(PAGES[0]))]


def test_a_command_that_is_not_there_is_noticed() -> None:
    """The test itself can fail."""
    with pytest.raises(KeyError):
        require_known(["outbox", "burn"])
    with pytest.raises(KeyError):
        require_known(["status", "--loud"])
