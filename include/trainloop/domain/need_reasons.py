"""Why a layer passed or failed, in words: the closed list of reason codes of `trainloop.domain.need`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

# code → (zh, en). What is missing says what to bring, so that a failed layer is a task and not a riddle.
REASON_TEXTS: Mapping[str, tuple[str, str]] = {
    "goal_has_weight": ("对应的战略目标有权重", "traces to a strategy goal with weight"),
    "goal_without_weight": ("对应的战略目标没有权重", "its strategy goal has no weight"),
    "goal_missing": ("缺少证据：主题没有对应战略目标", "evidence missing: the topic names no strategy goal"),
    "goal_not_of_the_year": (
        "缺少证据：所填目标不在本年度战略目标中",
        "evidence missing: its goal is not among the goals of the year",
    ),
    "gap_confirmed": (
        "差距达到标准，原因为技能，部门负责人已确认",
        "gap large enough, a matter of skill, confirmed by the head",
    ),
    "gap_below_threshold": ("差距未达到标准", "the gap is below the threshold"),
    "measure_missing": (
        "缺少证据：主题没有对应指标或胜任力",
        "evidence missing: the topic names neither an indicator nor a competency",
    ),
    "results_missing": (
        "缺少证据：目标人群没有可用的绩效或测评数据",
        "evidence missing: no usable results of the target group",
    ),
    "confirmation_missing": (
        "缺少证据：部门负责人尚未确认",
        "evidence missing: no head of department has confirmed it",
    ),
    "not_confirmed": ("部门负责人未认可该需求", "the heads of department said no"),
    "cause_missing": (
        "缺少证据：差距原因尚未判断或有分歧",
        "evidence missing: the cause of the gap is not stated, or disputed",
    ),
    "cause_tool": ("差距原因是工具，不是培训能解决的", "the cause is tools: no matter of training"),
    "cause_process": ("差距原因是流程，不是培训能解决的", "the cause is the process: no matter of training"),
    "cause_motivation": ("差距原因是动力，不是培训能解决的", "the cause is motivation: no matter of training"),
    "too_few_people": ("缺少证据：有数据的人数太少", "evidence missing: results of too few people"),
    "share_reached": ("提出该需求的比例达到标准", "enough of the target group ask for it"),
    "share_below_threshold": ("提出该需求的比例未达到标准", "too few of the target group ask for it"),
    "survey_missing": ("缺少证据：没有年度需求调研", "evidence missing: there was no annual needs survey"),
    "groups_missing": (
        "缺少证据：答卷没有序列或层级，无法归入目标人群",
        "evidence missing: the answers do not say which family or level they come from",
    ),
    "too_few_answers": ("缺少证据：目标人群答卷太少", "evidence missing: too few answers of the target group"),
}


def need_reason_text(code: str, locale: Literal["zh-CN", "en"]) -> str:
    """Return the words of one reason; raise KeyError for a code outside the closed list."""
    return REASON_TEXTS[code][0 if locale == "zh-CN" else 1]
