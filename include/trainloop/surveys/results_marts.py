"""The unsuppressed figures of closed classes, written to marts: of one class as it is evaluated, or of many at once.

One reading, one computing and one writing serve all classes of a call; what a class is compared with is what earlier
ones released.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from trainloop import clock
from trainloop.config import StatisticsRules
from trainloop.errors import PermanentError
from trainloop.statistics.figures import Column
from trainloop.statistics.refusal import Refusal, Value
from trainloop.surveys.results_comparison import compare, verify_findings
from trainloop.surveys.results_figures import ComputedWaves, compute
from trainloop.surveys.results_inputs import Inputs, read_earlier
from trainloop.surveys.results_texts import theme_columns
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

_NULL = r"\N"


class FigureTwiceError(PermanentError):
    """The figure {family} {code} {statistic} is computed twice. Two things have one code: rename one."""


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
        waves = {"wave_codes": [inputs.wave_code for inputs in one.classes]}
        connection.execute(statement("results", "delete_marts"), waves)
        with connection.cursor().copy(statement("results", "copy_figures")) as copy:
            for text in copy_texts(waves["wave_codes"], one.columns):
                copy.write(text)
        with connection.cursor().copy(statement("results", "copy_waves")) as copy:
            for inputs in one.classes:
                copy.write_row((*_wave(inputs), moment))


def copy_texts(wave_codes: Sequence[str], columns: Iterable[Column]) -> Iterator[str]:
    """Return the rows of each wave as PostgreSQL's COPY takes them, ten times as fast as handing over each value.

    The table has no key (`sql/schema.sql`): raises FigureTwiceError rather than writing a figure twice.
    """
    made = [*columns]
    keys = [(column.family, column.code, column.statistic) for column in made]
    if twice := [key for key, count in Counter(keys).items() if count > 1]:
        family, code, statistic = twice[0]
        raise FigureTwiceError(family=family, code=code, statistic=statistic)
    heads = ["".join(f"\t{_escaped(name)}" for name in key) + "\t" for key in keys]
    cells = _Cells()
    rows = zip(*(column.values for column in made), strict=True)
    counts = zip(*(column.respondent_counts for column in made), strict=True)
    for wave_code, values, behind in zip(map(_escaped, wave_codes), rows, counts, strict=True):
        yield "".join([
            f"{wave_code}{head}{_NULL if count is None else count}{cells[value]}"
            for head, count, value in zip(heads, behind, values, strict=True)
            if value is not None
        ])


class _Cells(dict[Value | str, str]):
    """The end of a row: number, word and refusal; made once a value, since a few answers give few numbers."""

    def __missing__(self, value: Value | str) -> str:
        if isinstance(value, Refusal):
            made = f"\t{_NULL}\t{_NULL}\t{value.reason_code}\n"
        elif isinstance(value, str):
            made = f"\t{_NULL}\t{_escaped(value)}\t{_NULL}\n"
        else:
            made = f"\t{value!r}\t{_NULL}\t{_NULL}\n"
        self[value] = made
        return made


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
