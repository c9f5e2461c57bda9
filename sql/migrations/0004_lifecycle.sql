-- Lifecycle: what is due, which survey waves run, who is invited, what was answered.
create type ops.milestone_state as enum ('pending', 'done', 'expired', 'skipped');

-- Grain: one due step of one subject (class session or wave). The row is the truth; Airflow's runs are only its hands.
create table ops.milestones (
    milestone_id bigint generated always as identity primary key,
    subject_kind text not null check (subject_kind in ('class_session', 'survey_wave', 'person')),
    subject_id text not null,
    step text not null,
    due_on date not null,
    not_after timestamptz,
    state ops.milestone_state not null default 'pending',
    is_provisional boolean not null default false,
    emitted_at timestamptz,
    done_at timestamptz,
    is_late boolean not null default false,
    reason text,
    planned_at timestamptz not null,
    unique (subject_kind, subject_id, step),
    check ((state = 'done') = (done_at is not null))
);
-- Transitions beside the enum in trainloop.domain.milestone. Every scan asks "what is due and not done".
create index on ops.milestones (step, due_on) where state = 'pending';

create type ops.wave_state as enum ('open', 'closed', 'cancelled');

-- Grain: one sending of one instrument version to one population. has_completions: an outside tool told who has
-- answered; without it nobody is reminded. Transitions beside the enum in trainloop.domain.survey.
create table ops.survey_waves (
    wave_code text primary key,
    instrument_code text not null,
    instrument_version text not null,
    subject_kind text not null,
    subject_id text not null,
    anonymity text not null check (anonymity in ('anonymous', 'confidential', 'named')),
    state ops.wave_state not null default 'open',
    opened_at timestamptz not null,
    closes_at timestamptz not null,
    closed_at timestamptz,
    is_without_attendance boolean not null default false,
    has_completions boolean not null default false,
    minimum_count integer not null,
    -- A wave is withdrawn when its class moved or was cancelled; for a moved class it opens again, as number 2.
    opening_number integer not null default 1,
    withdrawn_reason text,
    check ((state = 'open') = (closed_at is null)),
    check ((state = 'cancelled') = (withdrawn_reason is not null)),
    unique (instrument_code, subject_kind, subject_id)
);
create index on ops.survey_waves (closes_at) where state = 'open';

create type ops.invitation_state as enum ('invited', 'held_by_cap', 'excluded');

-- Grain: one person's call to one wave. is_used says that the person answered, never when. invited is the denominator.
-- Tokens are replaced when the wave closes or is withdrawn: old links die and nothing joins a person to a token.
create table ops.invitations (
    invitation_id bigint generated always as identity primary key,
    wave_code text not null references ops.survey_waves,
    employee_id text not null,
    token text not null unique,
    state ops.invitation_state not null default 'invited',
    reason text,
    is_used boolean not null default false,
    invited_on date not null,
    unique (wave_code, employee_id)
);
-- The cap of invitations per person looks back 30 days.
create index on ops.invitations (employee_id, invited_on);

create type confidential.response_state as enum ('complete', 'partial');

-- Grain: one filled form under a random id of its wave. No time, no order, no file row: nothing that leads to a person.
create table confidential.responses (
    response_id uuid primary key default gen_random_uuid(),
    wave_code text not null,
    state confidential.response_state not null,
    external_id_hash text not null,
    coarse_groups jsonb not null default '{}',
    is_straight_lined boolean not null default false,
    unique (wave_code, external_id_hash)
);

-- Grain: one item of one response. Exactly one of the three values is set; not applicable is a choice, not a gap.
create table confidential.answers (
    response_id uuid not null references confidential.responses on delete cascade,
    item_code text not null,
    score numeric(6, 2),
    choice text,
    free_text text,
    primary key (response_id, item_code),
    check (num_nonnulls(score, choice, free_text) = 1)
);

