"""The unsuppressed figures of closed classes, written to marts: of one class as it is evaluated, or of many at once.

One reading, one computing and one writing serve all classes of a call; what a class is compared with is what earlier
ones released.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from trainloop import clock
from trainloop.config import StatisticsRules
from trainloop.statistics.columns import Column, columns_of
from trainloop.statistics.refusal import Refusal
from trainloop.surveys.results_comparison import compare, verify_findings
from trainloop.surveys.results_figures import ComputedWaves, compute
from trainloop.surveys.results_inputs import Inputs, read_earlier
from trainloop.surveys.results_texts import theme_figures
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
            *columns_of([theme_figures(one) for one in classes]),
            *compare(computed, earlier, rules),
            *verify_findings(computed, previous, rules),
        ]
        yield Evaluated(classes, computed, columns)


def replace_marts(connection: Connection, evaluated: Iterable[Evaluated]) -> None:
    """Replace the rows of classes in marts. Role: statistics."""
    moment = clock.now(connection)
    for one in evaluated:
        waves = {"wave_codes": [inputs.wave_code for inputs in one.classes]}
        connection.execute(statement("results", "delete_marts"), waves)
        with connection.cursor().copy(statement("results", "copy_figures")) as copy:
            for text in copy_texts(waves["wave_codes"], one.columns):
                copy.write(text)
        with connection.cursor().copy(statement("results", "copy_waves")) as copy:
            for inputs in one.classes:
                copy.write_row((*_wave(inputs), moment))


def copy_texts(wave_codes: Sequence[str], columns: Iterable[Column]) -> Iterator[str]:
    """Return the rows of each wave as PostgreSQL's COPY takes them, in the order of the table's key.

    A column's rows of all waves are made at once: a tenth of the time of handing over values row by row.
    """
    counts: dict[int, list[str]] = {}
    lines = []
    for column in sorted(columns, key=lambda column: column[:3]):
        # Columns about the same people share one list of counts.
        known = column.respondent_counts
        if id(known) not in counts:
            counts[id(known)] = ["\\N" if count is None else str(count) for count in known]
        head = "".join(f"\t{_escaped(name)}" for name in column[:3])
        lines.append([_line(head, value, count) for value, count in zip(column.values, counts[id(known)], strict=True)])
    for wave_code, own in zip(wave_codes, zip(*lines, strict=True), strict=True):
        # Each line begins with its wave.
        yield _escaped(wave_code).join(("", *filter(None, own)))


def _line(head: str, value: float | str | Refusal | None, count: str) -> str:
    if isinstance(value, float):
        return f"{head}\t{value!r}\t\\N\t{count}\t\\N\n"
    if isinstance(value, str):
        return f"{head}\t\\N\t{_escaped(value)}\t{count}\t\\N\n"
    return "" if value is None else f"{head}\t\\N\t\\N\t{count}\t{value.reason_code}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


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
