-- Disputes: opened, moved on by what the three wrote, measured, put on paper (R47–R52).

-- name: known
-- Grain: one row; which of the ids of a form the warehouse does not know.
select
    exists (select from core.courses where course_code = %(course_code)s) as has_course,
    exists (select from core.trainers where trainer_id = %(trainer_id)s) as has_trainer,
    exists (
        select from core.employees
        where employee_id = %(business_head_id)s and removed_on is null
    ) as has_head,
    %(topic_code)s::text is null or exists (
        select from core.training_topics where topic_code = %(topic_code)s
    ) as has_topic,
    exists (
        select from core.trainers where trainer_id = %(trainer_id)s and employee_id = %(business_head_id)s
    ) as is_same_person

-- name: open
select ops.open_dispute(
    %(course_code)s, %(topic_code)s, %(trainer_id)s, %(business_head_id)s, %(contact)s, %(reason_code)s, 'hr', %(contact)s
) as dispute_id

-- name: withdraw
-- Grain: one dispute under way. What was still owed is owed no more.
with withdrawn as (
    update ops.disputes
    set state = 'withdrawn', state_at = %(now)s, withdrawn_reason = %(reason)s
    where dispute_id = %(dispute_id)s and state not in ('signed', 'withdrawn')
    returning dispute_id
),
freed as (
    update ops.commitments
    set state = 'withdrawn'
    from withdrawn
    where subject_kind = 'dispute' and facts ->> 'dispute_id' = withdrawn.dispute_id and commitments.state = 'open'
),
recorded as (
    insert into ops.audit_entries (actor, action, subject_kind, subject_id, detail)
    select %(contact)s, 'dispute_withdrawn', 'dispute', dispute_id, jsonb_build_object('reason', %(reason)s::text)
    from withdrawn
)
select dispute_id from withdrawn

-- name: expired_steps
-- Grain: one thing that a dispute under way waits for although its link expired.
select owed.kind, owed.subject_id, owed.person_kind, owed.person_id, owed.facts
from ops.disputes as dispute
join ops.commitments as owed
    on owed.subject_kind = 'dispute' and owed.facts ->> 'dispute_id' = dispute.dispute_id and owed.state = 'expired'
    and (owed.facts ->> 'round')::integer = case
        when owed.kind in ('dispute_design', 'dispute_design_ack') then dispute.design_round
        when owed.kind in ('dispute_decision', 'sign_agreed_plan') then dispute.decision_round
        else 1
    end
where dispute.dispute_id = %(dispute_id)s and dispute.state not in ('signed', 'withdrawn')
order by owed.commitment_id

-- name: audit
insert into ops.audit_entries (actor, action, subject_kind, subject_id, detail)
values (%(actor)s, %(action)s, 'dispute', %(dispute_id)s, %(detail)s)

-- name: under_way
-- Grain: one dispute that has not ended, with everything the three wrote, its newest registration and its papers.
select
    dispute.dispute_id, dispute.state::text as state, dispute.course_code, dispute.trainer_id, dispute.business_head_id,
    dispute.hr_contact, dispute.opened_by, dispute.design_round, dispute.decision_round,
    (
        select coalesce(jsonb_agg(jsonb_build_object(
            'step', said.step, 'round', said.round_number, 'party', said.party, 'answers', said.answers
        )), '[]')
        from ops.dispute_answers as said where said.dispute_id = dispute.dispute_id
    ) as answers,
    array(
        select distinct owed.kind || '.' || (owed.facts ->> 'round')
        from ops.commitments as owed
        where owed.subject_kind = 'dispute' and owed.facts ->> 'dispute_id' = dispute.dispute_id
    ) as asked,
    registered.session_code, registered.pilot_department_code, registered.comparison_department_code,
    class.starts_at, class.ends_at,
    exists (
        select from ops.survey_waves as wave
        where wave.subject_kind = 'pilot_team' and wave.subject_id = dispute.dispute_id || '.pilot'
    ) as has_waves,
    array(
        select paper.kind from ops.dispute_papers as paper where paper.dispute_id = dispute.dispute_id
    ) as papers
from ops.disputes as dispute
left join lateral (
    select newest.* from ops.pilot_registrations as newest
    where newest.dispute_id = dispute.dispute_id order by newest.version desc limit 1
) as registered on true
left join core.class_sessions as class on class.session_code = registered.session_code
where dispute.state not in ('signed', 'withdrawn')
order by dispute.dispute_id
for update of dispute

-- name: move
update ops.disputes
set state = %(state)s::ops.dispute_state, state_at = %(now)s,
    meeting_on = coalesce(%(meeting_on)s::date, meeting_on), core_target = coalesce(%(core_target)s, core_target),
    framework_pct = coalesce(%(framework_pct)s, framework_pct), tools_pct = coalesce(%(tools_pct)s, tools_pct),
    simulation_pct = coalesce(%(simulation_pct)s, simulation_pct),
    design_round = coalesce(%(design_round)s, design_round), decision = coalesce(%(decision)s, decision),
    decision_reason = coalesce(%(decision_reason)s, decision_reason),
    decision_round = coalesce(%(decision_round)s, decision_round)
