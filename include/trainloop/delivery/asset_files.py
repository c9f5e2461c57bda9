"""Files of the knowledge base: from the material store only, never larger than allowed, never other than registered.

An asset's address is a path inside the store (`TRAINLOOP_MATERIALS_URI`) or a full URI below it. It comes from outside:
nothing above the store, and no other host, is ever opened.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, Literal

from trainloop.settings import get_settings

Outcome = Literal["sound", "no_address", "no_checksum", "not_our_store", "unreachable", "too_large", "changed"]
CHUNK = 1_048_576


def check(uri: str | None, checksum: str | None, max_bytes: int) -> Outcome:
    """Return whether an asset's file can be handed out as it is registered; it is read once, in pieces."""
    if not uri:
        return "no_address"
    if not checksum:
        return "no_checksum"
    place = address_in_store(uri)
    if place is None:
        return "not_our_store"
    digest, size = hashlib.sha256(), 0
    try:
        for piece in pieces(place):
            size += len(piece)
            if size > max_bytes:
                return "too_large"
            digest.update(piece)
    except (OSError, ValueError):
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


def pieces(place: str) -> Iterator[bytes]:
    """Yield the content of a file in pieces of a megabyte; raise OSError where it is not there."""
    import fsspec

    system: Any
    system, path = fsspec.core.url_to_fs(place)
    with system.open(path, "rb") as file:
        while piece := file.read(CHUNK):
            yield piece


def name_of(uri: str) -> str:
    """Return what a downloaded file is called."""
    return PurePosixPath(uri).name
