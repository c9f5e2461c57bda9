"""`trainloop marts`: the figures of all evaluated classes made anew, from the command line."""

from __future__ import annotations

import pytest
from tests.surveys import results_world as world
from typer.testing import CliRunner

from trainloop.cli import app
from trainloop.commands import console
from trainloop.surveys.results import evaluate_session
from trainloop.warehouse import engine

LEVELS = [5, 4, 4, 3, 5, 2, 4, 4, 5, 3, 4, 5]


@pytest.fixture
def evaluated(warehouse: str) -> None:
    """Two evaluated classes."""
    world.make_company()
    for number, code in enumerate(("S1", "S2"), start=1):
        world.make_class(code, world.forms(LEVELS), number=number)
        evaluate_session(code)


def test_it_makes_the_figures_anew_and_counts_the_classes(evaluated: None) -> None:
    """After an upgrade: rows that an older release computed otherwise, or not at all, are as they are to be."""
    before = world.contents()
    world.execute("update marts.evaluation_arrays set numbers = '{}' where kind = 'number'")
    world.execute("delete from marts.evaluation_arrays where kind = 'refusal'")
    told = CliRunner().invoke(app, ["marts"])
    assert told.exit_code == 0
    assert told.output.split() == ["classes", "2"]
    assert world.contents() == before


def test_without_an_evaluated_class_there_is_nothing_to_do(warehouse: str) -> None:
    """A fresh warehouse is no error."""
    told = CliRunner().invoke(app, ["marts"])
    assert (told.exit_code, told.output.split()) == (0, ["classes", "0"])


def test_a_class_that_is_being_evaluated_is_named(evaluated: None) -> None:
    """Scripts read from the code that trying again may help; nothing of the batch was changed."""
    world.execute("delete from marts.evaluation_arrays where kind = 'number'")
    before = world.contents()
    with engine.connect("owner") as connection:
        assert engine.try_lock(connection, "evaluation:S2")
        told = CliRunner().invoke(app, ["marts"], env={"COLUMNS": "200"})
    assert told.exit_code == console.TEMPORARY_FAILURE
    assert "S2" in told.stderr
    assert "Traceback" not in told.output
    assert world.contents() == before


def test_a_failure_is_told_and_ends_with_its_code(evaluated: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A warehouse that does not answer is a sentence and not a stack of calls."""
    monkeypatch.setattr(engine, "_resolvers", ["postgresql://nobody@127.0.0.1:1/nowhere".format])
    told = CliRunner().invoke(app, ["marts"], env={"COLUMNS": "200"})
    assert told.exit_code == console.TEMPORARY_FAILURE
    assert "Traceback" not in told.output
    assert "warehouse" in told.stderr.lower()


def test_a_class_whose_wave_was_opened_again_is_named(evaluated: None) -> None:
    """Nobody's figures are made while people answer: a retry does not help, the code says so."""
    world.execute("update ops.survey_waves set state = 'open', closed_at = null where wave_code = 'EVAL-S2'")
    told = CliRunner().invoke(app, ["marts"], env={"COLUMNS": "200"})
    assert told.exit_code == console.FAILURE
    assert "EVAL-S2 is open" in told.stderr
