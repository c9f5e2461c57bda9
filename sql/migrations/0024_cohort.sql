-- The cohort counts people, not promotions; ids, no names.
grant select (employee_id) on ops.assessments to trainloop_statistics;
grant select on marts.assessment_scores to trainloop_statistics;
