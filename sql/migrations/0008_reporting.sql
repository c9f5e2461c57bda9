-- Reporting: which files stand behind a report. Files only: who is in them is none of a report's business.

-- Grain: one export file that brought answers of one wave. Says nothing about whose.
create table ops.survey_wave_files (
    wave_code text not null,
    file_id bigint not null references ops.inbox_files,
    primary key (wave_code, file_id)
);

-- Grain: one file that the current rows of one class came from.
create view core.session_files as
select session_code, 'class_sessions' as dataset, file_id from core.class_sessions
union
select session_code, 'enrollments', file_id from core.enrollments
union
select session_code, 'attendance', file_id from core.attendance
union
select session_code, 'test_results', file_id from core.test_results;

-- Grain: one file that brought answers or completions of one wave.
create view core.wave_files as
select wave_code, 'survey_exports' as dataset, file_id from ops.survey_wave_files
union
select wave_code, 'survey_completions', file_id from core.survey_completions;

grant select, insert on ops.survey_wave_files to trainloop_intake;
grant select on ops.survey_wave_files to trainloop_board, trainloop_planner, trainloop_statistics;
grant select on core.session_files, core.wave_files to trainloop_reporter;
