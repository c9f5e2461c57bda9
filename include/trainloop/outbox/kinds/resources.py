"""Mails about the knowledge base (R14) and internal trainers (R15): to who can act their own, to HR everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from trainloop.config import Locale
from trainloop.domain.resource_finding import OF_KNOWLEDGE, OF_TRAINERS, sentence
from trainloop.outbox.kinds.content import Content, Due, Tile, Unwritable, Written
from trainloop.outbox.wording import day_text
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

LISTED: Final = 30
_MORE = {"zh-CN": "另有 {count} 项，请先处理以上各项。", "en": "And {count} more; begin with these."}
_OLD = {"zh-CN": "（此前已告知）{text}", "en": "(told before) {text}"}
_ASSET = {"zh-CN": "《{title}》（{code}）", "en": "{title} ({code})"}
_KNOWLEDGE_TILES = {
    "zh-CN": ("资产总数", "可用", "未被班次使用", "涉及课程 {count} 门"),
    "en": ("Assets", "Usable", "Used by no class", "courses: {count}"),
}
_TRAINER_TILES = {"zh-CN": ("培养中", "持证", "逾期"), "en": ("Under way", "Certified", "Late")}


def asset_tasks(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return each owner's list of what to mend; nothing when it was mended meanwhile or has another owner."""
    return _to_people(connection, notices, OF_KNOWLEDGE)


def trainer_steps(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return what is due or late for each candidate and mentor."""
    return _to_people(connection, notices, OF_TRAINERS)


def knowledge_digest(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return HR's list of what is new about the knowledge base, under the index at a glance."""
    row = connection.execute(statement("knowledge", "at_a_glance")).fetchone()
    assert row is not None
    return {
        due.notice_id: _listed(
            due,
            rows,
            [
                Tile(_KNOWLEDGE_TILES[due.locale][0], str(row["asset_count"]),
                     _KNOWLEDGE_TILES[due.locale][3].format(count=row["course_count"])),
                Tile(_KNOWLEDGE_TILES[due.locale][1], str(row["usable_count"])),
                Tile(_KNOWLEDGE_TILES[due.locale][2], str(row["unused_count"])),
            ],
        )
        for due, rows in _findings(connection, notices, OF_KNOWLEDGE, None)
    }  # fmt: skip


def trainer_pipeline(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return HR's list of what is new about candidates, certificates, bench and load."""
    written: dict[int, Written] = {}
    for due, rows in _findings(connection, notices, OF_TRAINERS, None):
        day = datetime.fromisoformat(due.subject_id).astimezone(due.zone).date()
        row = connection.execute(statement("internal_trainers", "at_a_glance"), {"today": day}).fetchone()
        assert row is not None
        labels = _TRAINER_TILES[due.locale]
        late = sum(one["kind"] == "stage_overdue" for one in rows)
        values = (row["under_way_count"], row["certified_count"], late)
        written[due.notice_id] = _listed(
            due, rows, [Tile(label, str(value)) for label, value in zip(labels, values, strict=True)]
        )
    return written


def _to_people(connection: Connection, notices: Sequence[Due], kinds: Sequence[str]) -> dict[int, Written]:
    people = sorted({due.recipient.id for due in notices})
    return {due.notice_id: _listed(due, rows, []) for due, rows in _findings(connection, notices, kinds, people)}


def _findings(
    connection: Connection, notices: Sequence[Due], kinds: Sequence[str], people: list[str] | None
) -> list[tuple[Due, list[dict[str, Any]]]]:
    """Return what each notice lists: for HR everything that is open, for others what they can act on."""
    rows = connection.execute(
        statement("resource_findings", "listed"), {"kinds": list(kinds), "people": people}
    ).fetchall()
    return [(due, [row for row in rows if people is None or due.recipient.id in row["person_ids"]]) for due in notices]


def _listed(due: Due, rows: Sequence[dict[str, Any]], figures: Sequence[Tile]) -> Written:
    told_at = datetime.fromisoformat(due.subject_id)
    new = [row for row in rows if row["told_at"] == told_at]
    if not new:
        return Unwritable("resolved")
    old = [row for row in rows if row["told_at"] < told_at]
    lines = [_line(row, due.locale) for row in new]
    lines += [_OLD[due.locale].format(text=_line(row, due.locale)) for row in old]
    if len(lines) > LISTED:
        lines = [*lines[:LISTED], _MORE[due.locale].format(count=len(lines) - LISTED)]
    return Content({
        "count": len(new),
        "old_count": len(old),
        "figures": figures,
        "lines": lines,
        "minutes": min(60, 5 * len(new)),
    })


def _line(row: Mapping[str, Any], locale: Locale) -> str:
    suffix = "zh" if locale == "zh-CN" else "en"
    names = {name: row[f"{name}_{suffix}"] for name in ("course", "topic") if row[f"{name}_{suffix}"]}
    names |= {name: row[name] for name in ("person", "trainer") if row[name]}
    if row["asset_zh"]:
        names["asset"] = _ASSET[locale].format(title=row[f"asset_{suffix}"], code=row["item_code"])
    if row["kind"].startswith("asset") and "asset" not in names:
        names["asset"] = row["item_code"]
    if row["amount"] is not None:
        names["amount"] = f"{row['amount'].normalize():f}"
    detail = {
        name: day_text(date.fromisoformat(value), locale) if name.endswith("_on") and value else value
        for name, value in row["detail"].items()
    }
    return sentence(row["kind"], detail, names | {"relief": row["relief_names"]}, locale)
