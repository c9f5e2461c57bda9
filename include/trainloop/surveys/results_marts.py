"""The unsuppressed figures of closed classes, written to marts: of one class as it is evaluated, or of many at once.

One reading and one writing serve all classes of a call; what a class is compared with is what earlier ones released.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from trainloop import clock
from trainloop.config import StatisticsRules
from trainloop.statistics.figures import Figure
from trainloop.surveys.results_comparison import compare, verify_findings
from trainloop.surveys.results_figures import Computed, compute
from trainloop.surveys.results_inputs import Earlier, Inputs, read_earlier
from trainloop.surveys.results_texts import theme_figures
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement


class Evaluated(NamedTuple):
    """One class: its data, what they say by themselves, and all its figures with those against other classes."""

    inputs: Inputs
    computed: Computed
    figures: list[Figure]


def evaluate(connection: Connection, inputs: Sequence[Inputs], rules: StatisticsRules) -> Iterator[Evaluated]:
    """Return the figures of closed classes, each computed when it is asked for: a class's are a thousand objects."""
    earlier = read_earlier(connection, inputs)
    return (_evaluate(one, earlier[one.session_code], rules) for one in inputs)


def _evaluate(inputs: Inputs, earlier: Earlier, rules: StatisticsRules) -> Evaluated:
    computed = compute(inputs, rules)
    groups, previous = earlier
    figures = [
        *computed.figures,
        *theme_figures(inputs),
        *compare(computed, groups, rules),
        *verify_findings(computed, previous, rules),
    ]
    return Evaluated(inputs, computed, figures)


def replace_marts(connection: Connection, wave_codes: Sequence[str], evaluated: Iterable[Evaluated]) -> None:
    """Replace the rows of waves in marts. Role: statistics."""
    moment = clock.now(connection)
    connection.execute(statement("results", "delete_marts"), {"wave_codes": list(wave_codes)})
    waves = []
    with connection.cursor().copy(statement("results", "copy_figures")) as copy:
        for one in evaluated:
            waves.append((*_wave(one.inputs), moment))
            for row in one.figures:
                copy.write_row((one.inputs.wave_code, *row))
    with connection.cursor().copy(statement("results", "copy_waves")) as copy:
        for wave in waves:
            copy.write_row(wave)


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
