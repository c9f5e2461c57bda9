"""PDFs to open and rows to correct: files leave only for those whose they are.

A report is streamed when its audience is open to the board. Trainers' own editions and 360 feedback are not, whoever
asks: they went to their reader by mail. Rows in quarantine are personal data: the data owner of the contract gets them
(contact of the site file, by its Airflow users), and engineers.
"""

from __future__ import annotations

import hashlib
import logging
from typing import Annotated

from fastapi import FastAPI, Path, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from trainloop import storage
from trainloop.board.guard import NotAllowedError, Sees, Visitor
from trainloop.board.pages import Pages, language_of
from trainloop.config import get_site
from trainloop.contracts import ContractUnknownError, load_contract
from trainloop.quality.offending import workbook
from trainloop.storage import StoreFailedError
from trainloop.warehouse import engine

log = logging.getLogger(__name__)
OPEN_AUDIENCES = ("hr", "business", "class_manager")
BIGINT = 2**63 - 1
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Id = Annotated[int, Path(ge=1, le=BIGINT)]


def add_pages(app: FastAPI, pages: Pages) -> None:
    store = pages.store

    @app.get("/reports/{report_id}.pdf")
    def report(_visitor: Sees, report_id: Id) -> Response:
        row = store.row("report", report_id=report_id, audiences=list(OPEN_AUDIENCES))
        if row is None:
            raise HTTPException(404)
        pdf = _read(row["uri"], row["pdf_sha256"], report_id)
        name = "-".join(str(row[key]) for key in ("kind", "subject_id", "audience", "locale"))
        safe = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_.") else "_" for letter in name)
        # No policy of scripts and styles: viewers of PDFs are pages of the browser's own.
        headers = {"Content-Disposition": f'inline; filename="{safe}.pdf"'}
        return Response(pdf, media_type="application/pdf", headers=headers)

    @app.get("/quarantine/{file_id}.xlsx")
    def rows_to_correct(visitor: Sees, request: Request, file_id: Id) -> Response:
        row = store.row("file_of_quarantine", "board_desk", file_id=file_id)
        if row is None:
            raise HTTPException(404)
        if not may_download(visitor, row["dataset"]):
            raise NotAllowedError
        # The board itself reads no row of a file: this is what the owner's mail carries, read as the mail's role.
        with engine.connect("sender") as connection:
            made = workbook(connection, file_id, language_of(request))
        headers = {"Content-Disposition": f'attachment; filename="rows-to-correct-{file_id}.xlsx"'}
        return Response(made, media_type=XLSX, headers=headers)


def may_download(visitor: Visitor, dataset: str) -> bool:
    """Say whether somebody may have a dataset's rows: its owner by an Airflow user of the contact, or an engineer."""
    if visitor.may("engineer"):
        return True
    try:
        owner = load_contract(dataset).owner
    except ContractUnknownError:
        return False
    contact = get_site().contacts.get(owner)
    return contact is not None and bool({visitor.user_id, visitor.name} & set(contact.airflow_users))


def _read(uri: str, sha256: str, report_id: int) -> bytes:
    """Return the registered bytes and no others."""
    try:
        content = storage.read(uri)
    except (FileNotFoundError, StoreFailedError) as error:
        log.warning("report %s cannot be read: %s", report_id, type(error).__name__)
        raise HTTPException(404, "document_gone") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        log.error("report %s is not the file that was registered", report_id)
        raise HTTPException(404, "document_gone")
    return content
