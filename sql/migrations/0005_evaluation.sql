-- Evaluation: unsuppressed facts in marts, what may be seen in published, the PDFs made of it in ops.

-- Grain: one evaluation wave; who was asked and who answered.
create table marts.evaluation_waves (
    wave_code text primary key,
    session_code text not null,
    invited_count integer not null,
    eligible_count integer not null,
    complete_count integer not null,
    partial_count integer not null,
    straight_lined_count integer not null,
    attendee_count integer,
    enrolled_count integer not null,
    data_sha256 text not null,
    computed_at timestamptz not null
);

-- Grain: one figure of one class session, before suppression. family says what kind of thing code names
-- (item, dimension, nps, choice, theme, test, comparison, response), statistic what was measured.
create table marts.evaluation_figures (
    wave_code text not null references marts.evaluation_waves on delete cascade,
    family text not null,
    code text not null,
    statistic text not null,
    value numeric,
    text_value text,
    respondent_count integer,
    refusal text,
    primary key (wave_code, family, code, statistic)
);

-- Grain: one release of one product about one subject: what readers were shown, once, with its revision.
create table published.releases (
    release_id bigint generated always as identity primary key,
    product text not null,
    subject_kind text not null,
    subject_id text not null,
    revision_number integer not null,
    data_sha256 text not null,
    site_version text not null,
    released_at timestamptz not null,
    is_withheld boolean not null default false,
    withheld_reason text,
    unique (product, subject_kind, subject_id, revision_number),
    check (is_withheld = (withheld_reason is not null))
);

-- Grain: one figure of a release, after suppression. A hidden figure has its reason and no value.
create table published.figures (
    release_id bigint not null references published.releases on delete cascade,
    family text not null,
    code text not null,
    statistic text not null,
    value numeric,
    text_value text,
    respondent_count integer,
    is_hidden boolean not null default false,
    reason text,
    primary key (release_id, family, code, statistic),
    check (not is_hidden or (value is null and text_value is null and reason is not null))
);

-- Grain: one verbatim that may be shown (masked, from n ≥ 10), in random order.
create table published.verbatims (
    release_id bigint not null references published.releases on delete cascade,
    item_code text not null,
    position integer not null,
    masked_text text not null,
    primary key (release_id, item_code, position)
);

-- Grain: one improvement suggestion of a release.
create table published.suggestions (
    release_id bigint not null references published.releases on delete cascade,
    rule_code text not null,
    item_code text not null,
    strength text not null check (strength in ('finding', 'worth_talking_about')),
    suggestion_zh text not null,
    suggestion_en text not null,
    primary key (release_id, rule_code, item_code)
);

-- Grain: one person behind one figure of one release: the ledger against subtraction over time. figure_key is an item,
-- dimension:<code>, test:class or wave; only what was shown is here, with how much of it (mean or distribution).
-- respondent_id is a hash of the wave's random id of a form, of session and employee for tests: stable when a file comes again.
create table confidential.release_respondents (
    release_id bigint not null references published.releases on delete cascade,
    figure_key text not null,
    shown_level text not null check (shown_level in ('mean', 'distribution')),
    respondent_id uuid not null,
    primary key (release_id, figure_key, respondent_id)
);

-- Grain: one item or dimension of one release that was shown at least as a mean, unrounded. Later sessions of the course
-- or trainer are compared with these and with nothing else: a hidden class must not come back through an average.
create table marts.released_moments (
    release_id bigint not null references published.releases on delete cascade,
    family text not null check (family in ('item', 'dimension')),
    code text not null,
    shown_level text not null check (shown_level in ('mean', 'distribution')),
    instrument_code text not null,
    instrument_version text not null,
    respondent_count integer not null,
    mean double precision not null,
    variance double precision not null,
    primary key (release_id, family, code)
);

