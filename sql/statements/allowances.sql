-- Teaching-hour allowances (role planner; payroll and statement mails as role sender).

-- name: lock_open
-- Grain: one open approval of an allowance: until this transaction ends nobody decides, so what is paid stays as read.
select approval_id from ops.approvals
where kind = 'allowance' and state = 'open'
order by approval_id
for update

-- name: rates
-- Grain: one row of the rate table, with the file and line it stands in.
select
    rates.kind, rates.code, rates.valid_from, rates.valid_until, rates.rate_value, rates.currency,
    coalesce(files.name, 'file ' || rates.file_id) || ' : ' || rates.row_number as source
from core.allowance_rates as rates
left join ops.inbox_files as files using (file_id)
where rates.removed_on is null
order by rates.kind, rates.code, rates.valid_from

-- name: classes
-- Grain: one class that took place and its trainer, or a class and trainer that were paid: what both sides say about it.
-- A class that was paid keeps the trainer level it was paid by: a promotion is no correction of last year's classes.
with taught as (
    select
        sessions.session_code,
        sessions.trainer_id,
        trainers.employee_id,
        trainers.kind as trainer_kind,
        trainers.trainer_level,
        sessions.course_code,
        (sessions.ends_at at time zone sessions.timezone)::date as class_on,
        coalesce(sessions.hours, courses.hours) as hours
    from core.class_sessions as sessions
    join core.courses as courses using (course_code)
    join core.trainers as trainers using (trainer_id)
    where sessions.status <> 'cancelled' and trainers.kind = any(%(trainer_kinds)s)
        and trainers.employee_id is not null
        and (sessions.ends_at at time zone sessions.timezone)::date between %(first_day)s and %(last_day)s
),
heads as (
    select
        attendance.session_code,
        count(distinct attendance.employee_id) filter (where attendance.status in ('present', 'late', 'early')) as headcount
    from core.attendance
    join taught using (session_code)
    group by attendance.session_code
),
newest as (
    select distinct on (releases.subject_id) releases.subject_id as session_code, releases.release_id
    from published.releases
    where releases.product = 'course_evaluation' and releases.subject_kind = 'class_session'
        and not releases.is_withheld
    order by releases.subject_id, releases.revision_number desc
),
ratings as (
    select newest.session_code, figures.value as rating
    from newest
    join published.figures as figures using (release_id)
    where figures.family = 'dimension' and figures.code = %(rating_dimension)s and figures.statistic = 'mean'
        and not figures.is_hidden and figures.value is not null
),
paid as (
    select
        session_code,
        trainer_id,
        max(employee_id) as employee_id,
        max(class_on) as class_on,
        sum(amount) as paid_amount,
        (array_agg(trainer_level order by month, revision_number))[1] as trainer_level
    from ops.paid_allowances
    where class_on between %(first_day)s and %(last_day)s
    group by session_code, trainer_id
)
select
    session_code,
    trainer_id,
    coalesce(taught.employee_id, paid.employee_id) as employee_id,
    coalesce(taught.class_on, paid.class_on) as class_on,
    taught.session_code is not null as is_taught,
    taught.trainer_kind,
    coalesce(paid.trainer_level, taught.trainer_level) as trainer_level,
    taught.course_code,
    taught.hours,
    heads.headcount,
    ratings.rating,
    paid.paid_amount
from taught
full join paid using (session_code, trainer_id)
left join heads using (session_code)
left join ratings using (session_code)
order by trainer_id, class_on, session_code

-- name: newest_batch
-- The newest batch of a month and how it was decided.
select batch.revision_number, batch.data_sha256, approval.state::text as state
from ops.allowance_batches as batch
left join ops.approvals as approval
    on approval.kind = 'allowance' and approval.subject_kind = 'month' and approval.subject_id = batch.month
    and approval.revision_number = batch.revision_number
where batch.month = %(month)s
order by batch.revision_number desc
limit 1

-- name: withdraw_others
-- Grain: one open batch of another month: its lines are in the new one, or nothing is owed for them any more.
update ops.approvals
set state = 'withdrawn'
where kind = 'allowance' and state = 'open' and (subject_id <> %(month)s or %(is_empty)s)

