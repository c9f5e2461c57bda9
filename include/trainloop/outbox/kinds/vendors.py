"""HR's mail with the vendors' scorecard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trainloop.config import Locale
from trainloop.outbox.kinds.content import Content, Due, Tile, Unwritable, Written
from trainloop.outbox.kinds.files import report_file
from trainloop.outbox.kinds.pulse import quarter_text
from trainloop.outbox.wording import day_text
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

_TILES: Mapping[Locale, Mapping[str, str]] = {
    "zh-CN": {"may_be_chosen": "可选", "no_licence": "无有效授权", "not_scored": "未形成总分"},
    "en": {"may_be_chosen": "May be chosen", "no_licence": "No valid licence", "not_scored": "Not scored"},
}
_CLASS = {
    "zh-CN": "{day}《{course}》（{session}）：{vendor}，授权将失效或缺失",
    "en": "{day}, {course} ({session}): {vendor}, licence missing or running out",
}


def vendor_scores(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return HR's mails about one scoring each; they wait for their PDF."""
    return {due.notice_id: _content(connection, due) for due in notices}


def _content(connection: Connection, due: Due) -> Written:
    keys = {
        "subject_kind": due.subject_kind,
        "subject_id": due.subject_id,
        "revision_number": due.sequence_number,
    }
    rows = connection.execute(statement("outbox", "vendor_figures"), keys).fetchall()
    if not rows:
        return Unwritable("subject_unknown")
    file = report_file(connection, "vendor_scores", keys, "hr", due.locale)
    if file is None:
        return Unwritable("report_not_ready", is_for_good=False)
    verdicts = [row["text_value"] for row in rows if row["statistic"] == "verdict"]
    tiles = [Tile(word, str(verdicts.count(verdict))) for verdict, word in _TILES[due.locale].items()]
    return Content(
        {
            "quarter": quarter_text(due.subject_id, due.locale),
            "revision": due.sequence_number,
            "figures": tiles,
            "classes": [_line(row, due.locale) for row in rows if row["family"] == "class"],
        },
        (file,),
    )


def _line(row: Mapping[str, Any], locale: Locale) -> str:
    name = row["name_zh"] if locale == "zh-CN" else row["name_en"]
    course = row["course_zh"] if locale == "zh-CN" else row["course_en"]
    day = day_text(row["starts_on"], locale) if row["starts_on"] else ""
    return _CLASS[locale].format(day=day, course=course or "", session=row["code"], vendor=name or row["text_value"])