-- Who could have answered a wave, as counts: the statistics role sees no invitation's person. Not eligible are absent and
-- excused people and addresses that bounced before the wave closed, unless an answer came all the same.
-- plpgsql: ops.mail_stops is made by a later migration.
create function marts.evaluation_population(wave text)
returns table (invited_count integer, eligible_count integer, used_count integer, has_completions boolean)
language plpgsql stable security definer set search_path = ''
as $$
begin
    return query
    with people as (
        select
            invitations.is_used,
            exists (
                select from core.attendance
                where attendance.session_code = survey_waves.subject_id
                    and attendance.employee_id = invitations.employee_id
                having bool_and(attendance.status in ('absent', 'excused'))
            ) as is_absent,
            exists (
                select from ops.mail_stops
                where mail_stops.recipient_kind = 'employee'
                    and mail_stops.recipient_id = invitations.employee_id
                    and mail_stops.kind = 'bounced'
                    and mail_stops.recorded_at <= coalesce(survey_waves.closed_at, survey_waves.closes_at)
            ) as is_bounced
        from ops.invitations
        join ops.survey_waves using (wave_code)
        where invitations.wave_code = wave and invitations.state = 'invited'
    )
    select
        count(*)::integer,
        (count(*) filter (where is_used or not (is_absent or is_bounced)))::integer,
        (count(*) filter (where is_used))::integer,
        (select survey_waves.has_completions from ops.survey_waves where survey_waves.wave_code = wave)
    from people;
end
$$;
revoke all on function marts.evaluation_population(text) from public;

-- Names and ids of people that occur in the given texts, so that they can be masked by a role that may not read names.
-- Full names and ids of everybody; parts of names (given name, first name) of the people of this class only, because
-- somewhere in a large company every word is somebody's given name.
create function confidential.names_in_texts(session text, texts text[])
returns table (name text)
language sql stable security definer set search_path = ''
as $$
    with everybody as (
        select employees.name, employees.employee_id as person_id from core.employees
        union all
        select trainers.name, trainers.trainer_id from core.trainers
    ),
    class_people as (
        select enrollments.employee_id as person_id from core.enrollments where enrollments.session_code = session
        union
        select unnest(array[class_sessions.trainer_id, class_sessions.class_manager_id])
        from core.class_sessions where class_sessions.session_code = session
    ),
    written as (select array_to_string(texts, E'\n') as text),
    sought as (
        select everybody.name from everybody
        union
        select everybody.person_id from everybody where length(everybody.person_id) >= 4
        union
        select part from everybody
        join class_people using (person_id)
        cross join lateral regexp_split_to_table(everybody.name, '[[:space:]·]+') as part
        where length(part) >= 3
        union
        select right(everybody.name, 2) from everybody
        join class_people using (person_id)
        where everybody.name ~ '^[\u4e00-\u9fff]{3,4}$'
    )
    select sought.name from sought, written
    where length(sought.name) >= 2 and strpos(lower(written.text), lower(sought.name)) > 0
$$;
revoke all on function confidential.names_in_texts(text, text[]) from public;

create type ops.report_state as enum ('rendered', 'failed');

-- Grain: one PDF for one audience in one language, made once per state of its data.
create table ops.reports (
    report_id bigint generated always as identity primary key,
    kind text not null,
    subject_kind text not null,
    subject_id text not null,
    audience text not null check (audience in ('hr', 'trainer', 'business')),
    locale text not null,
    release_id bigint not null references published.releases,
    revision_number integer not null,
    view_sha256 text not null,
    state ops.report_state not null,
    uri text,
    pdf_sha256 text,
    size_bytes bigint,
    page_count integer,
    failure_reason text,
    rendered_at timestamptz not null,
    unique (kind, subject_kind, subject_id, audience, locale, view_sha256),
    check ((state = 'rendered') = (uri is not null and pdf_sha256 is not null))
);

grant usage on schema marts to trainloop_statistics, trainloop_planner;
grant select, insert, update, delete on all tables in schema marts to trainloop_statistics;
grant select on marts.evaluation_waves, marts.evaluation_figures to trainloop_planner;
grant usage on schema published to trainloop_statistics, trainloop_reporter, trainloop_board, trainloop_planner, trainloop_sender;
grant select, insert, update, delete on all tables in schema published to trainloop_statistics;
grant select on all tables in schema published to trainloop_reporter, trainloop_board, trainloop_planner, trainloop_sender;
grant select, insert, delete on confidential.release_respondents to trainloop_statistics;
grant execute on function marts.evaluation_population(text), confidential.names_in_texts(text, text[]) to trainloop_statistics;
grant select, insert, update on ops.reports to trainloop_reporter;
grant select on ops.reports to trainloop_board, trainloop_planner, trainloop_sender;
-- What a report says about its class: names of course and trainer, times. Published rows carry codes only.
grant usage on schema core to trainloop_reporter;
grant select on core.courses, core.class_sessions, core.trainers to trainloop_reporter;
