"""A kind of report is complete when it has a page, an own name, and comes unharmed through the pipe to the press."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources

import pytest

from trainloop.reporting.kinds import KINDS, read_document, write_document
from trainloop.reporting.view import ReportView


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_has_its_page(kind: str) -> None:
    """A page that is missing is found here and not by HR."""
    folder = resources.files("trainloop.reporting").joinpath("templates")
    assert folder.joinpath(KINDS[kind].template).is_file()
    assert KINDS[kind].kind == kind


def test_a_view_reaches_the_press_as_it_was_built(view_of: Callable[..., ReportView]) -> None:
    """One line, and the same identity at the other end."""
    view = view_of("trainer", "en")
    line = write_document(view)
    assert b"\n" not in line
    assert read_document(line) == view
    assert read_document(line).sha256() == view.sha256()
