"""What one person may read of the own 360: no figure, and no difference of two, speaks of fewer than three raters."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import pytest
from tests.surveys.assessment_world import ITEMS

from trainloop.domain.assessment import MERGED
from trainloop.surveys.assessment_figures import Assessment, Minimums, PrivateFigure, Rating, private_figures, scores
from trainloop.surveys.results_inputs import questions_of

DIMENSIONS = ("team_management", "cross_department", "communication", "coaching", "execution")


def assessment(groups: Mapping[str, int], skipped: Mapping[str, tuple[str, int]] | None = None) -> Assessment:
    """So many raters a group, all scores 3; `skipped`: dimension → (group, how many of it did not rate it)."""
    ratings = []
    for group, size in groups.items():
        for number in range(size):
            left_out = {code for code, (name, count) in (skipped or {}).items() if name == group and number < count}
            ratings += [
                Rating(f"{group}-{number}", group, item, 3.0)
                for item in ITEMS
                if item.rpartition("_")[0] not in left_out
            ]
    return Assessment(ratings, questions_of("feedback_360"), 0.5)


def figures(found: Assessment) -> dict[tuple[str, str, str, str], PrivateFigure]:
    return {
        (row.group_code, row.family, row.code, row.statistic): row for row in private_figures(found, {}, Minimums())
    }


@pytest.mark.parametrize("sizes", list(product(range(5), repeat=3)))
def test_whatever_is_subtracted_three_raters_remain(sizes: tuple[int, int, int]) -> None:
    """Groups, merged groups and the total: every difference is of three raters or more, the declared manager aside."""
    counts = dict(zip(("peer", "report", "other"), sizes, strict=True))
    shown = figures(assessment({"self": 1, "manager": 1} | counts))
    for dimension in DIMENSIONS:
        groups = {
            group: sum(counts[name] for name in group.split(MERGED))
            for group, family, code, statistic in shown
            if (family, code, statistic) == ("dimension", dimension, "mean")
            and shown[group, family, code, statistic].value is not None
            and group not in {"self", "manager", "others"}
        }
        total = shown["others", "dimension", dimension, "mean"]
        assert all(size >= 3 for size in groups.values())
        if total.value is not None:
            assert total.rater_count == 1 + sum(groups.values())
        else:
            assert groups == {}


@pytest.mark.parametrize("missing", range(5))
def test_a_dimension_that_few_rated_is_merged_everywhere(missing: int) -> None:
    """Four reports of whom two rated coaching: the group is judged by its thinnest dimension, and no total tells it."""
    found = assessment({"self": 1, "manager": 1, "peer": 4, "report": 4}, {"coaching": ("report", missing)})
    shown = figures(found)
    rated = 4 - missing
    for dimension in DIMENSIONS:
        means = {
            group: row
            for (group, family, code, statistic), row in shown.items()
            if (family, code, statistic) == ("dimension", dimension, "mean") and group not in {"self", "manager"}
        }
        counts = [row.rater_count or 0 for row in means.values() if row.value is not None]
        assert all(count >= 3 for count in counts)
        if rated < 3:
            assert "report" not in means
    total, peers = (
        shown["others", "dimension", "coaching", "mean"],
        shown.get(("peer", "dimension", "coaching", "mean")),
    )
    if total.value is not None and peers is not None and peers.value is not None:
        left = (total.rater_count or 0) - 1 - (peers.rater_count or 0)
        assert left >= 3


def test_items_and_agreement_need_five_raters() -> None:
    """Three peers and the manager: group means, no items; with one peer more there are five."""
    few = figures(assessment({"self": 1, "manager": 1, "peer": 3}))
    assert few["peer", "dimension", "coaching", "mean"].value == 3
    assert few["others", "item", "coaching_1", "mean"].reason == "below_minimum_raters"
    assert few["others", "agreement", "coaching", "band"].reason == "below_minimum_raters"
    more = figures(assessment({"self": 1, "manager": 1, "peer": 4}))
    assert more["others", "item", "coaching_1", "mean"].value == 3
    assert more["others", "agreement", "coaching", "band"].text_value == "strong"


def test_without_the_own_rating_there_is_no_gap_and_the_reason_says_so() -> None:
    """The rest is shown all the same."""
    shown = figures(assessment({"manager": 1, "peer": 5}))
    assert shown["others", "dimension", "coaching", "gap"].reason == "no_self_rating"
    assert shown["others", "dimension", "coaching", "mean"].value == 3


def test_the_manager_alone_is_shown_as_what_it_is() -> None:
    """Declared as one person's rating; two reports beside it are not."""
    shown = figures(assessment({"self": 1, "manager": 1, "report": 2}))
    assert shown["manager", "dimension", "coaching", "mean"].value == 3
    assert shown["others", "dimension", "coaching", "mean"].reason == "below_minimum_raters"
    assert {group for group, *_ in shown} == {"self", "manager", "others"}


def test_a_cohort_is_pooled_from_people_with_three_raters() -> None:
    """Below that a person's mean is one or two people's opinion."""
    assert {score.rater_group for score in scores(assessment({"self": 1, "manager": 1, "peer": 1}), 3)} == {"self"}
    found = scores(assessment({"self": 1, "manager": 1, "peer": 2}), 3)
    assert {score.score_count for score in found if score.rater_group == "others"} == {3}
    assert len(found) == 2 * (len(ITEMS) + len(DIMENSIONS))
