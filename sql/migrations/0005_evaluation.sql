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
    unique (product, subject_kind, subject_id, revision_number)
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

-- Grain: one response that stood behind one item of one release: the ledger against subtraction over time.
create table confidential.release_respondents (
    release_id bigint not null references published.releases on delete cascade,
    item_code text not null,
    response_id uuid not null,
    primary key (release_id, item_code, response_id)
);

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
grant select on all tables in schema marts to trainloop_planner;
grant usage on schema published to trainloop_statistics, trainloop_reporter, trainloop_board, trainloop_planner, trainloop_sender;
grant select, insert, update, delete on all tables in schema published to trainloop_statistics;
grant select on all tables in schema published to trainloop_reporter, trainloop_board, trainloop_planner, trainloop_sender;
grant select, insert, delete on confidential.release_respondents to trainloop_statistics;
grant select, insert, update on ops.reports to trainloop_reporter;
grant select on ops.reports to trainloop_board, trainloop_planner, trainloop_sender;
-- What a report says about its class: names of course and trainer, times. Published rows carry codes only.
grant usage on schema core to trainloop_reporter;
grant select on core.courses, core.class_sessions, core.trainers to trainloop_reporter;
