"""What a report says about the rows behind it: whoever adds the numbers up gets all of them."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

import pytest

from trainloop.config import Locale
from trainloop.reporting.catalogue import Catalogue
from trainloop.reporting.evidence import CheckedFile
from trainloop.reporting.quality import rows_of_files, verdict_on


def file(file_id: int, *, accepted: int, quarantined: int = 0, parked: int = 0, refused: int = 0) -> CheckedFile:
    rows = accepted + 1 + quarantined + parked + refused
    counts = (rows, accepted, 1, quarantined, parked, refused)
    return CheckedFile("enrollments", file_id, f"{file_id}.csv", *counts, None, "quarantine" if quarantined else "pass")


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_the_sentence_about_the_data_accounts_for_every_row(locale: Locale) -> None:
    """Conservation (data.md): rows = accepted or unchanged + quarantined + parked or refused."""
    files = [file(1, accepted=260, quarantined=2, parked=30, refused=4), file(2, accepted=40)]
    _, rows, accepted, quarantined, other = map(int, re.findall(r"\d+", verdict_on(files, Catalogue(locale))[0]))
    assert (rows, accepted, quarantined, other) == (338, 302, 2, 34)
    assert rows == accepted + quarantined + other


def test_nothing_is_said_of_rows_that_wait_when_none_does() -> None:
    """A zero that explains nothing is noise."""
    assert verdict_on([file(2, accepted=40)], Catalogue("en"))[0].endswith("quarantined: 0.")


def test_the_table_of_the_files_accounts_for_every_row() -> None:
    """The same sum, file by file."""
    (row,) = rows_of_files(
        [file(1, accepted=9, quarantined=2, parked=3)], Catalogue("en"), ZoneInfo("UTC"), with_names=True
    )
    assert int(row.row_count) == int(row.accepted) + int(row.quarantined) + int(row.other)
