-- What the command line shows. Read as role board: codes, states and counts, nobody's name.

-- name: files_by_state
-- Grain: a dataset and state.
select dataset, state::text as state, count(*) as files, sum(row_count) as rows,
    sum(accepted_count + unchanged_count) as accepted, sum(quarantined_count) as quarantined, sum(parked_count) as parked
from ops.inbox_files
group by dataset, state
order by dataset, state;

-- name: due_steps
-- Grain: a step with pending rows that are due.
select step, count(*) as due, min(due_on) as oldest
from ops.milestones
where state = 'pending' and due_on <= %(today)s
group by step
order by min(due_on), step;

-- name: messages_by_state
-- Grain: a state of mails.
select state::text as state, count(*) as mails,
    min(next_attempt_at) filter (where state in ('composed', 'uncertain')) as next_attempt
from ops.messages
group by state
order by state;

-- name: gaps
-- Grain: a step of the newest audit with something due that was not done.
select step, due_count, done_count, gap_count
from ops.reconciliations
where check_run_id = (select max(check_run_id) from ops.reconciliations) and gap_count > 0
order by gap_count desc, step;
