"""What the newest results of an online class's platform checks amount to. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which required checks nobody made and which checks failed, in the order of the site file, then by name."""

    missing: tuple[str, ...]
    failed: tuple[str, ...]

    @property
    def is_ok(self) -> bool:
        return not self.missing and not self.failed


def judge(required: Sequence[str], results: Mapping[str, bool]) -> Verdict:
    """Return the verdict; a check that nobody requires counts only when it failed."""
    failed = [check for check in (*required, *sorted(set(results) - set(required))) if results.get(check) is False]
    return Verdict(tuple(check for check in required if check not in results), tuple(failed))
