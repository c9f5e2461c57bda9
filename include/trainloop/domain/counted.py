"""A count with its noun: "1 class", "3 classes". Chinese needs none of it, English all over.

In a message of `str.format` the noun stands behind the placeholder, `{count:class|classes}`; in a template of mails it
is the filter `counted`.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any


def counted(count: object, one: str, many: str) -> str:
    """Return the count and the word that agrees with it; it may come as a number or already printed.

    >>> counted(1, "class", "classes"), counted("1,200", "person meets", "people meet")
    ('1 class', '1,200 people meet')
    """
    return f"{count} {one if str(count) == '1' else many}"


def filled(message: str, facts: Mapping[str, object]) -> str:
    """Return a message with its facts; raises KeyError for a fact that is missing.

    >>> filled("{met:person meets|people meet} it on {day}", {"met": 1, "day": "Monday"})
    '1 person meets it on Monday'
    """
    return _COUNTING.vformat(message, (), facts) if "|" in message else message.format_map(facts)


class _Counting(string.Formatter):
    def format_field(self, value: Any, format_spec: str) -> str:
        one, is_counted, many = format_spec.partition("|")
        if is_counted:
            return counted(value, one, many)
        text: str = super().format_field(value, format_spec)
        return text


_COUNTING = _Counting()
