-- The annual training review says which files its figures came from: budgets, costs and people, too.

-- Grain: one file that current rows came from, of one year, of one class, or (both null) of everything.
create view core.review_files as
select year, null::text as session_code, 'budgets' as dataset, file_id from core.budgets
union
select null, session_code, 'session_costs', file_id from core.session_costs
union
select null, null, 'courses', file_id from core.courses
union
select null, null, 'trainers', file_id from core.trainers
union
select null, null, 'departments', file_id from core.departments
union
select null, null, 'employees', file_id from core.employees;

grant select on core.review_files to trainloop_reporter;
