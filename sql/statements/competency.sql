-- Competency results of single people (R04): which pages are told to whom.

-- name: write_pages
-- Grain: one reader's page about one assessment day. A known page changes only when it shows a number it did not show
-- when it was told; then its version rises and its link lives on.
with sheets as (
    select
        employee_id, assessed_on, manager_id, is_active,
        encode(sha256(convert_to(employee_id || '/' || string_agg(
            concat_ws('|', competency_code, self_level, 'm', manager_level, 't', test_score, 'r', required_level, weight),
            ';' order by competency_code
        ), 'UTF8')), 'hex') as sheet
    from core.competency_results
    where assessed_on > %(assessed_since)s and assessed_on <= %(today)s
    group by employee_id, assessed_on, manager_id, is_active
),
pages as (
    select employee_id as reader_id, assessed_on, false as is_team, array[sheet] as sheets, 1 as people_count
    from sheets
    where is_active
    union all
    select manager_id, assessed_on, true, array_agg(sheet order by sheet), count(*)::integer
    from sheets
    where is_active and manager_id is not null
    group by manager_id, assessed_on
)
insert into ops.competency_pages as known (
    reader_id, assessed_on, is_team, sheets, people_count, planned_at, expires_at
)
select reader_id, assessed_on, is_team, sheets, people_count, %(now)s, %(expires_at)s
from pages
order by reader_id, assessed_on, is_team
on conflict (reader_id, assessed_on, is_team) do update
set version_number = known.version_number + 1, sheets = excluded.sheets, people_count = excluded.people_count,
    planned_at = excluded.planned_at, expires_at = excluded.expires_at
where not excluded.sheets <@ known.sheets

-- name: plan_notices
-- Grain: one version of a page that was told to nobody yet.
insert into ops.notices (
    kind, subject_kind, subject_id, recipient_kind, recipient_id, step, sequence_number, not_before, not_after
)
select
    case when is_team then 'team_competency_results' else 'competency_result' end,
    'competency_page', page_id::text, 'employee', reader_id, '', version_number, %(now)s, expires_at
from ops.competency_pages
where expires_at > %(now)s
order by page_id
on conflict on constraint told_once do nothing

-- name: insert_audit
insert into ops.audit_entries (actor, action, subject_kind, subject_id, detail)
values ('feedback', 'competency_pages_planned', 'day', %(today)s::date::text, %(detail)s)
