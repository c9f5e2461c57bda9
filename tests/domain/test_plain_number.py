"""Numbers as people write them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from trainloop.domain.plain_number import plain_number


@pytest.mark.parametrize(
    ("value", "text"),
    [("4.50", "4.5"), ("20.00", "20"), ("20", "20"), ("100", "100"), ("0.00", "0"), ("-1.20", "-1.2"), ("1E+2", "100")],
)
def test_zeros_go_from_the_end_of_decimals_and_from_nowhere_else(value: str, text: str) -> None:
    """Idle zeros are noise; a whole number keeps its own."""
    assert plain_number(Decimal(value)) == text
