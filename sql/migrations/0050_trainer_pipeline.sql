-- Internal trainers in the making (R15): how far each came in a topic, and what assessors saw.

-- Grain: one stage that one employee reached in one topic. A later date of the same stage is a new start of it.
create table core.trainer_candidates (
    employee_id text not null,
    topic_code text not null,
    stage text not null check (stage in ('nominated', 'mentored', 'micro_course', 'trial', 'certified', 'lapsed')),
    reached_on date not null,
    mentor_id text,
    certificate_no text,
    certificate_expires_on date,
    file_id bigint not null,
    row_number bigint not null,
    primary key (employee_id, topic_code, stage)
);

-- Grain: one assessor's mark of one candidate by one criterion in one stage.
create table core.trainer_assessments (
    employee_id text not null,
    topic_code text not null,
    stage text not null check (stage in ('micro_course', 'trial')),
    criterion_code text not null,
    assessor_id text not null,
    score numeric(3, 1) not null check (score between 1 and 5),
    assessed_on date,
    file_id bigint not null,
    row_number bigint not null,
    primary key (employee_id, topic_code, stage, criterion_code, assessor_id)
);

grant select, insert, update, delete on core.trainer_candidates, core.trainer_assessments to trainloop_intake;
grant select on core.trainer_candidates, core.trainer_assessments to trainloop_planner;
grant select on core.trainer_candidates to trainloop_sender;
