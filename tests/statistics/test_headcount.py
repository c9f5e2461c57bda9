"""R16: how many will come, with an interval that holds, or a reason why there is none."""

from __future__ import annotations

import random

import pytest

from trainloop.statistics.headcount import Headcount, History, PastClass, _interval, forecast
from trainloop.statistics.refusal import Refusal

RULES = {"classes_min": 3, "people_min": 30}


def ask(confirmed: int, past: list[PastClass], interval: float = 0.9) -> Headcount | Refusal:
    return forecast(confirmed, History.of(past), interval, **RULES)


def test_classes_that_differ_by_chance_only_give_the_binomial_range() -> None:
    """Nine in ten come, always: about 27 of 30, give or take what chance does."""
    found = ask(30, [PastClass(30, 27)] * 20)
    assert isinstance(found, Headcount)
    assert found.expected == pytest.approx(27, abs=0.2)
    assert (found.low, found.high) in {(24, 29), (24, 30), (25, 29)}


def test_classes_that_differ_much_give_a_wider_range() -> None:
    """Half came here, everybody there: the next class may be either."""
    narrow = ask(30, [PastClass(30, 24)] * 10)
    wide = ask(30, [PastClass(30, 15), PastClass(30, 30)] * 5 + [PastClass(30, 27)] * 2)
    assert isinstance(narrow, Headcount)
    assert isinstance(wide, Headcount)
    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)


@pytest.mark.parametrize("past", [[], [PastClass(40, 30)] * 2, [PastClass(5, 5)] * 5, [PastClass(0, 0)] * 50])
def test_too_little_history_is_refused_by_name(past: list[PastClass]) -> None:
    """Neither two classes nor twenty-five people make a forecast."""
    assert ask(30, past) == Refusal("too_little_history")


def test_everybody_has_always_come_is_no_certainty_and_nobody_confirmed_is_nobody() -> None:
    """Half a person on either side; walk-ins never make more than were confirmed."""
    sure = ask(20, [PastClass(10, 12)] * 5)
    assert isinstance(sure, Headcount)
    assert (sure.high, sure.expected < 20) == (20, True)
    assert ask(0, [PastClass(10, 9)] * 5) == Headcount(0.0, 0, 0)


def test_nine_of_ten_intervals_hold_what_comes() -> None:
    """Coverage over 400 simulated companies whose classes differ (beta 16, 4): at least 86 %, at most 97 %."""
    rng = random.Random(11)
    held = 0
    for _ in range(400):
        shares = [rng.betavariate(16, 4) for _ in range(13)]
        classes = [PastClass(25, sum(rng.random() < share for _ in range(25))) for share in shares]
        found = ask(25, classes[1:])
        assert isinstance(found, Headcount)
        held += found.low <= classes[0].present_count <= found.high
    assert 0.86 <= held / 400 <= 0.97


@pytest.mark.parametrize(
    ("count", "alpha", "beta"), [(30, 27.5, 3.5), (12, 2.5, 0.9), (200, 900.5, 100.5), (1, 5.0, 5.0)]
)
def test_the_interval_is_the_one_of_the_library(count: int, alpha: float, beta: float) -> None:
    """Counted all at once, to the person."""
    from scipy.stats import betabinom

    expected = tuple(int(end) for end in betabinom.interval(0.9, count, alpha, beta))
    assert _interval(0.9, count, alpha, beta) == expected
