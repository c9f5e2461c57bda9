"""One release of a year's needs: written to marts and published, and kept only where a reader would see news."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from trainloop.config import Site
from trainloop.needs.assembly import Content, Past, shown_quotes
from trainloop.needs.inputs import Inputs
from trainloop.needs.published import PRODUCT, SUBJECT_KIND
from trainloop.needs.showing import rounded
from trainloop.statistics.masking import mask_text, narrowed
from trainloop.statistics.suppression import LedgerEntry
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

_FIGURES = ("family", "code", "statistic", "value", "text_value", "respondent_count")
_CELLS = ("table_code", "row_code", "column_code", "statistic", "value", "respondent_count")
_SEED = ("seed_kind", "seed_code", "seed_finding", "seed_release_id")
_TRACE = ("goal_code", "weight_pct", "topic_code", "competency_code", "course_code", "finding", *_SEED)


def subject(year: int) -> dict[str, str]:
    """Return the key of a plan year's releases."""
    return {"product": PRODUCT, "subject_kind": SUBJECT_KIND, "subject_id": str(year)}


def read_past(connection: Connection, year: int) -> Past:
    """Return what readers saw of a plan year before."""
    entries: dict[int, list[LedgerEntry]] = defaultdict(list)
    for row in connection.execute(statement("results", "ledger"), subject(year)):
        entries[row["release_id"]].append(
            LedgerEntry(row["figure_key"], row["shown_level"], frozenset(row["respondent_ids"]))
        )
    not_shown = connection.execute(statement("needs", "demand_not_shown"), {"year": year})
    return Past(entries, frozenset((row["release_id"], row["topic_code"], row["part"]) for row in not_shown))


def masked_quotes(connection: Connection, inputs: Inputs, site: Site) -> list[tuple[str, int, str]]:
    """Return the quotes that may be shown, with names, numbers and addresses masked."""
    texts = [narrowed(row["quote"]) for row in inputs.quotes]
    if not texts:
        return []
    names = [row["name"] for row in connection.execute(statement("needs", "names_in_quotes"), {"texts": texts})]
    masked = [(row["topic_code"], row["department_code"], mask_text(row["quote"], names)) for row in inputs.quotes]
    return shown_quotes(inputs, masked, site)


def replace_marts(connection: Connection, inputs: Inputs, content: Content, site: Site, moment: datetime) -> None:
    """Replace the unsuppressed figures and cells of a plan year."""
    keys: dict[str, Any] = {"year": inputs.year}
    connection.execute(statement("needs", "delete_marts"), keys)
    connection.execute(
        statement("needs", "insert_year"),
        keys
        | {
            "wave_code": inputs.wave_code,
            "population_on": inputs.population_on,
            "data_sha256": inputs.sha256(),
            "site_version": site.version,
            "computed_at": moment,
        },
    )
    figures, cells = content.shown.figures, content.shown.cells
    connection.execute(statement("needs", "insert_marts_figures"), keys | _columns(figures, (*_FIGURES, "refusal")))
    connection.execute(statement("needs", "insert_marts_cells"), keys | _columns(cells, _CELLS))


def write_release(
    connection: Connection,
    inputs: Inputs,
    content: Content,
    quotes: Sequence[tuple[str, int, str]],
    *,
    revision_number: int,
    site: Site,
    moment: datetime,
) -> int:
    """Insert one release and return its id. A withheld one has no rows and leaves nothing in the ledger."""
    row = connection.execute(
        statement("results", "insert_release"),
        subject(inputs.year)
        | {
            "revision_number": revision_number,
            "data_sha256": inputs.sha256(),
            "site_version": site.version,
            "released_at": moment,
            "is_withheld": content.withheld_reason is not None,
            "withheld_reason": content.withheld_reason,
        },
    ).fetchone()
    assert row is not None
    if content.withheld_reason is None:
        _write_content(connection, row["release_id"], inputs, content, quotes)
    return int(row["release_id"])


def content_sha256(connection: Connection, release_id: int) -> str:
    """Return one number for all that readers of a release see."""
    row = connection.execute(statement("needs", "content_sha256"), {"release_id": release_id}).fetchone()
    assert row is not None
    return str(row["content_sha256"])


def _write_content(
    connection: Connection, release_id: int, inputs: Inputs, content: Content, quotes: Sequence[tuple[str, int, str]]
) -> None:
    assert content.plan is not None
    shown = content.shown
    trace = [{"position": position, **line} for position, line in enumerate(inputs.trace, 1)]
    cells = [
        asdict(cell)
        | {
            "value": None if cell.reason or cell.value is None else rounded(cell.statistic, cell.value),
            # How many stand in a hidden crossing would help to work it out.
            "respondent_count": None if cell.reason else cell.respondent_count,
            "is_hidden": cell.reason is not None,
        }
        for cell in shown.cells
    ]
    sensitivity = [
        dict(zip(("variant", "topic_code", "priority", "rank", "is_funded"), line, strict=True))
        for line in content.plan.sensitivity
    ]
    evidence = [asdict(line) for line in content.evidence]
    blocks: Sequence[tuple[str, str, Sequence[Any], Sequence[str]]] = (
        ("results", "insert_figures", shown.shown, (*_FIGURES, "is_hidden", "reason")),
        ("needs", "insert_needs", content.needs, tuple(content.needs[0]) if content.needs else ()),
        ("needs", "insert_layers", content.layers, tuple(content.layers[0]) if content.layers else ()),
        ("needs", "insert_evidence", evidence, tuple(evidence[0]) if evidence else ()),
        ("needs", "insert_trace", trace, ("position", *_TRACE)),
        ("needs", "insert_cells", cells, (*_CELLS, "is_hidden", "reason")),
        ("needs", "insert_sensitivity", sensitivity, tuple(sensitivity[0]) if sensitivity else ()),
        ("needs", "insert_labels", inputs.labels, ("kind", "code", "name_zh", "name_en")),
        ("results", "insert_verbatims", [_quote(line) for line in quotes], ("item_code", "position", "masked_text")),
        ("results", "insert_ledger", _ledger(shown.ledger), ("figure_key", "shown_level", "respondent_id")),
    )
    for area, name, rows, columns in blocks:
        if rows:
            connection.execute(statement(area, name), {"release_id": release_id} | _columns(rows, columns))


def _quote(line: tuple[str, int, str]) -> dict[str, Any]:
    return dict(zip(("item_code", "position", "masked_text"), line, strict=True))


def _ledger(entries: Sequence[LedgerEntry]) -> list[dict[str, str]]:
    return [
        {"figure_key": entry.key, "shown_level": entry.level, "respondent_id": respondent}
        for entry in entries
        for respondent in sorted(entry.respondents)
    ]


def _columns(rows: Sequence[Any], names: Sequence[str]) -> dict[str, list[Any]]:
    return {name: [row[name] if isinstance(row, Mapping) else getattr(row, name) for row in rows] for name in names}
