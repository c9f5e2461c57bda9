"""Mails to data owners and HR about files and rows: what is wrong and how to mend it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from trainloop.config import Locale, get_site
from trainloop.contracts import ContractUnknownError, load_contract
from trainloop.outbox.kinds.content import Content, Due, Unwritable, Workbook, Written, at, class_context, until
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

TOP_REASONS = 5
_REASON = {"zh-CN": "{count} 行：{message}", "en": "{count} rows: {message}"}
_REASON_ONE = {"zh-CN": "1 行：{message}", "en": "1 row: {message}"}


def quarantined_rows(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return the content of mails about rows in quarantine, with the workbook to correct them in."""
    files = _files(connection, notices)
    reasons: dict[str, list[dict[str, Any]]] = {}
    wanted = {"file_ids": [row["file_id"] for row in files.values()], "top": TOP_REASONS}
    for row in connection.execute(statement("outbox", "quarantine_reasons"), wanted):
        reasons.setdefault(str(row["file_id"]), []).append(row)
    return {
        due.notice_id: _quarantined(due, files.get(due.subject_id), reasons.get(due.subject_id, [])) for due in notices
    }


def _quarantined(due: Due, row: dict[str, Any] | None, reasons: Sequence[dict[str, Any]]) -> Written:
    if row is None:
        return Unwritable("subject_unknown")
    stem = re.sub(r"[^\w.-]+", "_", row["name"].rpartition(".")[0] or row["name"])[:80]
    return Content(
        context=_file_context(row, due)
        | {
            "quarantined_count": row["open_count"],
            "accepted_count": row["accepted_count"] + row["unchanged_count"],
            "attached_count": min(row["open_count"], get_site().intake.max_owner_rows),
            "reasons": [_reason(found, due.locale) for found in reasons],
        },
        files=(Workbook(f"{stem}_{row['file_id']}.xlsx", row["file_id"]),),
    )


def _reason(row: dict[str, Any], locale: Locale) -> str:
    words = _REASON_ONE if row["row_count"] == 1 else _REASON
    message = row["message_zh"] if locale == "zh-CN" else row["message_en"]
    return words[locale].format(count=row["row_count"], message=message)


def file_refused(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return the content of mails about files that were refused whole."""
    files = _files(connection, notices)
    written: dict[int, Written] = {}
    for due in notices:
        row = files.get(due.subject_id)
        if row is None:
            written[due.notice_id] = Unwritable("subject_unknown")
            continue
        reason = row["refused_reason_zh"] if due.locale == "zh-CN" else row["refused_reason_en"]
        written[due.notice_id] = Content(_file_context(row, due) | {"reason_text": reason or ""})
    return written


def survey_without_attendance(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return the content of mails to HR about classes that were evaluated without an attendance list."""
    wanted = {"session_codes": [due.subject_id for due in notices]}
    rows = {
        row["session_code"]: row
        for row in connection.execute(statement("outbox", "sessions_without_attendance"), wanted)
    }
    written: dict[int, Written] = {}
    for due in notices:
        row = rows.get(due.subject_id)
        written[due.notice_id] = (
            Unwritable("subject_unknown")
            if row is None
            else Content(
                class_context(row, due)
                | {"invited_count": row["invited_count"], "deadline": until(row["closes_at"], due)}
            )
        )
    return written


def _files(connection: Connection, notices: Sequence[Due]) -> dict[str, dict[str, Any]]:
    wanted = {"file_ids": [int(due.subject_id) for due in notices if due.subject_id.isdecimal()]}
    return {str(row["file_id"]): row for row in connection.execute(statement("outbox", "inbox_files"), wanted)}


def _dataset_name(dataset: str, locale: Locale) -> str:
    """Return what people call a dataset, with its folder; a file in a folder of no contract has no other name."""
    try:
        title = load_contract(dataset).title(locale)
    except ContractUnknownError:
        return dataset
    return f"{title}（{dataset}）" if locale == "zh-CN" else f"{title} ({dataset})"


def _file_context(row: dict[str, Any], due: Due) -> dict[str, Any]:
    return {
        "dataset": row["dataset"],
        "dataset_name": _dataset_name(row["dataset"], due.locale),
        "file_name": row["name"],
        "row_count": row["row_count"],
        "found_at": at(row["found_at"], due),
    }
