"""Readiness of a class session (R16): what is wrong with it, in words, and what to do about it.

Mails, the run sheet and the board say the same: one sentence per exception, made of its kind and its codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Locale = Literal["zh-CN", "en"]

RESOURCES: Mapping[str, Mapping[Locale, str]] = {
    "room": {"zh-CN": "教室", "en": "room"},
    "venue": {"zh-CN": "场地", "en": "venue"},
    "smart_classroom": {"zh-CN": "智慧教室", "en": "smart classroom"},
    "equipment": {"zh-CN": "设备", "en": "equipment"},
    "live_stream": {"zh-CN": "直播", "en": "live stream"},
    "tea_break": {"zh-CN": "茶歇", "en": "tea break"},
    "trainer": {"zh-CN": "讲师", "en": "trainer"},
    "class_manager": {"zh-CN": "班主任", "en": "class manager"},
}

# Kinds the daily readiness scan finds and closes; the others are found while materials are prepared.
SCANNED = (
    "confirmation_missing",
    "resource_missing",
    "double_booking",
    "class_manager_missing",
    "headcount_over_capacity",
    "over_budget",
)
OF_MATERIALS = ("material_missing", "material_unlicensed", "material_licence_expired", "material_changed")

_SENTENCES: Mapping[str, Mapping[Locale, str]] = {
    "confirmation_missing": {
        "zh-CN": "{resource}{item}尚未确认（最晚 {due_on}）：请与负责人确认，或更换后更新资源预订表。",
        "en": "The {resource}{item} is not confirmed (due {due_on}): confirm or replace it in the bookings.",
    },
    "resource_missing": {
        "zh-CN": "没有预订{resource}：请预订并登记在资源预订表。",
        "en": "No {resource} is booked: book one and add it to the bookings.",
    },
    "double_booking": {
        "zh-CN": "{resource}{item}同一时间还被 {others} 占用：请改期或更换其中一方。",
        "en": "The {resource}{item} is taken by {others} at the same time: move or replace one of them.",
    },
    "class_manager_missing": {
        "zh-CN": "没有可联系的班主任：请在班次表中指定一位在职员工。",
        "en": "There is no class manager to reach: name an active employee in the class sessions.",
    },
    "headcount_over_capacity": {
        "zh-CN": "预计到课 {low}–{high} 人，超过容量 {capacity} 人：请更换更大的教室或分班。",
        "en": "{low}–{high} people are expected and there is room for {capacity}: take a larger room or split it.",
    },
    "over_budget": {
        "zh-CN": "费用超出预算 {budget}：请人力资源部审批或调整。",
        "en": "Its costs exceed budget {budget}: HR has to approve or change them.",
    },
    "material_missing": {
        "zh-CN": "课前资料 {asset} 未发送（{why}）：请更正知识资产中的记录或重新上传，其余资料照常发送。",
        "en": "Material {asset} was not sent ({why}): mend it in the knowledge assets. The rest goes out.",
    },
    "material_unlicensed": {
        "zh-CN": "课前资料 {asset} 没有授权，未发送：请补充授权信息，其余资料照常发送。",
        "en": "Material {asset} has no licence and was not sent: add its licence. The rest goes out.",
    },
    "material_licence_expired": {
        "zh-CN": "课前资料 {asset} 的授权于{expires_on}到期，早于课程结束，未发送：请续期，其余资料照常发送。",
        "en": "Material {asset} was not sent: its licence ends on {expires_on}, before the class. The rest goes out.",
    },
    "material_changed": {
        "zh-CN": "课前资料 {asset} 的文件与登记的校验值不符，未发送：请核对文件，更新版本与校验值。",
        "en": "Material {asset} was not sent: its file is not the registered one. Check it and update the checksum.",
    },
}
_WHY: Mapping[str, Mapping[Locale, str]] = {
    "no_address": {"zh-CN": "没有登记文件地址", "en": "no address is given"},
    "no_checksum": {"zh-CN": "没有登记校验值", "en": "no checksum is given"},
    "unreachable": {"zh-CN": "文件不存在或无法读取", "en": "the file is not there or cannot be read"},
    "not_our_store": {"zh-CN": "文件不在资料库中", "en": "the file is not in the material store"},
    "too_large": {"zh-CN": "文件过大", "en": "the file is too large"},
}


def sentence(kind: str, detail: Mapping[str, Any], locale: Locale) -> str:
    """Return what is wrong and what to do about it; raise KeyError for a kind nobody knows."""
    resource = RESOURCES.get(detail.get("resource", ""), {}).get(locale, "")
    item = detail.get("item", "-")
    facts = {name: value for name, value in detail.items() if isinstance(value, str | int)} | {
        "resource": resource,
        "item": "" if item == "-" else f" {item} " if locale == "zh-CN" else f" {item}",
        "others": ("、" if locale == "zh-CN" else ", ").join(detail.get("others", ())),
        "why": _WHY.get(detail.get("why", ""), {}).get(locale, ""),
    }
    return _SENTENCES[kind][locale].format_map(facts)
