"""The words of a 90-day verdict: a sentence for each grade and outcome, each weakness with what would raise the grade.

At D and E no sentence says or implies that training did anything; a test reads all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from trainloop.domain.performance import Graded, Outcome, Weakness

Locale = Literal["zh-CN", "en"]

# (zh, en) by grade and outcome; the figures in braces are put in by `say`.
_INTERVAL_ZH, _INTERVAL_EN = "（{confidence} 区间 {low} 至 {high}）", " ({confidence} interval {low} to {high})"
SENTENCES: Mapping[str, tuple[str, str]] = {
    "A.improved": (
        "培训使{kpi}改善了 {effect}" + _INTERVAL_ZH + "。",
        "The training improved {kpi} by {effect}" + _INTERVAL_EN + ".",
    ),
    "A.worsened": (
        "培训使{kpi}变差了 {effect}" + _INTERVAL_ZH + "。",
        "The training made {kpi} worse by {effect}" + _INTERVAL_EN + ".",
    ),
    "A.no_clear_change": (
        "随机对照没有发现培训对{kpi}有明确效果" + _INTERVAL_ZH + "；小于 {mde} 的效果看不出来。",
        "The trial found no clear effect of the training on {kpi}" + _INTERVAL_EN + "; one below {mde} would not show.",
    ),
    "B.improved": (
        "与对照组相比，培训后{kpi}多改善了 {effect}" + _INTERVAL_ZH + "，很可能来自培训。",
        ("Compared with the other group, {kpi} improved by {effect} more" + _INTERVAL_EN + ", very probably by"
         " training."),
    ),
    "B.worsened": (
        "与对照组相比，培训后{kpi}相对变差了 {effect}" + _INTERVAL_ZH + "，很可能与培训有关。",
        "Compared with the other group, {kpi} got worse by {effect}" + _INTERVAL_EN + ", very probably by training.",
    ),
    "B.no_clear_change": (
        "与对照组相比，{kpi}没有明确差别" + _INTERVAL_ZH + "；小于 {mde} 的效果看不出来。",
        ("Compared with the other group, {kpi} shows no clear difference" + _INTERVAL_EN
         + "; an effect below {mde} would not show."),
    ),
    "C.improved": (
        "与对照组相比，{kpi}多改善了 {effect}" + _INTERVAL_ZH + "；对照组有下列不足，培训可能是原因之一。",
        ("Compared with the other group, {kpi} improved by {effect} more" + _INTERVAL_EN
         + "; given the weakness named below, training may be one of the reasons."),
    ),
    "C.worsened": (
        "与对照组相比，{kpi}相对变差了 {effect}" + _INTERVAL_ZH + "；对照组有下列不足，培训可能是原因之一。",
        ("Compared with the other group, {kpi} got worse by {effect}" + _INTERVAL_EN
         + "; given the weakness named below, training may be one of the reasons."),
    ),
    "C.no_clear_change": (
        "与对照组相比，{kpi}没有明确差别" + _INTERVAL_ZH + "；对照组有下列不足。",
        ("Compared with the other group, {kpi} shows no clear difference" + _INTERVAL_EN
         + "; mind the weakness named below."),
    ),
    "C.not_measured": (
        "与对照组相比，{kpi}的差别为 {effect}；团队太少，无法给出区间，不能下结论。",
        "Compared with the other group, {kpi} differs by {effect}; too few teams for an interval, so no conclusion.",
    ),
    "D.before_after": (
        "{learners} 名学员的{kpi}：开班前 {pre}，开班后 {post}。没有可比的对照组，这些数字不能用来评价培训。",
        ("{kpi} of the {learners} learners: {pre} before the class, {post} after it. There is no comparable group;"
         " these figures say nothing about the training."),
    ),
    "D.selected": (
        "学员是在{kpi}表现不佳时被选出的，这样的数字通常会自行回到平常水平，因此不显示前后之差，也不能用来评价培训。",
        ("The learners were chosen at a time of poor {kpi}. Such figures usually return to normal by themselves, so no"
         " difference is shown; they say nothing about the training."),
    ),
    "D.too_different": (
        "{learners} 名学员与 {others} 名对照人员开班前的{kpi}相差太大，无法比较，不能用来评价培训。",
        ("The {learners} learners and the {others} other people differed too much in {kpi} before the class to be"
         " compared; the figures say nothing about the training."),
    ),
    "E.too_little": (
        "只有 {learners} 名学员有足够的{kpi}数据，数据太少，不作结论。",
        "Only {learners} learners have enough data on {kpi}: too little data, no conclusion.",
    ),
}  # fmt: skip

# weakness: (what it is, what would raise the grade), zh and en.
WEAKNESS_WORDS: Mapping[Weakness, tuple[tuple[str, str], tuple[str, str]]] = {
    "too_few_learners": (
        ("可分析的学员太少", "补齐指标数据，或合并同一课程的多个班次"),
        ("too few learners can be analysed", "complete the figures, or pool several classes of the course"),
    ),
    "no_comparison_group": (
        ("没有对照组", "保留候补名单，或登记一个未参训的同序列同层级团队作对照"),
        ("there is no comparison group", "keep a waitlist, or register an untrained team of the same family and level"),
    ),
    "selected_on_results": (
        ("学员因成绩偏低被选中", "在符合条件的人员中抽签决定先后参训"),
        ("learners were chosen for low results", "draw lots among those eligible for who is trained first"),
    ),
    "severe_imbalance": (
        ("两组开班前差异过大", "选择水平相近的对照人员，或抽签分组"),
        ("the groups differed far too much before", "compare with people of a similar level, or draw lots"),
    ),
    "cancellers": (
        ("对照组是取消报名的人，他们自己选择不参加", "改用候补名单或未参训的同类人员作对照"),
        ("the comparison people cancelled by their own choice", "compare with a waitlist or with untrained people"),
    ),
    "comparison_touched": (
        ("对照组也接触了培训内容", "让对照团队在 90 天内不接触培训内容"),
        ("the comparison group was reached by the training", "keep the training away from it for the 90 days"),
    ),
    "one_team": (
        ("一组只有一个团队，团队自身的变化无法区分", "让两组都有至少 10 个团队参加"),
        ("one team in a group: what happens to the team cannot be told apart", "have ten teams or more in both groups"),
    ),
    "few_teams": (
        ("团队太少", "让两组都有至少 10 个团队参加"),
        ("there are few teams", "have ten teams or more in both groups"),
    ),
    "trends_differ": (
        ("开班前两组走势已不同", "选择此前走势相同的对照人员，或抽签分组"),
        ("the groups moved apart before the class", "compare with people whose trend was the same, or draw lots"),
    ),
    "trend_not_tested": (
        ("开班前数据不足六个时段，未检验走势", "补齐开班前六个月的数据"),
        ("no six periods before the class; the trend is not tested", "supply the figures of six months before"),
    ),
    "trend_unclear": (
        ("开班前走势是否相同不能确定", "增加对照人员和团队，或补齐更早的数据"),
        ("whether the groups moved alike before is not certain", "add comparison people and teams, or earlier figures"),
    ),
    "imbalance": (
        ("两组开班前仍有差异", "选择水平相近的对照人员，或抽签分组"),
        ("the groups still differ before the class", "compare with people of a similar level, or draw lots"),
    ),
    "not_by_lot": (
        ("参训人员不是抽签决定的", "下次在符合条件的人员中抽签决定先后参训"),
        ("who was trained was not drawn by lot", "next time draw lots among those eligible for who comes first"),
    ),
    "few_units": (
        ("抽签的单位太少", "每组至少 10 个抽签单位"),
        ("too few units were drawn", "draw ten units or more for each group"),
    ),
    "low_power": (
        ("样本太小，看不出有意义的差异", "增加学员与对照人员，或合并多个班次"),
        ("too small to see a difference that matters", "add learners and comparison people, or pool classes"),
    ),
}


def difference_unit(unit: str | None, locale: Locale, *, is_one: bool = False) -> str:
    """Return the unit of a difference: between two percentages lie percentage points.

    >>> difference_unit("%", "en"), difference_unit("%", "zh-CN"), difference_unit("万元", "en")
    ('percentage points', '个百分点', '万元')
    """
    if unit in {"%", "％"}:
        return "个百分点" if locale == "zh-CN" else "percentage point" if is_one else "percentage points"
    return unit or ""


def sentence_code(graded: Graded, outcome: Outcome) -> str:
    """Return which sentence a result may say: by its grade, at D by what is in the way."""
    if graded.grade == "E":
        return "E.too_little"
    if graded.grade == "D":
        if "selected_on_results" in graded.weaknesses:
            return "D.selected"
        return "D.before_after" if "no_comparison_group" in graded.weaknesses else "D.too_different"
    if outcome == "not_measured":
        return "C.not_measured"
    return f"{graded.grade}.{outcome}"


def say(code: str, locale: Locale, **words: str) -> str:
    """Return a sentence with its figures, which come formatted (sign of `effect` left out)."""
    return SENTENCES[code][0 if locale == "zh-CN" else 1].format(**words)


def weakness_text(weakness: Weakness, locale: Locale) -> tuple[str, str]:
    """Return (what the weakness is, what would raise the grade)."""
    return WEAKNESS_WORDS[weakness][0 if locale == "zh-CN" else 1]
