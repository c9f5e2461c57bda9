-- What the award and the workshops are judged by, and which files stand behind the committee's pack.

-- Grain: one evaluated class and scale item or dimension, as the newest release that is not withheld shows it.
create view marts.shown_class_means as
with newest as (
    select distinct on (releases.subject_id) releases.subject_id as session_code, releases.release_id
    from published.releases
    where releases.product = 'course_evaluation' and releases.subject_kind = 'class_session'
        and not releases.is_withheld
    order by releases.subject_id, releases.revision_number desc
)
select
    newest.session_code, sessions.trainer_id, sessions.course_code, sessions.mode,
    (sessions.ends_at at time zone sessions.timezone)::date as class_on,
    figures.family, figures.code, figures.value as mean, figures.respondent_count as answer_count
from newest
join core.class_sessions as sessions using (session_code)
join published.figures as figures using (release_id)
where figures.family in ('item', 'dimension') and figures.statistic = 'mean' and not figures.is_hidden
    and figures.value is not null and figures.respondent_count is not null and sessions.status <> 'cancelled';

-- Grain: one file behind trainers, their classes and their contributions.
create view core.trainer_files as
select 'trainers' as dataset, file_id from core.trainers
union
select 'class_sessions', file_id from core.class_sessions
union
select 'knowledge_assets', file_id from core.knowledge_assets;

grant select on marts.shown_class_means to trainloop_statistics, trainloop_planner;
grant select on core.trainer_files to trainloop_reporter;
grant select on core.knowledge_assets to trainloop_statistics;
