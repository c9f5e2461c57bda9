"""What a cell's text means: every spelling companies really send, and what is no such value."""

from __future__ import annotations

import pytest

from trainloop.warehouse import engine

CASES: list[tuple[str, str, str | None]] = [
    *[
        ("staging.date_of(%s)", text, "2026-03-01")
        for text in (
            "2026-03-01",
            "2026/3/1",
            "2026年3月1日",
            "2026.3.1",
            "2026/03/01 00:00:00",
            "２０２６－０３－０１",
            " 2026-3-1 ",
            "20260301",
            "46082",
            "2026年3月1日 09:30",
            "2026年3月1日9:30",
            "2026-03-01T09:00:00Z",
            "\u30002026/3/1",
        )
    ],
    *[
        ("staging.date_of(%s)", text, None)
        for text in (
            "",
            "today",
            "infinity",
            "2026-02-30",
            "2026-13-01",
            "03/01/2026",
            "12",
            "yesterday",
            "1 Mar",
            "2026/2/30",
        )
    ],
    *[
        ("staging.period_of(%s)", text, "2026-03")
        for text in ("2026-03", "2026/3", "2026年3月", "202603", " ２０２６．０３ ", "2026年03月")
    ],
    *[("staging.period_of(%s)", text, "2026-W09") for text in ("2026-W09", "2026w9", "2026年第9周", "2026 W 09")],
    *[("staging.period_of(%s)", text, "2026-03-01") for text in ("2026-03-01", "2026/3/1", "2026年3月1日", "20260301")],
    *[
        ("staging.period_of(%s)", text, None)
        for text in (
            "",
            "2026-13",
            "2026-W00",
            "2026-W54",
            "2025-W53",
            "2026-02-30",
            "2026Q1",
            "46082",
            "March",
            "26-03",
        )
    ],
    *[
        (f"core.period_{edge}_on(%s)", period, day)
        for edge, period, day in (
            ("starts", "2026-02", "2026-02-01"),
            ("ends", "2024-02", "2024-02-29"),
            ("starts", "2026-W01", "2025-12-29"),
            ("ends", "2026-W53", "2027-01-03"),
            ("ends", "2026-03-05", "2026-03-05"),
            ("ends", "2026Q1", None),
        )
    ],
    *[
        ("staging.timestamp_of(%s, 'Asia/Shanghai')", text, "2026-03-05 01:00:00+00")
        for text in (
            "2026-03-05 09:00",
            "2026-03-05 09:00:00",
            "2026/3/5 9:00",
            "2026年3月5日 上午9:00",
            "2026年3月5日9时00分",
            "2026-03-05T09:00:00+08:00",
            "2026-03-05 01:00Z",
            "２０２６／３／５　９：００",
            "2026/3/5 9:00 AM",
            "2026-03-05T01:00:00.000Z",
        )
    ],
    ("staging.timestamp_of(%s, 'Asia/Shanghai')", "2026/3/5 下午 1:30", "2026-03-05 05:30:00+00"),
    ("staging.timestamp_of(%s, 'Asia/Shanghai')", "2026/3/5 12:30 AM", "2026-03-04 16:30:00+00"),
    *[
        ("staging.timestamp_of(%s, 'Asia/Shanghai')", text, None)
        for text in ("2026-03-05", "09:00", "2026-03-05 25:00", "2026-03-05 09:61", "now", "2026-02-30 09:00")
    ],
    ("staging.code_of(%s)", "0012", "0012"),
    ("staging.code_of(%s)", "００１２", "0012"),
    ("staging.code_of(%s)", '="0012"', "0012"),
    ("staging.code_of(%s)", "'0012", "0012"),
    ("staging.code_of(%s)", "\ufeff A－1\u3000", "A-1"),
    ("staging.code_of(%s)", "6222021234567890123", "6222021234567890123"),
    ("staging.code_of(%s)", "#N/A", None),
    ("staging.text_of(%s)", "\u3000李　雷Ａ１\u00a0", "李 雷A1"),
    ("staging.text_of(%s)", "目标：增长（10％）", "目标：增长（10％）"),
    ("staging.text_of(%s)", "#REF!", None),
    ("staging.text_of(%s)", "#1 choice", "#1 choice"),
    *[
        ("staging.integer_of(%s)", text, "1234")
        for text in ("1234", " 1234", "1,234", "１２３４", "1234.0", "+1234", "1.234e3")
    ],
    *[
        ("staging.integer_of(%s)", text, None)
        for text in ("", "12.5", "0x1F", "1_000", "12a", "99999999999", "12,34", "1e99")
    ],
    *[("staging.decimal_of(%s, 2)", text, "82.5") for text in ("82.5", "８２．５", " 82.5 ")],
    ("staging.decimal_of(%s, 2)", "1,234.50", "1234.50"),
    ("staging.decimal_of(%s, 2)", "1" + ",234" * 13, "1" + "234" * 13),
    ("staging.decimal_of(%s, 2)", "-3", "-3"),
    *[
        ("staging.decimal_of(%s, 2)", text, None)
        for text in ("82.555", "NaN", "Infinity", "1.2.3", "85%", "¥3", ".", "", "9" * 41, "9" + ",999" * 110)
    ],
    ("staging.percent_of(%s, 2)", "85%", "85"),
    ("staging.percent_of(%s, 2)", "８５．５ ％", "85.5"),
    ("staging.share_of(%s, 20, 2)", "85%", "17"),
    ("staging.share_of(%s, 20, 2)", "85", None),
    *[("staging.boolean_of(%s)", text, "true") for text in ("是", " 是", "Yes", "TRUE", "Ｙ", "1", "√")],
    *[("staging.boolean_of(%s)", text, "false") for text in ("否", "no", "False", "0", "×")],
    *[("staging.boolean_of(%s)", text, None) for text in ("maybe", "2", "是的吗", "")],
    ("staging.timezone_of(%s)", "Asia/Shanghai", "Asia/Shanghai"),
    ("staging.timezone_of(%s)", " Europe/Berlin ", "Europe/Berlin"),
    *[("staging.timezone_of(%s)", text, None) for text in ("CST", "Mars/Base", "+08", "")],
    ("staging.email_of(%s)", "li.lei@example.com", "li.lei@example.com"),
    *[
        ("staging.email_of(%s)", text, None)
        for text in ("li.lei@", "a b@example.com", "a..b@example.com", "@example.com")
    ],
    ("staging.has_lost_digits(%s)", "6.22202E+15", "true"),
    ("staging.has_lost_digits(%s)", "CODE+1", "false"),
]


@pytest.mark.parametrize(("expression", "text", "expected"), CASES)
def test_a_cell_means_what_its_writer_meant_or_nothing(
    shared_warehouse: engine.Connection, expression: str, text: str, expected: str | None
) -> None:
    """Text dates, local times, codes, numbers, percentages, booleans: read as meant; never guessed, never rounded."""
    row = shared_warehouse.execute(f"select ({expression})::text as value", (text,)).fetchone()
    assert row == {"value": expected}
