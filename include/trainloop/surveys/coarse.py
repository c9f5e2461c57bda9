"""Coarse groups of a wave: fixed for every invitation when it is made, and made coarser when the wave closes.

The planner sees counts of combinations, never which answer belongs to whom. What an answer sheet carries stands for at
least as many invited people as the wave promises while it is open, and for as many answers once it is closed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from psycopg.types.json import Jsonb

from trainloop.config import get_site
from trainloop.config.surveys import CoarseGroup
from trainloop.domain.coarse_groups import Combination, coarsen, nearest
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

_Row = Mapping[str, Any]


def last_invitation(connection: Connection) -> int:
    """Return the highest invitation id so far: what comes after it was made later in this transaction."""
    row = connection.execute(statement("rounds", "last_invitation")).fetchone()
    assert row is not None
    return int(row["last_id"])


def fix_groups(connection: Connection, waves: Sequence[_Row], after_id: int) -> None:
    """Fix the groups of the invitations made after `after_id`.

    Rows of `waves` have wave_code, instrument_code and minimum_count.
    Whoever joins an open wave gets the nearest combination in use; a new one could stand for them alone.
    """
    attributes = {row["wave_code"]: _attributes(row["instrument_code"]) for row in waves}
    minimums = {row["wave_code"]: row["minimum_count"] for row in waves}
    wave_codes = [code for code, names in attributes.items() if names]
    if not wave_codes:
        return
    wanted = {"wave_codes": wave_codes, "last_id": after_id}
    known: dict[str, set[Combination]] = defaultdict(set)
    for row in connection.execute(statement("rounds", "groups_in_use"), wanted):
        known[row["wave_code"]].add(_combination(row["coarse_groups"], attributes[row["wave_code"]]))
    rows = connection.execute(statement("rounds", "group_counts"), wanted).fetchall()
    counts: dict[str, dict[Combination, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        counts[row["wave_code"]][_combination(row, attributes[row["wave_code"]])] += row["person_count"]
    kept = {code: _kept(found, known[code], minimums[code]) for code, found in counts.items()}
    if rows:
        fixed = {}
        for row in rows:
            names = attributes[row["wave_code"]]
            fixed[_key(row)] = _as_groups(kept[row["wave_code"]][_combination(row, names)], names)
        columns = {"keys": list(fixed), "coarse_groups": [Jsonb(groups) for groups in fixed.values()]}
        connection.execute(statement("rounds", "fix_groups"), wanted | columns)


def _key(row: _Row) -> str:
    """Return what `fix_groups` looks a person's groups up by."""
    return "\x1f".join((
        row["wave_code"],
        *(row[name] or "" for name in ("job_level", "job_family", "department_code")),
    ))


def coarsen_closed(connection: Connection, waves: Sequence[_Row]) -> int:
    """Make the groups of closed waves' answer sheets as coarse as the number of answers asks for; return how many."""
    attributes = {row["wave_code"]: _attributes(row["instrument_code"]) for row in waves}
    minimums = {row["wave_code"]: row["minimum_count"] for row in waves}
    counts: dict[str, dict[Combination, int]] = defaultdict(dict)
    wanted = {"wave_codes": [code for code, names in attributes.items() if names]}
    for row in connection.execute(statement("rounds", "response_groups"), wanted):
        code = row["wave_code"]
        counts[code][_combination(row["coarse_groups"], attributes[code])] = row["response_count"]
    coarsened = 0
    for code, found in counts.items():
        changes = [(old, new) for old, new in coarsen(found, minimums[code]).items() if old != new]
        values = {
            "wave_code": code,
            "old_groups": [Jsonb(_as_groups(old, attributes[code])) for old, _ in changes],
            "new_groups": [Jsonb(_as_groups(new, attributes[code])) for _, new in changes],
        }
        done = connection.execute(statement("rounds", "coarsen_responses"), values).fetchone()
        assert done is not None
        coarsened += done["coarsened_count"]
    return coarsened


def _kept(
    counts: Mapping[Combination, int], known: set[Combination], minimum: int
) -> Mapping[Combination, Combination]:
    if known:
        return {combination: nearest(combination, known) for combination in counts}
    return coarsen(counts, minimum)


def _attributes(instrument_code: str) -> tuple[CoarseGroup, ...]:
    rule = get_site().survey_waves.get(instrument_code)
    return rule.coarse_groups if rule is not None else ()


def _combination(row: _Row, names: Sequence[CoarseGroup]) -> Combination:
    """The values of a row in order of importance, up to the first that is not known."""
    values: list[str] = []
    for name in names:
        if not row.get(name):
            break
        values.append(row[name])
    return tuple(values)


def _as_groups(combination: Combination, names: Sequence[CoarseGroup]) -> dict[str, str]:
    return dict(zip(names, combination, strict=False))
