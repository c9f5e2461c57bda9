"""Figures of classes as the arrays in which marts keep them (`sql/schema.sql`: marts.evaluation_arrays)."""

from __future__ import annotations

import struct
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from types import NoneType

import numpy as np
from numpy.typing import NDArray
from psycopg.postgres import types

from trainloop.errors import PermanentError
from trainloop.statistics.figures import Column
from trainloop.statistics.refusal import Refusal
from trainloop.statistics.values import Numbers

# How arrays say that a figure has no people behind it: their elements are not null.
_NOBODY = -1

Name = tuple[str, str, str]
ArrayRow = tuple[str, str, bytes, bytes, bytes | None, list[str] | None]


class FigureTwiceError(PermanentError):
    """The figure {family} {code} {statistic} is computed twice. Two things have one code: rename one."""


def names_of(columns: Iterable[Column]) -> list[Name]:
    """Return the names of figures; raise FigureTwiceError rather than let one be written twice: no key refuses it."""
    names = [(column.family, column.code, column.statistic) for column in columns]
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        family, code, statistic = twice[0]
        raise FigureTwiceError(family=family, code=code, statistic=statistic)
    return names


def array_rows(wave_codes: Sequence[str], columns: Sequence[Column], figure_ids: Sequence[int]) -> Iterator[ArrayRow]:
    """Yield the rows of each wave as COPY takes them in binary form.

    Numbers stay numpy's from here to the server: handing over 690 figures a class one by one was a third of all work.
    """
    ids = np.array(figure_ids, dtype=np.int32)
    counts = np.array(
        [[_NOBODY if count is None else count for count in column.respondent_counts] for column in columns],
        dtype=np.int32,
    )
    is_number, numbers, said = _sorted_out(columns, len(wave_codes))
    for wave, wave_code in enumerate(wave_codes):
        found = is_number[:, wave]
        if found.any():
            known = _packed(ids[found]), _packed(counts[found, wave]), _packed(numbers[found, wave])
            yield wave_code, "number", *known, None
        for kind, texts in said[wave].items():
            places = [*texts]
            yield wave_code, kind, _packed(ids[places]), _packed(counts[places, wave]), None, [*texts.values()]


def _sorted_out(
    columns: Sequence[Column], count: int
) -> tuple[NDArray[np.bool_], Numbers, list[dict[str, dict[int, str]]]]:
    """Return where a wave has a number (columns × waves), the numbers, and by wave and kind what else it has, where."""
    is_number, numbers = np.zeros((len(columns), count), dtype=bool), np.empty((len(columns), count))
    said: list[dict[str, dict[int, str]]] = [defaultdict(dict) for _ in range(count)]
    for place, column in enumerate(columns):
        if {*map(type, column.values)} <= {float, NoneType}:
            is_number[place] = [value is not None for value in column.values]
            numbers[place] = np.array(column.values, dtype=np.float64)
            continue
        for wave, value in enumerate(column.values):
            if isinstance(value, Refusal):
                said[wave]["refusal"][place] = value.reason_code
            elif isinstance(value, str):
                said[wave]["word"][place] = value
            elif value is not None:
                is_number[place, wave], numbers[place, wave] = True, value
    return is_number, numbers, said


def _packed(entries: NDArray[np.int32] | Numbers) -> bytes:
    """Return entries as PostgreSQL's array in binary form: dimensions, gaps, type, length, first index, each entry."""
    cells = np.empty(len(entries), dtype=[("length", ">i4"), ("entry", entries.dtype.newbyteorder(">"))])
    cells["length"], cells["entry"] = entries.itemsize, entries
    type_id = types["int4" if entries.itemsize == 4 else "float8"].oid
    return struct.pack(">5i", 1, 0, type_id, len(entries), 1) + cells.tobytes()
