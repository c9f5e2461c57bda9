"""A class session as a study, read from the warehouse: its people once, its figures one indicator at a time.

The people of a study live in a temporary table with their positions; facts come as a few arrays (positions, days,
figures), so that nothing is done a fact in Python, and memory holds the people and the figures of one indicator.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Literal

from trainloop.config import Site
from trainloop.errors import PermanentError
from trainloop.impact.analysis import Study
from trainloop.impact.finding import Indicator
from trainloop.impact.rules import Rules
from trainloop.statistics.windows import Grain, window_days
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

_AMOUNTS = ("numerator", "denominator", "value")
_FACTS = {"positions": "i4", "starts_on": "i4", **dict.fromkeys(_AMOUNTS, "f8")}
_PEOPLE_COLUMNS = ("unit_id", "role", "team_code", "job_family", "job_level")


class ClassUnknownError(PermanentError):
    """There is no class session {session_code}, or it was cancelled. Check the code."""


@dataclass(frozen=True)
class ClassSession:
    """A class and how it was designed; what was declared too late is not in `drawn_by` and `department_code`."""

    session_code: str
    course_code: str
    ends_on: date
    hours: Any
    drawn_by: Literal["person", "team"] | None
    department_code: str | None
    is_selected_on_results: bool
    is_untouched: bool
    is_declared_late: bool


@dataclass(frozen=True)
class Measured:
    """One indicator of a course with what it is worth."""

    indicator: Indicator
    is_key: bool
    relevant_effect: float | None
    worth: Mapping[str, Any]


@dataclass(frozen=True)
class Facts:
    """One indicator's facts around a class, the last day of which any is known (None: of none), and their files."""

    frame: pd.DataFrame
    known_until: date | None
    file_ids: list[int]


def read_session(connection: Connection, session_code: str) -> ClassSession:
    """Return a class session; raise ClassUnknownError."""
    row = connection.execute(statement("performance", "session"), {"session_code": session_code}).fetchone()
    if row is None or row["is_cancelled"]:
        raise ClassUnknownError(session_code=session_code)
    is_registered = row["is_registered"]
    declared = row["comparison_department_code"] if is_registered else None
    return ClassSession(
        session_code,
        row["course_code"],
        row["ends_on"],
        row["hours"],
        row["drawn_by"] if is_registered else None,
        declared or row["pilot_department_code"],
        row["is_selected_on_results"],
        row["is_comparison_untouched"],
        row["has_design"]
        and not is_registered
        and (row["drawn_by"] is not None or row["comparison_department_code"] is not None),
    )


def read_indicators(connection: Connection, course_code: str) -> list[Measured]:
    """Return the indicators a course is meant to move, its key one first."""
    rows = connection.execute(statement("performance", "indicators"), {"course_code": course_code})
    return [
        Measured(
            Indicator(
                row["kpi_code"],
                row["name_zh"],
                row["name_en"],
                row["direction"],
                row["grain"],
                row["unit"],
                float(row["rate_per"]) if row["rate_per"] is not None else None,
                row["redefined_on"],
            ),
            row["is_key"],
            float(row["relevant_effect"]) if row["relevant_effect"] is not None else None,
            row,
        )
        for row in rows
    ]


def gather_people(connection: Connection, session: ClassSession, site: Site) -> None:
    """Write the people of a study into the temporary table that lives until this transaction ends."""
    connection.execute(statement("performance", "create_study_people"))
    connection.execute(
        statement("performance", "insert_study_people"),
        {
            "session_code": session.session_code,
            "course_code": session.course_code,
            "ends_on": session.ends_on,
            "drawn_by": session.drawn_by,
            "department_code": session.department_code,
            "is_by_manager": site.impact.team == "line_manager",
        },
    )
    connection.execute(statement("performance", "analyze_study_people"))


