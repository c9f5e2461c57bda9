-- The demo company asks these as owner: how far the year is, what still waits, and what the product found.

-- name: waves_of_tokens
-- What the outside survey tool knows of its own links.
select token, wave_code from ops.invitations where token = any (%(tokens)s)

-- name: frozen_at
select frozen_at from ops.clock

-- name: waiting
-- What the present moment still owes: reports that were announced, notices and mails that are due. Who has had the mails
-- or the survey digest of this day gets the rest on a later one.
with digested as (
    select kind from ops.notice_kinds where family in ('survey', 'request')
),
today as (
    select
        recipient_kind, recipient_id, count(*) as mails,
        bool_or(template = 'digest' or template in (select kind from digested)) as has_digest
    from ops.messages
    where (composed_at at time zone %(timezone)s)::date = (ops.business_now() at time zone %(timezone)s)::date
    group by recipient_kind, recipient_id
)
select
    (
        select coalesce(array_agg(subject_id order by subject_id), '{}') from ops.milestones
        where step = 'evaluation_report' and state = 'pending' and emitted_at is not null
    ) as reports,
    (
        select coalesce(array_agg(subject_id order by subject_id), '{}') from ops.milestones
        where step = 'performance_report_90d' and state = 'pending' and emitted_at is not null
    ) as performance_reports,
    (
        select coalesce(array_agg(subject_id order by subject_id), '{}') from ops.milestones
        where step = 'action_plan_report_30d' and state = 'pending' and emitted_at is not null
    ) as plan_reports,
    (
        select count(*) from ops.notices as notice
        left join today using (recipient_kind, recipient_id)
        where notice.state = 'planned' and notice.not_before <= ops.business_now()
            and (notice.not_after is null or notice.not_after > ops.business_now())
            and coalesce(today.mails, 0) < %(cap)s
            and not (notice.kind in (select kind from digested) and coalesce(today.has_digest, false))
    ) as notices,
    (select count(*) from ops.messages where state in ('composed', 'claimed')) as messages

-- name: files
-- Grain: one content of the registry.
select file_id, dataset, name, content_sha256, state::text as state, revision_number, row_count, accepted_count,
    unchanged_count, quarantined_count, parked_count, refused_count, refused_rule
from ops.inbox_files
order by file_id

-- name: quarantine
-- Grain: one reason of one quarantined row.
select quarantined.file_id, quarantined.row_number, reason.column_name, reason.rule
from ops.quarantined_rows as quarantined
join ops.quarantine_reasons as reason using (quarantined_row_id)

-- name: parked
-- Grain: one file with rows that waited.
select file_id, count(*) as parked, count(*) filter (where state = 'matched') as matched
from ops.parked_rows
group by file_id

-- name: figures
-- Grain: one figure of the newest release of each class session that was not withheld.
select release.subject_id as session_code, figure.family, figure.code, figure.statistic, figure.value,
    figure.text_value, figure.respondent_count, figure.is_hidden, figure.reason
from published.figures as figure
join (
    select distinct on (subject_id) subject_id, release_id
    from published.releases
    where product = 'course_evaluation' and not is_withheld
    order by subject_id, release_id desc
) as release using (release_id)

-- name: suggestions
select release.subject_id as session_code, suggestion.item_code, suggestion.strength
from published.suggestions as suggestion
join published.releases as release using (release_id)
where not release.is_withheld

-- name: verbatims
select release.subject_id as session_code, verbatim.masked_text
from published.verbatims as verbatim
join published.releases as release using (release_id)

-- name: sessions
-- Grain: one class session with its wave, opening step and PDFs.
select
    session.session_code, session.status, (session.starts_at at time zone session.timezone)::date as held_on,
    wave.opened_at, wave.state::text as wave_state,
    step.due_on as opening_due_on, step.state::text as opening_state,
    (
        select count(*) from ops.reports
        where reports.kind = 'course_evaluation' and reports.subject_id = session.session_code
            and reports.state = 'rendered'
    ) as pdf_count,
    (
        select count(*) from ops.invitations
        where invitations.wave_code = wave.wave_code and invitations.reason = 'left'
    ) as left_count
from core.class_sessions as session
left join ops.survey_waves as wave on wave.subject_id = session.session_code
left join ops.milestones as step
    on step.subject_kind = 'class_session' and step.subject_id = session.session_code and step.step = 'evaluation_open'
order by session.session_code

-- name: calls
-- Grain: one wave and step of its calls, as they left: invitations and each reminder.
select notice.subject_id as wave_code, notice.kind, notice.step, count(*) as people
from ops.notices as notice
join ops.messages as message using (message_id)
where notice.kind in ('survey_invitation', 'survey_reminder') and message.state = 'sent'
group by notice.subject_id, notice.kind, notice.step

