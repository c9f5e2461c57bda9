-- 360 assessments of newly promoted managers. Who is assessed stands in one table that only those read who must name the
-- person to a rater; waves, answers and results go by the wave's keyed code.

-- Grain: one promotion and the wave that assesses it. The wave's own subject is this code, never the person.
create table ops.assessments (
    wave_code text primary key references ops.survey_waves,
    employee_id text not null,
    promoted_on date not null,
    -- nominated: HR named the raters; rule: the reporting line did.
    raters_from text not null constraint assessments_raters_from_known check (raters_from in ('nominated', 'rule')),
    planned_at timestamptz not null,
    unique (employee_id, promoted_on)
);

-- Grain: one answered item of one rater of a closed 360, with the group but not the person who rated.
create view confidential.assessment_answers as
select
    response.wave_code,
    md5(response.wave_code || ':' || response.external_id_hash)::uuid as rater_key,
    response.coarse_groups ->> 'rater_group' as rater_group,
    answer.item_code,
    answer.score,
    answer.free_text
from confidential.responses as response
join confidential.answers as answer using (response_id)
join ops.survey_waves as wave using (wave_code)
where wave.instrument_code = 'feedback_360' and wave.state = 'closed' and response.state = 'complete';

-- Grain: one assessment whose private result was worked out: once, when its wave had closed. What comes later changes
-- nothing, because a difference of one rater would be that rater's answers.
create table confidential.assessment_results (
    wave_code text primary key references ops.assessments,
    data_sha256 text not null,
    site_version text not null,
    computed_at timestamptz not null,
    rater_count integer not null,
    has_self boolean not null
);

-- Grain: one figure of a private result, after the group minimum: what the person reads, and nobody else.
create table confidential.assessment_figures (
    wave_code text not null references confidential.assessment_results on delete cascade,
    group_code text not null,
    family text not null,
    code text not null,
    statistic text not null,
    value numeric,
    text_value text,
    rater_count integer,
    reason text,
    primary key (wave_code, group_code, family, code, statistic),
    check (num_nonnulls(value, text_value) = 0 or reason is null)
);

-- Grain: one comment of a private result, masked, in random order and without its group.
create table confidential.assessment_comments (
    wave_code text not null references confidential.assessment_results on delete cascade,
    item_code text not null,
    position integer not null,
    masked_text text not null,
    primary key (wave_code, item_code, position)
);

-- Grain: one assessed person's mean over the raters, unsuppressed: what the cohort is pooled from. score_count raters
-- stand behind it; the self rating is a group of its own.
create table marts.assessment_scores (
    wave_code text not null references ops.assessments,
    rater_group text not null check (rater_group in ('self', 'others')),
    family text not null check (family in ('item', 'dimension')),
    code text not null,
    mean double precision not null,
    score_count integer not null,
    primary key (wave_code, rater_group, family, code)
);

insert into ops.notice_kinds (kind, family, is_optional) values
('assessment_feedback', 'report', false),
('cohort_brief', 'report', false),
('raters_missing', 'data', false);

-- Only the role that makes private feedback reads ratings by rater; it sees no name, no token and no other survey.
grant usage on schema confidential, ops, core, marts, published to trainloop_feedback;
grant select on confidential.assessment_answers to trainloop_feedback;
grant select, insert on confidential.assessment_results, confidential.assessment_figures, confidential.assessment_comments
    to trainloop_feedback;
grant select, insert on marts.assessment_scores to trainloop_feedback;
grant select on ops.assessments, ops.survey_waves, ops.clock to trainloop_feedback;
grant select (wave_code, state, is_used, rater_group) on ops.invitations to trainloop_feedback;
grant insert on ops.audit_entries to trainloop_feedback;
grant insert, select on ops.notices to trainloop_feedback;
grant select on ops.notice_kinds to trainloop_feedback;
grant execute on function confidential.names_in_texts(text, text[]) to trainloop_feedback;
grant select, insert on ops.assessments to trainloop_planner;
grant select on ops.assessments to trainloop_sender;
-- The cohort is pooled by wave, not by person.
grant select (wave_code, promoted_on) on ops.assessments to trainloop_statistics;
grant select on confidential.assessment_results, confidential.assessment_answers to trainloop_statistics;

-- What a page says about the subject of a wave, a commitment or an approval; names of things, and of people only where
-- the form is about a person. A rater has to know whom the 360 is about.
create or replace function forms.subject_of(kind text, id text) returns jsonb
language sql stable security definer set search_path = ''
begin atomic
    select jsonb_strip_nulls(jsonb_build_object(
        'kind', case when assessed.wave_code is null then kind else 'employee' end,
        'id', coalesce(assessed.employee_id, id), 'course_zh', course.name_zh, 'course_en', course.name_en,
        'trainer', trainer.name, 'ends_at', session.ends_at, 'timezone', session.timezone,
        'department_zh', department.name_zh, 'department_en', department.name_en, 'person', person.name
    ))
    from (select) as nothing
    left join core.class_sessions as session on kind = 'class_session' and session.session_code = id
    left join core.courses as course on course.course_code = session.course_code
    left join core.trainers as trainer on trainer.trainer_id = session.trainer_id
    left join core.departments as department on kind = 'department' and department.department_code = id
    left join ops.assessments as assessed on kind = 'assessment' and assessed.wave_code = id
    left join core.employees as person
        on person.employee_id = case when kind in ('person', 'employee') then id else assessed.employee_id end;
end;