-- name: insert_batch
insert into ops.allowance_batches (
    month, revision_number, currency, line_count, trainer_count, total_amount, refused_count, data_sha256, uri,
    file_sha256, site_version, computed_at
)
values (
    %(month)s, %(revision_number)s, %(currency)s, %(line_count)s, %(trainer_count)s, %(total_amount)s,
    %(refused_count)s, %(data_sha256)s, %(uri)s, %(file_sha256)s, %(site_version)s, %(now)s
)

-- name: insert_line
insert into ops.allowance_lines (
    month, revision_number, session_code, trainer_id, employee_id, class_on, kind, hours, trainer_level, base_amount,
    level_factor, difficulty_factor, class_size_factor, quality_factor, due_amount, paid_amount, amount
)
values (
    %(month)s, %(revision_number)s, %(session_code)s, %(trainer_id)s, %(employee_id)s, %(class_on)s, %(kind)s,
    %(hours)s, %(trainer_level)s, %(base_amount)s, %(level_factor)s, %(difficulty_factor)s, %(class_size_factor)s,
    %(quality_factor)s, %(due_amount)s, %(paid_amount)s, %(amount)s
)

-- name: forget_refusals
delete from ops.allowance_refusals

-- name: insert_refusals
-- Grain: one class without an amount.
insert into ops.allowance_refusals (session_code, trainer_id, reason, rate_kind, rate_code, rate_files, found_on)
select session_code, trainer_id, reason, rate_kind, rate_code, string_to_array(rate_files, E'\n'), %(today)s
from unnest(
    %(session_codes)s::text[], %(trainer_ids)s::text[], %(reasons)s::text[], %(rate_kinds)s::text[],
    %(rate_codes)s::text[], %(rate_files)s::text[]
) as found (session_code, trainer_id, reason, rate_kind, rate_code, rate_files)

-- name: approved_batch
-- The batch of a decision, with its trainers.
select
    batch.month,
    batch.revision_number,
    array(
        select distinct line.trainer_id from ops.allowance_lines as line
        where (line.month, line.revision_number) = (batch.month, batch.revision_number)
        order by line.trainer_id
    ) as trainer_ids
from ops.allowance_batches as batch
where batch.month = %(month)s and batch.revision_number = %(revision_number)s

-- name: mark_sent
update ops.allowance_batches
set sent_at = %(now)s
where month = %(month)s and revision_number = %(revision_number)s and sent_at is null

-- name: batches
-- Grain: one batch with its decision, for mails.
select
    batch.month, batch.revision_number, batch.currency, batch.line_count, batch.trainer_count, batch.total_amount,
    batch.refused_count, batch.uri, batch.file_sha256, approval.state::text as state,
    array(
        select signed.employee_id from ops.approval_signatures as signed
        where signed.approval_id = approval.approval_id
        order by signed.signed_at
    ) as approver_ids,
    (
        select count(*) from ops.allowance_lines as line
        where (line.month, line.revision_number) = (batch.month, batch.revision_number) and line.kind <> 'first'
    ) as correction_count
from ops.allowance_batches as batch
left join ops.approvals as approval
    on approval.kind = 'allowance' and approval.subject_kind = 'month' and approval.subject_id = batch.month
    and approval.revision_number = batch.revision_number
where batch.month = %(month)s and batch.revision_number = %(revision_number)s

-- name: trainer_lines
-- Grain: one class of one trainer in one batch, for the trainer's statement.
select
    line.session_code, line.class_on, line.kind, line.hours, line.base_amount, line.level_factor,
    line.difficulty_factor, line.class_size_factor, line.quality_factor, line.due_amount, line.paid_amount, line.amount,
    courses.name_zh, courses.name_en
from ops.paid_allowances as line
left join core.class_sessions as sessions using (session_code)
left join core.courses as courses using (course_code)
where line.month = %(month)s and line.revision_number = %(revision_number)s and line.trainer_id = %(trainer_id)s
order by line.class_on, line.session_code

-- name: refusals
-- Grain: one class without an amount, with its trainer.
select
    refused.session_code, refused.reason, refused.rate_kind, refused.rate_code, refused.rate_files, trainers.name
from ops.allowance_refusals as refused
left join core.trainers as trainers using (trainer_id)
order by refused.session_code, refused.trainer_id