-- name: mails
-- Grain: one kind of notice and how it ended.
select kind, outcome, count(*) as notices
from ops.notice_outcomes
group by kind, outcome
order by kind, outcome

-- name: sent
select count(*) filter (where state = 'sent') as sent, count(*) as composed from ops.messages

-- name: totals
select
    (select count(*) from ops.reports where state = 'rendered') as pdfs,
    (select count(*) from confidential.responses) as answers,
    (select count(*) from ops.inbox_files) as files,
    (
        select count(*) from ops.inbox_files
        where row_count <> accepted_count + unchanged_count + quarantined_count + parked_count + refused_count
    ) as leaks

-- name: survey_figures
-- Grain: one figure of the newest release of each quarter and cohort that was not withheld.
select release.product, release.subject_id, figure.family, figure.code, figure.statistic, figure.value, figure.text_value
from published.figures as figure
join (
    select distinct on (product, subject_id) release_id, product, subject_id
    from published.releases
    where not is_withheld and product in ('quarterly_pulse', 'new_manager_360')
    order by product, subject_id, revision_number desc
) as release using (release_id)

-- name: asked
-- Grain: one wave: who was asked, who has answered, and the sheets that are kept.
select
    wave.wave_code,
    count(*) filter (where invitation.state = 'invited') as invited,
    count(*) filter (where invitation.is_used) as used,
    (
        select count(*) from confidential.responses
        where responses.wave_code = wave.wave_code and responses.state = 'complete'
    ) as answers
from ops.survey_waves as wave
left join ops.invitations as invitation using (wave_code)
group by wave.wave_code

-- name: commitments
-- Grain: one trainer who was asked to acknowledge feedback, and whether HR was told that it is late.
select
    commitment.state::text as state, commitment.choice,
    exists (
        select from ops.notices as notice
        where notice.kind = 'commitment_digest' and notice.recipient_kind = 'contact'
            and notice.state = 'composed' and notice.decided_at > commitment.due_on
    ) as told_late
from ops.commitments as commitment
where commitment.kind = 'acknowledge_feedback'

-- name: assessments
-- How many new managers were assessed, and how many of them got their private feedback.
select
    (select count(*) from ops.assessments) as assessed,
    (
        select count(distinct recipient_id) from ops.notices
        where kind = 'assessment_feedback' and state = 'composed' and recipient_kind = 'employee'
    ) as told

-- name: competency_results
-- How many people of today were assessed, how many managers led them on that day, and how many of either were told.
with assessed as (
    select distinct assessed.employee_id, past.manager_id
    from core.competency_assessments as assessed
    join core.employees as person using (employee_id)
    cross join lateral core.employees_as_of(assessed.assessed_on) as past
    where past.employee_id = assessed.employee_id and person.removed_on is null and person.left_on is null
),
told as (
    select kind, count(distinct recipient_id) as readers from ops.notices
    where subject_kind = 'competency_page' and state = 'composed'
    group by kind
)
select
    count(distinct employee_id) as assessed, count(distinct manager_id) as managers,
    (select readers from told where kind = 'competency_result') as told,
    (select readers from told where kind = 'team_competency_results') as told_managers
from assessed

-- name: approvals
select revision_number, state::text as state, decided_via
from ops.approvals
where kind = 'annual_needs_report'
order by revision_number

-- name: open_approvals
select token from ops.approvals
where token = any (%(tokens)s) and state = 'open' and logins_needed = 0
order by approval_id

-- name: vendor_figures
select figures.family, figures.code, figures.statistic, figures.value, figures.text_value
from published.figures as figures
join published.releases as releases using (release_id)
where releases.product = 'vendor_scores' and releases.subject_id = %(quarter)s
    and releases.revision_number = (
        select max(revision_number) from published.releases
        where product = 'vendor_scores' and subject_id = %(quarter)s
    )

-- name: exceptions
select session_code, kind, item_code, state::text as state, closed_reason from ops.readiness_exceptions

-- name: budget_questions
select subject_id, state::text as state, decided_via from ops.approvals where kind = 'over_budget'
order by approval_id

-- name: before_class
-- What learners of one class were told before it, and what its trainer got of their questions.
select
    count(*) filter (where kind = 'course_materials' and sequence_number = 1)::int as first_packs,
    count(*) filter (where kind = 'course_materials' and sequence_number = 2)::int as new_versions,
    count(*) filter (where kind = 'class_changed')::int as corrections,
    count(*) filter (where kind = 'prework_reminder' and step like 'prework_reminder_1%%')::int as reminders_1,
    count(*) filter (where kind = 'prework_reminder' and step like 'prework_reminder_2%%')::int as reminders_2,
    (select count(*)::int from ops.digested_questions where session_code = %(session)s) as questions,
    (
        select count(*)::int from ops.digested_questions
        where session_code = %(session)s
            and exists (select from core.employees where position(name in masked_text) > 0)
    ) as named_questions
