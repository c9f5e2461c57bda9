"""Cells of files that leave: no spreadsheet program may take what somebody wrote for a formula (CSV injection)."""

from __future__ import annotations

import re
from typing import Final

# Programs skip blanks, and some of them read full-width signs like the others.
_FORMULA: Final = re.compile(r"[\s\u00a0\u3000\ufeff]*[=+\-@＝＋－＠|%]|[\t\r\n]")
_NUMBER: Final = re.compile(r"[-+]?\d+(\.\d+)?")


def is_formula(text: str) -> bool:
    """Whether a spreadsheet may calculate this instead of showing it.

    >>> [is_formula(one) for one in ("=1+1", " @x", "\\tx", "＝1", "-198.00", "韩梅梅")]
    [True, True, True, True, True, False]
    """
    return _FORMULA.match(text) is not None


def safe_cell(value: object) -> str:
    """Return a value as a cell that shows what it says: an apostrophe goes before a formula, numbers stay numbers.

    >>> safe_cell('=HYPERLINK("x")'), safe_cell("-198.00"), safe_cell(None), safe_cell(True)
    ('\\'=HYPERLINK("x")', '-198.00', '', 'true')
    """
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return f"'{text}" if is_formula(text) and not _NUMBER.fullmatch(text) else text
