-- The annual needs report: which files stand behind it, and who teaches its topics.

-- Grain: one file that current rows of one dataset of the needs analysis came from; year null where rows have none.
create view core.needs_files as
select year, 'strategy_goals' as dataset, file_id from core.strategy_goals
union
select year, 'need_confirmations', file_id from core.need_confirmations
union
select year, 'interview_plan', file_id from core.interview_plan
union
select null, 'business_interviews', file_id from core.business_interviews
union
select null, 'training_topics', file_id from core.training_topics
union
select null, 'performance_reviews', file_id from core.performance_reviews
union
select null, 'competency_requirements', file_id from core.competency_requirements
union
select null, 'competency_assessments', file_id from core.competency_assessments
union
select null, 'courses', file_id from core.courses where topic_code is not null;

grant select on core.needs_files to trainloop_reporter;