from ops.notices
where recipient_kind = 'employee' and subject_id = %(session)s

-- name: cancellations
select count(*)::int as people
from ops.notices
where kind = 'class_changed' and recipient_kind = 'employee' and subject_id = %(session)s

-- name: platform
select
    max(state::text) filter (where step = 'platform_check_1d') as day_before,
    max(state::text) filter (where step = 'platform_check_2h') as two_hours_before,
    (
        select count(*)::int from ops.notices
        where kind = 'platform_alert' and subject_id = %(session)s and state = 'composed'
    ) as alarms
from ops.milestones
where subject_kind = 'class_session' and subject_id = %(session)s

-- name: reported_classes
-- How many class sessions have a PDF of a kind.
select count(distinct split_part(subject_id, '.', 1))::int as classes
from ops.reports
where kind = %(kind)s and state = 'rendered'

-- name: resource_findings
select kind, item_code from ops.resource_findings

-- name: alarmed
select distinct subject_id as session_code from ops.notices where kind = 'platform_alert' order by 1

-- name: plans_of_tokens
-- Grain: one plan whose page somebody got a link to.
select plan_id, session_code, employee_id, token
from ops.action_plans
where token = any (%(tokens)s)
order by session_code, employee_id

-- name: open_plan_requests
-- Grain: one thing a manager still owes about a plan and got a mail about.
select owed.token, plan.employee_id
from ops.commitments as owed
join ops.action_plans as plan on plan.plan_id = owed.subject_id
where owed.kind = %(kind)s and owed.state = 'open' and owed.token = any (%(tokens)s)
order by plan.session_code, plan.employee_id

-- name: plan_results
-- Grain: one class that planned, with the obstacles its check-ins named.
select
    result.*,
    (
        select coalesce(jsonb_object_agg(named.blocker, named.n), '{}')
        from (
            select plan.blocker, count(*) as n
            from ops.action_plans as plan
            where plan.session_code = result.session_code and plan.checked_in_at is not null and plan.blocker <> 'none'
            group by plan.blocker
        ) as named
    ) as obstacles
from marts.action_plan_results as result

-- name: plan_reports
-- Grain: one class whose 30-day report was made.
select distinct subject_id as session_code
from ops.reports
where kind = 'action_plans_30d' and state = 'rendered'
order by 1

-- name: plan_mails
-- Calls for a check-in to whoever had checked in, and people who were told one week twice.
select
    (
        select count(*) from ops.notices as notice
        join ops.action_plans as plan on plan.plan_id = notice.subject_id
        join ops.messages as message on message.message_id = notice.message_id
        where notice.kind = 'plan_check_in' and plan.checked_in_at < message.composed_at
    ) as needless,
    (
        select count(*) from (
            select from ops.notices
            where kind in ('plan_digest', 'team_plan_digest') and state = 'composed'
            group by kind, subject_id, recipient_id
            having count(*) > 1
        ) as doubled
    ) as twice

-- name: performance
-- Grain: one indicator of one class 90 days after it; at grades D and E there is no effect.
select
    results.session_code, results.kpi_code, results.grade, findings.sentence_code, results.effect, results.effect_low,
    results.effect_high
from marts.performance_results as results
join marts.performance_findings as findings using (session_code, kpi_code)
order by results.session_code, results.kpi_code

-- name: performance_steps
-- Grain: one class session: how its 90-day report stands and how many editions there are.
select
    step.subject_id as session_code, step.state::text as state, step.reason,
    (
        select count(*) from ops.reports
        where reports.kind = 'performance_90d' and reports.subject_id = step.subject_id and reports.state = 'rendered'
    )::integer as report_count
from ops.milestones as step
where step.step = 'performance_report_90d'

-- name: case_pages
-- Grain: one practice case whose page its author got a link to.
select story.session_code, story.employee_id, story.token, story.state::text as state, person.locale
from ops.practice_cases as story
join core.employees as person using (employee_id)
where story.token = any (%(tokens)s)
order by story.session_code, story.employee_id

-- name: case_comments
-- Grain: one case a trainer still owes a comment on and got a mail about.
select owed.token, story.session_code
from ops.commitments as owed
join ops.practice_cases as story on story.case_id::text = owed.subject_id
where owed.kind = 'comment_practice_case' and owed.state = 'open' and owed.token = any (%(tokens)s)
order by story.session_code, story.employee_id

