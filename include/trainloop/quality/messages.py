"""What is wrong and how to correct it, in plain Chinese and English: used in quarantine, mails, refusals and pages.

A reason names the column as it stands in the owner's file, the rule and the remedy, never the value. Reasons are made
once per (column, rule) of a file and joined to the rows set-based; only the row number is added there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from trainloop.config import Locale
from trainloop.contracts import Check, Column, Contract, ContractUnknownError, RowRule, load_contract

LISTED_CHOICES = 12
_SIGNS = {">=": "≥", "<=": "≤", "!=": "≠"}


class Text(NamedTuple):
    """The same sentence in both languages."""

    zh: str
    en: str

    def locale(self, locale: Locale) -> str:
        return self.zh if locale == "zh-CN" else self.en


_WRONG_TYPE: dict[str, Text] = {
    "integer": Text(
        "不是整数。请只写数字，例如 {example}。", "not a whole number. Write digits only, such as {example}."
    ),
    "decimal": Text("不是数值。请只写数字，例如 {example}。", "not a number. Write digits only, such as {example}."),
    "decimals": Text(
        "不是数值，或小数超过 {decimals} 位。请只写数字，例如 {example}。",
        "not a number, or has more than {decimals} decimals. Write digits only, such as {example}.",
    ),
    "percent": Text("不是百分数。请写成 {example} 这样的格式。", "not a percentage. Write it like {example}."),
    "date": Text(
        "无法识别为日期。请写成 2026-03-01 这样的格式。", "not recognised as a date. Write it like 2026-03-01."
    ),
    "timestamp": Text(
        "无法识别为日期和时间。请写成 2026-03-01 09:00 这样的格式。",
        "not recognised as a date and time. Write it like 2026-03-01 09:00.",
    ),
    "boolean": Text("无法识别为是或否。请填写“是”或“否”。", "neither yes nor no. Write yes or no."),
    "period": Text(
        "无法识别为期间。请写成 2026-03（月）、2026-W10（周）或 2026-03-05（日）。",
        "not recognised as a period. Write 2026-03 (month), 2026-W10 (week) or 2026-03-05 (day).",
    ),
    "email": Text(
        "不是有效的邮箱地址。请核对，例如 name@example.com。",
        "not an email address. Check it; it should look like name@example.com.",
    ),
    "timezone": Text(
        "不是已知的时区。请填写时区名称，例如 Asia/Shanghai。",
        "not a known time zone. Write its name, such as Asia/Shanghai.",
    ),
}
_UNREADABLE = Text("无法读取。请核对该单元格的内容和格式。", "cannot be read. Check the cell's content and format.")
_UNKNOWN_OPTION = Text(
    "含有问卷中没有的选项。请在映射文件的 words 中补充该选项的写法。",
    "names an option that the questionnaire does not have. Add its spelling to `words` in the mapping file.",
)
_WRONG_GRAIN = Text(
    "与指标的统计粒度（日、周、月）不一致。请按指标定义的粒度提供，不同粒度不要混用。",
    "a period of another grain than its indicator has. Send days, weeks or months as defined, never mixed.",
)
_NOT_ENDED = Text(
    "期间尚未结束，数据不完整。请在期间结束后再提交该行。",
    "a period that has not ended yet, so its figure is not complete. Send the row again after its end.",
)
_MIXED_VALUES = Text(
    "在同一文件中出现了不同的取值，不能相加。请统一后重新提交整个文件。",
    "not the same on all rows of the file, so they cannot be added up. Use one value and send the whole file again.",
)
_OVERLAPPING = Text(
    "同一项目的有效期有重叠，该项目的所有行暂不采用。请让每一段从前一段截止日期的次日开始。",
    "a range that overlaps another of its item; none of these rows is used. Begin each the day after the one before.",
)
_GAP = Text(
    "同一项目的有效期之间有空档，该项目的所有行暂不采用。请补上缺少的日期，让每一段从前一段截止日期的次日开始。",
    "a range that leaves days before it open; none of these rows is used. Begin each the day after the one before.",
)
_LOST_DIGITS = Text(
    "是被表格软件截断的长编号，末位数字已丢失。请先把该列设为文本格式，再填写完整编号。",
    "a long number whose last digits the spreadsheet cut off. Format the column as text, then enter it in full.",
)
# Rules about a whole row. The last three are found by the surveys package in exported answer sheets.
ROW_REMEDIES: dict[str, Text] = {
    "duplicate_key": Text(
        "与文件中的另一行重复。请只保留正确的一行。", "repeats another row of this file. Keep only the correct one."
    ),
    "extra_cells": Text(
        "单元格比表头多，数值可能已错位。请核对整行，删除多余的分隔符或单元格。",
        "has more cells than the header, so its values have slipped. Check the whole row and remove what is too much.",
    ),
    "after_close": Text(
        "答卷在问卷关闭之后提交，不计入统计，无需更正。",
        "was answered after the survey had closed and is not counted. There is nothing to correct.",
    ),
    "no_answers": Text(
        "没有任何题目的答案。请核对导出文件和列映射。",
        "holds no answer at all. Check the export and its column mapping.",
    ),
    "unknown_token": Text(
        "邀请码不属于该批次。请核对导出的令牌列；问卷关闭后邀请码会更换。",
        "has a token that nobody was given. Check the column of tokens; they are replaced when a survey closes.",
    ),
}


def remedy(contract: Contract, check: Check) -> Text:
    """Return what is wrong with a failing cell, row or file and what to do, without column and row."""
    if check.column is not None:
        return _REMEDIES[check.rule](check.column)
    if check.row_rule is not None:
        return Text(check.row_rule.zh, check.row_rule.en)
    if check.rule in ROW_REMEDIES:
        return ROW_REMEDIES[check.rule]
    volume = contract.expected_volume
    return Text(
        f"行数不在预期的 {volume.minimum} 至 {volume.maximum} 行之间。请确认文件是否完整。",
        f"That is not between {volume.minimum} and {volume.maximum} rows. Check that the file is complete.",
    )


def _wrong_type(column: Column) -> Text:
    text = _choices(column) if column.allowed else _WRONG_TYPE.get(column.type, _UNREADABLE)
    if column.decimals is not None:
        text = _WRONG_TYPE["decimals"]
    example, decimals = column.example or "12", str(column.decimals)
    return Text(*(part.replace("{example}", example).replace("{decimals}", decimals) for part in text))


def _missing(column: Column) -> Text:
    if column.example and column.personal_data in {"none", "identifier"} and not column.allowed:
        return Text(
            f"必填但为空。请填写，例如 {column.example}。", f"required but empty. Fill it in, such as {column.example}."
        )
    return Text("必填但为空。请填写。", "required but empty. Fill it in.")


def _out_of_range(column: Column) -> Text:
    allowed = _range(column)
    return Text(f"超出允许范围。请填写{allowed.zh}。", f"out of range. Write a {allowed.en}.")


def _too_many_empty(column: Column) -> Text:
    share = f"{column.max_empty_share or 0:.0%}"
    return Text(
        f"空值超过 {share}。请确认该列是否完整导出。",
        f"empty on more than {share} of the rows. Check that the column was exported completely.",
    )


def _erased(column: Column) -> Text:
    what = (
        Text("该行未保留", "the row was not kept")
        if column.severity("erased_person") == "block"
        else Text("该单元格已清空", "it was emptied")
    )
    return Text(
        f"指向已删除个人数据的人员，{what.zh}。请在来源系统中去除；如属误删或重新入职，运行 trainloop erase --undo。",
        f"names somebody whose data were erased, so {what.en}. Take it out of the source system; "
        "if that person is back, run trainloop erase --undo.",
    )


def _unknown(column: Column) -> Text:
    title = _referenced_title(column)
    return Text(
        f"在「{title.zh}」数据中找不到。请核对编号，或先提交{title.zh}数据。",
        f"not known in “{title.en}”. Check it, or send the {title.en} data first.",
    )


def _wrong_order(column: Column) -> Text:
    assert column.order is not None
    words = {choice.code: (choice.zh, choice.en) for choice in column.allowed} | {"none": ("无", "nothing")}
    zh = "；".join(
        f"{words[stage][0]}之前须为{'或'.join(words[before][0] for before in befores)}"
        for stage, befores in column.order.after.items()
    )
    en = "; ".join(
        f"{words[stage][1]} after {' or '.join(words[before][1] for before in befores)}"
        for stage, befores in column.order.after.items()
    )
    return Text(
        f"不能从此前到达的阶段直接到达（{zh}）。请补交缺少的阶段，或更正阶段与日期。",
        f"not reached from the stage before it ({en}). Send the missing stage too, or correct stage and date.",
    )


def _wrong_pattern(column: Column) -> Text:
    return Text(
        f"格式不符：{column.pattern_zh}。请更正。", f"has the wrong form: {column.pattern_en}. Please correct it."
    )


def _too_long(column: Column) -> Text:
    limit = column.max_length
    return Text(f"太长。请缩短到 {limit} 个字符以内。", f"too long. Shorten it to {limit} characters.")


_ROW_RULES: dict[str, Text] = {
    "duplicate_key": Text("在文件中不重复", "{key} never repeats within a file"),
    "extra_cells": Text("每行的单元格不多于表头", "No row has more cells than the header"),
    "after_close": Text("答卷在问卷关闭之前提交", "Answers came before the survey closed"),
    "no_answers": Text("每份答卷至少有一个答案", "Every sheet holds at least one answer"),
    "unknown_token": Text("每份答卷的邀请码属于该批次", "Every sheet has a token of its survey"),
}


def rule_text(contract: Contract, check: Check, headers: Mapping[str, str] | None = None) -> Text:
    """Return the check itself as a sentence for the pages: what must hold."""
    column = check.column
    if column is None:
        if check.row_rule is not None:
            return _relation(contract, check.row_rule, headers)
        if check.rule in _ROW_RULES:
            where = _named(contract, contract.key, headers)
            zh, en = _ROW_RULES[check.rule]
            return Text(f"{where.zh}{zh}" if zh.startswith("在") else zh, en.replace("{key}", where.en))
        volume = contract.expected_volume
        return Text(
            f"文件有 {volume.minimum} 至 {volume.maximum} 行", f"The file has {volume.minimum} to {volume.maximum} rows"
        )
    name = _named(contract, (column.name,), headers)
    low_high = _range(column)
    title = _referenced_title(column)
    sentences: dict[str, tuple[str, str]] = {
        "missing_value": ("每行都已填写", "is filled in on every row"),
        "wrong_type": ("的内容可以按声明的类型读取", "can be read as the declared type"),
        "lost_digits": ("中的长数字没有被截断", "has lost no digits of long numbers"),
        "not_allowed": ("只含允许的取值", "holds allowed values only"),
        "out_of_range": (f"是{low_high.zh}", f"is a {low_high.en}"),
        "wrong_pattern": (f"的格式：{column.pattern_zh}", f"has the form: {column.pattern_en}"),
        "too_long": (f"不超过 {column.max_length} 个字符", f"has at most {column.max_length} characters"),
        "too_many_empty": (
            f"的空值不超过 {(column.max_empty_share or 0):.0%}",
            f"is empty on {(column.max_empty_share or 0):.0%} of the rows at most",
        ),
        "wrong_grain": ("与指标的统计粒度一致", "is of the grain of its indicator"),
        "not_ended": ("都已结束", "has ended"),
        "wrong_order": ("按规定的顺序到达", "follows the stage before it"),
        "erased_person": ("不指向已删除个人数据的人员", "names nobody whose data were erased"),
        "mixed_values": ("在整个文件中一致", "is the same on all rows"),
        "overlapping_ranges": ("与同一项目的其他有效期不重叠", "overlaps no other range of its item"),
        "gap_in_ranges": ("紧接同一项目的前一段有效期", "follows the range of its item before it"),
        "unknown_option": ("只含问卷中的选项", "holds options of the questionnaire only"),
        "unknown_reference": (f"在「{title.zh}」数据中存在", f"is known in “{title.en}”"),
    }
    zh, en = sentences[check.rule]
    return Text(f"{name.zh}{zh}", f"{name.en} {en}")


def _relation(contract: Contract, rule: RowRule, headers: Mapping[str, str] | None) -> Text:
    """Return what a row rule wants to hold, such as 「离职日期」≥「入职日期」."""
    left = _named(contract, (rule.left,), headers)
    if rule.right is None:
        return Text(f"{left.zh}在需要时已填写", f"{left.en} is filled in where it is needed")
    right = _named(contract, (rule.right,), headers)
    if rule.operator == "either":
        return Text(f"{left.zh}或{right.zh}已填写", f"{left.en} or {right.en} is filled in")
    sign = _SIGNS.get(rule.operator, rule.operator)
    return Text(f"{left.zh} {sign} {right.zh}", f"{left.en} {sign} {right.en}")


def row_reason(contract: Contract, check: Check, headers: Mapping[str, str]) -> Text:
    """Return the part of a row's reason after its row number.

    >>> "第 17 行" + row_reason(...).zh
    '第 17 行「入职日期」：无法识别为日期。请写成 2026-03-01 这样的格式。'
    """
    what = remedy(contract, check)
    where = _named(contract, columns_of(contract, check), headers)
    return Text(f"{where.zh}：{what.zh}", f", {where.en}: {what.en}" if where.en else f" {what.en}")


def split_reason(text: str, locale: Locale) -> tuple[str, str]:
    """Return a row's reason as (what is wrong, what to do); a reason of one clause has nothing to do but to check.

    >>> split_reason("第 17 行「入职日期」：无法识别为日期。请写成 2026-03-01 这样的格式。", "zh-CN")
    ('「入职日期」：无法识别为日期。', '请写成 2026-03-01 这样的格式。')
    """
    zh = locale == "zh-CN"
    text = re.sub(r"^第 \d+ 行" if zh else r"^Row \d+,? ", "", text)
    for mark in ("。", "，请") if zh else (". ", "; "):
        wrong, found, fix = text.partition(mark)
        if found and fix:
            return (wrong + "。", "请" + fix) if mark == "，请" else (wrong + mark.strip(), fix[:1].upper() + fix[1:])
    return text, ""


def stop_reason(
    contract: Contract, check: Check, headers: Mapping[str, str], failed_count: int, row_count: int
) -> Text:
    """Return why the whole file is refused: where, what, how often and what to do."""
    what = remedy(contract, check)
    if check.rule == "unexpected_volume":
        return Text(f"文件有 {row_count} 行。{what.zh}", f"The file has {row_count} rows. {what.en}")
    where = _named(contract, columns_of(contract, check), headers)
    rows = "row" if failed_count == 1 else "rows"
    return Text(
        f"{where.zh}有 {failed_count} 行不合格：{what.zh}", f"{where.en} is wrong on {failed_count} {rows}: {what.en}"
    )


def columns_of(contract: Contract, check: Check) -> tuple[str, ...]:
    """Return the columns a check speaks about: what a workbook marks."""
    if check.column is not None:
        return (check.column.name,)
    if check.row_rule is not None:
        return tuple(name for name in (check.row_rule.left, check.row_rule.right) if name)
    return contract.key if check.rule == "duplicate_key" else ()


def _named(contract: Contract, columns: tuple[str | None, ...], headers: Mapping[str, str] | None) -> Text:
    """Return the columns by the headers of the file, else by their labels."""
    known = [contract.column(name) for name in columns if name]
    zh = "".join(f"「{(headers or {}).get(one.name, one.zh)}」" for one in known)
    en = " and ".join(f"“{(headers or {}).get(one.name, one.en)}”" for one in known)
    return Text(zh, en)


def _choices(column: Column) -> Text:
    listed = column.allowed[:LISTED_CHOICES]
    zh, en = "、".join(one.zh for one in listed), ", ".join(one.en for one in listed)
    more = len(column.allowed) > LISTED_CHOICES
    return Text(
        f"不在允许的取值之内。请填写其中之一：{zh}{' 等' if more else ''}。",
        f"is not an allowed value. Write one of: {en}{' …' if more else ''}.",
    )


def _range(column: Column) -> Text:
    """Return the allowed range as a noun phrase."""
    is_day = column.earliest is not None or column.latest is not None
    lowest, highest = _shown(column.minimum, column.earliest), _shown(column.maximum, column.latest)
    noun = Text("日期", "date") if is_day else Text("数值", "number")
    if column.decimals and column.minimum == Decimal(1).scaleb(-column.decimals) and not highest:
        return Text("大于 0 的数值", "number above 0")
    if lowest and highest:
        return Text(f" {lowest} 至 {highest} 之间的{noun.zh}", f"{noun.en} between {lowest} and {highest}")
    if lowest:
        return Text(
            f"不{'早' if is_day else '小'}于 {lowest} 的{noun.zh}",
            f"{noun.en} not {'before' if is_day else 'below'} {lowest}",
        )
    return Text(
        f"不{'晚' if is_day else '大'}于 {highest} 的{noun.zh}",
        f"{noun.en} not {'after' if is_day else 'above'} {highest}",
    )


def _shown(number: Decimal | None, day: date | None) -> str:
    if number is not None:
        return f"{number:f}"
    return day.isoformat() if day is not None else ""


def _referenced_title(column: Column) -> Text:
    if column.reference is None:
        return Text("", "")
    try:
        referenced = load_contract(column.reference[0])
    except ContractUnknownError:
        return Text(column.reference[0], column.reference[0])
    return Text(referenced.title_zh, referenced.title_en)


_REMEDIES: dict[str, Callable[[Column], Text]] = {
    "wrong_type": _wrong_type,
    "lost_digits": lambda _: _LOST_DIGITS,
    "missing_value": _missing,
    "not_allowed": _choices,
    "out_of_range": _out_of_range,
    "wrong_pattern": _wrong_pattern,
    "too_long": _too_long,
    "too_many_empty": _too_many_empty,
    "unknown_reference": _unknown,
    "wrong_grain": lambda _: _WRONG_GRAIN,
    "not_ended": lambda _: _NOT_ENDED,
    "wrong_order": _wrong_order,
    "mixed_values": lambda _: _MIXED_VALUES,
    "overlapping_ranges": lambda _: _OVERLAPPING,
    "gap_in_ranges": lambda _: _GAP,
    "erased_person": _erased,
    "unknown_option": lambda _: _UNKNOWN_OPTION,
}
