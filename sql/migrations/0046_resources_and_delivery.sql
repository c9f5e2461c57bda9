-- Resources and delivery: what is bought, kept, booked and spent for classes, and what happens before and in them.
-- No foreign keys: intake checks every reference when it merges.
create table core.vendors (
    vendor_code text primary key,
    name_zh text not null,
    name_en text not null,
    kind text not null check (kind in ('consultancy', 'practitioner', 'academy', 'platform')),
    industries text,
    licence_no text,
    licence_expires_on date,
    file_id bigint not null,
    row_number bigint not null
);

-- Grain: one rater's score of one vendor by one criterion.
create table core.vendor_ratings (
    vendor_code text not null,
    criterion_code text not null,
    rater_id text not null,
    score numeric(4, 1) not null check (score between 0 and 100),
    weight numeric(7, 3) check (weight >= 0),
    evidence text,
    rated_on date,
    file_id bigint not null,
    row_number bigint not null,
    primary key (vendor_code, criterion_code, rater_id)
);

create table core.knowledge_assets (
    asset_code text primary key,
    kind text not null check (kind in ('courseware', 'case', 'process', 'micro_course', 'template', 'prework')),
    title_zh text not null,
    title_en text,
    course_code text,
    owner_id text,
    version text not null,
    licence text,
    licence_expires_on date,
    reviewed_on date,
    uri text,
    checksum text,
    file_id bigint not null,
    row_number bigint not null
);
-- Without it every course pack reads the whole knowledge base.
create index on core.knowledge_assets (course_code);

create table core.budgets (
    budget_code text primary key,
    name text,
    year integer not null,
    department_code text,
    planned_amount numeric(14, 2) not null check (planned_amount >= 0),
    committed_amount numeric(14, 2) not null default 0 check (committed_amount >= 0),
    actual_amount numeric(14, 2) not null default 0 check (actual_amount >= 0),
    currency text not null default 'CNY',
    owner_id text,
    file_id bigint not null,
    row_number bigint not null
);

create table core.session_costs (
    session_code text not null,
    category text not null
        check (category in ('design', 'delivery', 'materials', 'venue', 'travel', 'evaluation', 'other')),
    amount numeric(14, 2) not null check (amount >= 0),
    currency text not null default 'CNY',
    file_id bigint not null,
    row_number bigint not null,
    primary key (session_code, category)
);

-- Grain: one thing a class session needs; item_code '-' where nothing names it (the tea break).
create table core.resource_bookings (
    session_code text not null,
    kind text not null check (
        kind in ('venue', 'smart_classroom', 'equipment', 'live_stream', 'tea_break', 'trainer', 'class_manager')
    ),
    item_code text not null default '-',
    due_on date not null,
    confirmed_on date,
    cost_amount numeric(14, 2),
    owner_id text,
    file_id bigint not null,
    row_number bigint not null,
    primary key (session_code, kind, item_code)
);
-- Who else has this room: double bookings are looked for by item.
create index on core.resource_bookings (kind, item_code);

create table core.prework_events (
    session_code text not null,
    employee_id text not null,
    asset_code text not null,
    event text not null check (event in ('opened', 'finished')),
    happened_at timestamptz,
    file_id bigint not null,
    row_number bigint not null,
    primary key (session_code, employee_id, asset_code, event)
);

create table core.learner_questions (
    question_id text primary key,
    session_code text not null,
    employee_id text,
    question text not null,
    asked_on date,
    file_id bigint not null,
    row_number bigint not null
);
-- The digest reads the questions of the classes that are due.
create index on core.learner_questions (session_code);

create table core.platform_checks (
    session_code text not null,
    checked_at timestamptz not null,
    check_code text not null,
    value text,
    is_ok boolean not null,
    file_id bigint not null,
    row_number bigint not null,
    primary key (session_code, checked_at, check_code)
);

create table core.incidents (
    session_code text not null,
    reported_at timestamptz not null,
    kind text not null check (kind in ('leave', 'venue', 'equipment', 'trainer', 'safety', 'other')),
    severity text not null check (severity in ('minor', 'major', 'critical')),
    employee_id text,
    action text,
    closed_at timestamptz,
    file_id bigint not null,
    row_number bigint not null,
    primary key (session_code, reported_at, kind)
);

create table core.interactions (
    interaction_id text primary key,
    session_code text not null,
    employee_id text not null,
    kind text not null check (kind in ('turn', 'quiz', 'poll', 'chat', 'breakout')),
    item_code text,
    is_correct boolean,
    turn_count integer not null default 1 check (turn_count >= 1),
    duration_seconds numeric(8, 3),
    happened_at timestamptz,
    file_id bigint not null,
    row_number bigint not null
);
-- The class log reads one class; the table holds years of them.
create index on core.interactions (session_code);

grant select, insert, update, delete on core.vendors, core.vendor_ratings, core.knowledge_assets, core.budgets,
    core.session_costs, core.resource_bookings, core.prework_events, core.learner_questions, core.platform_checks,
    core.incidents, core.interactions to trainloop_intake;
grant select on core.vendors, core.vendor_ratings, core.knowledge_assets, core.budgets, core.session_costs,
    core.resource_bookings, core.prework_events, core.learner_questions, core.platform_checks, core.incidents,
    core.interactions to trainloop_planner;
grant select on core.vendors, core.vendor_ratings, core.session_costs, core.interactions to trainloop_statistics;
