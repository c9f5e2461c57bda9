"""Files of a mail: read from their URI and believed only when they hash to what was registered."""

from __future__ import annotations

import hashlib

from trainloop import storage
from trainloop.config import Locale
from trainloop.errors import PermanentError, TransientError
from trainloop.outbox.kinds.content import StoredFile, Workbook
from trainloop.outbox.mime import Attachment
from trainloop.storage import StoreFailedError, StoreUnknownError
from trainloop.warehouse.engine import Connection

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class AttachmentChangedError(PermanentError):
    """The file {uri} is not the registered one (its sha256 differs). Nothing was mailed; render the report again."""


class AttachmentUnreachableError(TransientError):
    """The file {uri} cannot be read: {detail}. The mail waits; the next run tries again."""


def load(connection: Connection, file: StoredFile | Workbook, locale: Locale) -> Attachment:
    """Return the attachment; raise AttachmentChangedError (never send it) or AttachmentUnreachableError (wait)."""
    if isinstance(file, Workbook):
        from trainloop.quality.offending import workbook

        content = workbook(connection, file.file_id, locale)
        return Attachment(file.name, XLSX, content, hashlib.sha256(content).hexdigest())
    content = _read(file.uri)
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise AttachmentChangedError(uri=file.uri)
    return Attachment(file.name, file.media_type, content, file.sha256)


def _read(uri: str) -> bytes:
    try:
        return storage.read(uri)
    except (FileNotFoundError, StoreFailedError, StoreUnknownError) as error:
        raise AttachmentUnreachableError(uri=uri, detail=type(error).__name__) from error
