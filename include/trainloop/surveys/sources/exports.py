"""Answers of outside survey tools: through the gate like every file, then into `confidential`, with no way back.

A stored answer sheet has a random id, its wave and a keyed hash of the tool's own id, by which a corrected export
updates it instead of doubling it. Who sent it, when, in which file and in which order is kept nowhere: the tables of
the file go in the commit that merges it, and the wave's answers are rewritten in random order in that commit, too.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from psycopg import sql

from trainloop import faults, storage
from trainloop.contracts import Contract
from trainloop.domain.survey import EVALUATION_INSTRUMENT, STRAIGHT_LINE_ITEMS, evaluation_wave_code
from trainloop.intake.parking import match_dataset
from trainloop.intake.pipeline import Route, run_dataset
from trainloop.intake.replay import replay_dataset
from trainloop.intake.source import open_source
from trainloop.intake.work import FileRecord, MergeCounts, Work
from trainloop.settings import get_settings
from trainloop.surveys import export_contract
from trainloop.surveys.choices import CHOSEN, NOT_CHOSEN, SEPARATOR, option_column, split_choices, words_of_item
from trainloop.surveys.export_contract import DATASET, MARKER, SKIPPED, SUBMITTED, TOKEN, item_column
from trainloop.surveys.instrument import Instrument, Item
from trainloop.surveys.mapping import Mapping as ColumnMapping
from trainloop.surveys.options import instrument_now
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.keyed import key_blocks
from trainloop.warehouse.statements import statement

_COUNTS = (
    "accepted_count", "unchanged_count", "quarantined_count", "parked_count", "refused_file_count", "changed_count",
    "notices_planned",
)  # fmt: skip


def collect() -> dict[str, Any]:
    """Take in every waiting export, match answers whose wave was unknown, and mark whose completion is known.

    Returns counts and ids: those of `ingest_dataset` over new and parked rows, then completions_marked,
    completions_unknown (tokens nobody was given: reported, never guessed), waves_with_completions.
    """
    route = survey_route()
    taken = run_dataset(DATASET, route)
    matched = match_dataset(DATASET, again_route())
    forget_settled_rows()
    counts: dict[str, Any] = {key: taken[key] + matched[key] for key in _COUNTS}
    counts |= {"file_count": taken["file_count"], "file_ids": taken["file_ids"]}
    return counts | mark_completions()


def replay_survey_quarantine(file_id: int | None = None) -> dict[str, Any]:
    """Send quarantined answer sheets through the gate again, after a mapping was mended; return counts.

    A corrected list of answers is no answer of its respondent, so none is taken: mend the mapping or the export.
    """
    counts = replay_dataset(DATASET, again_route(), file_id, corrections=False)
    forget_settled_rows()
    return counts


def forget_settled_rows() -> None:
    """Empty the kept text of rows that waited and are answers now; a kill before it is healed by the next run."""
    faults.point("surveys.forget.before_commit")
    with engine.connect("intake") as connection:
        for name in ("forget_parked", "forget_quarantined"):
            connection.execute(statement("survey_responses", name), {"dataset": DATASET})
    faults.point("surveys.forget.after_commit")


def mark_completions() -> dict[str, int]:
    """Mark the invitations whose tokens an outside tool reports as answered, without a time; return counts."""
    with engine.connect("intake") as connection:
        values = {"instrument_code": EVALUATION_INSTRUMENT}
        marked = connection.execute(statement("survey_responses", "mark_completions"), values).rowcount
        waves = connection.execute(statement("survey_responses", "note_completions"), values).rowcount
        row = connection.execute(statement("survey_responses", "unknown_completions"), values).fetchone()
        assert row is not None
        faults.point("surveys.completions.before_commit")
    faults.point("surveys.completions.after_commit")
    return {
        "completions_marked": marked,
        "completions_unknown": int(row["unknown_count"]),
        "waves_with_completions": waves,
    }


def survey_route() -> Route:
    """Return how an export goes through intake: a contract of its own for each file, rows into `confidential`."""
    return Route(contract_of, merge=merge_responses, examine=examine)


def again_route() -> Route:
    """Return how rows that were landed before go again: they lie under contract columns, the file is not read."""
    return Route(_contract_of_rows, merge=merge_responses, examine=examine)


def contract_of(file: FileRecord) -> Contract:
    """Return the contract of one export by its mapping and its own headers; raise FileRefusedError with the reason."""
    mapping = export_contract.choose_mapping(file.name)
    peek = export_contract.peek_contract(mapping)
    with storage.local_copy(file.archive_uri) as path:
        texts = open_source(path, file.name, peek).header.texts
    return export_contract.export_contract(mapping, file.name, texts)


def _contract_of_rows(file: FileRecord) -> Contract:
    return export_contract.export_contract(export_contract.choose_mapping(file.name), file.name, None)


def examine(connection: Connection, work: Work) -> None:
    """Before the gate: name waves, park unknown ones, set aside answers after the close and empty answer sheets."""
    parts = _parts(work)
    values = _values(work)
    _settle_choices(connection, work)
    # Locked until the commit: a wave that closes meanwhile waits, so that no answer slips in behind its rewriting.
    connection.execute(sql.SQL(statement("survey_responses", "name_waves")).format(**parts), values)
    connection.execute(sql.SQL(statement("survey_responses", "lock_waves")).format(**parts), values)
    connection.execute(sql.SQL(statement("survey_responses", "park_unknown_waves")).format(**parts), values)
    connection.execute(sql.SQL(statement("survey_responses", "find_after_close")).format(**parts), values)
    connection.execute(sql.SQL(statement("survey_responses", "find_no_answers")).format(**parts), values)
    if any(column.name == TOKEN for column in work.contract.columns):
        connection.execute(sql.SQL(statement("survey_responses", "find_unknown_tokens")).format(**parts), values)


def merge_responses(connection: Connection, work: Work) -> MergeCounts:
    """Write the accepted answer sheets: new ones under random ids, corrected ones in place, unchanged ones never."""
    parts, values = _parts(work), _values(work)
    for name in ("gather_responses", "compare_responses"):
        connection.execute(sql.SQL(statement("survey_responses", name)).format(**parts), values)
    for name in ("drop_old_answers", "update_responses", "insert_responses", "insert_answers"):
        connection.execute(statement("survey_responses", name), values)
    row = connection.execute(statement("survey_responses", "settle_responses")).fetchone()
    assert row is not None
    connection.execute(statement("survey_responses", "note_files"), {"file_id": work.file.file_id})
    connection.execute("drop table survey_rows")
    faults.point("surveys.responses.merged")
    return MergeCounts(accepted=row["accepted_count"], unchanged=row["unchanged_count"])


def _parts(work: Work) -> Mapping[str, sql.Composable]:
    names = {column.name for column in work.contract.columns}

    def optional(name: str, kind: str) -> sql.Composable:
        return sql.Identifier("staged", name) if name in names else sql.SQL(f"null::{kind}")

    return {
        "staging": work.table(),
        "parked": work.table("parked"),
        "findings": work.table("findings"),
        "rows": work.accepted_rows,
        "submitted_at": optional(SUBMITTED, "timestamptz"),
        "marker": optional(MARKER, "text"),
        "token": optional(TOKEN, "text"),
    }


def _values(work: Work) -> dict[str, Any]:
    mapping = export_contract.choose_mapping(work.file.name)
    cells = _cells(work, mapping, instrument_now(mapping.instrument))
    inner, outer = hash_keys()
    person_inner, person_outer = key_blocks(get_settings().pseudonym_key())
    return {
        "person_inner": person_inner,
        "person_outer": person_outer,
        "prefix": evaluation_wave_code(""),
        "columns": [name for name, _, _ in cells],
        "codes": [item.code for _, item, _ in cells],
        "kinds": [item.kind for _, item, _ in cells],
        "scales": [item.scale or "" for _, item, _ in cells],
        "options": [option for *_, option in cells],
        "are_required": [item.is_required for _, item, _ in cells],
        "blanks": _blanks(mapping),
        "chosen": CHOSEN,
        "separator": SEPARATOR,
        "partial_words": list(mapping.partial.words) if mapping.partial else [],
        "is_blank_partial": mapping.partial is not None and mapping.partial.is_blank,
        "least_lined": STRAIGHT_LINE_ITEMS,
        "inner": inner,
        "outer": outer,
    }


def _cells(work: Work, mapping: ColumnMapping, instrument: Instrument) -> list[tuple[str, Item, str | None]]:
    """Return the columns of the file that hold answers: name, item, and the option that a column stands for."""
    names = {column.name for column in work.contract.columns}
    cells: list[tuple[str, Item, str | None]] = []
    for item in mapping.asked_items(instrument):
        cells.append((item_column(item), item, None))
        if item.kind == "multi":
            cells += [(option_column(item, option), item, option.code) for option in item.options]
    return [cell for cell in cells if cell[0] in names]


def _blanks(mapping: ColumnMapping) -> list[str]:
    return [SKIPPED, NOT_CHOSEN, *mapping.blank]


def _settle_choices(connection: Connection, work: Work) -> None:
    """Turn cells that list several answers into codes; a spelling that names no option is a finding of its rows."""
    mapping = export_contract.choose_mapping(work.file.name)
    for name, item, option in _cells(work, mapping, instrument_now(mapping.instrument)):
        if item.kind != "multi" or option is not None:
            continue
        parts = {"staging": work.table(), "findings": work.table("findings"), "column": sql.Identifier(name)}

        def run(statement_name: str, values: dict[str, Any], parts: dict[str, Any] = parts) -> list[dict[str, Any]]:
            cursor = connection.execute(sql.SQL(statement("survey_responses", statement_name)).format(**parts), values)
            return cursor.fetchall() if cursor.description else []

        words = words_of_item(mapping, item)
        cells = [row["cell"] for row in run("listed_choices", {"blanks": _blanks(mapping)})]
        read = {cell: split_choices(cell, words, mapping.separator) for cell in cells}
        unknown = [cell for cell, codes in read.items() if codes is None]
        known = {cell: SEPARATOR.join(codes) for cell, codes in read.items() if codes is not None}
        run("find_unknown_options", {"column_name": name, "cells": unknown})
        run("settle_choices", {"cells": [*known], "codes": [*known.values()]})


def hash_keys() -> tuple[bytes, bytes]:
    """Return the key blocks under which external ids are hashed: wave code, unit separator, external id."""
    return key_blocks(hmac.new(get_settings().secret().encode(), b"survey-external-id", hashlib.sha256).digest())
