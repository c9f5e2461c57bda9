"""Keeps finished PDFs: temporary name, fsync, rename, addressed by URI so that a worker on another host reads them."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from contextlib import suppress
from typing import Any

from trainloop.faults import point
from trainloop.reporting.errors import StorageFailedError

_UNSAFE = re.compile(r"[^\w.-]+", re.ASCII)


def safe_name(text: str) -> str:
    """Return a business key as one path segment: ASCII letters, digits, dot, dash; a hash keeps changed keys apart."""
    plain = _UNSAFE.sub("-", text).strip("-.")[:80]
    return plain if plain == text else f"{plain or 'x'}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def keep(pdf: bytes, uri: str) -> None:
    """Write a PDF to `uri` so that nobody ever sees half of it; raise StorageFailedError when that cannot be done."""
    file_system, path = _open(uri)
    draft = f"{path}.{secrets.token_hex(6)}.part"
    try:
        file_system.makedirs(path.rpartition("/")[0], exist_ok=True)
        with file_system.open(draft, "wb") as file:
            file.write(pdf)
            file.flush()
            with suppress(OSError, AttributeError, ValueError):  # an object store has nothing to fsync
                os.fsync(file.fileno())
        point("reporting.before_rename")
        file_system.mv(draft, path)
    except OSError as error:
        with suppress(OSError):
            file_system.rm(draft)
        raise StorageFailedError(detail=error.strerror or type(error).__name__) from error


def has_content(uri: str, sha256: str) -> bool:
    """Say whether the file at `uri` is there with exactly this content."""
    file_system, path = _open(uri)
    try:
        with file_system.open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest() == sha256
    except OSError:
        return False


def _open(uri: str) -> tuple[Any, str]:
    import fsspec

    file_system, path = fsspec.core.url_to_fs(uri)
    return file_system, str(path)
