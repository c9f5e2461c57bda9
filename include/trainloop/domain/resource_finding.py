"""What can be wrong with the knowledge base and with internal trainers in the making, in words (R14, R15).

One sentence a finding, made of its kind, its codes and the names a reader knows: what is wrong, then what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Locale = Literal["zh-CN", "en"]

OF_KNOWLEDGE = (
    "asset_stale",
    "asset_duplicate",
    "asset_unlicensed",
    "asset_licence_expired",
    "asset_licence_ending",
    "asset_ownerless",
    "asset_file_missing",
    "asset_file_changed",
    "course_uncovered",
)
OF_TRAINERS = (
    "stage_due",
    "stage_overdue",
    "mentor_missing",
    "rubric_incomplete",
    "rubric_failed",
    "certificate_ending",
    "certificate_ended",
    "bench_thin",
    "trainer_overloaded",
)
_SENTENCES: Mapping[str, Mapping[Locale, str]] = {
    "asset_stale": {
        "zh-CN": "{asset}：{reviewed}。请审阅内容并更新审阅日期。",
        "en": "{asset}: {reviewed}. Review it and update the date.",
    },
    "asset_duplicate": {
        "zh-CN": "{asset}：与 {others} 是同一个文件。请只保留一份。",
        "en": "{asset}: the same file as {others}. Keep one of them.",
    },
    "asset_unlicensed": {
        "zh-CN": "{asset}：没有授权信息，不会发给学员。请补充授权。",
        "en": "{asset}: no licence, so learners do not get it. Add the licence.",
    },
    "asset_licence_expired": {
        "zh-CN": "{asset}：授权已于 {expires_on} 到期，不会发给学员。请续期或替换。",
        "en": "{asset}: its licence ended on {expires_on}, so learners do not get it. Renew or replace it.",
    },
    "asset_licence_ending": {
        "zh-CN": "{asset}：授权将于 {expires_on} 到期。请续期或准备替换。",
        "en": "{asset}: its licence ends on {expires_on}. Renew it or prepare another.",
    },
    "asset_ownerless": {
        "zh-CN": "{asset}：没有在职的负责人。请指定一位。",
        "en": "{asset}: nobody who works here owns it. Name an owner.",
    },
    "asset_file_missing": {
        "zh-CN": "{asset}：{why}。请更正登记或重新上传文件。",
        "en": "{asset}: {why}. Correct its entry or upload the file again.",
    },
    "asset_file_changed": {
        "zh-CN": "{asset}：文件与登记的校验值不符。请核对文件，更新版本与校验值。",
        "en": "{asset}: its file is not the registered one. Check it and update version and checksum.",
    },
    "course_uncovered": {
        "zh-CN": "课程《{course}》：没有可用的{missing}。请补充资料，或更正现有资料的授权与文件。",
        "en": "Course {course}: no usable {missing}. Add one, or mend licence and file of what there is.",
    },
    "stage_due": {
        "zh-CN": "{person}（{topic}）：{stage}之后的下一步（{next_stage}）应在 {due_on} 前完成。请约定时间。",
        "en": "{person}, {topic}: after “{stage}” the next step ({next_stage}) is due by {due_on}. Agree on a day.",
    },
    "stage_overdue": {
        "zh-CN": "{person}（{topic}）：{next_stage}已逾期，原定 {due_on}。请商定新的日期并完成，或登记为失效。",
        "en": "{person}, {topic}: “{next_stage}” is late, it was due {due_on}. Agree on a day, or record a lapse.",
    },
    "mentor_missing": {
        "zh-CN": "{person}（{topic}）：处于“{stage}”阶段，但没有在职的导师。请指定一位。",
        "en": "{person}, {topic}: in “{stage}” without a mentor who works here. Name one.",
    },
    "rubric_incomplete": {
        "zh-CN": "{person}（{topic}）：试讲只有 {assessors} 位评委打分，至少需要 {needed} 位，尚无结论。请补充评分。",
        "en": "{person}, {topic}: {assessors} of at least {needed} assessors marked the trial. Have it marked.",
    },
    "rubric_failed": {
        "zh-CN": "{person}（{topic}）：试讲平均分未达标，不计入讲师储备。请安排再次试讲或继续辅导。",
        "en": "{person}, {topic}: the trial's mean is below the pass mark, so not on the bench. Plan another trial.",
    },
    "certificate_ending": {
        "zh-CN": "{person}（{topic}）：授课证书将于 {expires_on} 到期。请安排换证。",
        "en": "{person}, {topic}: the teaching certificate ends on {expires_on}. Plan its renewal.",
    },
    "certificate_ended": {
        "zh-CN": "{person}（{topic}）：授课证书已于 {expires_on} 到期，视为失效。请重新试讲并认证。",
        "en": "{person}, {topic}: the certificate ended on {expires_on} and has lapsed. A new trial renews it.",
    },
    "bench_thin": {
        "zh-CN": "主题“{topic}”：{count} 人可授课，至少需要 {needed} 人（培养中 {amount} 人）。请提名或加快培养。",
        "en": "Topic {topic}: {count} can teach it, {needed} are needed ({amount} under way). Nominate or speed up.",
    },
    "trainer_overloaded": {
        "zh-CN": "讲师{trainer}：{quarter} 排课 {amount} 小时，超过 {limit} 小时。{relief}",
        "en": "Trainer {trainer}: {amount} hours in {quarter}, more than {limit}. {relief}",
    },
}
_STAGES: Mapping[str, Mapping[Locale, str]] = {
    "nominated": {"zh-CN": "提名", "en": "nomination"},
    "mentored": {"zh-CN": "导师辅导", "en": "mentoring"},
    "micro_course": {"zh-CN": "微课", "en": "micro-course"},
    "trial": {"zh-CN": "试讲", "en": "trial lesson"},
    "certified": {"zh-CN": "授课认证", "en": "certificate"},
}
_NEXT = {"nominated": "mentored", "mentored": "micro_course", "micro_course": "trial", "trial": "certified"}
_KINDS: Mapping[str, Mapping[Locale, str]] = {
    "courseware": {"zh-CN": "课件", "en": "courseware"},
    "case": {"zh-CN": "案例", "en": "case"},
    "process": {"zh-CN": "流程", "en": "process"},
    "micro_course": {"zh-CN": "微课", "en": "micro-course"},
    "template": {"zh-CN": "模板", "en": "template"},
    "prework": {"zh-CN": "预习资料", "en": "pre-work"},
}
_WHY: Mapping[str, Mapping[Locale, str]] = {
    "no_address": {"zh-CN": "没有登记文件地址", "en": "no address is given"},
    "no_checksum": {"zh-CN": "没有登记校验值", "en": "no checksum is given"},
    "unreachable": {"zh-CN": "文件不存在或无法读取", "en": "the file is not there or cannot be read"},
    "not_our_store": {"zh-CN": "文件不在资料库中", "en": "the file is not in the material store"},
    "too_large": {"zh-CN": "文件过大", "en": "the file is too large"},
}
_REVIEWED: Mapping[Locale, str] = {
    "zh-CN": "上次审阅 {reviewed_on}，已超过期限",
    "en": "last reviewed on {reviewed_on}, too long ago",
}
_NEVER: Mapping[Locale, str] = {"zh-CN": "没有审阅记录", "en": "no review is on record"}
_RELIEF: Mapping[Locale, str] = {"zh-CN": "可分担：{names}。", "en": "These can share: {names}."}
_NO_RELIEF: Mapping[Locale, str] = {
    "zh-CN": "同主题暂无其他可授课讲师，请提名候选人。",
    "en": "Nobody else can teach these topics yet: nominate candidates.",
}


def sentence(kind: str, detail: Mapping[str, Any], names: Mapping[str, Any], locale: Locale) -> str:
    """Return what is wrong and what to do about it; raise KeyError for a kind nobody knows.

    `detail` is the finding's with its days already written out; `names` are asset, course, topic, person, trainer,
    amount and relief (a list) where the kind has them.
    """
    comma = "、" if locale == "zh-CN" else ", "
    relief = names.get("relief") or ()
    facts = {name: value for name, value in {**detail, **names}.items() if isinstance(value, str | int)} | {
        "reviewed": (_REVIEWED if detail.get("reviewed_on") else _NEVER)[locale].format_map(detail),
        "others": comma.join(detail.get("others", ())),
        "why": _WHY.get(detail.get("why", ""), {}).get(locale, ""),
        "missing": comma.join(_KINDS[one][locale] for one in detail.get("missing", ())),
        "stage": _STAGES.get(detail.get("stage", ""), {}).get(locale, ""),
        "next_stage": _STAGES.get(_NEXT.get(detail.get("stage", ""), ""), {}).get(locale, ""),
        "relief": _RELIEF[locale].format(names=comma.join(relief)) if relief else _NO_RELIEF[locale],
    }
    return _SENTENCES[kind][locale].format_map(facts)
