"""The inbox and the archive: folders at any fsspec URI.

`<inbox>/<dataset>/<file>` is a file to take in, `<inbox>/<dataset>/corrections/<file>` a mailed list of quarantined
rows that came back corrected. Names from outside are shown to people and never used as paths: the archive's own name is
the content hash and what is left of the name when everything but letters, digits, dot and hyphen is taken out.
"""

from __future__ import annotations

import fnmatch
import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from trainloop import faults, storage
from trainloop.config import get_site
from trainloop.settings import get_settings
from trainloop.storage import StoreFailedError

CORRECTIONS = "corrections"
# Files that office programs, browsers and copy tools leave while they are at work, and folders' own litter.
_IGNORED = ("~$*", ".*", "*.tmp", "*.temp", "*.part", "*.partial", "*.filepart", "*.crdownload", "*.download", "*.lock",
            "*.swp", "*~", "Thumbs.db", "desktop.ini")  # fmt: skip


@dataclass(frozen=True)
class FoundFile:
    """One stable file of the inbox as the listing showed it."""

    dataset: str
    name: str
    uri: str
    size_bytes: int
    modified_at: datetime | None
    is_correction: bool = False

    @property
    def covers_on(self) -> date | None:
        """The date in the name (2026-03-01, 20260301, 2026年3月1日), if there is exactly one."""
        found = re.findall(r"(?<!\d)(20\d{2})[-_.年]?(\d{1,2}|\d{2})[-_.月]?(\d{2}|\d{1,2})日?(?!\d)", self.name)
        try:
            days = {date(int(year), int(month), int(day)) for year, month, day in found}
        except ValueError:
            return None
        return days.pop() if len(days) == 1 else None


def find_files(dataset: str, *, corrections: bool = False) -> list[FoundFile]:
    """Return the stable files of a dataset's folder in order of arrival (time of change, then name).

    A file younger than `intake.stable_after_seconds` may still be written: it is left for the next scan. Stability
    guards against a half-copied file, so it is measured in real time. Raises StoreFailedError.
    """
    folder = f"{get_settings().folder_uri('inbox')}/{dataset}" + (f"/{CORRECTIONS}" if corrections else "")
    found = [
        FoundFile(dataset, info["name"], info["uri"], info["size"] or 0, modified_at, corrections)
        for info in storage.listing(folder)
        if info["type"] == "file"
        if not any(fnmatch.fnmatch(info["name"].lower(), pattern.lower()) for pattern in _IGNORED)
        for modified_at in [_modified_at(info)]
        if _is_stable(info, modified_at)
    ]
    return sorted(found, key=lambda file: (file.modified_at or datetime.max.replace(tzinfo=UTC), file.name))


def datasets_with_folders() -> set[str]:
    """Return the names of the inbox's folders. Raises StoreFailedError."""
    return {info["name"] for info in storage.listing(get_settings().folder_uri("inbox")) if info["type"] == "directory"}


def _modified_at(info: dict[str, Any]) -> datetime | None:
    for key in ("mtime", "LastModified", "last_modified", "updated", "modified"):
        match info.get(key):
            case int() | float() as seconds:
                return datetime.fromtimestamp(seconds, UTC)
            case datetime() as moment:
                return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            case str() as text:
                return datetime.fromisoformat(text)
    return None


def _is_stable(info: dict[str, Any], modified_at: datetime | None) -> bool:
    """Whether nobody has written for long enough; a store that tells no times shows finished objects only."""
    if modified_at is None:
        return True
    age = (datetime.now(UTC) - modified_at).total_seconds()
    if age < 0 and isinstance(info.get("created"), int | float):
        # A sender's clock runs ahead of ours: the file system's own time of change tells as well.
        age = datetime.now(UTC).timestamp() - info["created"]
    return age >= get_site().intake.stable_after_seconds


def is_unchanged(found: FoundFile) -> bool:
    """Whether the file still stands in the inbox with the size and time it was found with."""
    info = storage.info(found.uri)
    return info is not None and (info["size"] or 0, _modified_at(info)) == (found.size_bytes, found.modified_at)


def content_hash(found: FoundFile) -> str:
    """Return the SHA-256 of the bytes, in constant memory."""
    digest = hashlib.sha256()
    for piece in storage.pieces(found.uri):
        digest.update(piece)
    return digest.hexdigest()


def archive(found: FoundFile) -> tuple[str, str] | None:
    """Copy a file into the archive; return (SHA-256, archive URI), or None when it changed while it was read.

    Raises StoreFailedError; a file that broke off is not in the archive.
    """
    digest = hashlib.sha256()
    with storage.drafted(archive_folder(found.dataset)) as draft:
        try:
            for piece in storage.pieces(found.uri):
                digest.update(piece)
                draft.write(piece)
        except (FileNotFoundError, StoreFailedError):
            # An object store refuses the rest of an object that another one replaced.
            if is_unchanged(found):
                raise
            return None
        if not is_unchanged(found):
            return None
        sha256 = digest.hexdigest()
        return sha256, draft.keep_as(archive_name(sha256, found.name))


def archive_folder(dataset: str) -> str:
    """Return the URI of the archive's folder for a dataset."""
    return f"{get_settings().folder_uri('archive')}/{dataset}"


def archive_name(sha256: str, name: str) -> str:
    """Return the name a content has in the archive: unique by its hash, safe whatever the sender called it."""
    stem = re.sub(r"[^\w.-]+", "_", unicodedata.normalize("NFKC", name)).lstrip(".")
    # A name on a disk holds 255 bytes, three of them a Chinese character.
    stem = stem.encode()[-200:].decode(errors="ignore")[-80:]
    return f"{sha256[:16]}-{re.sub(r'[.]{2,}', '.', stem) or 'file'}"


def remove(found: FoundFile) -> None:
    """Take a finished file out of the inbox, unless another one came under its name meanwhile."""
    faults.point("intake.removing")
    if is_unchanged(found):
        storage.remove([found.uri])
    faults.point("intake.inbox_removed")
