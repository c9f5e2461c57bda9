-- The 90-day performance report: what an indicator means and is worth, how a class was designed, what was found.
alter table core.kpi_definitions
    add column numerator text,
    add column denominator text,
    add column relevant_effect numeric check (relevant_effect > 0),
    add column value_owner text,
    add column value_source text,
    add column margin_pct numeric(7, 4) check (margin_pct > 0 and margin_pct <= 100),
    add column value_confidence_pct numeric(5, 2) check (value_confidence_pct > 0 and value_confidence_pct <= 100);

-- Grain: one indicator a course is meant to move, beside the course's key one.
create table core.course_kpis (
    course_code text not null,
    kpi_code text not null,
    file_id bigint not null,
    row_number bigint not null,
    primary key (course_code, kpi_code)
);

-- Grain: one class session: how its learners were chosen and whom they are compared with, said before it began.
create table core.class_designs (
    session_code text primary key,
    registered_on date not null,
    drawn_by text check (drawn_by in ('person', 'team')),
    is_selected_on_results boolean not null default false,
    is_comparison_untouched boolean not null default true,
    comparison_department_code text,
    registered_by text,
    file_id bigint not null,
    row_number bigint not null
);

-- Grain: one indicator of one course, the key one and the others.
create view core.measured_kpis as
select courses.course_code, courses.key_kpi_code as kpi_code, true as is_key
from core.courses
join core.kpi_definitions on kpi_definitions.kpi_code = courses.key_kpi_code
union all
select course_kpis.course_code, course_kpis.kpi_code, false
from core.course_kpis
join core.courses using (course_code)
join core.kpi_definitions on kpi_definitions.kpi_code = course_kpis.kpi_code
where course_kpis.kpi_code is distinct from courses.key_kpi_code;

-- Grain: one indicator of one class session, as the newest release that is not withheld says. Effects are learners minus
-- comparison in the indicator's unit; direction says which way is better.
create table marts.performance_findings (
    session_code text not null,
    kpi_code text not null,
    is_key boolean not null,
    release_id bigint not null references published.releases,
    revision_number integer not null,
    known_until date,
    grade text not null check (grade in ('A', 'B', 'C', 'D', 'E')),
    sentence_code text not null,
    outcome text not null check (outcome in ('improved', 'worsened', 'no_clear_change', 'not_measured')),
    comparison_source text,
    inference text not null,
    is_selected_on_results boolean not null,
    learner_count integer not null,
    comparison_count integer not null,
    learner_team_count integer not null,
    comparison_team_count integer not null,
    effect double precision,
    effect_low double precision,
    effect_high double precision,
    p_value double precision,
    detectable_effect double precision,
    relevant_effect double precision not null,
    trend text not null,
    largest_smd double precision,
    weaknesses text[] not null,
    cautions text[] not null,
    currency text,
    cost_amount numeric(16, 2),
    benefit_amount numeric(18, 2),
    benefit_low_amount numeric(18, 2),
    benefit_high_amount numeric(18, 2),
    benefit_cost_ratio numeric(14, 2),
    return_pct numeric(14, 1),
    return_low_pct numeric(14, 1),
    return_high_pct numeric(14, 1),
    return_refusal text,
    primary key (session_code, kpi_code)
);

-- Grain: one indicator of one class session, for whoever judges courses by results (L4) and return (L5). Below grade C an
-- effect stands for nothing and is not there; below A to C there is no return either.
create view marts.performance_results as
select
    found.session_code,
    sessions.course_code,
    found.kpi_code,
    definitions.name_zh as kpi_name_zh,
    definitions.name_en as kpi_name_en,
    definitions.direction,
    definitions.unit,
    found.is_key,
    found.grade,
    found.outcome,
    found.sentence_code,
    found.learner_count,
    found.comparison_count,
    case when found.grade in ('A', 'B', 'C') then found.effect end as effect,
    case when found.grade in ('A', 'B', 'C') then found.effect_low end as effect_low,
    case when found.grade in ('A', 'B', 'C') then found.effect_high end as effect_high,
    found.currency,
    found.cost_amount,
    found.benefit_cost_ratio,
    found.return_pct,
    found.return_low_pct,
    found.return_high_pct,
    found.return_refusal,
    found.release_id,
    found.revision_number
from marts.performance_findings as found
join core.class_sessions as sessions using (session_code)
join core.kpi_definitions as definitions using (kpi_code);

-- Grain: one file whose rows one class session's newest figures came from. The report names them and their verdicts.
create table ops.performance_files (
    session_code text not null,
    file_id bigint not null references ops.inbox_files,
    primary key (session_code, file_id)
);

grant select, insert, update, delete on core.course_kpis, core.class_designs to trainloop_intake;
grant select on core.course_kpis, core.class_designs, core.measured_kpis to trainloop_planner, trainloop_statistics;
grant select, insert, update, delete on marts.performance_findings to trainloop_statistics;
grant select on marts.performance_findings, marts.performance_results to trainloop_planner;
grant select on marts.performance_results to trainloop_statistics;
grant select, insert, delete on ops.performance_files to trainloop_statistics;
grant select on ops.performance_files to trainloop_reporter;
insert into ops.notice_kinds (kind, family, is_optional) values ('performance_report', 'report', false);
