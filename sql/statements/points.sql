-- The promotion points ledger: booked once, taken back by counter rows, never changed.

-- name: book
-- Grain: one booking. Evidence whose booking stands is not booked again; after it was taken back, as its next version.
insert into ops.point_entries (
    employee_id, role, rule_code, rule_valid_from, evidence_kind, evidence_id, version_number, earned_on, quantity,
    points, reason, recorded_at
)
select
    new.employee_id, new.role, new.rule_code, new.rule_valid_from, new.evidence_kind, new.evidence_id,
    coalesce(known.booked_count, 0) + 1, new.earned_on, new.quantity, new.points, %(reason)s, %(now)s
from unnest(
    %(employee_id)s::text[], %(role)s::text[], %(rule_code)s::text[], %(rule_valid_from)s::date[],
    %(evidence_kind)s::text[], %(evidence_id)s::text[], %(earned_on)s::date[], %(quantity)s::numeric[],
    %(points)s::numeric[]
) as new (
    employee_id, role, rule_code, rule_valid_from, evidence_kind, evidence_id, earned_on, quantity, points
)
left join lateral (
    select count(*)::integer as booked_count
    from ops.point_entries as booked
    where booked.employee_id = new.employee_id and booked.evidence_kind = new.evidence_kind
        and booked.evidence_id = new.evidence_id and booked.rule_code = new.rule_code
        and booked.corrects_entry_id is null
) as known on true
where not exists (
    select from ops.points as standing
    where standing.employee_id = new.employee_id and standing.evidence_kind = new.evidence_kind
        and standing.evidence_id = new.evidence_id and standing.rule_code = new.rule_code
)
order by new.earned_on, new.employee_id, new.evidence_kind, new.evidence_id
on conflict (employee_id, evidence_kind, evidence_id, rule_code, version_number) where corrects_entry_id is null
do nothing

-- name: take_back
-- Grain: one counter row. A booking that was taken back stays so.
insert into ops.point_entries (
    employee_id, role, rule_code, rule_valid_from, evidence_kind, evidence_id, version_number, earned_on, quantity,
    points, reason, corrects_entry_id, recorded_at
)
select
    booked.employee_id, booked.role, booked.rule_code, booked.rule_valid_from, booked.evidence_kind,
    booked.evidence_id, booked.version_number, booked.earned_on, booked.quantity, -booked.points, wrong.reason,
    booked.entry_id, %(now)s
from unnest(%(entry_ids)s::bigint[], %(reasons)s::text[]) as wrong (entry_id, reason)
join ops.point_entries as booked on booked.entry_id = wrong.entry_id and booked.corrects_entry_id is null
order by booked.entry_id
on conflict on constraint taken_back_once do nothing
