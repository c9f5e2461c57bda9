"""An attacker keeps everything the pulses of a year ever showed, late answers' revisions too, and subtracts and solves.

The attacker is given what no reader has: whose answers stand behind each shown figure, and exact sums.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime

import pytest
from tests.statistics.test_attacker import single_answers_solved, smallest_recovered
from tests.surveys import results_world as world
from tests.surveys import test_pulse as pulses

from trainloop.config import get_site
from trainloop.statistics.suppression import suppress
from trainloop.surveys import pulse, results_release

pytestmark = pytest.mark.slow
QUARTERS = {"2026Q1": "2026-04-20T00:00Z", "2026Q2": "2026-07-17T00:00Z"}
Groups = dict[tuple[str, str], list[frozenset[str]]]


def late(draw: random.Random, quarter: str, known: int) -> int:
    """So many forms come late; not everybody answers every item. Returns how many forms there are then."""
    count = draw.choice((1, 1, 2, 3, 5, 8))
    for number in range(known, known + count):
        row = world.execute(
            """insert into confidential.responses (wave_code, state, external_id_hash)
               values (%s, 'complete', %s) returning response_id""",
            f"PULSE-{quarter}", f"form-{number}",
        )[0]  # fmt: skip
        for code in pulses.ITEMS:
            if draw.random() < 0.9 or code == "overall":
                world.execute(
                    "insert into confidential.answers (response_id, item_code, score) values (%s, %s, %s)",
                    row["response_id"], code, draw.randint(1, 5),
                )  # fmt: skip
    return known + count


def shown_groups(product: str = "quarterly_pulse") -> Groups:
    """Subject and figure → the people behind it, one group for each release that showed its mean.

    Cohorts of 360s are one subject: the same people stay in the pool for a year.
    """
    rows = world.execute(
        """select case subject_kind when 'cohort' then '' else subject_id end as subject_id, figures.family,
               figures.code, figures.respondent_count, release_id, array_agg(distinct respondent_id::text) as people
           from published.figures
           join published.releases using (release_id)
           join confidential.release_respondents as ledger using (release_id)
           where product = %s and not is_withheld and family in ('item', 'dimension', 'self_other')
               and statistic = 'mean' and not is_hidden
               and figure_key in (figures.code, figures.family || ':' || figures.code)
           group by 1, figures.family, figures.code, figures.respondent_count, release_id
           order by release_id""",
        product,
    )
    found: Groups = defaultdict(list)
    for row in rows:
        assert row["respondent_count"] == len(row["people"]), "the ledger says what was shown"
        found[row["subject_id"], f"{row['family']}:{row['code']}"].append(frozenset(row["people"]))
    return found


@pytest.fixture
def company(warehouse: str, set_clock: Callable[..., datetime]) -> None:
    """Classes in two quarters, the clock after the close of both pulses."""
    world.make_company()
    pulses.taught("A", "2026-02-10 17:00+08", 20)
    pulses.taught("B", "2026-05-12 17:00+08", 20)
    set_clock(2026, 7, 20)


def a_year(draw: random.Random) -> Groups:
    """Two pulses, published again and again while answers come late; returns all that was shown."""
    counts = {quarter: draw.choice((6, 9, 12)) for quarter in QUARTERS}
    for quarter, closed_at in QUARTERS.items():
        pulses.answered(quarter, [draw.randint(1, 5) for _ in range(counts[quarter])], closed_at)
    for _ in range(6):
        pulse.publish_pulses()
        counts = {quarter: late(draw, quarter, counts[quarter]) for quarter in QUARTERS}
    pulse.publish_pulses()
    return shown_groups()


def attack(groups: Groups) -> tuple[int, float]:
    """Return how many single answers are recovered, and the fewest people any sum that is recovered speaks of."""
    answers = sum(single_answers_solved(seen) for seen in groups.values())
    # Groups that are shown again add nothing; seven keep the search short.
    return answers, min(smallest_recovered(list(dict.fromkeys(seen))[:7]) for seen in groups.values())


@pytest.mark.parametrize("seed", range(2))
def test_late_answers_to_pulses_give_no_answer_and_no_small_group_away(company: None, seed: int) -> None:
    """Every revision a reader ever saw, solved together: 0 single answers, no sum of fewer than five people."""
    groups = a_year(random.Random(seed))
    assert max(len(set(seen)) for seen in groups.values()) > 1, "revisions were shown, not only withheld"
    answers, smallest = attack(groups)
    assert answers == 0
    assert smallest >= get_site().suppression.mean_min


def test_without_its_ledger_the_product_would_lose(company: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same year, published by a product that forgets what it showed: the same attacker recovers answers."""
    monkeypatch.setattr(
        results_release, "suppress", lambda figures, groups, dimensions, _, minimums: suppress(
            figures, groups, dimensions, [], minimums
        ),
    )  # fmt: skip
    answers, smallest = attack(a_year(random.Random(0)))
    assert answers > 0
    assert smallest < get_site().suppression.mean_min
