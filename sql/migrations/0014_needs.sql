-- Needs: what the yearly analysis reads (goals, topics, interviews, results, competencies, confirmations). No foreign keys:
-- intake checks every reference when it merges, and goals, topics and indicators come in any order.
create table core.kpi_definitions (
    kpi_code text primary key,
    name_zh text not null,
    name_en text not null,
    direction text not null check (direction in ('higher', 'lower')),
    unit text,
    rate_basis text,
    unit_value_amount numeric(14, 2),
    file_id bigint not null,
    row_number bigint not null
);

create table core.strategy_goals (
    year integer not null,
    goal_code text not null,
    name_zh text not null,
    name_en text not null,
    kpi_code text,
    target_value numeric,
    weight_pct numeric not null check (weight_pct between 0 and 100),
    owner_name text,
    file_id bigint not null,
    row_number bigint not null,
    primary key (year, goal_code)
);

create table core.training_topics (
    topic_code text primary key,
    name_zh text not null,
    name_en text not null,
    competency_code text,
    goal_code text,
    kpi_code text,
    target_audience text,
    target_families text,
    target_levels text,
    deadline_on date,
    estimated_cost_amount numeric(14, 2),
    file_id bigint not null,
    row_number bigint not null
);

create table core.interview_plan (
    department_code text not null,
    year integer not null,
    interviewee_id text,
    interviewer_id text not null,
    due_on date not null,
    file_id bigint not null,
    row_number bigint not null,
    primary key (department_code, year)
);

create table core.business_interviews (
    interview_id text primary key,
    department_code text not null,
    interviewer_id text,
    interviewed_on date not null,
    pain_point text not null,
    topic_code text,
    severity integer not null check (severity between 1 and 5),
    quote text,
    file_id bigint not null,
    row_number bigint not null
);

create table core.performance_reviews (
    employee_id text not null,
    period text not null,
    kpi_code text not null,
    target_value numeric not null,
    actual_value numeric not null,
    rating text,
    cause text check (cause in ('skill', 'tool', 'process', 'motivation')),
    file_id bigint not null,
    row_number bigint not null,
    primary key (employee_id, period, kpi_code)
);
-- The yearly analysis reads one indicator over four quarters.
create index on core.performance_reviews (kpi_code, period);

create table core.competency_requirements (
    job_family text not null,
    job_level text not null,
    competency_code text not null,
    name_zh text,
    name_en text,
    required_level numeric(2, 1) not null check (required_level between 1 and 5),
    weight numeric(5, 2) not null default 1 check (weight >= 0),
    file_id bigint not null,
    row_number bigint not null,
    primary key (job_family, job_level, competency_code)
);

create table core.competency_assessments (
    employee_id text not null,
    competency_code text not null,
    assessed_on date not null,
    self_level numeric(2, 1),
    manager_level numeric(2, 1),
    test_score numeric(5, 2),
    file_id bigint not null,
    row_number bigint not null,
    primary key (employee_id, competency_code, assessed_on)
);
-- Everybody's last assessment in one competency.
create index on core.competency_assessments (competency_code);

create table core.need_confirmations (
    year integer not null,
    topic_code text not null,
    department_code text not null,
    is_confirmed boolean not null,
    confirmed_by text,
    confirmed_on date,
    cause text check (cause in ('skill', 'tool', 'process', 'motivation')),
    override_verdict text check (override_verdict in ('valid', 'to_clarify', 'rejected')),
    override_reason text,
    override_by text,
    file_id bigint not null,
    row_number bigint not null,
    primary key (year, topic_code, department_code),
    constraint override_is_accounted_for check (
        override_verdict is null or (override_reason is not null and override_by is not null)
    )
);

-- Grain: one rater of one person's 360 assessment.
create table core.rater_nominations (
    employee_id text not null,
    rater_id text not null,
    rater_group text not null check (rater_group in ('self', 'manager', 'peer', 'report', 'other')),
    file_id bigint not null,
    row_number bigint not null,
    primary key (employee_id, rater_id)
);

grant select, insert, update, delete on core.kpi_definitions, core.strategy_goals, core.training_topics,
    core.interview_plan, core.business_interviews, core.performance_reviews, core.competency_requirements,
    core.competency_assessments, core.need_confirmations, core.rater_nominations to trainloop_intake;
grant select on core.kpi_definitions, core.strategy_goals, core.training_topics, core.interview_plan,
    core.business_interviews, core.performance_reviews, core.competency_requirements, core.competency_assessments,
    core.need_confirmations, core.rater_nominations to trainloop_planner, trainloop_statistics;
-- Things only: names of topics, goals and indicators stand in reports and mails; people's results do not.
grant select on core.kpi_definitions, core.strategy_goals, core.training_topics to trainloop_reporter, trainloop_sender;
-- Who is in a target group on the day of the analysis: people who left are in nobody's denominator.
grant select (removed_on, left_on) on core.employees to trainloop_statistics;
