-- Disputes about a course between HR, trainer and business head, from the opening to three signatures (R47–R52).

-- opened → statements (both sides are asked) → clarification (what divides them is known, a meeting is called)
-- → design_agreed (shares are 100 %, all three agreed) → pilot_registered (criterion and teams are locked)
-- → pilot_running (the class began) → pilot_reported → decided (adopt, adjust or drop) → signed (by all three).
-- A refusal to sign brings decided back to pilot_reported; until it is signed, a dispute may become withdrawn.
-- The table stands in trainloop.domain.dispute, too.
create type ops.dispute_state as enum (
    'opened', 'statements', 'clarification', 'design_agreed', 'pilot_registered', 'pilot_running', 'pilot_reported',
    'decided', 'signed', 'withdrawn'
);

-- Grain: one dispute about one course between one trainer and one business head. round_number counts the designs and the
-- decisions that were asked for: a refusal begins the next.
create table ops.disputes (
    dispute_id text primary key,
    course_code text not null references core.courses,
    topic_code text,
    trainer_id text not null,
    business_head_id text not null,
    hr_contact text not null,
    reason_code text not null constraint disputes_reason_known
        check (reason_code in ('content', 'level', 'practice', 'results', 'time', 'other')),
    opened_by text not null check (opened_by in ('hr', 'trainer', 'business')),
    opened_at timestamptz not null,
    state ops.dispute_state not null default 'opened',
    state_at timestamptz not null,
    meeting_on date,
    core_target text,
    framework_pct numeric(5, 2),
    tools_pct numeric(5, 2),
    simulation_pct numeric(5, 2),
    design_round integer not null default 1,
    decision text check (decision in ('adopt', 'adjust', 'drop')),
    decision_reason text,
    decision_round integer not null default 1,
    withdrawn_reason text,
    constraint disputes_shares_are_whole check (framework_pct + tools_pct + simulation_pct = 100),
    constraint disputes_withdrawal_has_a_reason check ((state = 'withdrawn') = (withdrawn_reason is not null)),
    constraint disputes_decided_has_a_decision check (state not in ('decided', 'signed') or decision is not null)
);
-- The same quarrel is not opened twice while it is under way.
create unique index disputes_open_once_idx on ops.disputes (course_code, trainer_id, business_head_id)
    where state not in ('signed', 'withdrawn');

-- Grain: what one party wrote at one step of a dispute. Nothing is written over: another round is another row.
create table ops.dispute_answers (
    dispute_id text not null references ops.disputes,
    step text not null check (step in ('statement', 'design', 'design_ack', 'pilot', 'decision', 'signature')),
    round_number integer not null check (round_number >= 1),
    party text not null check (party in ('hr', 'trainer', 'business')),
    person_kind text not null,
    person_id text not null,
    answers jsonb not null,
    answered_at timestamptz not null default ops.business_now(),
    primary key (dispute_id, step, round_number, party)
);

-- Grain: one pre-registration of one pilot, with the text that was hashed. The newest version counts.
create table ops.pilot_registrations (
    dispute_id text not null references ops.disputes,
    version integer not null check (version >= 1),
    session_code text not null,
    kpi_code text not null,
    direction text not null check (direction in ('higher', 'lower')),
    threshold numeric not null check (threshold > 0),
    pilot_department_code text not null,
    comparison_department_code text not null,
    class_ends_on date not null,
    window_days integer not null check (window_days between 14 and 180),
    pre_starts_on date not null,
    pre_ends_on date not null,
    post_starts_on date not null,
    post_ends_on date not null,
    canonical text not null,
    registration_sha256 text not null,
    registered_by text not null,
    registered_at timestamptz not null default ops.business_now(),
    primary key (dispute_id, version),
    constraint pilot_registrations_two_teams check (pilot_department_code <> comparison_department_code),
    constraint pilot_registrations_windows check (
        pre_starts_on < pre_ends_on and pre_ends_on < post_starts_on and post_starts_on < post_ends_on
    ),
    constraint pilot_registrations_hash check (registration_sha256 = encode(sha256(convert_to(canonical, 'UTF8')), 'hex'))
);
-- Whoever measures a class asks for its registration.
create index pilot_registrations_session_idx on ops.pilot_registrations (session_code);

-- Departments below one, itself included.
create function core.departments_below(top text) returns table (department_code text)
language sql stable
begin atomic
    with recursive below as (
        select departments.department_code from core.departments where departments.department_code = top
        union
        select departments.department_code
        from core.departments
        join below on departments.parent_code = below.department_code
    )
    select below.department_code from below;
end;