where dispute_id = %(dispute_id)s

-- name: withdraw_signatures
-- Grain: one signature that is no longer asked for: somebody objected, and the decision is made anew.
update ops.commitments
set state = 'withdrawn'
where kind = 'sign_agreed_plan' and subject_id = %(subject_id)s and subject_kind = 'dispute' and state = 'open'

-- name: pilot_people
-- Grain: one person of either team who is asked what the pilot was like: attendees of the class in the pilot team, and
-- the comparison team as it stands.
select 'pilot' as team, seen.employee_id
from ops.evaluation_population(array[%(session_code)s]) as seen
join core.employees as person using (employee_id)
where person.department_code in (select department_code from core.departments_below(%(pilot)s))
union all
select 'comparison', person.employee_id
from core.employees as person
where person.department_code in (select department_code from core.departments_below(%(comparison)s))
    and person.removed_on is null and (person.left_on is null or person.left_on > %(today)s)
    and not exists (
        select from ops.evaluation_population(array[%(session_code)s]) as seen
        where seen.employee_id = person.employee_id
    )
order by 1, 2

-- name: papers_due
-- Grain: one dispute and one paper it needs now and does not have in this revision. A plan signed after an objection is
-- still the first plan; a pack is made once.
select dispute.*, dispute.state::text as state, due.kind
from ops.disputes as dispute
join (values
    ('clarification', 'dispute_pack'), ('pilot_running', 'pilot_report'), ('signed', 'agreed_plan')
) as due (state, kind) on due.state = dispute.state::text
where not exists (
    select from ops.dispute_papers as paper where paper.dispute_id = dispute.dispute_id and paper.kind = due.kind
)
order by dispute.dispute_id

-- name: course
-- Grain: the course of a dispute with its need and goal: what it is meant for and how it is built.
select
    course.course_code, course.name_zh, course.name_en, course.mode, course.hours, course.target_audience,
    topic.topic_code, topic.name_zh as topic_zh, topic.name_en as topic_en, goal.goal_code, goal.name_zh as goal_zh,
    goal.name_en as goal_en,
    (
        select coalesce(jsonb_agg(jsonb_build_object(
            'kind', asset.kind, 'zh', asset.title_zh, 'en', coalesce(asset.title_en, asset.title_zh),
            'version', asset.version
        ) order by asset.kind, asset.asset_code), '[]')
        from core.knowledge_assets as asset where asset.course_code = course.course_code
    ) as assets,
    (
        select coalesce(jsonb_agg(jsonb_build_object(
            'zh', definition.name_zh, 'en', definition.name_en, 'direction', definition.direction, 'unit', definition.unit
        ) order by not measured.is_key, definition.kpi_code), '[]')
        from core.measured_kpis as measured
        join core.kpi_definitions as definition using (kpi_code)
        where measured.course_code = course.course_code
    ) as kpis
from core.courses as course
left join core.training_topics as topic on topic.topic_code = coalesce(%(topic_code)s, course.topic_code)
left join lateral (
    select goals.* from core.strategy_goals as goals
    where goals.goal_code = topic.goal_code order by goals.year desc limit 1
) as goal on true
where course.course_code = %(course_code)s

-- name: statements
-- Grain: what trainer and business head answered to the same questions.
select party, answers from ops.dispute_answers where dispute_id = %(dispute_id)s and step = 'statement'

-- name: interviews
-- Grain: one interview of the business head's own departments about the topic, newest first; no quotes, no names.
select interview.interview_id, interview.interviewed_on, interview.pain_point, interview.severity
from core.business_interviews as interview
where interview.topic_code = %(topic_code)s and interview.department_code in (
    select below.department_code
    from core.departments as team, core.departments_below(team.department_code) as below
    where team.head_employee_id = %(business_head_id)s
)
order by interview.interviewed_on desc, interview.interview_id
limit 8

-- name: interview_counts
-- Grain: one row: how widely the topic was named, as counts over all departments.
select
    count(*) as interview_count, count(distinct department_code) as department_count,
    round(avg(severity), 1) as mean_severity
from core.business_interviews
where topic_code = %(topic_code)s