-- name: case_approvals
-- Grain: one case that HR has not decided about and got a mail about.
select asked.token, story.session_code
from ops.approvals as asked
join ops.practice_cases as story on story.case_id::text = asked.subject_id
where asked.kind = 'practice_case' and asked.state = 'open' and asked.token = any (%(tokens)s)
order by story.session_code, story.employee_id

-- name: point_pages
select employee_id, token from ops.point_pages where token = any (%(tokens)s)

-- name: open_appeals
-- Grain: one appeal that waits for the HRBP.
select owed.token, appeal.employee_id
from ops.commitments as owed
join ops.point_appeals as appeal on appeal.appeal_id::text = owed.subject_id
where owed.kind = 'answer_appeal' and owed.state = 'open' and owed.token = any (%(tokens)s)
order by appeal.employee_id

-- name: promotion_candidates
select list_month, employee_id, coalesce(open_condition::text, verdict::text) as said from ops.promotion_candidates

-- name: promotion_mails
-- Who got the advisory list, how often it was drawn, and who was told that a certificate ends.
select
    count(*) filter (where kind = 'promotion_list' and recipient_id = 'hrbp')::int as to_hrbp,
    count(*) filter (where kind = 'promotion_list' and recipient_id <> 'hrbp')::int as to_others,
    count(*) filter (where kind = 'certificate_ending')::int as endings,
    (select count(*)::int from ops.reports where kind = 'promotion_list' and state = 'rendered') as pdfs
from ops.notices
where state = 'composed'

-- name: point_units
-- Grain: one rule with what stands in the ledger.
select rule_code, sum(quantity)::float8 as units, sum(points)::float8 as points
from ops.points
group by rule_code

-- name: appeals
select
    count(*) filter (where state = 'upheld')::int as upheld,
    count(*) filter (where state = 'declined')::int as declined,
    (select count(*)::int from ops.notices where kind = 'appeal_answered' and state = 'composed') as told
from ops.point_appeals

-- name: practice_cases
-- Grain: one class whose learners were asked for cases: how each ended, when the trainer commented, what is handed out.
select
    story.session_code,
    count(*)::int as invited,
    count(*) filter (where story.written_at is null)::int as silent,
    count(*) filter (where story.state = 'published')::int as published,
    count(*) filter (where story.state = 'rejected')::int as declined,
    count(*) filter (where story.state = 'withdrawn')::int as withdrawn,
    count(*) filter (where said.done_at::date <= said.due_on)::int as in_time,
    count(*) filter (where said.done_at::date > said.due_on)::int as late,
    count(distinct said.commitment_id) filter (
        where exists (
            select from ops.notices as reminder
            where reminder.kind = 'commitment_reminder' and reminder.state = 'composed'
                and reminder.subject_id = said.commitment_id::text
        )
    )::int as chased,
    count(*) filter (where asset.uri is not null and asset.licence_expires_on is null)::int as handed_out,
    count(*) filter (where asset.uri is null and asset.licence_expires_on is not null)::int as ended
from ops.practice_cases as story
left join ops.commitments as said
    on said.kind = 'comment_practice_case' and said.subject_id = story.case_id::text
left join core.knowledge_assets as asset using (asset_code)
group by story.session_code

-- name: paid_classes
-- Grain: one line that approved batches paid.
select session_code, amount from ops.paid_allowances order by session_code, month, revision_number

-- name: sent_batches
select month, line_count from ops.allowance_batches where sent_at is not null order by month

-- name: signatures
select
    (select count(*) from ops.approval_signatures) as signed_count,
    (
        select count(*) from ops.audit_entries
        where action = 'approval_refused' and detail ->> 'reason' = 'own_money'
    ) as refused_count

-- name: award_ranks
-- Grain: one trainer of the newest ranking.
select figures.code, figures.value, figures.reason
from published.figures as figures
join published.releases as releases using (release_id)
where releases.product = 'trainer_award' and figures.family = 'trainer' and figures.statistic = 'rank'
    and releases.revision_number = (
        select max(revision_number) from published.releases where product = 'trainer_award'
    )
order by figures.value, figures.code

-- name: awards
select trainer_id from ops.trainer_awards order by trainer_id

-- name: thanks
select count(*) as thanks_count from ops.messages where template = 'trainer_thanks' and state = 'sent'

-- name: workshop_suggestions
-- Grain: one workshop suggested to one trainer.
select trainer_id, workshop_code from ops.workshop_suggestions order by trainer_id, workshop_code

