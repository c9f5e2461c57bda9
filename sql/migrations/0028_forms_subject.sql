-- What a page says about its subject: a kind is the caller's word, not the trainer's column of that name.
create or replace function forms.subject_of(kind text, id text) returns jsonb
language sql stable security definer set search_path = ''
begin atomic
    select jsonb_strip_nulls(jsonb_build_object(
        'kind', case when assessed.wave_code is null then subject_of.kind else 'employee' end,
        'id', coalesce(assessed.employee_id, subject_of.id), 'course_zh', course.name_zh, 'course_en', course.name_en,
        'trainer', trainer.name, 'ends_at', session.ends_at, 'timezone', session.timezone,
        'department_zh', department.name_zh, 'department_en', department.name_en, 'person', person.name
    ))
    from (select) as nothing
    left join core.class_sessions as session
        on subject_of.kind = 'class_session' and session.session_code = subject_of.id
    left join core.courses as course on course.course_code = session.course_code
    left join core.trainers as trainer on trainer.trainer_id = session.trainer_id
    left join core.departments as department
        on subject_of.kind = 'department' and department.department_code = subject_of.id
    left join ops.assessments as assessed on subject_of.kind = 'assessment' and assessed.wave_code = subject_of.id
    left join core.employees as person
        on person.employee_id = case
            when subject_of.kind in ('person', 'employee') then subject_of.id else assessed.employee_id
        end;
end;
