-- Five classes of 20 November (windows: December to February), one of October that waited long enough, one not due yet.
insert into core.class_sessions (session_code, course_code, trainer_id, starts_at, ends_at, mode, file_id, row_number)
select code, course, 'T', day, day + interval '8 hours', 'classroom', 1, 1
from (values
    ('READY', 'C', timestamptz '2025-11-20 09:00+08'), ('LATE', 'C', '2025-11-20 09:00+08'),
    ('HALF', 'C', '2025-11-20 09:00+08'), ('NOKPI', 'NONE', '2025-11-20 09:00+08'),
    ('EMPTY', 'C', '2025-11-20 09:00+08'), ('WAITED', 'C', '2025-10-31 09:00+08'), ('LEASED', 'C', '2025-11-20 09:00+08'),
    ('LEFT', 'C', '2025-11-20 09:00+08'), ('FUTURE', 'C', '2025-12-20 09:00+08')
) as given (code, course, day);
insert into core.courses (course_code, name_zh, name_en, mode, hours, key_kpi_code, file_id, row_number)
values ('C', '课', 'C', 'classroom', 6, 'sales', 1, 1), ('NONE', '课', 'N', 'classroom', 6, 'unknown', 1, 1);
insert into core.kpi_definitions (kpi_code, name_zh, name_en, direction, file_id, row_number)
values ('sales', '销售', 'Sales', 'higher', 1, 1);
insert into ops.milestones (subject_kind, subject_id, step, due_on, emitted_at, planned_at)
select 'class_session', session_code, 'performance_report_90d', ends_at::date + 90,
    case session_code when 'LEASED' then now() end, now()
from core.class_sessions;
insert into core.employees (employee_id, name, department_code, job_family, job_level, left_on, file_id, row_number)
select code || n, 'Person', 'D', 'f', 'P5', case when code = 'LEFT' and n > 1 then date '2026-01-10' end, 1, 1
from unnest(array['READY', 'LATE', 'HALF', 'NOKPI', 'WAITED', 'LEASED', 'LEFT', 'FUTURE']) as code, generate_series(1, 5) as n;
insert into core.attendance (session_code, employee_id, status, file_id, row_number)
select regexp_replace(employee_id, '\d', ''), employee_id, 'present', 1, 1 from core.employees;
-- Everybody of READY but one; of LATE only until January; of HALF three of five; of LEFT the one who stayed.
insert into core.kpi_facts (unit_kind, unit_id, kpi_code, period, value, file_id, row_number)
select 'employee', employee_id, 'sales', period, 1, 1, 1
from core.employees, unnest(array['2025-12', '2026-01', '2026-02']) as period
where (employee_id like 'READY%' and employee_id <> 'READY5') or (employee_id like 'LATE%' and period < '2026-02')
    or employee_id in ('HALF1', 'HALF2', 'HALF3', 'LEFT1');