def read_people(connection: Connection, session: ClassSession) -> pd.DataFrame:
    """Return everybody of a study in the order of their positions, with the date of the class."""
    import pandas as pd

    columns = _read_columns(connection, "people", {})[0]
    people = pd.DataFrame({name: pd.Series(columns[name] or [], dtype="str") for name in _PEOPLE_COLUMNS})
    for name in _PEOPLE_COLUMNS[1:]:
        people[name] = people[name].astype("category")
    left_on = pd.Series(columns["left_on"] or [], dtype="datetime64[s]")
    return people.assign(left_on=left_on, class_ends_on=pd.Timestamp(session.ends_on))


def windows_of(session: ClassSession, grain: Grain, rules: Rules) -> tuple[date, date]:
    """Return the first day of the window before and the last of the window after."""
    import numpy as np

    first, last = window_days(np.array([session.ends_on], dtype="datetime64[D]"), grain, rules.windows)
    return first[0].item(), last[0].item()


def mark_other_classes(
    connection: Connection, people: pd.DataFrame, session: ClassSession, kpi_code: str, window: tuple[date, date]
) -> pd.DataFrame:
    """Return the people with the day of another class that is meant to move the same indicator within the windows."""
    import numpy as np
    import pandas as pd

    keys = {
        "session_code": session.session_code,
        "kpi_code": kpi_code,
        "first_on": window[0],
        "last_on": window[1],
    }
    found = _read_columns(connection, "other_classes", keys)[0]
    days = np.full(len(people), np.datetime64("NaT"), dtype="datetime64[D]")
    days[_numbers(found["positions"], "i4")] = _numbers(found["days"], "i4").astype("datetime64[D]")
    return people.assign(other_class_on=pd.to_datetime(days.astype("datetime64[s]")))


def read_facts(
    connection: Connection, people: pd.DataFrame, indicator: Indicator, window: tuple[date, date], history_days: int
) -> Facts:
    """Return one indicator's facts around the class.

    `history_days`: how far before the window the trend reaches back.
    """
    import numpy as np
    import pandas as pd

    keys = {
        "kpi_code": indicator.kpi_code,
        "grain": indicator.grain,
        "first_on": window[0] - timedelta(days=history_days),
        "last_on": window[1],
    }
    parts = _read_columns(connection, "facts", keys)
    known_until = max((part["known_until"] for part in parts), default=None)
    file_ids = sorted({part["file_id"] for part in parts})
    counts = [len(part["positions"]) // 4 for part in parts]
    units = pd.Categorical(np.repeat(np.array([part["unit"] for part in parts], dtype=object), counts))
    columns = {name: _numbers(b"".join(part.pop(name) for part in parts), kind) for name, kind in _FACTS.items()}
    told = {name: columns[name] for name in _AMOUNTS if not np.isnan(columns[name]).all()}
    facts = pd.DataFrame(
        {
            "unit_id": pd.Categorical.from_codes(columns["positions"], categories=pd.Index(people["unit_id"])),
            "starts_on": columns["starts_on"].astype("datetime64[D]").astype("datetime64[s]"),
            **told,
            **({"unit": units} if len(units.categories) else {}),
        },
        copy=False,
    )
    return Facts(facts, known_until, file_ids)


def study_of(session: ClassSession, measured: Measured, known_until: date) -> Study:
    """Return how the people of one indicator came into the study."""
    relevant = {} if measured.relevant_effect is None else {measured.indicator.kpi_code: measured.relevant_effect}
    return Study(
        known_until,
        session.drawn_by,
        session.is_selected_on_results,
        session.is_untouched,
        relevant_effects=relevant,
    )


def _read_columns(connection: Connection, name: str, keys: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of a statement whose columns are arrays: binary, so that a number is not a text on its way."""
    return connection.cursor(binary=True).execute(statement("performance", name), keys).fetchall()


def _numbers(sent: bytes, kind: str) -> NDArray[Any]:
    """Return the numbers that PostgreSQL sent one behind the other, its first byte first."""
    import numpy as np

    return np.frombuffer(sent, dtype=f">{kind}").astype(kind)
