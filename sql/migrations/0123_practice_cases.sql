-- Practice cases (R36) 实践案例: what learners did with a plan, well or not so well, from the invitation to the knowledge base.

-- Transitions: invited → written (the learner's form, with consent) | expired; written → commented (the trainer's word) |
-- withdrawn; commented → published (HR approved) | rejected | withdrawn; published → withdrawn (consent taken back).
create type ops.case_state as enum ('invited', 'written', 'commented', 'published', 'rejected', 'withdrawn', 'expired');

-- Grain: one learner asked for one case of one action plan. The token opens the author's own page, which takes the case
-- and takes the consent back. asset_code: what it is called in the knowledge base; removed_at: when it left it again.
create table ops.practice_cases (
    case_id bigint generated always as identity primary key,
    plan_id text not null unique,
    session_code text not null,
    employee_id text not null,
    is_success boolean not null,
    token text not null unique default replace(gen_random_uuid()::text, '-', ''),
    invited_at timestamptz not null,
    invited_until timestamptz not null,
    state ops.case_state not null default 'invited',
    title text,
    situation text,
    action text,
    result text,
    lesson text,
    is_named boolean,
    written_at timestamptz,
    trainer_comment text,
    asset_code text unique,
    published_at timestamptz,
    withdrawn_at timestamptz,
    removed_at timestamptz,
    constraint written_whole check (
        state in ('invited', 'expired', 'withdrawn')
        or num_nulls(title, situation, action, result, lesson, is_named, written_at) = 0
    ),
    constraint published_has_an_asset check (state <> 'published' or num_nulls(asset_code, published_at) = 0)
);
create unique index practice_cases_link_idx on ops.practice_cases (sha256(token::bytea));
-- How long ago a person was asked last: nobody is asked twice in the period of the cap.
create index practice_cases_person_idx on ops.practice_cases (employee_id, invited_at);

-- What the author's link shows (no row: nobody was given it).
create function forms.open_case(link bytea)
returns table (
    state text, is_success boolean, person_name text, locale text, timezone text, goal text, course_zh text,
    course_en text, invited_until timestamptz, title text, situation text, action text, result text, lesson text,
    is_named boolean, trainer_comment text
)
language sql stable security definer set search_path = ''
begin atomic
    select
        case
            when person.employee_id is null or person.removed_on is not null
                or person.left_on <= (ops.business_now() at time zone person.timezone)::date then 'left'
            when story.state = 'invited' and story.invited_until <= ops.business_now() then 'expired'
            else story.state::text
        end,
        story.is_success, person.name, person.locale, person.timezone, plan.goal, course.name_zh, course.name_en,
        story.invited_until, story.title, story.situation, story.action, story.result, story.lesson, story.is_named,
        story.trainer_comment
    from ops.practice_cases as story
    left join core.employees as person on person.employee_id = story.employee_id
    left join ops.action_plans as plan on plan.plan_id = story.plan_id
    left join core.class_sessions as session on session.session_code = story.session_code
    left join core.courses as course on course.course_code = session.course_code
    where sha256(story.token::bytea) = link;
end;

-- Takes a case once, with its author's consent; false when it is not open any more.
create function forms.write_case(
    link bytea, said_title text, said_situation text, said_action text, said_result text, said_lesson text,
    wants_name boolean
) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
    written record;
begin
    update ops.practice_cases
    set state = 'written', title = said_title, situation = said_situation, action = said_action, result = said_result,
        lesson = said_lesson, is_named = wants_name, written_at = ops.business_now()
    where sha256(token::bytea) = link and state = 'invited' and invited_until > ops.business_now()
    returning case_id, employee_id into written;
    if written is null then
        return false;
    end if;
    insert into ops.audit_entries (actor, action, subject_kind, subject_id, detail)
    values (written.employee_id, 'case_written', 'practice_case', written.case_id::text,
        jsonb_build_object('is_named', wants_name));
    return true;
end
$$;

-- Takes the consent back, at any time; what is in the knowledge base leaves it with the next scan.
create function forms.withdraw_case(link bytea) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
    gone record;
begin
    update ops.practice_cases
    set state = 'withdrawn', withdrawn_at = ops.business_now()
    where sha256(token::bytea) = link and state in ('written', 'commented', 'published')
    returning case_id, employee_id into gone;
    if gone is null then
        return false;
    end if;
    insert into ops.audit_entries (actor, action, subject_kind, subject_id)
    values (gone.employee_id, 'case_withdrawn', 'practice_case', gone.case_id::text);
    return true;
end
$$;

-- What a case says, for the page of the trainer or of whoever approves it. Without a name where the author wants none.
create function forms.case_details(story_id text) returns jsonb
language sql stable security definer set search_path = ''
begin atomic
    select jsonb_build_object(
        'author', case when story.is_named then person.name end, 'is_success', story.is_success, 'title', story.title,
        'situation', story.situation, 'action', story.action, 'result', story.result, 'lesson', story.lesson,
        'trainer_comment', story.trainer_comment
    )
    from ops.practice_cases as story
    left join core.employees as person on person.employee_id = story.employee_id
    where story.case_id::text = story_id and story.state in ('written', 'commented');
end;
revoke execute on function forms.open_case, forms.write_case, forms.withdraw_case, forms.case_details from public;
grant execute on function forms.open_case, forms.write_case, forms.withdraw_case, forms.case_details to trainloop_forms;

-- As before, and points for a case in the knowledge base.
create or replace view ops.point_evidence as
select
    passed.employee_id, 'certificate'::text as evidence_kind, passed.certificate_code as evidence_id,
    min(passed.passed_on) as earned_on, 1::numeric as quantity
from core.valid_certifications as passed
group by passed.employee_id, passed.certificate_code
union all
select
    plans.employee_id, 'action_plan', plans.plan_id, (plans.settled_at at time zone person.timezone)::date, 1
from ops.action_plans as plans
join core.employees as person using (employee_id)
where plans.state = 'verified' and plans.settled_at is not null
union all
select
    trainers.employee_id, 'class_session', sessions.session_code,
    (sessions.ends_at at time zone sessions.timezone)::date, courses.hours
from core.class_sessions as sessions
join core.courses using (course_code)
join core.trainers using (trainer_id)
where trainers.employee_id is not null and sessions.status <> 'cancelled' and sessions.ends_at < ops.business_now()
    and exists (
        select from core.attendance
        where attendance.session_code = sessions.session_code and attendance.status in ('present', 'late', 'early')
    )
union all
-- A case that was published earned its points, also when its author takes the consent back later.
select
    story.employee_id, 'practice_case', story.case_id::text, (story.published_at at time zone person.timezone)::date, 1
from ops.practice_cases as story
join core.employees as person using (employee_id)
where story.published_at is not null;

insert into ops.notice_kinds (kind, family, is_optional) values
('case_invitation', 'request', true),
('case_decided', 'report', false);

grant select, insert, update on ops.practice_cases to trainloop_planner;
grant select on ops.practice_cases to trainloop_sender;
grant select, update, delete on ops.practice_cases to trainloop_purge;
