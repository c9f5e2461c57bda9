"""A company with newly promoted managers, and ratings written as the survey intake would have left them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.surveys import results_world as world

from trainloop.surveys.instrument import load_instrument

INSTRUMENT = load_instrument("feedback_360")
ITEMS = [item.code for item in INSTRUMENT.items if item.kind == "scale"]
# One rater's sheet: one score everywhere, or a score per item.
Sheet = int | Mapping[str, Any]


def make_manager(employee_id: str, promoted_on: str, reports: int = 4, peers: int = 4) -> None:
    """A manager with a boss, peers under the same boss, and reports."""
    hire(f"{employee_id}-BOSS", None)
    hire(employee_id, f"{employee_id}-BOSS", promoted_on)
    for number in range(peers):
        hire(f"{employee_id}-P{number}", f"{employee_id}-BOSS")
    for number in range(reports):
        hire(f"{employee_id}-R{number}", employee_id)


def hire(employee_id: str, manager_id: str | None, promoted_on: str | None = None) -> None:
    world.execute(
        """insert into core.employees (employee_id, name, email, department_code, job_family, job_level, manager_id,
               promoted_on, file_id, row_number)
           values (%s, %s, %s, 'D1', 'sales', 'M1', %s, %s, 1, 1)""",
        employee_id, f"员工{employee_id}", f"{employee_id}@example.com".lower(), manager_id, promoted_on,
    )  # fmt: skip


def close_with(wave_code: str, sheets: Mapping[str, Sequence[Sheet]], closed_at: str = "2026-04-20 23:59+08") -> None:
    """Close a wave to which these groups gave these sheets; everybody listed was invited."""
    world.execute(
        """insert into ops.invitations (wave_code, employee_id, rater_group, token, is_used, invited_on)
           select wave_code, employee_id, rater_group, gen_random_uuid()::text, true, '2026-03-30'
           from ops.wave_people where wave_code = %s""",
        wave_code,
    )
    number = 0
    for group, answers in sheets.items():
        for sheet in answers:
            number += 1
            write_sheet(wave_code, group, sheet, number)
    world.execute(
        "update ops.survey_waves set state = 'closed', closed_at = %s where wave_code = %s", closed_at, wave_code
    )


def write_sheet(wave_code: str, group: str, sheet: Sheet, number: int) -> None:
    row = world.execute(
        """insert into confidential.responses (wave_code, state, external_id_hash, coarse_groups)
           values (%s, 'complete', %s, jsonb_build_object('rater_group', %s::text)) returning response_id""",
        wave_code, f"sheet-{number}", group,
    )[0]  # fmt: skip
    values = dict.fromkeys(ITEMS, sheet) if isinstance(sheet, int) else sheet
    for code, value in values.items():
        column = "free_text" if isinstance(value, str) else "score"
        world.execute(
            f"insert into confidential.answers (response_id, item_code, {column}) values (%s, %s, %s)",
            row["response_id"], code, value,
        )  # fmt: skip


def waves() -> dict[str, str]:
    """Who is assessed by which wave."""
    return {
        row["employee_id"]: row["wave_code"]
        for row in world.execute("select employee_id, wave_code from ops.assessments order by employee_id")
    }


def private(wave_code: str) -> dict[tuple[str, str, str, str], dict[str, Any]]:
    """The private figures of one assessment by (group, family, code, statistic)."""
    rows = world.execute("select * from confidential.assessment_figures where wave_code = %s", wave_code)
    return {(row["group_code"], row["family"], row["code"], row["statistic"]): row for row in rows}
