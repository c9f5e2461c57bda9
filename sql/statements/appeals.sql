-- Appeals about promotion points: put to the HRBP, carried out once.

-- name: unasked
-- Grain: one open appeal that was not put to anybody yet.
select appeal_id::text as appeal_id, rule_code
from ops.point_appeals as opened
where state = 'open' and not exists (
    select from ops.commitments as asked
    where asked.kind = 'answer_appeal' and asked.subject_kind = 'point_appeal'
        and asked.subject_id = opened.appeal_id::text
)
order by opened.appeal_id

-- name: answered
-- Grain: one appeal that was answered and not carried out, locked until it is.
select
    opened.appeal_id, opened.employee_id, opened.rule_code, opened.entry_id, opened.happened_on, opened.quantity,
    asked.choice = 'uphold' as is_upheld
from ops.point_appeals as opened
join ops.commitments as asked
    on asked.kind = 'answer_appeal' and asked.subject_kind = 'point_appeal'
    and asked.subject_id = opened.appeal_id::text and asked.state = 'done'
where opened.state = 'open'
order by opened.appeal_id
for update of opened

-- name: settle
update ops.point_appeals as opened
set state = done.state::ops.appeal_state, answered_at = %(now)s
from unnest(%(appeal_ids)s::bigint[], %(states)s::text[]) as done (appeal_id, state)
where opened.appeal_id = done.appeal_id and opened.state = 'open'
