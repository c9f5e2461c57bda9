-- Learner groups (R18) and run sheets (R21).

-- Grain: how the learners of one class session are grouped, or why they are not. *_spread: the most by which groups differ in
-- people of one department or level, and in their mean pre-test. conflicts: who could not be kept apart, as pairs of ids.
create table ops.session_groupings (
    session_code text primary key,
    seed text not null,
    learners_sha256 text not null,
    group_count integer not null,
    department_spread integer,
    level_spread integer,
    score_spread numeric(8, 2),
    refusal text check (refusal in ('nobody_confirmed', 'cannot_be_kept_apart')),
    conflicts jsonb not null default '[]',
    made_at timestamptz not null,
    constraint grouping_or_refusal check ((refusal is null) = (group_count > 0))
);

-- Grain: one learner of one class session and their group.
create table ops.learner_groups (
    session_code text not null references ops.session_groupings on delete cascade,
    employee_id text not null,
    group_number integer not null check (group_number >= 1),
    primary key (session_code, employee_id)
);

-- What is no publication has no release: private feedback, and papers of one class day.
alter table ops.reports drop constraint reports_audience_check;
alter table ops.reports add constraint reports_audience_check
    check (audience in ('hr', 'trainer', 'business', 'subject', 'class_manager'));
alter table ops.reports drop constraint only_private_reports_have_no_release;
alter table ops.reports add constraint only_private_reports_have_no_release
    check ((release_id is null) = (kind in ('assessment_feedback', 'run_sheet', 'class_log')));

insert into ops.notice_kinds (kind, family, is_optional) values ('run_sheet', 'report', false);

grant select, insert, update, delete on ops.session_groupings, ops.learner_groups to trainloop_planner;
grant insert, update on ops.reports to trainloop_planner;
