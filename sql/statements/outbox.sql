-- name: plan_notices
-- Grain: one notice of a planning step. A notice that was planned before keeps its state: nothing is told twice.
insert into ops.notices (
    kind, subject_kind, subject_id, recipient_kind, recipient_id, step, sequence_number, is_optional, is_urgent,
    not_before, not_after, facts
)
select
    kind, subject_kind, subject_id, recipient_kind, recipient_id, step, sequence_number, is_optional, is_urgent,
    coalesce(not_before, ops.business_now()), not_after, facts
from unnest(
    %(kind)s::text[], %(subject_kind)s::text[], %(subject_id)s::text[], %(recipient_kind)s::text[],
    %(recipient_id)s::text[], %(step)s::text[], %(sequence_number)s::integer[], %(is_optional)s::boolean[],
    %(is_urgent)s::boolean[], %(not_before)s::timestamptz[], %(not_after)s::timestamptz[], %(facts)s::jsonb[]
) as new (
    kind, subject_kind, subject_id, recipient_kind, recipient_id, step, sequence_number, is_optional, is_urgent,
    not_before, not_after, facts
)
on conflict on constraint told_once do nothing