-- name: need
-- Grain: the topic in the newest needs report that was released.
select
    need.release_id, release.subject_id as year, need.verdict, need.rank, need.priority, need.target_count,
    (
        select coalesce(jsonb_agg(jsonb_build_object(
            'layer', layer.layer, 'is_passed', layer.is_passed, 'value', layer.value, 'threshold', layer.threshold,
            'n', layer.respondent_count, 'is_hidden', layer.is_hidden
        ) order by layer.layer), '[]')
        from published.need_layers as layer
        where layer.release_id = need.release_id and layer.topic_code = need.topic_code
    ) as layers,
    (
        select coalesce(jsonb_agg(jsonb_build_object(
            'kind', evidence.kind, 'zh', coalesce(kpi.name_zh, evidence.code), 'en', coalesce(kpi.name_en, evidence.code),
            'statistic', evidence.statistic, 'value', evidence.value, 'n', evidence.respondent_count
        ) order by evidence.layer, evidence.position), '[]')
        from published.need_evidence as evidence
        left join core.kpi_definitions as kpi on evidence.kind = 'kpi' and kpi.kpi_code = evidence.code
        where evidence.release_id = need.release_id and evidence.topic_code = need.topic_code
            and not evidence.is_hidden and evidence.value is not null and evidence.kind in ('kpi', 'competency')
            and evidence.statistic = 'gap_pct'
    ) as gaps
from published.needs as need
join published.releases as release using (release_id)
where need.topic_code = %(topic_code)s and not release.is_withheld
order by release.released_at desc
limit 1

-- name: evaluations
-- Grain: one evaluated class of the course, the newest first: published figures only.
select
    class.session_code, (class.ends_at at time zone class.timezone)::date as held_on,
    max(shown.value) filter (where shown.family = 'response' and shown.statistic = 'complete_count') as answers,
    max(shown.value) filter (where shown.code = 'content_practicality') as content_practicality,
    max(shown.value) filter (where shown.code = 'instructor_professionalism') as instructor_professionalism,
    max(shown.value) filter (where shown.code = 'case_practice') as case_practice,
    max(shown.value) filter (where shown.family = 'nps' and shown.statistic = 'nps') as nps
from core.class_sessions as class
join lateral (
    select release.release_id from published.releases as release
    where release.product = 'course_evaluation' and release.subject_kind = 'class_session'
        and release.subject_id = class.session_code and not release.is_withheld
    order by release.revision_number desc limit 1
) as newest on true
join published.figures as shown
    on shown.release_id = newest.release_id and not shown.is_hidden
    and (shown.statistic = 'mean' or shown.family in ('response', 'nps'))
where class.course_code = %(course_code)s
group by class.session_code, class.ends_at, class.timezone
order by class.ends_at desc
limit 6

-- name: files_behind
-- Grain: one file behind the evidence, with the gate's newest verdict about it.
with behind as (
    select file_id from core.courses where course_code = %(course_code)s
    union select file_id from core.business_interviews where topic_code = %(topic_code)s
    union select file_id from core.class_sessions where course_code = %(course_code)s
    union
    select fact.file_id
    from core.kpi_facts as fact
    where fact.kpi_code = %(kpi_code)s and fact.starts_on between %(first_on)s and %(last_on)s
)
select
    files.dataset, files.file_id, files.name, files.row_count, files.accepted_count, files.unchanged_count,
    files.quarantined_count, files.parked_count, files.refused_count, verdict.checked_at, verdict.gate_decision
from behind
join ops.inbox_files as files using (file_id)
left join lateral (
    select checked_at, gate_decision
    from ops.check_runs
    where check_runs.file_id = files.file_id and not check_runs.is_parked
    order by checked_at desc, check_run_id desc
    limit 1
) as verdict on true
order by files.dataset, files.file_id

-- name: registration
select registered.*, kpi.name_zh as kpi_zh, kpi.name_en as kpi_en, kpi.grain, kpi.unit, kpi.rate_per, kpi.redefined_on,
    kpi.relevant_effect, pilot.name_zh as pilot_zh, pilot.name_en as pilot_en, other.name_zh as comparison_zh,
    other.name_en as comparison_en, coalesce(design.is_selected_on_results, false) as is_selected_on_results,
    (class.ends_at at time zone class.timezone)::date as held_until
from ops.pilot_registrations as registered
join core.kpi_definitions as kpi using (kpi_code)
join core.class_sessions as class using (session_code)
left join core.departments as pilot on pilot.department_code = registered.pilot_department_code
left join core.departments as other on other.department_code = registered.comparison_department_code
left join core.class_designs as design using (session_code)
where registered.dispute_id = %(dispute_id)s
order by registered.version desc
limit 1

-- name: pilot_units
-- Grain: one person of either team as they stood on the day the class ended: who attended in the pilot team, and the
-- comparison team without anybody who did.
with seen as (
    select employee_id from ops.evaluation_population(array[%(session_code)s])
),
teams as (
    select 'learner' as role, %(pilot)s as team_code, department_code from core.departments_below(%(pilot)s)
    union all
    select 'pilot_comparison', %(comparison)s, department_code from core.departments_below(%(comparison)s)
)
select
    past.employee_id as unit_id, teams.role, teams.team_code, past.job_family, past.job_level,
    least(person.left_on, person.removed_on) as left_on
