"""What may be shown, in words of methods §7, one test a rule."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from trainloop.statistics.figures import Figure, ShownFigure, figure, rounded
from trainloop.statistics.refusal import Refusal, reason_text
from trainloop.statistics.subtraction import is_small_group_derivable
from trainloop.statistics.suppression import (
    TEST,
    WAVE,
    LedgerEntry,
    Level,
    Minimums,
    Suppressed,
    need_of,
    suppress,
)

ITEMS = ("a", "b", "c")


def people(*numbers: int) -> frozenset[str]:
    return frozenset(f"r{number}" for number in numbers)


def first(n: int) -> frozenset[str]:
    return people(*range(n))


def release(groups: dict[str, frozenset[str]], earlier: Sequence[LedgerEntry] = ()) -> Suppressed:
    """A release with mean, median and n of three items of one dimension."""
    whole = {WAVE: frozenset().union(*groups.values())} | groups
    whole["dimension:d"] = whole["a"] | whole["b"] | whole["c"]
    figures: list[Figure] = []
    for family, code, key in [*(("item", item, item) for item in ITEMS), ("dimension", "d", "dimension:d")]:
        n = len(whole[key])
        figures += [figure(family, code, name, value, n) for name, value in (("n", n), ("mean", 4.26), ("median", 4.0))]
    return suppress(figures, whole, {"d": ITEMS}, earlier, Minimums())


def cell(result: Suppressed, code: str, statistic: str) -> ShownFigure:
    return next(item for item in result.figures if (item.code, item.statistic) == (code, statistic))


def ledger(level: Level, **groups: frozenset[str]) -> list[LedgerEntry]:
    return [LedgerEntry(key, level, group) for key, group in groups.items()]


@pytest.mark.parametrize(
    ("n", "mean", "median"),
    [
        (4, "below_minimum_mean", "below_minimum_distribution"),
        (5, None, "below_minimum_distribution"),
        (9, None, "below_minimum_distribution"),
        (10, None, None),
    ],
)
def test_a_mean_needs_five_people_and_a_distribution_ten(n: int, mean: str | None, median: str | None) -> None:
    """n itself is printed exactly, also beside a hidden figure."""
    result = release(dict.fromkeys(ITEMS, first(n)))
    assert cell(result, "a", "n").value == n
    for statistic, reason in (("mean", mean), ("median", median)):
        shown = cell(result, "a", statistic)
        assert (shown.is_hidden, shown.reason) == (reason is not None, reason)
        assert (shown.value is None) == shown.is_hidden


@pytest.mark.parametrize(("n", "printed"), [(19, "4.3"), (20, "4.26")])
def test_means_have_one_decimal_below_twenty(n: int, printed: str) -> None:
    """A second decimal of few people gives their sum away; a dimension never has one."""
    result = release(dict.fromkeys(ITEMS, first(n)))
    assert cell(result, "a", "mean").value == Decimal(printed)
    assert cell(result, "d", "mean").value == Decimal("4.3")


def test_rounding_goes_half_away_from_zero() -> None:
    """As people round; and there is no minus zero."""
    assert rounded(Figure("item", "a", "mean", 4.25, respondent_count=10)) == Decimal("4.3")
    assert str(rounded(Figure("comparison", "a", "difference", -0.04, respondent_count=10))) == "0.0"
    assert rounded(Figure("nps", "a", "nps", 41.7, respondent_count=12)) == 42


def test_a_dimension_is_shown_no_better_than_its_least_shown_item() -> None:
    """With two items printed and the margin, the third could be worked out."""
    result = release({"a": first(12), "b": first(12), "c": first(4)})
    assert cell(result, "a", "median").value is not None
    assert cell(result, "c", "mean").is_hidden
    assert cell(result, "d", "mean").reason == "protects_other_figure"


@pytest.mark.parametrize("change", [first(13), first(11), first(16), first(10) | people(30, 31)])
def test_a_wave_that_changed_by_one_to_four_people_is_withheld(change: frozenset[str]) -> None:
    """Added and removed people count together; the earlier release stays valid."""
    entries = ledger("distribution", **dict.fromkeys((*ITEMS, WAVE), first(12)))
    assert release(dict.fromkeys(ITEMS, change), entries).is_withheld


def test_five_more_people_make_a_mean_and_ten_more_a_distribution() -> None:
    """Subtracting the earlier distribution must not give one of fewer than ten people."""
    entries = ledger("distribution", **dict.fromkeys((*ITEMS, WAVE), first(12)))
    five, ten = release(dict.fromkeys(ITEMS, first(17)), entries), release(dict.fromkeys(ITEMS, first(22)), entries)
    assert not five.is_withheld
    assert cell(five, "a", "mean").value is not None
    assert cell(five, "a", "median").reason == "too_close_to_earlier_release"
    assert cell(ten, "a", "median").value is not None


def test_corrected_values_of_the_same_people_are_the_same_group() -> None:
    """No distance in people: a revision, not a subtraction."""
    entries = ledger("distribution", **dict.fromkeys((*ITEMS, WAVE), first(12)))
    result = release(dict.fromkeys(ITEMS, first(12)), entries)
    assert not result.is_withheld
    assert cell(result, "a", "median").value is not None


def test_one_item_near_an_earlier_release_is_hidden_alone() -> None:
    """The wave grew by six, item c by two: c and its dimension are hidden, the rest is released."""
    entries = ledger("mean", **(dict.fromkeys((*ITEMS, WAVE), first(7)) | {"c": first(11)}))
    result = release({"a": first(13), "b": first(13), "c": first(13)}, entries)
    assert not result.is_withheld
    assert cell(result, "c", "mean").reason == "too_close_to_earlier_release"
    assert cell(result, "d", "mean").is_hidden
    assert cell(result, "a", "mean").value is not None


def test_what_nobody_saw_is_not_in_the_ledger() -> None:
    """A first release of three people showed nothing: six people later are no subtraction."""
    result = release(dict.fromkeys(ITEMS, first(3)))
    assert result.ledger == ()
    assert not release(dict.fromkeys(ITEMS, first(6)), result.ledger).is_withheld


def test_chains_of_releases_are_subtracted_too() -> None:
    """A, A+B, A+C are 5 apart each; A+B+C+one person would give that person away by R4 − R3 − R2 + R1."""
    a, b, c = first(10), people(*range(20, 25)), people(*range(30, 35))
    assert not is_small_group_derivable([a, a | b, a | c, a | b | c], 5)
    assert is_small_group_derivable([a, a | b, a | c, a | b | c | people(99)], 5)
    entries = [entry for group in (a, a | b, a | c) for entry in ledger("mean", **dict.fromkeys((*ITEMS, WAVE), group))]
    assert release(dict.fromkeys(ITEMS, a | b | c | people(99)), entries).is_withheld


def test_a_refusal_is_hidden_like_a_number() -> None:
    """ "Everybody answered alike" about six people would say what each of them answered."""
    groups = {WAVE: first(6), "a": first(6), "b": first(6), "c": first(6), "dimension:d": first(6)}
    figures = [figure("dimension", "d", "alpha", Refusal("constant_item"), 6)]
    shown = suppress(figures, groups, {"d": ITEMS}, (), Minimums()).figures[0]
    assert (shown.is_hidden, shown.reason) == (True, "below_minimum_distribution")


def test_tests_follow_the_same_minimum_and_withhold_likewise() -> None:
    """Scores are linked to people: five for a mean; a test that grew by two withholds the release."""
    figures = [figure("test", "class", "pre_mean", 55.0, 5), figure("test", "class", "p_t", 0.01, 5)]
    shown = suppress(figures, {WAVE: first(0), TEST: first(5)}, {}, (), Minimums()).figures
    assert [item.is_hidden for item in shown] == [False, True]
    near = [LedgerEntry(TEST, "mean", first(5))]
    assert suppress(figures, {WAVE: first(0), TEST: first(7)}, {}, near, Minimums()).is_withheld


def test_unknown_statistics_and_groups_fail_closed() -> None:
    """A figure added tomorrow needs ten people until somebody decides otherwise; without a group it is hidden."""
    assert need_of("item", "skewness") == "distribution"
    assert need_of("item", "minimum") == "distribution"
    shown = suppress([figure("item", "x", "mean", 4.0, 50)], {WAVE: first(50)}, {}, (), Minimums()).figures[0]
    assert shown.is_hidden


def test_attendance_and_counts_are_administrative() -> None:
    """A class list is no answer: never hidden."""
    assert need_of("attendance", "absent_count") == need_of("response", "rr1_pct") == "nothing"
    assert need_of("response", "straight_lined_count") == "distribution"


def test_minimums_below_three_are_refused() -> None:
    """Whatever a site file says: never below three."""
    with pytest.raises(ValueError, match="at least 3"):
        Minimums(mean=2)
    with pytest.raises(ValueError, match="never needs fewer"):
        Minimums(mean=8, distribution=6)


def test_every_reason_has_words_in_both_languages() -> None:
    """A reader never sees a code; unknown codes are an error, not a blank."""
    result = release({"a": first(12), "b": first(5), "c": first(4)})
    for item in result.figures:
        if item.reason is not None:
            assert reason_text(item.reason, "zh-CN") != reason_text(item.reason, "en")
    with pytest.raises(KeyError):
        reason_text("because", "en")
