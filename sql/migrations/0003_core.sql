-- Core: accepted, typed, keyed rows. Every table ends with the file and row its current values came from.
-- Removed rows of a snapshot are kept with removed_on: people who left are still in last year's classes.
-- file_id and the big tables' session_code and employee_id have no foreign key: intake is the only writer and checks
-- every reference set-based in the merging transaction, while a key's trigger looks each row up once more (4.8 s of CPU
-- for a million rows; the whole insert with its primary key takes 2.1 s). The audit looks for orphans daily.
create table core.departments (
    department_code text primary key,
    name_zh text not null,
    name_en text not null,
    parent_code text,
    head_employee_id text,
    removed_on date,
    file_id bigint not null,
    row_number bigint not null
);

create table core.employees (
    employee_id text primary key,
    name text not null,
    email text,
    department_code text not null,
    job_family text not null,
    job_level text not null,
    manager_id text,
    hired_on date,
    promoted_on date,
    left_on date,
    locale text not null default 'zh-CN' check (locale in ('zh-CN', 'en')),
    timezone text not null default 'Asia/Shanghai',
    calendar_code text not null default 'CN',
    labour_cost_band text,
    removed_on date,
    file_id bigint not null,
    row_number bigint not null
);
create index on core.employees (department_code);
create index on core.employees (manager_id);

-- Grain: one employee's attribution over a half-open range of dates [valid_from, valid_to).
create table core.employee_history (
    employee_id text not null references core.employees,
    valid_from date not null,
    valid_to date,
    department_code text not null,
    job_family text not null,
    job_level text not null,
    manager_id text,
    labour_cost_band text,
    file_id bigint not null,
    primary key (employee_id, valid_from),
    check (valid_to is null or valid_to > valid_from)
);

-- Grain: one employee on a given day: the range that holds the day, else the first one known (is_assumed).
create function core.employees_as_of(on_day date) returns table (
    employee_id text, department_code text, job_family text, job_level text, manager_id text, labour_cost_band text,
    is_assumed boolean
) language sql stable parallel safe
begin atomic
    select distinct on (past.employee_id)
        past.employee_id, past.department_code, past.job_family, past.job_level, past.manager_id,
        past.labour_cost_band, past.valid_from > on_day
    from core.employee_history as past
    where past.valid_to is null or past.valid_to > on_day
    order by past.employee_id, past.valid_from;
end;

create table core.courses (
    course_code text primary key,
    name_zh text not null,
    name_en text not null,
    topic_code text,
    mode text not null check (mode in ('classroom', 'online', 'blended')),
    hours numeric(6, 2) not null check (hours > 0),
    vendor_code text,
    key_kpi_code text,
    target_audience text,
    file_id bigint not null,
    row_number bigint not null
);

create table core.trainers (
    trainer_id text primary key,
    name text not null,
    email text not null,
    kind text not null check (kind in ('internal', 'external')),
    employee_id text,
    vendor_code text,
    trainer_level text,
    base_rate_amount numeric(12, 2),
    locale text not null default 'zh-CN' check (locale in ('zh-CN', 'en')),
    timezone text not null default 'Asia/Shanghai',
    calendar_code text not null default 'CN',
    file_id bigint not null,
    row_number bigint not null
);

create table core.class_sessions (
    session_code text primary key,
    course_code text not null references core.courses,
    trainer_id text not null references core.trainers,
    class_manager_id text,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    timezone text not null default 'Asia/Shanghai',
    mode text not null check (mode in ('classroom', 'online', 'blended')),
    venue_code text,
    capacity integer check (capacity > 0),
    budget_code text,
    status text not null default 'planned' check (status in ('planned', 'confirmed', 'cancelled')),
    is_pilot boolean not null default false,
    comparison_department_code text,
    file_id bigint not null,
    row_number bigint not null,
    check (ends_at > starts_at)
);
create index on core.class_sessions (course_code, starts_at);
create index on core.class_sessions (trainer_id, starts_at);
create index on core.class_sessions (ends_at);

create table core.enrollments (
    session_code text not null,
    employee_id text not null,
    status text not null check (status in ('invited', 'confirmed', 'waitlisted', 'cancelled', 'excused')),
    source text,
    file_id bigint not null,
    row_number bigint not null,
    primary key (session_code, employee_id)
);
create index on core.enrollments (employee_id);

create table core.attendance (
    session_code text not null,
    employee_id text not null,
    slot integer not null default 1 check (slot >= 1),
    status text not null check (status in ('present', 'late', 'early', 'absent', 'excused')),
    signed_in_at timestamptz,
    signed_out_at timestamptz,
    method text,
    file_id bigint not null,
    row_number bigint not null,
    primary key (session_code, employee_id, slot)
);
create index on core.attendance (employee_id);

create table core.test_results (
    session_code text not null,
    employee_id text not null,
    pre_score numeric(8, 2),
    post_score numeric(8, 2),
    maximum_score numeric(8, 2) not null check (maximum_score > 0),
    file_id bigint not null,
    row_number bigint not null,
    primary key (session_code, employee_id)
);

-- Grain: one token that an outside survey tool reports as answered. No time: order would link a token to an answer.
create table core.survey_completions (
    wave_code text not null,
    token text not null,
    file_id bigint not null,
    primary key (wave_code, token)
);

grant usage on schema core to trainloop_intake, trainloop_planner, trainloop_statistics, trainloop_sender,
    trainloop_reporter, trainloop_purge;
grant select, insert, update, delete on all tables in schema core to trainloop_intake;
grant select on all tables in schema core to trainloop_planner, trainloop_sender;
grant select on core.departments, core.courses, core.trainers, core.class_sessions, core.enrollments,
    core.attendance, core.test_results to trainloop_statistics;
grant select (employee_id, department_code, job_family, job_level, manager_id) on core.employees to trainloop_statistics;
grant select on core.employee_history to trainloop_statistics;
