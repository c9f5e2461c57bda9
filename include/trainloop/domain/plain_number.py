"""Numbers as people write them."""

from __future__ import annotations

from decimal import Decimal


def plain_number(value: Decimal) -> str:
    """Return a number without zeros at the end of its decimals: 4.50 is 4.5, 20.00 and 20 are 20."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
