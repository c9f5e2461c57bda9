-- The yearly analysis of training needs: what was computed (marts) and what may be seen of it (published, suppressed).
-- A release has product annual_needs, subject_kind needs_year and the plan's year as subject; its single numbers are in
-- published.figures, its masked quotes in published.verbatims (item_code quote:<topic_code>).

-- Grain: one plan year, as last computed. population_on fixes whose results count: the day the survey closed.
create table marts.needs_years (
    year integer primary key,
    wave_code text not null,
    population_on date not null,
    data_sha256 text not null,
    site_version text not null,
    computed_at timestamptz not null
);

-- Grain: one figure of one plan year, before suppression.
create table marts.needs_figures (
    year integer not null references marts.needs_years on delete cascade,
    family text not null,
    code text not null,
    statistic text not null,
    value numeric,
    text_value text,
    respondent_count integer,
    refusal text,
    primary key (year, family, code, statistic)
);

-- Grain: one crossing of two attributes in one table of one plan year, before suppression.
create table marts.needs_cells (
    year integer not null references marts.needs_years on delete cascade,
    table_code text not null,
    row_code text not null,
    column_code text not null,
    statistic text not null,
    value numeric,
    respondent_count integer,
    primary key (year, table_code, row_code, column_code, statistic)
);

-- Grain: one topic of one release with its verdict. position: order in the report. rank: among valid needs only.
create table published.needs (
    release_id bigint not null references published.releases on delete cascade,
    topic_code text not null,
    position integer not null,
    rank integer,
    verdict text not null check (verdict in ('valid', 'to_clarify', 'rejected')),
    computed_verdict text not null check (computed_verdict in ('valid', 'to_clarify', 'rejected')),
    override_reason text,
    override_by text,
    priority numeric(4, 1) not null check (priority between 20 and 100),
    urgency_score integer not null check (urgency_score between 1 and 5),
    scope_score integer not null check (scope_score between 1 and 5),
    strategic_score integer not null check (strategic_score between 1 and 5),
    goal_code text,
    competency_code text,
    kpi_code text,
    target_audience text,
    target_count integer not null,
    deadline_on date,
    estimated_cost_amount numeric(14, 2),
    cumulative_cost_amount numeric(14, 2),
    funding text not null check (funding in ('funded', 'below_line', 'cost_missing', 'not_valid')),
    primary key (release_id, topic_code),
    check ((rank is not null) = (verdict = 'valid')),
    check (verdict = computed_verdict or (override_reason is not null and override_by is not null))
);

-- Grain: one layer of one topic: passed or not, by which reason (trainloop.domain.need_reasons), value against threshold.
create table published.need_layers (
    release_id bigint not null,
    topic_code text not null,
    layer text not null check (layer in ('strategy', 'business', 'individual')),
    is_passed boolean not null,
    is_evidence_missing boolean not null,
    reason text not null,
    value numeric,
    threshold numeric,
    respondent_count integer,
    is_hidden boolean not null default false,
    primary key (release_id, topic_code, layer),
    foreign key (release_id, topic_code) references published.needs on delete cascade,
    check (not is_hidden or value is null),
    check (not (is_passed and is_evidence_missing))
);

-- Grain: one piece of evidence of one layer. kind says what code names: goal, kpi, competency, department, wave.
create table published.need_evidence (
    release_id bigint not null,
    topic_code text not null,
    layer text not null,
    position integer not null,
    kind text not null,
    code text not null,
    statistic text not null,
    value numeric,
    text_value text,
    respondent_count integer,
    is_hidden boolean not null default false,
    reason text,
    primary key (release_id, topic_code, layer, position),
    foreign key (release_id, topic_code, layer) references published.need_layers on delete cascade,
    check (not is_hidden or (value is null and text_value is null and reason is not null))
);

-- Grain: one path from a goal over a topic to a course, or what has no such path (finding, both ways).
create table published.needs_trace (
    release_id bigint not null references published.releases on delete cascade,
    position integer not null,
    goal_code text,
    weight_pct numeric,
    topic_code text,
    competency_code text,
    course_code text,
    finding text check (finding in (
        'goal_without_topic', 'goal_without_weight', 'topic_without_course', 'topic_without_goal',
        'course_without_topic'
    )),
    primary key (release_id, position)
);

-- Grain: one crossing of one table of a release, after suppression. "total" is a margin.
create table published.needs_cells (
    release_id bigint not null references published.releases on delete cascade,
    table_code text not null,
    row_code text not null,
    column_code text not null,
    statistic text not null,
    value numeric,
    respondent_count integer,
    is_hidden boolean not null default false,
    reason text,
    primary key (release_id, table_code, row_code, column_code, statistic),
    check (not is_hidden or (value is null and reason is not null))
);

-- Grain: one valid need under one variant of the weights, or under the best use of the budget (knapsack).
create table published.needs_sensitivity (
    release_id bigint not null references published.releases on delete cascade,
    variant text not null,
    topic_code text not null,
    priority numeric(4, 1) not null,
    rank integer not null,
    is_funded boolean not null,
    primary key (release_id, variant, topic_code)
);

-- Grain: the name of one code at the time of the release: topic, goal, kpi, competency, department, course.
create table published.needs_labels (
    release_id bigint not null references published.releases on delete cascade,
    kind text not null,
    code text not null,
    name_zh text not null,
    name_en text not null,
    primary key (release_id, kind, code)
);

grant select, insert, update, delete on marts.needs_years, marts.needs_figures, marts.needs_cells to trainloop_statistics;
grant select on marts.needs_years to trainloop_planner;
grant select, insert, update, delete on published.needs, published.need_layers, published.need_evidence,
    published.needs_trace, published.needs_cells, published.needs_sensitivity, published.needs_labels
    to trainloop_statistics;
grant select on published.needs, published.need_layers, published.need_evidence, published.needs_trace,
    published.needs_cells, published.needs_sensitivity, published.needs_labels
    to trainloop_reporter, trainloop_board, trainloop_planner, trainloop_sender;
