-- Action learning plans: what a learner changes at work within 30 days, week by week, and the manager's word on it.

-- on_track, at_risk, late: open, as the learner said last (late also: the day has passed). done: the learner says so.
-- verified: done, with evidence, and confirmed by the manager. withdrawn: given up, or the learner left.
-- Transitions: on_track, at_risk and late change into each other, into done and into withdrawn; done → verified |
-- late (the manager does not confirm). verified and withdrawn are ends.
create type ops.plan_state as enum ('on_track', 'at_risk', 'late', 'done', 'verified', 'withdrawn');

-- Grain: one learner's plan after one class. Seen by learner, manager and HR L&D, as the form says; a class report
-- counts. The token opens the learner's own page until the plan has ended.
create table ops.action_plans (
    plan_id text primary key,
    session_code text not null,
    employee_id text not null,
    -- Who leads the learner now; null: nobody, or the learner's own id stood there, so HR stands in.
    manager_id text,
    goal text not null,
    metric text not null,
    baseline_value numeric,
    target_value numeric not null,
    due_on date not null,
    first_step text not null,
    support_needed text,
    state ops.plan_state not null default 'on_track',
    token text not null unique default replace(gen_random_uuid()::text, '-', ''),
    made_at timestamptz not null,
    -- The last word of the learner; red, amber and green are counted from it.
    updated_at timestamptz not null,
    current_value numeric,
    blocker text check (blocker in ('none', 'time', 'manager_support', 'tool', 'unclear', 'not_relevant')),
    acknowledgement text,
    check_in_due_on date not null,
    checked_in_at timestamptz,
    evidence text,
    story text,
    confirmation text check (confirmation in ('confirmed', 'confirmed_partly', 'not_confirmed')),
    settled_at timestamptz,
    settled_reason text check (settled_reason in ('learner', 'left', 'no_check_in', 'class_cancelled')),
    unique (session_code, employee_id),
    constraint verified_has_evidence_and_a_word check (
        state <> 'verified' or (evidence is not null and confirmation in ('confirmed', 'confirmed_partly'))
    )
);
create unique index action_plans_link_idx on ops.action_plans (sha256(token::bytea));
-- The daily scan looks at open plans only, and so do the digests of one learner and one manager.
create index on ops.action_plans (employee_id) where settled_at is null;
create index on ops.action_plans (manager_id) where settled_at is null;

-- Grain: one word about one plan: the weekly update or the check-in of the learner.
create table ops.plan_updates (
    plan_id text not null references ops.action_plans on delete cascade,
    number integer not null,
    kind text not null check (kind in ('action_update', 'check_in_30d')),
    said_at timestamptz not null,
    state ops.plan_state not null,
    current_value numeric,
    blocker text,
    note text,
    primary key (plan_id, number)
);

-- Grain: one form that a learner sent from the plan's page and that waits to be taken in.
create table forms.plan_entries (
    entry_id bigint generated always as identity primary key,
    plan_id text not null,
    instrument_code text not null check (instrument_code in ('action_update', 'check_in_30d')),
    answers jsonb not null,
    sent_at timestamptz not null
);

-- Grain: one class session with learners who were to plan; individual plans are nobody's business there.
create view marts.action_plan_results as
with asked as (
    select wave.subject_id as session_code, count(*) as asked_count
    from ops.survey_waves as wave
    join ops.invitations as invitation on invitation.wave_code = wave.wave_code
    where wave.instrument_code = 'action_plan' and wave.subject_kind = 'class_session' and wave.state <> 'cancelled'
        and invitation.state = 'invited'
    group by wave.subject_id
),
planned as (
    select
        session_code, count(*) as plan_count, count(*) filter (where settled_at is null) as open_count,
        count(*) filter (where state in ('done', 'verified')) as done_count,
        count(*) filter (where state = 'verified') as verified_count,
        count(*) filter (where state = 'late') as late_count,
        count(*) filter (where state = 'withdrawn') as withdrawn_count,
        count(checked_in_at) as checked_in_count, max(check_in_due_on) as last_check_in_due_on
    from ops.action_plans
    group by session_code
)
select
    asked.session_code, asked.asked_count::integer, coalesce(planned.plan_count, 0)::integer as plan_count,
    coalesce(planned.open_count, 0)::integer as open_count, coalesce(planned.done_count, 0)::integer as done_count,
    coalesce(planned.verified_count, 0)::integer as verified_count,
    coalesce(planned.late_count, 0)::integer as late_count,
    coalesce(planned.withdrawn_count, 0)::integer as withdrawn_count,
    coalesce(planned.checked_in_count, 0)::integer as checked_in_count, planned.last_check_in_due_on
from asked
left join planned on planned.session_code = asked.session_code;