from core.employees_as_of(%(ends_on)s) as past
join teams using (department_code)
join core.employees as person using (employee_id)
where (teams.role = 'learner') = exists (select from seen where seen.employee_id = past.employee_id)
order by past.employee_id

-- name: pilot_facts
-- Grain: one figure of one person of either team around the class.
select unit_id, starts_on, numerator::float8, denominator::float8, value::float8, unit
from core.kpi_facts
where kpi_code = %(kpi_code)s and unit_kind = 'employee' and unit_id = any(%(unit_ids)s)
    and starts_on between %(first_on)s and %(last_on)s
order by unit_id, starts_on

-- name: known_until
select max(ends_on) as known_until from core.kpi_facts where kpi_code = %(kpi_code)s and ends_on <= %(last_on)s

-- name: team_waves
-- Grain: one team's feedback wave.
select wave_code, instrument_code, instrument_version, subject_id, state::text as state
from ops.survey_waves
where subject_kind = 'pilot_team' and subject_id in (%(dispute_id)s || '.pilot', %(dispute_id)s || '.comparison')
order by subject_id

-- name: team_figures
-- Grain: one mean of one question of one team, as published.
select release.subject_id, shown.code, shown.value, shown.respondent_count, shown.is_hidden
from published.releases as release
join published.figures as shown using (release_id)
where release.product = 'pilot_feedback' and release.subject_kind = 'pilot_team'
    and release.subject_id in (%(dispute_id)s || '.pilot', %(dispute_id)s || '.comparison') and not release.is_withheld
    and shown.family = 'item' and shown.statistic = 'mean'
    and release.revision_number = (
        select max(newer.revision_number) from published.releases as newer
        where newer.product = release.product and newer.subject_kind = release.subject_kind
            and newer.subject_id = release.subject_id and not newer.is_withheld
    )
order by shown.code, release.subject_id

-- name: learning
-- Grain: one figure of the pilot class's test, as its evaluation published it.
select shown.statistic, shown.value, shown.respondent_count, shown.is_hidden
from published.releases as release
join published.figures as shown using (release_id)
where release.product = 'course_evaluation' and release.subject_kind = 'class_session'
    and release.subject_id = %(session_code)s and not release.is_withheld and shown.family = 'test'
order by release.revision_number desc

-- name: audit_trail
-- Grain: one thing that was done in a dispute, in order.
select recorded_at, action, detail ->> 'party' as party
from ops.audit_entries
where subject_kind = 'dispute' and subject_id = %(dispute_id)s
order by audit_entry_id

-- name: signatures
select party, answered_at
from ops.dispute_answers
where dispute_id = %(dispute_id)s and step = 'signature' and round_number = %(decision_round)s
order by answered_at, party

-- name: insert_paper
insert into ops.dispute_papers (dispute_id, kind, revision_number, release_id, content, made_at)
values (%(dispute_id)s, %(kind)s, 1, %(release_id)s, %(content)s, %(now)s)

-- name: papers_to_render
-- Grain: one paper whose PDF or whose mails are not all there yet.
select
    paper.*, course.name_zh as course_zh, course.name_en as course_en, dispute.hr_contact, dispute.trainer_id, dispute.business_head_id, dispute.course_code, release.site_version
from ops.dispute_papers as paper
join ops.disputes as dispute using (dispute_id)
join published.releases as release using (release_id)
join core.courses as course on course.course_code = dispute.course_code
where dispute.state <> 'withdrawn' and (
    select count(*) from ops.notices as told
    where told.kind = paper.kind and told.subject_kind = 'dispute' and told.subject_id = paper.dispute_id
) < 3
order by paper.dispute_id, paper.kind

-- name: mail_facts
-- Grain: one dispute as its mails tell of it.
select
    dispute.dispute_id, dispute.course_code, course.name_zh as course_zh, course.name_en as course_en, dispute.meeting_on,
    dispute.opened_by, dispute.reason_code, dispute.decision, dispute.withdrawn_reason, dispute.core_target,
    trainer.name as trainer, head.name as business_head,
    (
        select jsonb_object_agg(paper.kind, paper.content) from ops.dispute_papers as paper
        where paper.dispute_id = dispute.dispute_id
    ) as papers
from ops.disputes as dispute
join core.courses as course using (course_code)
left join core.trainers as trainer on trainer.trainer_id = dispute.trainer_id
left join core.employees as head on head.employee_id = dispute.business_head_id
where dispute.dispute_id = any(%(dispute_ids)s)

-- name: figures
select release_id, family, code, statistic, value, text_value, respondent_count
from published.figures
where release_id = any(%(release_ids)s)
order by release_id, family, code, statistic
