-- Practice cases: whom to invite, what waits for a trainer or for HR, what enters and leaves the knowledge base.

-- name: invite
-- Grain: one invitation. Plans that ended well and not so well since a while, so many of each a class, nobody twice in the
-- period of the cap and nobody who left; which ones is a draw by the plan's code, not a choice by result.
with ended as (
    select
        plan.plan_id, plan.session_code, plan.employee_id, plan.state in ('done', 'verified') as is_success
    from ops.action_plans as plan
    join core.employees as person
        on person.employee_id = plan.employee_id and person.removed_on is null
        and (person.left_on is null or person.left_on > %(today)s)
    where coalesce(plan.settled_at, plan.checked_in_at) between %(since)s and %(now)s
        and (plan.state in ('done', 'verified', 'late') or (plan.state = 'withdrawn' and plan.settled_reason = 'learner'))
        and not exists (
            select from ops.practice_cases as asked
            where asked.plan_id = plan.plan_id
                or (asked.employee_id = plan.employee_id and asked.invited_at > %(not_asked_since)s)
        )
),
one_each as (
    select distinct on (employee_id) * from ended order by employee_id, md5(plan_id)
),
ranked as (
    select
        *,
        row_number() over (partition by session_code, is_success order by md5(plan_id)) + (
            select count(*) from ops.practice_cases as known
            where known.session_code = one_each.session_code and known.is_success = one_each.is_success
        ) as place
    from one_each
)
insert into ops.practice_cases (plan_id, session_code, employee_id, is_success, invited_at, invited_until)
select plan_id, session_code, employee_id, is_success, %(now)s, %(until)s
from ranked
where place <= case when is_success then %(success_per_class)s else %(other_per_class)s end
order by plan_id
on conflict (plan_id) do nothing

-- name: tell_invited
insert into ops.notices (kind, subject_kind, subject_id, recipient_kind, recipient_id, is_optional, not_before, not_after)
select 'case_invitation', 'practice_case', case_id::text, 'employee', employee_id, true, %(now)s, invited_until
from ops.practice_cases
where state = 'invited' and invited_until > %(now)s
order by case_id
on conflict on constraint told_once do nothing

-- name: expire
update ops.practice_cases set state = 'expired' where state = 'invited' and invited_until <= %(now)s

-- name: uncommented
-- Grain: one written case and the trainer of its class.
select story.case_id::text as case_id, session.trainer_id, story.session_code
from ops.practice_cases as story
join core.class_sessions as session using (session_code)
where story.state = 'written'
order by story.case_id

-- name: take_comments
-- Grain: one written case whose trainer has commented.
update ops.practice_cases as story
set state = 'commented', trainer_comment = said.comment
from ops.commitments as said
where story.state = 'written' and said.kind = 'comment_practice_case' and said.subject_kind = 'practice_case'
    and said.subject_id = story.case_id::text and said.state = 'done'

-- name: commented
select case_id::text as case_id, session_code from ops.practice_cases where state = 'commented' order by case_id

-- name: withdraw_requests
-- Grain: one request about a case that is not under way any more: its link dies, its mails are dropped.
with comments as (
    update ops.commitments as owed
    set state = 'withdrawn'
    from ops.practice_cases as story
    where owed.state = 'open' and owed.subject_kind = 'practice_case' and owed.subject_id = story.case_id::text
        and story.state = 'withdrawn'
    returning 1
),
questions as (
    update ops.approvals as asked
    set state = 'withdrawn'
    from ops.practice_cases as story
    where asked.state = 'open' and asked.subject_kind = 'practice_case' and asked.subject_id = story.case_id::text
        and story.state = 'withdrawn'
    returning 1
)
select (select count(*) from comments) + (select count(*) from questions) as withdrawn_count

-- name: to_publish
-- Grain: one approved case with everything its page in the knowledge base says; locked until it is there.
select
    story.case_id, story.is_success, story.title, story.situation, story.action, story.result, story.lesson,
    story.is_named, story.trainer_comment, story.employee_id, person.name as person_name, session.course_code,
    course.name_zh as course_zh, course.name_en as course_en, trainer.name as trainer_name
from ops.practice_cases as story
join core.employees as person using (employee_id)
join core.class_sessions as session on session.session_code = story.session_code
join core.courses as course on course.course_code = session.course_code
join core.trainers as trainer on trainer.trainer_id = session.trainer_id
where story.case_id = any(%(case_ids)s) and story.state = 'commented'
order by story.case_id
for update of story

-- name: settle
-- Grain: one case that was decided: in the knowledge base under its code, or not.
update ops.practice_cases as story
set state = done.state::ops.case_state, asset_code = done.asset_code,
    published_at = case when done.state = 'published' then %(now)s end
from unnest(%(case_ids)s::bigint[], %(states)s::text[], %(asset_codes)s::text[]) as done (case_id, state, asset_code)
where story.case_id = done.case_id and story.state = 'commented'

-- name: to_remove
-- Grain: one case that is in the knowledge base although its author took the consent back or was erased.
select story.case_id, story.asset_code, session.course_code, story.withdrawn_at
from ops.practice_cases as story
join core.class_sessions as session using (session_code)
where story.asset_code is not null and story.removed_at is null
    and (story.state = 'withdrawn' or story.employee_id like 'erased-%%')
order by story.case_id
for update of story

-- name: removed
update ops.practice_cases
set removed_at = %(now)s, state = 'withdrawn', withdrawn_at = coalesce(withdrawn_at, %(now)s)
where case_id = any(%(case_ids)s) and removed_at is null
