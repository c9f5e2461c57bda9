"""Why a number is missing: a closed list of reasons with the words a reader sees in its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ReasonCode = Literal[
    "too_few_answers",
    "below_minimum_mean",
    "below_minimum_distribution",
    "protects_other_figure",
    "too_close_to_earlier_release",
    "constant_item",
    "constant_data",
    "fewer_than_three_items",
    "not_a_0_to_10_scale",
    "pre_at_maximum",
    "no_earlier_sessions",
    "no_linked_tests",
    "no_attendance",
    "no_interactions",
    "no_costs",
    "mixed_currencies",
    "no_eligible_people",
    "more_answers_than_people",
    "different_scales",
    "no_answers",
    "no_self_rating",
    "no_earlier_wave",
    "below_minimum_raters",
    "too_few_raters",
    "too_few_people",
    "too_few_teams",
    "too_few_periods",
    "no_comparison_group",
    "zero_baseline",
    "zero_exposure",
    "no_events",
    "no_counts",
    "regression_to_the_mean",
    "too_little_history",
    "no_comparator",
    "too_few_sessions",
    "no_plans",
]

_TEXTS: dict[str, tuple[str, str]] = {
    "too_few_raters": ("评委不足，不形成总分", "too few raters for a score"),
    "too_few_answers": ("答卷太少，无法计算", "too few answers to compute"),
    "below_minimum_mean": (
        "少于最低人数，为保护匿名不显示",
        "fewer people than the minimum; not shown to keep answers anonymous",
    ),
    "below_minimum_distribution": (
        "人数不足以显示分布，为保护匿名不显示",
        "fewer people than a distribution needs; not shown to keep answers anonymous",
    ),
    "protects_other_figure": (
        "显示后可推算出其他受保护的数字，故不显示",
        "not shown because a protected figure could be worked out from it",
    ),
    "too_close_to_earlier_release": (
        "与已发布版本只相差少数人，为保护匿名不显示",
        "differs from an earlier release by a few people only; not shown to keep answers anonymous",
    ),
    "constant_item": ("某题所有人的回答相同，无法计算", "everybody gave the same answer to an item; not computed"),
    "constant_data": ("数据没有差异，无法计算", "the values do not vary; not computed"),
    "fewer_than_three_items": ("少于三题，不计算", "fewer than three items; not computed"),
    "not_a_0_to_10_scale": ("不是 0–10 分量表，不能计算 NPS", "not a 0–10 scale; NPS is not defined"),
    "pre_at_maximum": ("课前均分已达满分，无法定义", "the mean before the class is the maximum; not defined"),
    "no_earlier_sessions": ("没有可比较的往期班次", "no earlier session to compare with"),
    "no_linked_tests": ("没有同一学员的课前与课后成绩", "no learner has both a pre-test and a post-test"),
    "no_attendance": ("没有签到记录", "attendance was not recorded"),
    "no_interactions": ("没有收到课堂互动数据", "no interaction data came in"),
    "no_costs": ("没有收到费用数据", "no costs came in"),
    "mixed_currencies": ("费用币种不一致，不能相加", "costs in several currencies are not added up"),
    "no_eligible_people": ("没有应答对象", "nobody was eligible to answer"),
    "more_answers_than_people": (
        "答卷数多于应答人数，请核对邀请名单",
        "more answers than people invited; check the list of invitations",
    ),
    "different_scales": ("量表不同，不能合并计算", "the scales differ; not averaged"),
    "no_answers": ("没有答卷", "no answers"),
    "no_self_rating": ("本人未自评", "the person did not rate themselves"),
    "no_earlier_wave": ("没有可比较的上一季度结果", "no earlier quarter to compare with"),
    "below_minimum_raters": (
        "该组评价人少于 3 人，为保护评价人不单独显示",
        "fewer than three raters in this group; not shown by itself to protect them",
    ),
    "too_few_people": ("人数太少，无法计算", "too few people to compute"),
    "too_few_teams": ("团队太少，无法给出区间", "too few teams for an interval"),
    "too_few_periods": (
        "开班前六个时段的数据不全，无法检验此前的走势",
        "too few people with all six periods before the class; the earlier trend cannot be tested",
    ),
    "no_comparison_group": ("没有可比的对照组", "no comparison group"),
    "zero_baseline": ("基线为零，无增长率", "the baseline is zero; no growth rate"),
    "zero_exposure": ("没有业务量，无法计算比率", "no exposure; no rate"),
    "no_events": ("没有发生任何事件，无法计算比率之比", "no events; no ratio of rates"),
    "no_counts": ("分子不是次数，不计算精确区间", "the numerators are no counts; no exact interval"),
    "regression_to_the_mean": (
        "学员因成绩偏低被选中，数字本会自行回升，前后之差不作为进步显示",
        "learners were chosen for low results, which move back by themselves; before and after is not shown as a gain",
    ),
    "no_comparator": (
        "该课程只有一位培训师，没有可比对象",
        "the course has one trainer only; there is nobody to compare with",
    ),
    "too_few_sessions": ("已评估的班次太少，不参与排名", "too few evaluated classes to be ranked"),
    "no_plans": ("没有行动学习计划数据", "no action plans came in"),
    "too_little_history": ("可比的往期班次太少，无法预测", "too few comparable classes to forecast"),
}


@dataclass(frozen=True)
class Refusal:
    """An estimator's refusal to answer; the report prints its text where the number would stand."""

    reason_code: ReasonCode

    def text(self, locale: Literal["zh-CN", "en"]) -> str:
        """Return the words a reader sees."""
        return reason_text(self.reason_code, locale)


Value = float | Refusal


def reason_text(code: str, locale: Literal["zh-CN", "en"]) -> str:
    """Return the words of one reason code; raise KeyError for a code outside the closed list."""
    return _TEXTS[code][0 if locale == "zh-CN" else 1]
