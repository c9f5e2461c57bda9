-- The yearly award, thank-you mails and the quarterly workshops of trainers.

-- Grain: one trainer whom the committee gave the award of a year.
create table ops.trainer_awards (
    year integer not null,
    trainer_id text not null,
    approval_id bigint not null references ops.approvals,
    release_id bigint not null references published.releases,
    decided_at timestamptz not null,
    primary key (year, trainer_id)
);

-- Grain: one workshop suggested to one trainer in one quarter, and the items that suggest it: pooled published means.
create table ops.workshop_suggestions (
    quarter text not null,
    trainer_id text not null,
    workshop_code text not null,
    item_codes text[] not null,
    item_means numeric(3, 2)[] not null,
    session_count integer not null,
    answer_count integer not null,
    suggested_at timestamptz not null,
    primary key (quarter, trainer_id, workshop_code)
);

-- Grain: one kept calendar file of an event as it stood when people were invited.
create table ops.event_files (
    event_id text not null,
    file_sha256 text not null,
    uri text not null,
    kept_at timestamptz not null,
    primary key (event_id, file_sha256)
);

insert into ops.notice_kinds (kind, family, is_optional) values
('trainer_award', 'report', false),
('trainer_thanks', 'report', true),
('trainer_workshops', 'report', true),
('growth_digest', 'report', false),
('trainer_pulse_result', 'report', false);

grant select, insert on ops.trainer_awards to trainloop_planner;
grant select, insert, delete on ops.workshop_suggestions to trainloop_planner;
grant select, insert on ops.event_files to trainloop_planner;
grant select on ops.trainer_awards, ops.workshop_suggestions, ops.event_files to trainloop_sender;
