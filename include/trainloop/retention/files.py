"""Task logs that a rule takes out. Gone already is gone."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

SECONDS_PER_DAY = 86_400


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
