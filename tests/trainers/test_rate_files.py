"""Rate tables as HR sends them: one whole file; gaps, overlaps and mixed currencies are held back and explained."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from trainloop.intake import pipeline
from trainloop.settings import get_settings
from trainloop.warehouse import engine

HEADER = "费率类别,编码,生效日期,截止日期,数值,币种"
BASE = "课时标准,internal,2026-01-01,,100,CNY"
OTHERS = ("等级系数,高级,2026-01-01,,1.2,", "难度系数,*,2026-01-01,,1,", "规模系数,0,2026-01-01,,1,")


def send(name: str, *rows: str) -> tuple[int, int]:
    """Let a rate table come in; return how many rows were accepted and held back."""
    path = get_settings().home / "inbox" / "allowance_rates" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([HEADER, *rows]), "utf-8")
    os.utime(path, (time.time() - 60, time.time() - 60))
    pipeline.ingest_dataset("allowance_rates")
    (file,) = read("select * from ops.inbox_files order by file_id desc limit 1")
    return file["accepted_count"] + file["unchanged_count"], file["quarantined_count"]


def read(query: str) -> list[dict[str, Any]]:
    with engine.connect("owner") as connection:
        return connection.execute(query).fetchall()  # type: ignore[call-overload, no-any-return]


def reasons(locale: str) -> set[str]:
    return {row["said"] for row in read(f"select message_{locale} as said from ops.quarantine_reasons")}


@pytest.fixture(autouse=True)
def _clock(warehouse: str, set_clock: Callable[..., datetime]) -> None:
    set_clock(2026, 1, 5)


def test_ranges_that_follow_each_other_are_taken() -> None:
    """One ends, the next begins on the day after; the last is open."""
    ladder = ("课时标准,internal,2026-01-01,2026-06-30,100,CNY", "课时标准,internal,2026-07-01,,120,CNY")
    assert send("rates.csv", *ladder, *OTHERS) == (5, 0)


@pytest.mark.parametrize(
    ("second", "zh", "en"),
    [
        ("课时标准,internal,2026-06-30,,120,CNY", "有重叠", "overlaps another of its item"),
        ("课时标准,internal,2026-07-02,,120,CNY", "有空档", "leaves days before it open"),
    ],
)
def test_a_gap_or_an_overlap_holds_back_the_whole_item_and_says_where(second: str, zh: str, en: str) -> None:
    """Both rows of the item wait with their row numbers and the remedy in both languages; what was known stays, the
    rest is taken.
    """
    assert send("rates.csv", BASE, *OTHERS) == (4, 0)
    first = "课时标准,internal,2026-01-01,2026-06-30,100,CNY"
    assert send("rates-2.csv", first, second, *OTHERS) == (3, 2)
    assert {text[:5] for text in reasons("zh")} == {"第 2 行", "第 3 行"}
    assert all(zh in text and "前一段截止日期的次日" in text for text in reasons("zh"))
    assert {text[:5] for text in reasons("en")} == {"Row 2", "Row 3"}
    assert all(en in text and "Begin each the day after the one before" in text for text in reasons("en"))
    (known,) = read("select rate_value, valid_until, removed_on from core.allowance_rates where kind = 'base'")
    assert (known["rate_value"], known["valid_until"], known["removed_on"]) == (100, None, None)


def test_currencies_are_not_mixed_within_a_table() -> None:
    """Amounts of several currencies have no sum: every row with a currency waits until one is used."""
    assert send("rates.csv", BASE, "课时标准,external,2026-01-01,,80,USD", *OTHERS) == (3, 2)
    assert all("币种" in text and "不能相加" in text for text in reasons("zh"))
