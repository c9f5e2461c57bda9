"""The frame of the benchmarks: what it refuses, what it calls a median, an exponent, a verdict."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.benchmarks.harness import (
    GOALS,
    Goal,
    Journal,
    OutputDiffersError,
    Pair,
    Side,
    Taken,
    alternate,
    growth_exponent,
    percentile,
)


def side(name: str, output: object = 1, *, calls: list[str] | None = None) -> Side:
    """A side that says in `calls` when it was prepared and run."""
    told = [] if calls is None else calls
    return Side(name, lambda: told.append(name), lambda: output, lambda: told.append(f"prepare {name}"))


def ticking(*steps: float) -> Callable[[], float]:
    """A clock whose readings are the given ones."""
    readings = iter(steps)
    return lambda: next(readings)


def test_sides_take_turns_in_going_first() -> None:
    """A warm-up pair, then each round in the other order: what slows the machine slows both."""
    calls: list[str] = []
    pair = alternate(side("a", calls=calls), side("b", calls=calls), 2)
    assert [call for call in calls if not call.startswith("prepare")] == ["a", "b", "b", "a", "a", "b"]
    assert calls[:4] == ["prepare a", "a", "prepare b", "b"]
    assert len(pair.ours) == len(pair.theirs) == 2


def test_a_wrong_answer_has_no_time() -> None:
    """Outputs that differ end the run and name the place."""
    with pytest.raises(OutputDiffersError, match=r"differ in 1 of 2 places: b: 2 and 3"):
        alternate(side("ours", {"a": 1, "b": 2}), side("theirs", {"a": 1, "b": 3}), 1)


def test_only_the_run_is_timed_and_the_warm_up_is_not_counted() -> None:
    """Readings come in pairs around each run; the first pair of runs is thrown away."""
    clock = ticking(0, 9, 20, 29, 40, 42, 50, 55)
    pair = alternate(side("a"), side("b"), 1, processor=clock)
    # The second pair begins with the other side.
    assert [one.processor for one in pair.theirs] == [2]
    assert [one.processor for one in pair.ours] == [5]


def test_a_ratio_is_a_share_of_speed_or_a_multiple_of_time() -> None:
    """Higher is better: theirs over ours; lower is better: ours over theirs; round by round."""
    pair = Pair((Taken(4, 8), Taken(5, 10)), (Taken(2, 2), Taken(1, 1)))
    assert pair.ratios("higher") == [0.5, 0.2]
    assert pair.ratios("lower") == [2, 5]
    assert pair.ratios("lower", "wall") == [4, 10]


@pytest.mark.parametrize(("exponent", "factor"), [(1.0, 3.0), (2.0, 0.1), (0.5, 7.0)])
def test_the_exponent_of_a_power_is_found(exponent: float, factor: float) -> None:
    """Cost = factor · size ^ exponent."""
    sizes = [1_000.0, 10_000.0, 100_000.0]
    assert growth_exponent(sizes, [factor * size**exponent for size in sizes]) == pytest.approx(exponent)


def test_percentiles_lie_between_the_values() -> None:
    """As numpy's default: proportionally between two of the sorted values."""
    assert percentile([4, 1, 3, 2], 50) == 2.5
    assert percentile([10, 20], 95) == pytest.approx(19.5)
    assert percentile([7], 95) == 7


def test_a_verdict_looks_in_the_right_direction() -> None:
    """A share of speed is to be high, a multiple of time low."""
    speed, times = Goal("", "higher", 0.2, 0.4), Goal("", "lower", 5, 2)
    assert [speed.verdict(value) for value in (0.1, 0.2, 0.4)] == ["missed", "goal", "stretch"]
    assert [times.verdict(value) for value in (6, 5, 2)] == ["missed", "goal", "stretch"]


def test_what_was_found_is_kept_with_the_machine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Median, spread, load, goal and verdict as JSON; no host name and no path of this machine in it."""
    journal = Journal(tmp_path / "run.json", people=1000, rounds=3)
    journal.note("P1", [0.3, 0.1, 0.25], rows=100)
    kept = json.loads((tmp_path / "run.json").read_text("utf-8"))
    (row,) = kept["records"]
    assert (row["value"], row["spread"], row["verdict"], row["goal"]) == (0.25, [0.1, 0.3], "goal", 0.2)
    assert len(row["load"]) == 2
    assert kept["machine"]["versions"]["psycopg"]
    assert str(tmp_path) not in json.dumps(kept)
    assert "P1" in capsys.readouterr().out
    assert "psycopg" in journal.table()


def test_every_goal_can_be_missed() -> None:
    """The stretch value is never easier than the goal."""
    for goal in GOALS.values():
        assert goal.stretch >= goal.goal if goal.better == "higher" else goal.stretch <= goal.goal
