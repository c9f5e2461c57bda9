-- The lifecycle board's pages beside the classes: needs, data quality, outbox, approvals, trainers. Read as role board.

-- name: need_years
-- Grain: a plan year with a released analysis: its newest revision.
select distinct on (subject_id) release_id, subject_id as year, revision_number, released_at
from published.releases
where product = 'annual_needs' and not is_withheld
order by subject_id desc, revision_number desc

-- name: needs
-- Grain: a topic of one release with its three layers.
select
    needs.topic_code, needs.rank, needs.verdict, needs.priority, needs.funding, labels.name_zh, labels.name_en,
    (
        select jsonb_agg(jsonb_build_object(
            'layer', layers.layer,
            'state', case when layers.is_passed then 'met' when layers.is_evidence_missing then 'unknown' else 'not_met' end
        ) order by array_position(array['strategy', 'business', 'individual'], layers.layer))
        from published.need_layers as layers
        where layers.release_id = needs.release_id and layers.topic_code = needs.topic_code
    ) as layers
from published.needs as needs
left join published.needs_labels as labels
    on labels.release_id = needs.release_id and labels.kind = 'topic' and labels.code = needs.topic_code
where needs.release_id = %(release_id)s
order by needs.position

-- name: need_reports
-- Grain: the newest annual report for an audience the board may show, in one language.
select distinct on (audience, locale) report_id, kind, subject_id, audience, locale, revision_number, page_count, rendered_at
from ops.reports
where kind = 'annual_needs' and subject_kind = 'needs_year' and subject_id = %(year)s and state = 'rendered'
    and audience = any(%(audiences)s)
order by audience, locale, revision_number desc, rendered_at desc, report_id desc

-- name: last_files
-- Grain: a dataset and its newest file.
select distinct on (dataset)
    dataset, file_id, name, state::text as state, found_at, row_count, accepted_count + unchanged_count as accepted_count,
    quarantined_count, parked_count, refused_reason_zh, refused_reason_en
from ops.inbox_files
order by dataset, found_at desc, file_id desc

-- name: quarantine
-- Grain: a file with rows in quarantine; reasons: the commonest first, in words that name no value.
with held as (
    select file_id, count(*) as row_count from ops.quarantined_rows where state = 'open' group by file_id
),
counted as (
    select held_rows.file_id, reasons.column_name, reasons.rule, min(reasons.message_zh) as zh, min(reasons.message_en) as en,
        count(*) as row_count
    from ops.quarantined_rows as held_rows
    join ops.quarantine_reasons as reasons using (quarantined_row_id)
    where held_rows.state = 'open'
    group by held_rows.file_id, reasons.column_name, reasons.rule
)
select
    files.file_id, files.dataset, files.name, files.found_at, held.row_count, count(*) over () as of_count,
    (
        select jsonb_agg(jsonb_build_object('zh', top.zh, 'en', top.en, 'count', top.row_count) order by top.row_count desc)
        from (
            select counted.zh, counted.en, counted.row_count from counted
            where counted.file_id = files.file_id
            order by counted.row_count desc, counted.column_name, counted.rule
            limit 3
        ) as top
    ) as reasons
from held
join ops.inbox_files as files using (file_id)
order by files.found_at desc, files.file_id desc
limit %(limit)s

-- name: failed_checks
-- Grain: a check that the newest audit failed.
select results.check_code, results.message_zh, results.message_en, results.failed_count, results.audience
from ops.check_results as results
where results.check_run_id = %(check_run_id)s and not results.is_passed
order by results.position, results.check_code

-- name: file_of_quarantine
select file_id, dataset from ops.inbox_files where file_id = %(file_id)s

-- name: templates
-- Grain: a template with mails, notices that wait, or a hold.
with mails as (
    select
        template,
        count(*) filter (where state in ('composed', 'claimed', 'uncertain')) as waiting_count,
        count(*) filter (where state = 'sent') as sent_count,
        count(*) filter (where state in ('failed', 'bounced')) as failed_count
    from ops.messages
    group by template
),
planned as (
    select kind as template, count(*) as planned_count from ops.notices where state = 'planned' group by kind
)
select
    template, coalesce(mails.waiting_count, 0) as waiting_count, coalesce(mails.sent_count, 0) as sent_count,
    coalesce(mails.failed_count, 0) as failed_count, coalesce(planned.planned_count, 0) as planned_count,
    held.held_at, held.held_by
from mails
full join planned using (template)
full join ops.held_templates as held using (template)
order by held.held_at is null, failed_count desc, template

-- name: failures
-- Grain: a mail that failed, newest first: never to whom.
select message_id, template, state::text as state, settled_at, reply_code, reason
from ops.messages
where state in ('failed', 'bounced', 'expired')
order by settled_at desc nulls last, message_id desc
limit %(limit)s

-- name: changes
-- Grain: a change somebody made on the board.
select recorded_at, actor, action, subject_id, detail
from ops.audit_entries
where action like 'board.%%'
order by audit_entry_id desc
limit %(limit)s

-- name: approvals
-- Grain: an approval, the open ones first; of_whom is a contact of the site file.
select
    approval_id, kind, subject_kind, subject_id, revision_number, asked_of, asked_at, expires_at, state::text as state,
    decided_at, decided_by, decided_via
from ops.approvals
where (state = 'open') = %(is_open)s
order by coalesce(decided_at, asked_at) desc, approval_id desc
limit %(limit)s

-- name: trainers
-- Grain: a trainer, one page of them, with classes to come and held.
select
    trainers.trainer_id, trainers.name, trainers.kind, trainers.trainer_level, count(*) over () as of_count,
    coalesce(classes.to_come_count, 0) as to_come_count, coalesce(classes.held_count, 0) as held_count, classes.last_on
from marts.lifecycle_trainers as trainers
left join (
    select
        trainer_id, count(*) filter (where ends_at > %(now)s) as to_come_count,
        count(*) filter (where ends_at <= %(now)s) as held_count,
        max(ends_at) filter (where ends_at <= %(now)s) as last_on
    from marts.lifecycle_sessions
    where status <> 'cancelled'
    group by trainer_id
) as classes using (trainer_id)
where %(pattern)s::text is null or trainers.name ilike %(pattern)s or trainers.trainer_id ilike %(pattern)s
order by to_come_count desc, held_count desc, trainers.name, trainers.trainer_id
limit %(limit)s offset %(offset)s
