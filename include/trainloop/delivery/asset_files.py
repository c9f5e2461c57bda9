"""Files of the knowledge base: from the material store only, never larger than allowed, never other than registered.

An asset's address is a path inside the store (`TRAINLOOP_MATERIALS_URI`) or a full URI below it. It comes from outside:
nothing above the store, and no other host, is ever opened.
"""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath
from typing import Literal

from trainloop import storage
from trainloop.settings import get_settings
from trainloop.storage import StoreFailedError

Outcome = Literal["sound", "no_address", "no_checksum", "not_our_store", "unreachable", "too_large", "changed"]


def check(uri: str | None, checksum: str | None, max_bytes: int) -> Outcome:
    """Return whether an asset's file can be handed out as it is registered; it is read once, in pieces.

    Raises StoreFailedError when the store fails rather than the file.
    """
    if not uri:
        return "no_address"
    if not checksum:
        return "no_checksum"
    place = address_in_store(uri)
    if place is None:
        return "not_our_store"
    digest, size = hashlib.sha256(), 0
    try:
        for piece in storage.pieces(place):
            size += len(piece)
            if size > max_bytes:
                return "too_large"
            digest.update(piece)
    except (FileNotFoundError, ValueError, StoreFailedError):
        # The file, or the whole store? A store that does not answer says so here.
        storage.listing(get_settings().folder_uri("materials"))
        return "unreachable"
    return "sound" if digest.hexdigest() == checksum.lower() else "changed"


def address_in_store(uri: str) -> str | None:
    """Return the full address of a file of the store; None for what lies outside."""
    store = get_settings().folder_uri("materials")
    path = uri.removeprefix(f"{store}/")
    if "://" in path or path.startswith(("/", "\\")) or "\\" in path or "\0" in path:
        return None
    parts = PurePosixPath(path).parts
    if not parts or any(part in {"..", "."} for part in parts):
        return None
    return f"{store}/{'/'.join(parts)}"


def name_of(uri: str) -> str:
    """Return what a downloaded file is called."""
    return PurePosixPath(uri).name
