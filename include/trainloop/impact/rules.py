"""The site's thresholds of a study, as each estimator wants them."""

from __future__ import annotations

from dataclasses import dataclass

from trainloop.config import Site
from trainloop.domain.performance import GradeRules
from trainloop.statistics.comparison_groups import GroupRules
from trainloop.statistics.effects import EffectRules
from trainloop.statistics.windows import WindowRules


@dataclass(frozen=True)
class Rules:
    """The site's thresholds as each function wants them."""

    windows: WindowRules
    groups: GroupRules
    effects: EffectRules
    grades: GradeRules
    trend_margin_sd: float
    trend_alpha: float
    selection_z: float
    power: float
    relevant_effect_sd: float

    @classmethod
    def of(cls, site: Site) -> Rules:
        rules = site.impact
        return cls(
            WindowRules(rules.window_days, rules.window_months, rules.min_coverage),
            GroupRules(rules.min_comparison, rules.min_matched_share, rules.caliper_sd, rules.max_smd),
            EffectRules(site.statistics.confidence, rules.min_teams, rules.bootstrap_replications, rules.seed),
            GradeRules(
                rules.min_learners,
                rules.min_teams,
                rules.min_units,
                rules.max_smd,
                rules.smd_judged_from,
                rules.severe_smd,
            ),
            rules.trend_margin_sd,
            rules.trend_alpha,
            rules.selection_z,
            rules.power,
            rules.relevant_effect_sd,
        )
