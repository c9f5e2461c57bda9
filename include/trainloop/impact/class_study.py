"""A class session as a study, read from the warehouse: its people once, its figures one indicator at a time.

The people of a study live in a temporary table with their positions; facts come by COPY as (position, days, figures),
so that memory holds the people and the figures of one indicator, whatever the size of the company.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
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

_FACT_COLUMNS = ("position", "starts_on", "ends_on", "numerator", "denominator", "value", "unit")
_PEOPLE_COLUMNS = ("unit_id", "role", "team_code", "job_family", "job_level", "left_on")


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

    people = _copied(connection, "copy_people", {}, _PEOPLE_COLUMNS, dict.fromkeys(_PEOPLE_COLUMNS, "str"))
    for name in ("role", "team_code", "job_family", "job_level"):
        people[name] = people[name].astype("category")
    people["left_on"] = pd.to_datetime(people["left_on"])
    return people.assign(class_ends_on=pd.Timestamp(session.ends_on))


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
    days = np.full(len(people), np.datetime64("NaT"), dtype="datetime64[D]")
    for row in connection.execute(statement("performance", "other_classes"), keys):
        days[row["position"]] = row["other_class_on"]
    return people.assign(other_class_on=pd.to_datetime(days.astype("datetime64[s]")))


def read_facts(
    connection: Connection, people: pd.DataFrame, indicator: Indicator, window: tuple[date, date], history_days: int
) -> tuple[pd.DataFrame, date | None]:
    """Return one indicator's facts around the class, and the last day of which any figure is known (None: of none).

    `history_days`: how far before the window the trend reaches back.
    """
    import pandas as pd

    keys = {
        "kpi_code": indicator.kpi_code,
        "grain": indicator.grain,
        "first_on": window[0] - timedelta(days=history_days),
        "last_on": window[1],
    }
    types = dict.fromkeys(("position", "starts_on", "ends_on"), "int32")
    types |= dict.fromkeys(("numerator", "denominator", "value"), "float64")
    facts = _copied(connection, "copy_facts", keys, _FACT_COLUMNS, types | {"unit": "category"})
    if facts.empty:
        return facts.assign(unit_id="").astype({"starts_on": "datetime64[s]"}), None
    known_until = date(1970, 1, 1) + timedelta(days=int(facts["ends_on"].max()))
    facts = facts.drop(columns="ends_on").dropna(axis="columns", how="all")
    starts = facts["starts_on"].to_numpy().astype("datetime64[D]").astype("datetime64[s]")
    return (
        facts.drop(columns=["position"]).assign(
            unit_id=pd.Categorical.from_codes(facts["position"].to_numpy(), categories=pd.Index(people["unit_id"])),
            starts_on=starts,
        ),
        known_until,
    )


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


def files_behind(
    connection: Connection, session_code: str, kpi_codes: Sequence[str], first_on: date, last_on: date
) -> list[int]:
    """Return the files behind the facts of a study, the costs and the design of its class."""
    keys = {
        "session_code": session_code,
        "kpi_codes": list(kpi_codes),
        "first_on": first_on,
        "last_on": last_on,
    }
    return sorted(row["file_id"] for row in connection.execute(statement("performance", "files_behind"), keys))


def _copied(
    connection: Connection, name: str, keys: Mapping[str, Any], columns: Sequence[str], types: Mapping[str, Any]
) -> pd.DataFrame:
    """Return what a COPY statement sends, parsed as it is: one buffer, one frame."""
    import pandas as pd

    buffer = io.BytesIO()
    with connection.cursor() as cursor, cursor.copy(statement("performance", name), keys or None) as copy:
        for block in copy:
            buffer.write(block)
    buffer.seek(0)
    return pd.read_csv(buffer, names=list(columns), dtype=dict(types), na_values=[""], keep_default_na=False)
