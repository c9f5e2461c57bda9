-- What trainers are paid by and how they grow: rates, events, who took part; hours of a class that differ from its course's.
alter table core.class_sessions add column hours numeric(6, 2) check (hours > 0);

-- Grain: one rate or factor over a range of days, both ends included. kind base: an amount for an hour; the others are
-- factors. code: trainer kind (base), trainer level, course ('*' any), lowest headcount of a band, lowest mean of a band.
create table core.allowance_rates (
    kind text not null check (kind in ('base', 'level', 'difficulty', 'class_size', 'quality')),
    code text not null,
    valid_from date not null,
    valid_until date check (valid_until >= valid_from),
    rate_value numeric(12, 4) not null check (rate_value >= 0),
    currency text,
    removed_on date,
    file_id bigint not null,
    row_number bigint not null,
    primary key (kind, code, valid_from),
    check (kind <> 'base' or currency is not null)
);

-- Grain: one workshop, expert's talk or exchange for trainers. Times are those of its time zone.
create table core.trainer_events (
    event_id text primary key,
    kind text not null check (kind in ('workshop', 'expert', 'exchange')),
    workshop_code text,
    title_zh text not null,
    title_en text not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    timezone text not null default 'Asia/Shanghai',
    place text,
    host text,
    capacity integer check (capacity > 0),
    status text not null default 'planned' check (status in ('planned', 'confirmed', 'cancelled')),
    file_id bigint not null,
    row_number bigint not null,
    check (ends_at > starts_at)
);

-- Grain: one trainer at one event.
create table core.trainer_event_attendance (
    event_id text not null,
    trainer_id text not null,
    status text not null check (status in ('attended', 'absent', 'excused')),
    file_id bigint not null,
    row_number bigint not null,
    primary key (event_id, trainer_id)
);

grant select, insert, update, delete on core.allowance_rates, core.trainer_events, core.trainer_event_attendance
    to trainloop_intake;
grant select on core.allowance_rates, core.trainer_events, core.trainer_event_attendance
    to trainloop_planner, trainloop_statistics;
grant select on core.trainer_events, core.trainer_event_attendance to trainloop_sender, trainloop_reporter;
