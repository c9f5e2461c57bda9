"""Learner groups (R18): made once the run sheet is due, from the learners as they are then, by a seed of the class.

The same learners give the same groups again. Whoever is enrolled after the run sheet went out stands in no group: the
trainer places them, nobody else moves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from psycopg.types.json import Jsonb

from trainloop.config import get_site
from trainloop.domain.grouping import CannotBeKeptApart, Learner, group_learners
from trainloop.surveys.scan import Scan
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

_COLUMNS = ("session_code", "seed", "learners_sha256", "group_count", "department_spread", "level_spread",
            "score_spread", "refusal", "conflicts")  # fmt: skip


def make_groups(connection: Connection, scan: Scan, session_codes: Sequence[str]) -> int:
    """Group the learners of these classes where they are not what they were; return how many classes were grouped.

    In the caller's transaction.
    """
    learners: dict[str, list[Learner]] = {code: [] for code in session_codes}
    wanted = {"session_codes": list(session_codes)}
    for row in connection.execute(statement("run_sheets", "learners"), wanted):
        score = row["pre_score"]
        learners[row["session_code"]].append(
            Learner(
                row["employee_id"],
                row["department_code"],
                row["job_level"],
                row["manager_id"],
                None if score is None else float(score),
            )
        )
    known = {
        row["session_code"]: row["learners_sha256"]
        for row in connection.execute(statement("run_sheets", "groupings"), wanted)
    }
    made = [
        _grouped(code, people, digest)
        for code, people in learners.items()
        if (digest := _digest(people)) != known.get(code)
    ]
    if made:
        _keep(connection, scan, made)
    return len(made)


def _digest(people: Sequence[Learner]) -> str:
    lines = sorted(f"{one}" for one in people)
    return hashlib.sha256("\n".join([f"{get_site().pre_class.group_size}", *lines]).encode()).hexdigest()


def _grouped(code: str, people: Sequence[Learner], digest: str) -> dict[str, Any]:
    found = group_learners(people, get_site().pre_class.group_size, code)
    row: dict[str, Any] = dict.fromkeys(_COLUMNS) | {
        "session_code": code, "seed": code, "learners_sha256": digest, "group_count": 0, "conflicts": [], "groups": (),
    }  # fmt: skip
    if isinstance(found, CannotBeKeptApart):
        return row | {"refusal": "cannot_be_kept_apart", "conflicts": [list(pair) for pair in found.pairs]}
    if not found.groups:
        return row | {"refusal": "nobody_confirmed"}
    return row | {
        "group_count": len(found.groups),
        "department_spread": found.department_spread,
        "level_spread": found.level_spread,
        "score_spread": None if found.score_spread is None else round(found.score_spread, 2),
        "groups": found.groups,
    }


def _keep(connection: Connection, scan: Scan, made: Sequence[Mapping[str, Any]]) -> None:
    columns: dict[str, Any] = {name: [row[name] for row in made] for name in _COLUMNS}
    columns["conflicts"] = [Jsonb(pairs) for pairs in columns["conflicts"]]
    connection.execute(
        statement("run_sheets", "empty_groups"), {"session_codes": [row["session_code"] for row in made]}
    )
    connection.execute(statement("run_sheets", "keep_groupings"), columns | {"now": scan.real_now})
    placed = [
        (row["session_code"], employee_id, number)
        for row in made
        for number, group in enumerate(row["groups"], start=1)
        for employee_id in group
    ]
    connection.execute(
        statement("run_sheets", "keep_groups"),
        {
            "session_code": [code for code, _, _ in placed],
            "employee_id": [employee_id for _, employee_id, _ in placed],
            "group_number": [number for _, _, number in placed],
        },
    )