-- Which data of a pilot are there already, null while there are none: the class began, somebody signed in or wrote a
-- test, or the indicator is known for a member of either team after the class.
create function ops.pilot_data_arrived(session text, kpi text, teams text[], after_on date) returns text
language sql stable
return case
    when exists (
        select from core.class_sessions as class
        where class.session_code = session and class.starts_at <= ops.business_now()
    ) then 'class_began'
    when exists (select from core.attendance as seen where seen.session_code = session)
        or exists (select from core.test_results as test where test.session_code = session) then 'class_data'
    when exists (
        select from core.kpi_facts as fact
        where fact.kpi_code = kpi and fact.starts_on >= after_on and fact.unit_id in (
            select below.department_code from unnest(teams) as team, core.departments_below(team) as below
            union all
            select person.employee_id from core.employees as person
            where person.department_code in (
                select below.department_code from unnest(teams) as team, core.departments_below(team) as below
            )
        )
    ) then 'kpi_facts'
end;

create function ops.guard_registration() returns trigger
language plpgsql set search_path = '' as $$
declare
    arrived text;
begin
    if tg_op <> 'INSERT' then
        raise exception 'a pilot registration is never changed or deleted' using errcode = 'restrict_violation';
    end if;
    select ops.pilot_data_arrived(
        one.session_code, one.kpi_code, array[one.pilot_department_code, one.comparison_department_code], one.post_starts_on
    )
    into arrived
    from (
        select new.session_code, new.kpi_code, new.pilot_department_code, new.comparison_department_code, new.post_starts_on
        union all
        select known.session_code, known.kpi_code, known.pilot_department_code, known.comparison_department_code,
            known.post_starts_on
        from ops.pilot_registrations as known where known.dispute_id = new.dispute_id
    ) as one
    where ops.pilot_data_arrived(
        one.session_code, one.kpi_code, array[one.pilot_department_code, one.comparison_department_code], one.post_starts_on
    ) is not null
    limit 1;
    if arrived is not null then
        raise exception 'data of the pilot are there already: %', arrived using errcode = 'restrict_violation';
    end if;
    return new;
end
$$;
create trigger pilot_registrations_are_locked before insert or update or delete on ops.pilot_registrations
for each row execute function ops.guard_registration();

-- Grain: the registration that counts for one class session: whom its learners are compared with, fixed before data.
create view ops.registered_pilots as
select distinct on (registered.session_code)
    registered.session_code, registered.dispute_id, registered.version, registered.kpi_code,
    registered.pilot_department_code, registered.comparison_department_code, registered.registration_sha256,
    registered.registered_at
from ops.pilot_registrations as registered
join ops.disputes as dispute using (dispute_id)
where dispute.state <> 'withdrawn' and not exists (
    select from ops.pilot_registrations as newer
    where newer.dispute_id = registered.dispute_id and newer.version > registered.version
)
order by registered.session_code, registered.registered_at;

-- Grain: one paper of a dispute, frozen when it was made: its release, and everything that its PDF prints in words.
create table ops.dispute_papers (
    dispute_id text not null references ops.disputes,
    kind text not null check (kind in ('dispute_pack', 'pilot_report', 'agreed_plan')),
    revision_number integer not null check (revision_number >= 1),
    release_id bigint not null references published.releases,
    content jsonb not null,
    made_at timestamptz not null,
    primary key (dispute_id, kind, revision_number)
);

insert into ops.notice_kinds (kind, family, is_optional) values
('dispute_news', 'data', false),
('dispute_pack', 'report', false),
('pilot_report', 'report', false),
('agreed_plan', 'report', false);

grant select, insert, update on ops.disputes to trainloop_planner;
grant select on ops.dispute_answers, ops.pilot_registrations, ops.registered_pilots, ops.dispute_papers to trainloop_planner;
grant select on ops.disputes, ops.dispute_answers, ops.pilot_registrations, ops.registered_pilots to trainloop_statistics;
grant select, insert on ops.dispute_papers to trainloop_statistics;
grant select on ops.disputes, ops.dispute_papers to trainloop_reporter, trainloop_sender;
-- The board counts and explains; what people wrote is for the three.
grant select (dispute_id, course_code, topic_code, trainer_id, business_head_id, reason_code, opened_by, opened_at, state,
    state_at, meeting_on, framework_pct, tools_pct, simulation_pct, decision) on ops.disputes to trainloop_board;
grant select on ops.pilot_registrations, ops.registered_pilots to trainloop_board;
grant execute on function core.departments_below, ops.pilot_data_arrived to trainloop_planner, trainloop_statistics;
grant select, update on ops.disputes, ops.dispute_papers to trainloop_purge;
grant select, update, delete on ops.dispute_answers to trainloop_purge;
