"""The company of `world.py`, its survey closed, and the day after."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from tests.needs import world


@pytest.fixture
def company(warehouse: str, set_clock: Callable[..., datetime]) -> None:
    """The company with its evidence and no survey yet; it is the morning of 25 November 2026."""
    set_clock(2026, 11, 25)
    world.make_company()
