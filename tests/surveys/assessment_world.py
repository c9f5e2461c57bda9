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
    boss = f"{employee_id}-BOSS"
    team = [(boss, None, None), (employee_id, boss, promoted_on)]
    team += [(f"{employee_id}-P{number}", boss, None) for number in range(peers)]
    team += [(f"{employee_id}-R{number}", employee_id, None) for number in range(reports)]
    world.execute(
        """insert into core.employees (employee_id, name, email, department_code, job_family, job_level, manager_id,
               promoted_on, file_id, row_number)
           select id, '员工' || id, lower(id) || '@example.com', 'D1', 'sales', 'M1', manager_id, promoted_on, 1, 1
           from unnest(%s::text[], %s::text[], %s::date[]) as new (id, manager_id, promoted_on)""",
        [person for person, _, _ in team], [leader for _, leader, _ in team], [day for _, _, day in team],
    )  # fmt: skip


def close_with(wave_code: str, sheets: Mapping[str, Sequence[Sheet]], closed_at: str = "2026-04-20 23:59+08") -> None:
    """Close a wave to which these groups gave these sheets; everybody listed was invited."""
    world.execute(
        """insert into ops.invitations (wave_code, employee_id, rater_group, token, is_used, invited_on)
           select wave_code, employee_id, rater_group, gen_random_uuid()::text, true, '2026-03-30'
           from ops.wave_people where wave_code = %s""",
        wave_code,
    )
    write_sheets(wave_code, [(group, sheet) for group, answers in sheets.items() for sheet in answers])
    world.execute(
        "update ops.survey_waves set state = 'closed', closed_at = %s where wave_code = %s", closed_at, wave_code
    )


def write_sheets(wave_code: str, sheets: Sequence[tuple[str, Sheet]], start: int = 1) -> None:
    """Write answer sheets `start`, `start` + 1, … of rater groups."""
    said = [
        (f"sheet-{number}", group, code, value)
        for number, (group, sheet) in enumerate(sheets, start)
        for code, value in (dict.fromkeys(ITEMS, sheet) if isinstance(sheet, int) else sheet).items()
    ]
    world.execute(
        """with said as (
               select * from unnest(%s::text[], %s::text[], %s::text[], %s::numeric[], %s::text[])
                   as said (hash, rater_group, item_code, score, free_text)
           ),
           sheets as (
               insert into confidential.responses (wave_code, state, external_id_hash, coarse_groups)
               select distinct %s, 'complete'::confidential.response_state, hash,
                   jsonb_build_object('rater_group', rater_group)
               from said
               returning response_id, external_id_hash
           )
           insert into confidential.answers (response_id, item_code, score, free_text)
           select response_id, item_code, score, free_text from said join sheets on external_id_hash = hash""",
        [hash_ for hash_, *_ in said],
        [group for _, group, *_ in said],
        [code for _, _, code, _ in said],
        [None if isinstance(value, str) else value for *_, value in said],
        [value if isinstance(value, str) else None for *_, value in said],
        wave_code,
    )


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
