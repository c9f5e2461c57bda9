"""Tables with margins: which cells to hide so that no hidden one can be worked out.

The usual "two hidden cells per row and column" is necessary, not enough: two pairs that share a row can pin a cell,
and zeros bound the rest. So every hidden cell is attacked the way a reader could: the smallest and the largest
value it can have given all shown cells, all sums and no negative counts (linear programming; Fischetti & Salazar
2001, Management Science 47(7)). Cells are hidden until each such range is at least the minimum group wide.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Cell = tuple[int, int]


def hidden_cells(counts: pd.DataFrame, minimum: int) -> pd.DataFrame:
    """Return which cells to hide, margins included: one more row and column, labelled "total".

    `counts` holds people per crossing of two attributes (rows × columns, non-negative whole numbers). Cells below
    `minimum` are hidden first, zeros too; then others with them, as few people as it takes, inner cells before margins.
    A table of fewer than `minimum` people is hidden whole.
    """
    table = _with_margins(counts)
    hidden = table < minimum
    if table[-1, -1] >= minimum:
        while exposed := next((cell for cell in _cells(hidden) if _range(table, hidden, cell) < minimum), None):
            for cell in _helpers(table, hidden, exposed, minimum):
                hidden[cell] = True
    else:
        hidden[:] = True
    return pd.DataFrame(hidden, index=[*counts.index, "total"], columns=[*counts.columns, "total"])


def derivable_range(counts: pd.DataFrame, hidden: pd.DataFrame, row: int, column: int) -> tuple[float, float]:
    """Return the smallest and largest value a reader can work out for a cell (positions, margins last)."""
    return _bounds(_with_margins(counts), hidden.to_numpy(dtype=bool), (row, column))


def _with_margins(counts: pd.DataFrame) -> NDArray[np.float64]:
    inner = counts.to_numpy(dtype=np.float64)
    rows = np.column_stack([inner, inner.sum(axis=1)])
    return np.vstack([rows, rows.sum(axis=0)])


def _cells(hidden: NDArray[np.bool_]) -> Iterator[Cell]:
    for row, column in np.argwhere(hidden):
        yield int(row), int(column)


def _range(table: NDArray[np.float64], hidden: NDArray[np.bool_], cell: Cell) -> float:
    low, high = _bounds(table, hidden, cell)
    return high - low


def _bounds(table: NDArray[np.float64], hidden: NDArray[np.bool_], cell: Cell) -> tuple[float, float]:
    from scipy.optimize import linprog

    unknown = list(_cells(hidden))
    position = {place: index for index, place in enumerate(unknown)}
    if cell not in position:
        return float(table[cell]), float(table[cell])
    equations, sums = [], []
    for line in _lines(table.shape[0], table.shape[1]):
        coefficients = np.zeros(len(unknown))
        known = 0.0
        for place, sign in line:
            if place in position:
                coefficients[position[place]] = sign
            else:
                known += sign * table[place]
        if coefficients.any():
            equations.append(coefficients)
            sums.append(-known)
    target = np.zeros(len(unknown))
    target[position[cell]] = 1
    ends = [
        linprog(sign * target, A_eq=np.array(equations), b_eq=np.array(sums), bounds=(0, None), method="highs")
        for sign in (1, -1)
    ]
    low, high = (None if end.fun is None else float(end.fun) for end in ends)
    return low or 0.0, float("inf") if high is None else -high  # no optimum: nothing shown limits the cell


def _lines(rows: int, columns: int) -> Iterator[list[tuple[Cell, int]]]:
    """Every sum a reader knows: inner cells of a line minus its margin are 0."""
    for row in range(rows):
        yield [((row, column), 1) for column in range(columns - 1)] + [((row, columns - 1), -1)]
    for column in range(columns):
        yield [((row, column), 1) for row in range(rows - 1)] + [((rows - 1, column), -1)]


def _helpers(table: NDArray[np.float64], hidden: NDArray[np.bool_], cell: Cell, minimum: int) -> list[Cell]:
    """The shown cells to hide next, so that people could be moved around a rectangle through the exposed cell.

    Among the rectangles wide enough for the minimum the one that hides the fewest people, inner cells before margins.
    Where none is wide enough, the smallest shown cell; the grand total stays.
    """
    last_row, last_column = table.shape[0] - 1, table.shape[1] - 1
    candidates = []
    for row, column in np.ndindex(*table.shape):
        if row == cell[0] or column == cell[1] or (row, column) == (last_row, last_column):
            continue
        corners = [(cell[0], column), (row, cell[1]), (row, column)]
        shown = [corner for corner in corners if not hidden[corner]]
        width = min(table[corners[0]], table[corners[1]]) + min(table[cell], table[corners[2]])
        if shown and width >= minimum:
            margins = sum(corner[0] == last_row or corner[1] == last_column for corner in shown)
            candidates.append((margins, float(sum(table[corner] for corner in shown)), shown))
    if candidates:
        return min(candidates)[2]
    left = [place for place in _cells(~hidden) if place != (last_row, last_column)]
    return [min(left, key=lambda place: (place[0] == last_row or place[1] == last_column, table[place], place))]
