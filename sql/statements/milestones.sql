-- name: sessions_to_plan
-- Grain: one class session some of whose steps may still change, in order of its code. Settled history is left out, so
-- that a morning's plan reads this year's classes and not ten years'.
select
    session.session_code, session.starts_at, session.ends_at, session.status = 'cancelled' as is_cancelled,
    session.mode, wave.opened_at, wave.closes_at
from core.class_sessions as session
left join ops.survey_waves as wave
    on wave.subject_kind = 'class_session' and wave.subject_id = session.session_code
    and wave.instrument_code = 'course_evaluation' and wave.state <> 'cancelled'
where session.session_code > %(after)s
    and (%(session_codes)s::text[] is null or session.session_code = any (%(session_codes)s))
    and case
        when session.status = 'cancelled' then exists (
            select from ops.milestones as step
            where step.subject_kind = 'class_session' and step.subject_id = session.session_code
                and step.state = 'pending'
        )
        else session.ends_at > %(now)s or cardinality(%(steps)s::text[]) > (
            select count(*) from ops.milestones as step
            where step.subject_kind = 'class_session' and step.subject_id = session.session_code
                and step.step = any (%(steps)s) and step.state <> 'pending'
                and step.reason is distinct from 'class_cancelled'
        )
    end
order by session.session_code
limit %(batch_size)s

-- name: planned_steps
-- Grain: one step of the class sessions at hand, as it stands.
select subject_id as session_code, step, state::text, reason, due_on, not_after, is_provisional
from ops.milestones
where subject_kind = 'class_session' and subject_id = any (%(session_codes)s)
    and (step = any (%(steps)s) or step like any (%(per_day_steps)s))

-- name: insert_steps
-- Grain: one step that is planned for the first time.
insert into ops.milestones (
    subject_kind, subject_id, step, due_on, not_after, is_provisional, state, reason, planned_at
)
select 'class_session', session_code, step, due_on, not_after, is_provisional, state, reason, %(now)s
from unnest(
    %(session_code)s::text[], %(step)s::text[], %(due_on)s::date[], %(not_after)s::timestamptz[],
    %(is_provisional)s::boolean[], %(state)s::ops.milestone_state[], %(reason)s::text[]
) as new (session_code, step, due_on, not_after, is_provisional, state, reason)
on conflict (subject_kind, subject_id, step) do nothing

-- name: update_steps
-- Grain: one step that stands otherwise than planned before. A step that somebody did meanwhile is left as it is.
update ops.milestones as old
set due_on = new.due_on, not_after = new.not_after, is_provisional = new.is_provisional, state = new.state,
    reason = new.reason, planned_at = %(now)s,
    emitted_at = case when old.state = new.state then old.emitted_at end,
    done_at = case when new.state = 'done' then old.done_at end
from unnest(
    %(session_code)s::text[], %(step)s::text[], %(due_on)s::date[], %(not_after)s::timestamptz[],
    %(is_provisional)s::boolean[], %(state)s::ops.milestone_state[], %(reason)s::text[],
    %(old_state)s::ops.milestone_state[]
) as new (session_code, step, due_on, not_after, is_provisional, state, reason, old_state)
where old.subject_kind = 'class_session' and old.subject_id = new.session_code and old.step = new.step
    and old.state = new.old_state

-- name: record_expired
-- Grain: one step that came too late: somebody will ask why, so it is in the audit trail besides the board.
insert into ops.audit_entries (actor, action, subject_kind, subject_id, detail)
select 'plan_milestones', 'milestone_expired', 'class_session', session_code, jsonb_build_object('step', step)
from unnest(%(session_code)s::text[], %(step)s::text[]) as expired (session_code, step)

-- name: finish_steps
-- Grain: one pending step of a class session or of a wave that is settled now.
update ops.milestones
set state = %(state)s::ops.milestone_state, done_at = case when %(state)s = 'done' then %(now)s::timestamptz end,
    reason = %(reason)s
where subject_kind = %(subject_kind)s and subject_id = any (%(subject_ids)s) and step = any (%(steps)s)
    and state = 'pending'
