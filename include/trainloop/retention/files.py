"""Files that a rule takes out: archived inbox files, documents about people, task logs. Gone already is gone."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import fsspec

SECONDS_PER_DAY = 86_400


def remove(uris: Iterable[str]) -> None:
    """Delete files at any URI; one that is not there any more is no error, an unreachable store is."""
    for uri in uris:
        system, path = fsspec.core.url_to_fs(uri)
        with suppress(FileNotFoundError):
            system.rm_file(path)


def purge_logs(folder: str, days: int) -> int:
    """Delete task logs not written for `days` and folders left empty; return how many files.

    Logs are files of this machine and guard no business rule, so real time counts.
    """
    root = Path(folder)
    oldest = time.time() - days * SECONDS_PER_DAY
    removed = 0
    for path in sorted(root.rglob("*"), reverse=True):  # children before their folders
        with suppress(FileNotFoundError, OSError):
            if path.is_dir() and not path.is_symlink():
                path.rmdir()  # refuses a folder that holds anything
            elif path.suffix == ".log" and path.lstat().st_mtime < oldest:
                path.unlink()
                removed += 1
    return removed
