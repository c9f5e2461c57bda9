"""Rates of allowances, a correction of hours after payment, the trainers' calendar: as HR sends them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time

from trainloop.demo.company import Company
from trainloop.demo.rewards_truth import rewards
from trainloop.demo.session_files import corrected_hours
from trainloop.demo.tables import PlantedFile, Table, csv_bytes, xlsx_bytes

RATES_ON = date(2026, 1, 5)
EVENTS_ON = date(2026, 10, 9)


def files(company: Company) -> Iterator[tuple[date, PlantedFile]]:
    """Yield the files with the day each arrives."""
    truth = rewards()
    yield RATES_ON, _rates()
    yield truth.corrected.arrives_on, corrected_hours(company, truth.corrected.session, truth.corrected.hours)
    yield EVENTS_ON, _events()


def _rates() -> PlantedFile:
    table = Table({
        "kind": "费率类别",
        "code": "编码",
        "valid_from": "生效日期",
        "valid_until": "截止日期",
        "rate_value": "数值",
        "currency": "币种",
    })
    for one in (*rewards().rates, *rewards().overlap):
        row = table.add(
            kind=one.kind,
            code=one.code,
            valid_from=one.valid_from,
            valid_until=one.until,
            rate_value=one.value,
            currency=one.currency or None,
        )
        if one in rewards().overlap:
            table.note(row, "overlapping_ranges", "valid_from")
    return PlantedFile(
        "allowance_rates", "课时津贴费率2026.xlsx", xlsx_bytes(table, "费率"), len(table.rows), table.bad()
    )


def _events() -> PlantedFile:
    table = Table({
        "event_id": "活动编号",
        "kind": "活动类型",
        "workshop_code": "工作坊主题",
        "title_zh": "活动名称",
        "title_en": "英文名称",
        "starts_at": "开始时间",
        "ends_at": "结束时间",
        "place": "地点",
        "host": "主讲人",
        "status": "状态",
    })
    for one in rewards().events:
        table.add(
            event_id=one.event_id,
            kind=one.kind,
            workshop_code=one.workshop or None,
            title_zh=one.zh,
            title_en=one.en,
            starts_at=datetime.combine(one.day, time(14)),
            ends_at=datetime.combine(one.day, time(17)),
            place=one.place,
            host=one.host,
            status="已确认",
        )
    return PlantedFile("trainer_events", "讲师活动日历.csv", csv_bytes(table), len(table.rows))
