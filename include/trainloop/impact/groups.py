"""What the two groups of a study look like: levels, who is left out, and the line of each group over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trainloop.impact.finding import Arm, Cell
from trainloop.impact.rules import Rules
from trainloop.statistics.comparison_groups import LEARNER, ComparisonGroup
from trainloop.statistics.rates import growth, rate_ratio
from trainloop.statistics.refusal import Refusal
from trainloop.statistics.windows import Panel

if TYPE_CHECKING:
    import pandas as pd


def arms(compared: pd.DataFrame, panel: Panel, rules: Rules) -> tuple[Arm | None, Arm | None]:
    """Return learners and comparison: people, teams, levels, growth, and the ratio of rates after and before."""
    found: list[Arm | None] = []
    for is_learner in (True, False):
        people = compared[compared["is_learner"] == is_learner]
        if people.empty:
            found.append(None)
            continue
        events, exposure, before, exposure_before = (
            float(people[name].sum()) for name in ("post_events", "post_exposure", "pre_events", "pre_exposure")
        )
        pre, post = float(people["pre"].mean()), float(people["post"].mean())
        ratio = each = None
        if panel.is_rate:
            ratio = rate_ratio(events, exposure, before, exposure_before, rules.effects.confidence)
            each = exposure / float(people["post_periods"].sum())
        found.append(Arm(len(people), people["team_code"].nunique(), pre, post, growth(pre, post), ratio, each))
    return found[0], found[1]


def exclusions(panel: Panel, group: ComparisonGroup | Refusal) -> dict[str, dict[str, int]]:
    """Count who is left out, by role; of comparison people only those of the source that serves."""
    roles = list(panel.people["role"].unique())
    if not isinstance(group, Refusal):
        serving = "untrained" if group.source == "matched" else group.source
        roles = [role for role in roles if role in {LEARNER, serving}]
    left_out = panel.people[panel.people["exclusion"].notna()]
    found = {
        str(role): {str(reason): int(n) for reason, n in part["exclusion"].value_counts().items()}
        for role, part in left_out.groupby("role")
        if role in roles
    }
    if not isinstance(group, Refusal) and len(group.unmatched):
        found.setdefault(LEARNER, {})["no_comparable_person"] = len(group.unmatched)
    return found


def series(panel: Panel, compared: pd.DataFrame) -> tuple[Cell, ...]:
    """Return both groups' mean level in each cell around the class, for the chart."""
    import numpy as np

    is_learner = compared["is_learner"].to_numpy(dtype=bool)
    cells = panel.cells[compared.index.to_numpy()]

    def means(rows: Any) -> list[tuple[float, int]]:
        known = (~np.isnan(rows)).sum(axis=0)
        return [
            (float(total / n) if n else float("nan"), int(n))
            for total, n in zip(np.nansum(rows, axis=0), known, strict=True)
        ]

    learners = means(cells[is_learner])
    others: list[tuple[float, int]] | list[tuple[None, int]] = [(None, 0)] * len(learners)
    if not is_learner.all():
        others = means(cells[~is_learner])
    return tuple(
        Cell(offset, own[0], other[0], own[1], other[1])
        for offset, own, other in zip(panel.offsets, learners, others, strict=True)
    )
