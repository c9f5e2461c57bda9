"""The unsuppressed figures of closed classes, written to marts: of one class as it is evaluated, or of many at once.

One reading, one computing and one writing serve all classes of a call; what a class is compared with is what earlier
ones released.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from psycopg.rows import tuple_row

from trainloop import clock
from trainloop.config import StatisticsRules
from trainloop.statistics.figures import Column
from trainloop.surveys.results_arrays import Name, array_rows, names_of
from trainloop.surveys.results_comparison import compare, verify_findings
from trainloop.surveys.results_figures import ComputedWaves, compute
from trainloop.surveys.results_inputs import Inputs, read_earlier
from trainloop.surveys.results_texts import theme_columns
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement


class Evaluated(NamedTuple):
    """Classes with one questionnaire: their data, what these say by themselves, all figures with the comparisons."""

    classes: Sequence[Inputs]
    computed: ComputedWaves
    columns: Sequence[Column]


def evaluate(connection: Connection, inputs: Sequence[Inputs], rules: StatisticsRules) -> Iterator[Evaluated]:
    """Return the figures of closed classes, those with one questionnaire together."""

    def questionnaire(one: Inputs) -> tuple[str, str]:
        return one.instrument_code, one.instrument_version

    for _, found in itertools.groupby(sorted(inputs, key=questionnaire), questionnaire):
        classes = [*found]
        earlier, previous = read_earlier(connection, classes)
        computed = compute(classes, rules)
        columns = [
            *computed.columns,
            *theme_columns(classes),
            *compare(classes, computed, earlier, rules),
            *verify_findings(computed, previous, rules),
        ]
        yield Evaluated(classes, computed, columns)


def replace_marts(connection: Connection, evaluated: Iterable[Evaluated]) -> None:
    """Replace the rows of classes in marts. Role: statistics."""
    moment = clock.now(connection)
    for one in evaluated:
        codes = [inputs.wave_code for inputs in one.classes]
        figure_ids = _figure_ids(connection, names_of(one.columns))
        connection.execute(statement("results", "delete_marts"), {"wave_codes": codes})
        with connection.cursor().copy(statement("results", "copy_arrays")) as copy:
            for row in array_rows(codes, one.columns, figure_ids):
                copy.write_row(row)
        with connection.cursor().copy(statement("results", "copy_waves")) as copy:
            for inputs in one.classes:
                copy.write_row((*_wave(inputs), moment))


def _figure_ids(connection: Connection, names: Sequence[Name]) -> list[int]:
    known = _numbered(connection)
    if missing := [name for name in names if name not in known]:
        known |= _number(missing)
    return [known[name] for name in names]


def _numbered(connection: Connection) -> dict[Name, int]:
    cursor = connection.cursor(row_factory=tuple_row, binary=True)
    return {row[:3]: row[3] for row in cursor.execute(statement("results", "figure_names"))}


def _number(names: Sequence[Name]) -> dict[Name, int]:
    """Return the numbers of names that our snapshot does not know, those that another run has given meanwhile included.

    A transaction of its own: whoever meets a new name waits for a moment, not until another class is written.
    """
    with engine.connect("statistics") as connection:
        engine.lock(connection, "figure_names")
        known = _numbered(connection)
        if missing := [name for name in names if name not in known]:
            families, codes, statistics = map(list, zip(*missing, strict=True))
            new = {"families": families, "codes": codes, "statistics": statistics}
            connection.execute(statement("results", "insert_figure_names"), new)
            known = _numbered(connection)
    return known


def _wave(inputs: Inputs) -> tuple[str | int | None, ...]:
    return (
        inputs.wave_code,
        inputs.session_code,
        inputs.invited_count,
        inputs.eligible_count,
        len(inputs.complete_ids),
        inputs.partial_count,
        inputs.straight_lined_count,
        inputs.attendance["attended_count"] if inputs.is_attendance_recorded else None,
        inputs.attendance["enrolled_count"],
        inputs.sha256,
    )