-- Grain: one person who is to be asked about one class: attendees (any slot) once attendance is in, else everybody who
-- is confirmed. Runs with the caller's rights and is inlined into the statements that use it.
create function ops.evaluation_population(session_codes text[]) returns table (session_code text, employee_id text)
language sql stable
begin atomic
    select attendance.session_code, attendance.employee_id
    from core.attendance
    where attendance.session_code = any (session_codes) and attendance.status in ('present', 'late', 'early')
    union
    select enrollments.session_code, enrollments.employee_id
    from core.enrollments
    where enrollments.session_code = any (session_codes) and enrollments.status = 'confirmed'
        and not exists (select from core.attendance where attendance.session_code = enrollments.session_code);
end;

-- Writes the responses of waves anew in random order and one transaction, so that neither place nor transaction id of a
-- row tells when it came; at close under new ids, too. The caller never sees an answer: planner and intake may call it.
create function ops.rewrite_responses(wave_codes text[], renews_ids boolean) returns bigint
language plpgsql security definer set search_path = '' as $$
declare
    wave text;
    kept confidential.responses[];
    said confidential.answers[];
    ids uuid[];
    rewritten bigint := 0;
begin
    foreach wave in array wave_codes loop
        perform from ops.survey_waves where wave_code = wave for no key update;
        select coalesce(array_agg(response), '{}'),
            coalesce(array_agg(case when renews_ids then gen_random_uuid() else response.response_id end), '{}')
        into kept, ids
        from confidential.responses as response where response.wave_code = wave;
        select coalesce(array_agg(answer), '{}') into said
        from confidential.answers as answer
        join confidential.responses as response using (response_id)
        where response.wave_code = wave;
        delete from confidential.responses where wave_code = wave;
        insert into confidential.responses (
            response_id, wave_code, state, external_id_hash, coarse_groups, is_straight_lined
        )
        select new_id, wave_code, state, external_id_hash, coarse_groups, is_straight_lined
        from unnest(kept) with ordinality as old
        join unnest(ids) with ordinality as fresh (new_id, ordinality) using (ordinality)
        order by gen_random_uuid();
        insert into confidential.answers (response_id, item_code, score, choice, free_text)
        select fresh.new_id, answer.item_code, answer.score, answer.choice, answer.free_text
        from unnest(said) as answer
        join unnest(kept) with ordinality as old on old.response_id = answer.response_id
        join unnest(ids) with ordinality as fresh (new_id, ordinality) on fresh.ordinality = old.ordinality
        order by gen_random_uuid();
        rewritten := rewritten + cardinality(kept);
    end loop;
    return rewritten;
end
$$;
revoke execute on function ops.rewrite_responses from public;
grant execute on function ops.rewrite_responses to trainloop_planner, trainloop_intake;

-- The report of a class whose answers changed after it was made is owed again; the same numbers make no new revision.
create function ops.owe_reports(session_codes text[]) returns bigint
language sql security definer set search_path = ''
begin atomic
    with owed as (
        update ops.milestones
        set state = 'pending', done_at = null, emitted_at = null, reason = 'data_changed'
        where subject_kind = 'class_session' and subject_id = any (session_codes) and step = 'evaluation_report'
            and state = 'done'
        returning 1
    )
    select count(*) from owed;
end;
revoke execute on function ops.owe_reports from public;
grant execute on function ops.owe_reports to trainloop_planner, trainloop_intake;

grant select, insert, update on ops.milestones, ops.survey_waves, ops.invitations to trainloop_planner;
grant select on ops.milestones, ops.survey_waves to trainloop_intake, trainloop_statistics, trainloop_reporter,
    trainloop_board, trainloop_sender;
grant update on ops.milestones to trainloop_statistics, trainloop_reporter;
grant update (has_completions) on ops.survey_waves to trainloop_intake;
grant select on ops.invitations to trainloop_sender;
grant select (wave_code, token, is_used), update (is_used) on ops.invitations to trainloop_intake;
grant select (wave_code, state, is_used) on ops.invitations to trainloop_statistics, trainloop_board;
grant usage on schema confidential to trainloop_intake, trainloop_statistics, trainloop_purge;
grant select, insert, update, delete on all tables in schema confidential to trainloop_intake;
grant select on all tables in schema confidential to trainloop_statistics;