-- What a page about a plan says of it; everything else as before.
create or replace function forms.subject_of(kind text, id text) returns jsonb
language sql stable security definer set search_path = ''
begin atomic
    select jsonb_strip_nulls(jsonb_build_object(
        'kind', case when assessed.wave_code is null then subject_of.kind else 'employee' end,
        'id', coalesce(assessed.employee_id, subject_of.id), 'course_zh', course.name_zh, 'course_en', course.name_en,
        'trainer', trainer.name, 'ends_at', session.ends_at, 'timezone', session.timezone,
        'department_zh', department.name_zh, 'department_en', department.name_en, 'person', person.name,
        'goal', plan.goal, 'metric', plan.metric, 'baseline', plan.baseline_value, 'target', plan.target_value,
        'due_on', plan.due_on, 'first_step', plan.first_step, 'support_needed', plan.support_needed,
        'current', plan.current_value, 'evidence', plan.evidence
    ))
    from (select) as nothing
    left join ops.action_plans as plan on subject_of.kind = 'action_plan' and plan.plan_id = subject_of.id
    left join core.class_sessions as session
        on session.session_code = case subject_of.kind
            when 'class_session' then subject_of.id when 'action_plan' then plan.session_code
        end
    left join core.courses as course on course.course_code = session.course_code
    left join core.trainers as trainer on trainer.trainer_id = session.trainer_id
    left join core.departments as department
        on department.department_code = case subject_of.kind
            when 'department' then subject_of.id
            -- <year>-<department>
            when 'interview' then substr(subject_of.id, 6)
        end
    left join ops.assessments as assessed on subject_of.kind = 'assessment' and assessed.wave_code = subject_of.id
    left join core.employees as person
        on person.employee_id = case
            when subject_of.kind in ('person', 'employee') then subject_of.id
            when subject_of.kind = 'action_plan' then plan.employee_id else assessed.employee_id
        end;
end;

-- How the link of a plan stands and which form its page has: the check-in from its day on until it was sent, the weekly
-- update before and after. A form that waits to be taken in is counted as said.
create function forms.open_plan(link bytea)
returns table (
    state text, plan_id text, instrument_code text, plan_state text, subject jsonb, history jsonb, others jsonb,
    person_name text, locale text, timezone text, check_in_due_on date
)
language sql stable security definer set search_path = ''
begin atomic
    select
        case when plan.settled_at is not null then 'ended' else 'open' end,
        plan.plan_id,
        case
            when plan.checked_in_at is null
                and plan.check_in_due_on <= (ops.business_now() at time zone person.timezone)::date
                and not exists (
                    select from forms.plan_entries as waiting
                    where waiting.plan_id = plan.plan_id and waiting.instrument_code = 'check_in_30d'
                )
            then 'check_in_30d' else 'action_update'
        end,
        plan.state::text, forms.subject_of('action_plan', plan.plan_id),
        coalesce((
            select jsonb_agg(jsonb_build_object(
                'said_at', word.said_at, 'state', word.state, 'value', word.current_value, 'note', word.note
            ) order by word.number desc)
            from ops.plan_updates as word
            where word.plan_id = plan.plan_id
        ), '[]'),
        -- Monday's mail has one button: the other plans of the same person are found from the page it opens.
        coalesce((
            select jsonb_agg(jsonb_build_object('token', other.token, 'goal', other.goal) order by other.due_on)
            from ops.action_plans as other
            where other.employee_id = plan.employee_id and other.plan_id <> plan.plan_id and other.settled_at is null
        ), '[]'),
        person.name, person.locale, person.timezone, plan.check_in_due_on
    from ops.action_plans as plan
    join core.employees as person on person.employee_id = plan.employee_id
    where sha256(plan.token::bytea) = link;
end;

-- Keeps one form of a plan's page until it is taken in; false when the plan has ended.
create function forms.update_plan(link bytea, instrument text, said jsonb) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
    plan ops.action_plans;
begin
    select * into plan from ops.action_plans where sha256(token::bytea) = link for update;
    if plan is null or plan.settled_at is not null then
        return false;
    end if;
    insert into forms.plan_entries (plan_id, instrument_code, answers, sent_at)
    values (plan.plan_id, instrument, said, ops.business_now());
    return true;
end
$$;

-- What a plan form is judged by: the day its class ended, 30 days after which a plan is done at the latest, and today.
create function forms.plan_days(wave text) returns table (ended_on date, today date)
language sql stable security definer set search_path = ''
begin atomic
    select
        (session.ends_at at time zone session.timezone)::date,
        (ops.business_now() at time zone session.timezone)::date
    from ops.survey_waves
    join core.class_sessions as session on session.session_code = survey_waves.subject_id
    where survey_waves.wave_code = wave and survey_waves.instrument_code = 'action_plan';
end;

insert into ops.notice_kinds (kind, family, is_optional) values
('plan_digest', 'data', false),
('plan_check_in', 'request', false),
('team_plan_digest', 'data', false);

grant select, insert, update on ops.action_plans to trainloop_planner;
grant select, insert on ops.plan_updates to trainloop_planner;
grant select, delete on forms.plan_entries to trainloop_planner;
grant usage on schema forms to trainloop_sender;
grant select on ops.action_plans, ops.plan_updates, forms.plan_entries to trainloop_sender;
grant select on marts.action_plan_results to trainloop_statistics, trainloop_planner;
grant select on ops.action_plans to trainloop_statistics;
grant select (plan_id, session_code, state, check_in_due_on, checked_in_at, settled_at) on ops.action_plans
    to trainloop_board;
grant execute on function forms.open_plan, forms.update_plan, forms.plan_days to trainloop_forms;
revoke execute on function forms.open_plan, forms.update_plan, forms.plan_days from public;