-- name: dispute_links
-- Grain: one step of a dispute that somebody was asked for by one of these links.
select kind, token, facts ->> 'party' as party, state::text as state
from ops.commitments
where kind = %(kind)s and token = any(%(tokens)s) and state in ('open', 'done')
order by commitment_id

-- name: dispute
-- Grain: the year's dispute: its end, its pilot as registered, who signed and what was refused.
select
    dispute.state::text as state, dispute.framework_pct, dispute.tools_pct, dispute.simulation_pct, dispute.decision,
    (
        select array_agg(registered.threshold order by registered.version) from ops.pilot_registrations as registered
        where registered.dispute_id = dispute.dispute_id
    ) as thresholds,
    (
        select bool_and(registered.registered_at < class.starts_at)
        from ops.pilot_registrations as registered
        join core.class_sessions as class using (session_code)
        where registered.dispute_id = dispute.dispute_id
    ) as is_locked_before,
    (
        select registered.registration_sha256 from ops.pilot_registrations as registered
        where registered.dispute_id = dispute.dispute_id order by registered.version desc limit 1
    ) as registration_sha256,
    (
        select array_agg(distinct entry.detail ->> 'reason') from ops.audit_entries as entry
        where entry.subject_id = dispute.dispute_id and entry.action = 'pilot_registration_refused'
    ) as pilot_refusals,
    (
        select array_agg(distinct entry.detail ->> 'party') from ops.audit_entries as entry
        where entry.subject_id = dispute.dispute_id and entry.action = 'dispute_signature_refused'
    ) as signature_refusals,
    (
        select array_agg(said.party order by said.party) from ops.dispute_answers as said
        where said.dispute_id = dispute.dispute_id and said.step = 'signature'
            and said.round_number = dispute.decision_round
    ) as signers
from ops.disputes as dispute
where dispute.dispute_id = %(dispute_id)s

-- name: dispute_papers
-- Grain: one paper of a dispute with its PDFs and the mails that brought it to the three.
select
    paper.kind, paper.content,
    (
        select count(*) from ops.reports as report
        where report.kind = paper.kind and report.subject_id = paper.dispute_id and report.state = 'rendered'
    ) as pdf_count,
    (
        select count(*) from ops.messages as message
        where message.state = 'sent' and message.template = paper.kind
    ) as mail_count
from ops.dispute_papers as paper
where paper.dispute_id = %(dispute_id)s
order by paper.kind

-- name: review_suggestions
-- Grain: one course of the newest review of the year.
select code, text_value
from published.figures
where family = 'course' and statistic = 'suggestion'
    and release_id = (select max(release_id) from published.releases where product = 'training_review')

-- name: review_seeds
-- Grain: one finding of the review, and whether the newest needs analysis of the plan year names it.
select
    seeds.topic_code, seeds.source_kind, seeds.source_code, seeds.finding,
    exists (
        select
        from published.needs_trace as trace
        where trace.seed_code = seeds.source_code and trace.seed_release_id = seeds.release_id
            and trace.release_id = (
                select max(release_id) from published.releases
                where product = 'annual_needs' and subject_id = %(year)s::integer::text
            )
    ) as is_traced
from ops.need_seeds as seeds
where seeds.year = %(year)s

-- name: review_readers
select
    approvals.state::text as state,
    approvals.decided_via,
    count(*) filter (where told.kind = 'training_review' and told.recipient_kind = 'contact') as told_contacts,
    count(*) filter (where told.kind = 'training_review' and told.recipient_kind <> 'contact') as told_others,
    count(*) filter (where told.kind = 'department_review' and told.recipient_kind = 'employee') as told_heads,
    (
        select count(*)
        from published.figures
        where family = 'department' and statistic = 'people_count' and value is not null
            and release_id = (select max(release_id) from published.releases where product = 'training_review')
    ) as shown_departments,
    (
        select count(*) from ops.reports
        where kind in ('training_review', 'department_review') and state = 'rendered'
    ) as pdf_count
from ops.approvals as approvals
left join (
    select notices.kind, notices.recipient_kind::text as recipient_kind
    from ops.notices as notices
    join ops.messages as messages using (message_id)
    where notices.kind in ('training_review', 'department_review') and messages.state = 'sent'
) as told on true
where approvals.kind = 'training_review'
group by approvals.approval_id, approvals.state, approvals.decided_via

-- name: stale_certificates
-- Whether the last audit missed a file of who holds which certificate.
select count(*)::integer as stale_count
from ops.check_gaps
where check_code = 'datasets_stale' and subject_id = 'certifications'
    and check_run_id = (select max(check_run_id) from ops.check_results where check_code = 'datasets_stale')
