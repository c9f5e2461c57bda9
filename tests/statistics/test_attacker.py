"""An attacker who keeps every release of a year, knows who answered in which, and subtracts and solves.

The attacker knows more than any reader: the ids behind every figure and exact sums instead of rounded means. What is
asked: does any combination of shown figures speak of fewer people than the minimum?
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainloop.statistics.figures import figure
from trainloop.statistics.suppression import WAVE, LedgerEntry, Minimums, suppress
from trainloop.statistics.tables import derivable_range, hidden_cells

ITEMS = ("a", "b", "c")
MINIMUMS = Minimums()


def released_year(generator: np.random.Generator) -> list[list[LedgerEntry]]:
    """The ledgers of one class: a first release, then revisions with late, withdrawn and skipped answers."""
    everybody = [f"r{number}" for number in range(generator.integers(3, 40))]
    answered = {person for person in everybody if generator.random() < 0.6}
    ledgers: list[list[LedgerEntry]] = []
    for _ in range(generator.integers(2, 7)):
        groups = {
            item: frozenset(person for person in answered if generator.random() < 0.95 or item == "a") for item in ITEMS
        }
        groups |= {WAVE: frozenset(answered), "dimension:d": frozenset(answered)}
        figures = [figure("item", item, "mean", 4.0, len(groups[item])) for item in ITEMS]
        known = [entry for ledger in ledgers for entry in ledger]
        result = suppress(figures, groups, {"d": ITEMS}, known, MINIMUMS)
        if not result.is_withheld:
            ledgers.append(list(result.ledger))
        flipped = generator.choice(everybody, size=generator.integers(0, min(12, len(everybody))), replace=False)
        answered ^= {str(person) for person in flipped}
    return ledgers


def smallest_recovered(groups: Sequence[frozenset[str]]) -> float:
    """The fewest people a combination of the groups' sums with coefficients −2 … 2 speaks of."""
    people = sorted(frozenset().union(*groups))
    membership = np.array([[person in group for person in people] for group in groups], dtype=float)
    combinations = np.array(list(itertools.product((-2, -1, 0, 1, 2), repeat=len(groups))), dtype=float)
    touched = (np.abs(combinations @ membership) > 1e-9).sum(axis=1)
    return float(min(touched[touched > 0], default=np.inf))


def single_answers_solved(groups: Sequence[frozenset[str]]) -> int:
    """People whose answer the linear system of all releases determines."""
    people = sorted(frozenset().union(*groups))
    membership = np.array([[person in group for person in people] for group in groups], dtype=float)
    rank = np.linalg.matrix_rank(membership)
    units = np.eye(len(people))
    return sum(np.linalg.matrix_rank(np.vstack([membership, unit])) == rank for unit in units)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.slow
def test_subtraction_over_a_year_recovers_no_answer_and_no_small_group(seed: int) -> None:
    """0 single answers, no sum of fewer than five people, no distribution of fewer than ten."""
    generator = np.random.default_rng(seed)
    release_count, answers, small = 0, 0, []
    for _ in range(60):
        ledgers = released_year(generator)
        release_count += len(ledgers)
        for key in (*ITEMS, WAVE, "dimension:d"):
            entries = [entry for ledger in ledgers for entry in ledger if entry.key == key]
            full = [entry.respondents for entry in entries if entry.level == "distribution"]
            if entries:
                answers += single_answers_solved([entry.respondents for entry in entries])
                small.append(smallest_recovered([entry.respondents for entry in entries]) >= MINIMUMS.mean)
            if full:
                small.append(smallest_recovered(full) >= MINIMUMS.distribution)
    assert release_count > 60
    assert answers == 0
    assert all(small)


def test_the_attack_works_where_the_ledger_is_ignored() -> None:
    """The attacker of these tests is no straw man: without the ledger one more answer is one answer recovered."""
    twelve = frozenset(f"r{number}" for number in range(12))
    assert single_answers_solved([twelve, twelve | {"late"}]) == 1
    assert smallest_recovered([twelve, twelve | {"late", "later"}]) == 2


@settings(max_examples=40)
@given(
    st.integers(2, 4).flatmap(
        lambda columns: st.lists(
            st.lists(st.integers(0, 14), min_size=columns, max_size=columns), min_size=2, max_size=4
        )
    )
)
def test_no_hidden_cell_of_a_table_can_be_worked_out(rows: list[list[int]]) -> None:
    """Crossings with margins: what a reader can work out about a hidden cell leaves at least five people of doubt."""
    counts = pd.DataFrame(rows)
    hidden = hidden_cells(counts, 5)
    for row, column in np.argwhere(hidden.to_numpy()):
        low, high = derivable_range(counts, hidden, int(row), int(column))
        assert high - low >= 5
    shown = ~hidden.to_numpy()[:-1, :-1]
    assert (counts.to_numpy()[shown] >= 5).all()


def test_large_cells_of_a_table_stay_visible() -> None:
    """Hiding everything would be safe and useless: one small cell takes three others with it, not the table."""
    counts = pd.DataFrame([[2, 20, 30], [25, 40, 12], [18, 22, 31]])
    assert hidden_cells(counts, 5).to_numpy().sum() == 4


def test_two_hidden_cells_a_line_are_not_enough() -> None:
    """Two pairs joined by one cell: each line hides two cells, and the joint is known all the same."""
    counts = pd.DataFrame(20, index=range(5), columns=range(5))
    pattern = pd.DataFrame(False, index=range(6), columns=range(6))
    for row, column in [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (2, 2), (2, 3), (3, 2), (3, 3)]:
        pattern.iloc[row, column] = True
    assert derivable_range(counts, pattern, 1, 2) == (20, 20)
    counts.iloc[1, 2] = 2
    safe = hidden_cells(counts, 5)
    low, high = derivable_range(counts, safe, 1, 2)
    assert safe.iloc[1, 2]
    assert high - low >= 5
