-- Statements of the 90-day performance report. Measuring: role statistics; `due`, `emit`, `settle`, `owe_changed`: role
-- planner; `class_session` and below: role reporter.

-- name: session
-- Grain: one class session with its design. A lot or a comparison department counts when it was declared, and its file
-- was in, before the class began; a pilot's comparison department is that of its registration in a dispute, which no
-- data could precede, or stands in the plan of classes itself.
select
    sessions.session_code,
    sessions.course_code,
    sessions.status = 'cancelled' as is_cancelled,
    (sessions.ends_at at time zone sessions.timezone)::date as ends_on,
    courses.hours,
    designs.drawn_by,
    coalesce(designs.is_selected_on_results, false) as is_selected_on_results,
    coalesce(designs.is_comparison_untouched, true) as is_comparison_untouched,
    designs.session_code is not null as has_design,
    coalesce(
        designs.registered_on <= (sessions.starts_at at time zone sessions.timezone)::date
        and design_file.finished_at < sessions.starts_at,
        false
    ) as is_registered,
    designs.comparison_department_code,
    coalesce(
        (
            select registered.comparison_department_code from ops.registered_pilots as registered
            where registered.session_code = sessions.session_code
        ),
        case when sessions.is_pilot and session_file.finished_at < sessions.starts_at
            then sessions.comparison_department_code end
    ) as pilot_department_code
from core.class_sessions as sessions
join core.courses as courses using (course_code)
left join core.class_designs as designs using (session_code)
left join ops.inbox_files as design_file on design_file.file_id = designs.file_id
left join ops.inbox_files as session_file on session_file.file_id = sessions.file_id
where sessions.session_code = %(session_code)s

-- name: indicators
select
    measured.kpi_code, measured.is_key, definitions.name_zh, definitions.name_en, definitions.direction,
    definitions.grain, definitions.unit, definitions.rate_per, definitions.redefined_on, definitions.relevant_effect,
    definitions.unit_value_amount, definitions.currency, definitions.margin_pct, definitions.value_confidence_pct,
    definitions.value_owner, definitions.value_source
from core.measured_kpis as measured
join core.kpi_definitions as definitions using (kpi_code)
where measured.course_code = %(course_code)s
order by not measured.is_key, measured.kpi_code

-- name: create_study_people
create temporary table study_people (
    position integer primary key, employee_id text not null unique, role text not null, team_code text not null,
    job_family text not null, job_level text not null, labour_cost_band text, left_on date
) on commit drop

-- name: insert_study_people
-- Grain: one learner of a class or one person they may be compared with, as they were on the class date. Who was trained
-- in the course before, and who was enrolled and did not come, is neither. An untrained person shares family and level
-- with a learner.
with recursive as_of as materialized (
    select past.*, least(employees.left_on, employees.removed_on) as left_on
    from core.employees_as_of(%(ends_on)s) as past
    join core.employees using (employee_id)
    where coalesce(employees.hired_on <= %(ends_on)s, true)
),
learners as materialized (
    select employee_id from ops.evaluation_population(array[%(session_code)s])
),
trained as materialized (
    select distinct seen.employee_id
    from ops.evaluation_population(array(
        select earlier.session_code from core.class_sessions as earlier
        where earlier.course_code = %(course_code)s and earlier.status <> 'cancelled'
            and (earlier.ends_at at time zone earlier.timezone)::date <= %(ends_on)s
    )) as seen
),
departments as (
    select %(department_code)s::text as department_code
    union
    select below.department_code
    from core.departments as below
    join departments on below.parent_code = departments.department_code
),
booked as materialized (
    select
        enrollments.employee_id,
        bool_or(enrollments.session_code = %(session_code)s) as is_of_class,
        bool_or(enrollments.status = 'waitlisted') as is_waitlisted,
        bool_or(enrollments.status = 'waitlisted' and enrollments.session_code = %(session_code)s) as is_waitlisted_here,
        bool_or(enrollments.status = 'cancelled' and enrollments.session_code = %(session_code)s) as is_cancelled
    from core.enrollments
    join core.class_sessions as sessions using (session_code)
    where sessions.course_code = %(course_code)s
    group by enrollments.employee_id
),
places as materialized (
    select distinct as_of.job_family, as_of.job_level from as_of join learners using (employee_id)
),
roles as (
    select
        as_of.*,
        case
            when learners.employee_id is not null then 'learner'
            when trained.employee_id is not null or as_of.left_on <= %(ends_on)s then null
            when %(drawn_by)s::text = 'person' and booked.is_waitlisted_here then 'randomised'
            when %(drawn_by)s::text = 'team' and departments.department_code is not null then 'randomised'
            when departments.department_code is not null then 'pilot_comparison'
            when booked.is_waitlisted then 'waitlisted'
            when booked.is_cancelled then 'cancelled'
            when booked.is_of_class then null
            when places.job_family is not null then 'untrained'
        end as role
    from as_of
    left join learners using (employee_id)
    left join trained using (employee_id)
    left join booked using (employee_id)
    left join departments using (department_code)
    left join places using (job_family, job_level)
)
insert into study_people (
    position, employee_id, role, team_code, job_family, job_level, labour_cost_band, left_on
)
select
    (row_number() over (order by roles.employee_id) - 1)::integer, roles.employee_id, roles.role,
    case when %(is_by_manager)s then coalesce(roles.manager_id, roles.department_code) else roles.department_code end,
    roles.job_family, roles.job_level, roles.labour_cost_band, roles.left_on
from roles
where roles.role is not null

-- name: analyze_study_people
analyze study_people

-- name: people
-- Grain: everybody of a study; each column is one array in the order of their positions.
select
    array_agg(employee_id order by position) as unit_id, array_agg(role order by position) as role,
    array_agg(team_code order by position) as team_code, array_agg(job_family order by position) as job_family,
    array_agg(job_level order by position) as job_level, array_agg(left_on order by position) as left_on
from study_people

-- name: other_classes
-- Grain: all people of the study who sat in another class, within the windows, that is meant to move the same indicator;
-- each column is one array of four-byte numbers.
select
    coalesce(string_agg(int4send(found.position), ''), '') as positions,
    coalesce(string_agg(int4send(found.other_class_on - date '1970-01-01'), ''), '') as days
from (
    select people.position, min((others.ends_at at time zone others.timezone)::date) as other_class_on
    from ops.evaluation_population(array(
        select near.session_code
        from core.class_sessions as near
        join core.measured_kpis as measured using (course_code)
        where near.session_code <> %(session_code)s and measured.kpi_code = %(kpi_code)s and near.status <> 'cancelled'
            and (near.ends_at at time zone near.timezone)::date between %(first_on)s and %(last_on)s
    )) as seen
    join core.class_sessions as others using (session_code)
    join study_people as people using (employee_id)
    group by people.position
) as found

-- name: facts
-- Grain: one file and unit of measure of some thousand people's facts; each column is one array, a fact at the same place
-- in all of them: four-byte numbers (position, days since 1970) and eight-byte ones (NaN: not told). Facts of another
-- grain than the indicator's are another thing.
select
    facts.file_id, facts.unit, max(facts.ends_on) as known_until, string_agg(int4send(people.position), '') as positions,
    string_agg(int4send(facts.starts_on - date '1970-01-01'), '') as starts_on,
    string_agg(float8send(coalesce(facts.numerator::float8, 'NaN')), '') as numerator,
    string_agg(float8send(coalesce(facts.denominator::float8, 'NaN')), '') as denominator,
    string_agg(float8send(coalesce(facts.value::float8, 'NaN')), '') as value
from study_people as people
join core.kpi_facts as facts on facts.unit_kind = 'employee' and facts.unit_id = people.employee_id
where facts.kpi_code = %(kpi_code)s and core.grain_of_days(facts.starts_on, facts.ends_on) = %(grain)s
    and facts.starts_on between %(first_on)s and %(last_on)s
group by facts.file_id, facts.unit, people.position / 8192

-- name: costs
select category, amount, currency from core.session_costs where session_code = %(session_code)s order by category

-- name: learner_bands
-- Grain: one cost band of the learners who came: whose time the class took.
select labour_cost_band, count(*) as learner_count
from study_people
where role = 'learner'
group by labour_cost_band
order by labour_cost_band

-- name: class_counts
select
    count(*)::integer as attended_count,
    (count(*) filter (where left_on <= %(last_on)s))::integer as left_count
from study_people
where role = 'learner'

-- name: ledger
-- Grain: one group of people of whom figures over exactly these months or days were shown, in any class.
select
    releases.subject_id as session_code, entries.figure_key, entries.shown_level,
    array_agg(entries.respondent_id::text) as respondent_ids
from confidential.release_respondents as entries
join published.releases as releases using (release_id)
where releases.product = 'performance_90d' and not releases.is_withheld and entries.figure_key = any (%(figure_keys)s)
group by releases.subject_id, releases.release_id, entries.figure_key, entries.shown_level

-- name: delete_findings
delete from marts.performance_findings where session_code = %(session_code)s

-- name: insert_findings
insert into marts.performance_findings
select found.*
from jsonb_populate_recordset(null::marts.performance_findings, %(rows)s::jsonb) as found

-- name: delete_files
delete from ops.performance_files where session_code = %(session_code)s

-- name: insert_files
-- Grain: one file behind the facts of a study, the costs or the design of its class.
insert into ops.performance_files (session_code, file_id)
select %(session_code)s, file_id from unnest(%(file_ids)s::bigint[]) as files (file_id)
union
select session_code, file_id from core.session_costs where session_code = %(session_code)s
union
select session_code, file_id from core.class_designs where session_code = %(session_code)s

-- name: due
-- Grain: one class session whose 90-day report is owed. An indicator is covered when the figures of so many learners who
-- are still there cover the time after the class; a class waits for all of its indicators until its last day to wait.
with owed as (
    select
        step.milestone_id, sessions.session_code, sessions.course_code,
        (sessions.ends_at at time zone sessions.timezone)::date as ends_on
    from ops.milestones as step
    join core.class_sessions as sessions on sessions.session_code = step.subject_id
    where step.subject_kind = 'class_session' and step.step = %(step)s and step.state = 'pending'
        and step.due_on <= %(today)s
        and (step.emitted_at is null or step.emitted_at < clock_timestamp() - %(lease)s::interval)
        and step.subject_id > %(after)s
    order by step.subject_id
    limit %(batch_size)s
    for update of step skip locked
),
learners as materialized (
    select seen.session_code, seen.employee_id, least(employees.left_on, employees.removed_on) as left_on
    from ops.evaluation_population(array(select session_code from owed)) as seen
    join core.employees using (employee_id)
),
windows as (
    select
        owed.session_code, definitions.kpi_code, definitions.grain,
        case definitions.grain when 'month' then (date_trunc('month', ends_on) + interval '1 month')::date
            else ends_on + 1 end as first_on,
        case definitions.grain
            when 'month' then (date_trunc('month', ends_on)
                + make_interval(months => %(window_months)s + 1))::date - 1
            else ends_on + %(window_days)s end as last_on,
        case definitions.grain when 'month' then %(window_months)s when 'week' then %(window_days)s / 7
            else %(window_days)s end as period_count
    from owed
    join core.measured_kpis as measured using (course_code)
    join core.kpi_definitions as definitions using (kpi_code)
),
known as (
    select
        windows.session_code, windows.kpi_code, learners.employee_id,
        count(facts.period) filter (where facts.ends_on <= windows.last_on) as known_count,
        coalesce(bool_or(facts.ends_on >= windows.last_on), false) as has_end
    from windows
    join learners using (session_code)
    left join core.kpi_facts as facts on facts.unit_kind = 'employee' and facts.unit_id = learners.employee_id
        and facts.kpi_code = windows.kpi_code and core.grain_of_days(facts.starts_on, facts.ends_on) = windows.grain
        and facts.starts_on between windows.first_on and windows.last_on
    where learners.left_on is null or learners.left_on > windows.last_on
    group by windows.session_code, windows.kpi_code, learners.employee_id
),
covered as (
    select
        windows.session_code, windows.kpi_code,
        coalesce(
            bool_or(known.has_end)
            and count(*) filter (where known.known_count >= %(min_coverage)s * windows.period_count)
                >= %(min_coverage)s * count(known.employee_id),
            false
        ) as is_covered
    from windows
    left join known using (session_code, kpi_code)
    group by windows.session_code, windows.kpi_code
)
select
    owed.session_code,
    case
        when not exists (select from windows where windows.session_code = owed.session_code) then 'no_indicator'
        when not exists (select from learners where learners.session_code = owed.session_code) then 'nobody_attended'
        when (select bool_and(covered.is_covered) from covered where covered.session_code = owed.session_code) then 'ready'
        when owed.ends_on + %(wait_days)s <= %(today)s then 'waited'
        else 'waiting'
    end as standing
from owed
order by owed.session_code

-- name: emit
-- Grain: one class session whose report is made now. The lease guards processes, so it counts in real time.
update ops.milestones
set emitted_at = clock_timestamp()
where subject_kind = 'class_session' and step = %(step)s and state = 'pending' and subject_id = any (%(session_codes)s)

-- name: owe_changed
-- Grain: one class session whose report was made, and figures of its windows, its attendance, its costs or its design came
-- in or were corrected afterwards. Files are few: facts are looked through only when some arrived since.
with made as (
    select
        step.milestone_id, step.subject_id as session_code, step.done_at, sessions.course_code,
        (sessions.ends_at at time zone sessions.timezone)::date as ends_on
    from ops.milestones as step
    join core.class_sessions as sessions on sessions.session_code = step.subject_id
    where step.subject_kind = 'class_session' and step.step = %(step)s and step.state = 'done'
        and step.done_at > %(watched_since)s
),
late_files as materialized (
    select files.file_id, files.dataset, files.finished_at
    from ops.inbox_files as files
    where files.dataset in ('kpi_facts', 'attendance', 'session_costs', 'class_designs', 'kpi_definitions')
        and files.accepted_count > 0 and files.finished_at > (select min(done_at) from made)
),
late_facts as materialized (
    select facts.kpi_code, facts.starts_on, max(late_files.finished_at) as finished_at
    from core.kpi_facts as facts
    join late_files using (file_id)
    where late_files.dataset = 'kpi_facts'
    group by facts.kpi_code, facts.starts_on
),
changed as (
    select made.milestone_id
    from made
    join core.measured_kpis as measured using (course_code)
    join core.kpi_definitions as definitions using (kpi_code)
    join late_facts using (kpi_code)
    where late_facts.finished_at > made.done_at
        and late_facts.starts_on >= case definitions.grain
            when 'month' then date_trunc('month', made.ends_on) - make_interval(months => 2 * %(window_months)s)
            else made.ends_on - %(window_days)s end
        and late_facts.starts_on < case definitions.grain
            when 'month' then date_trunc('month', made.ends_on) + make_interval(months => %(window_months)s + 1)
            else made.ends_on + %(window_days)s + 1 end
    union
    select made.milestone_id
    from made
    join core.attendance on attendance.session_code = made.session_code
    join late_files on late_files.file_id = attendance.file_id
    where late_files.finished_at > made.done_at
    union
    select made.milestone_id
    from made
    join core.session_costs on session_costs.session_code = made.session_code
    join late_files on late_files.file_id = session_costs.file_id
    where late_files.finished_at > made.done_at
    union
    select made.milestone_id
    from made
    join core.class_designs on class_designs.session_code = made.session_code
    join late_files on late_files.file_id = class_designs.file_id
    where late_files.finished_at > made.done_at
    union
    select made.milestone_id
    from made
    join core.measured_kpis as measured using (course_code)
    join core.kpi_definitions as definitions using (kpi_code)
    join late_files on late_files.file_id = definitions.file_id
    where late_files.finished_at > made.done_at
)
update ops.milestones as step
set state = 'pending', done_at = null, emitted_at = null, reason = 'data_changed'
from changed
where step.milestone_id = changed.milestone_id

-- name: newest_release
select release_id, revision_number, released_at, site_version
from published.releases
where product = 'performance_90d' and subject_kind = 'class_session' and subject_id = %(session_code)s
    and not is_withheld
order by revision_number desc
limit 1

-- name: indicator_names
select kpi_code, name_zh, name_en, direction, grain, unit, rate_per, rate_basis, numerator, denominator, value_owner,
    value_source, unit_value_amount, currency
from core.kpi_definitions
where kpi_code = any (%(kpi_codes)s)

-- name: checked_files
-- Grain: one file behind the figures with the gate's newest verdict about it (null: none, and no report).
with behind as (
    select file_id from ops.performance_files where session_code = %(session_code)s
    union
    select file_id from core.session_files where session_code = %(session_code)s and dataset <> 'test_results'
)
select
    files.dataset, files.file_id, files.name, files.row_count, files.accepted_count, files.unchanged_count,
    files.quarantined_count, files.parked_count, files.refused_count, files.checked_at, files.gate_decision
from behind
join ops.checked_files as files using (file_id)
order by files.dataset, files.file_id

-- name: business_heads
select employee_id from ops.business_heads(%(session_code)s, %(people_min)s) order by employee_id

-- name: finish_step
-- The report is out; late when its time had passed. A second run finds nothing to finish.
update ops.milestones
set state = 'done', done_at = %(now)s, is_late = coalesce(not_after < %(now)s, false)
where subject_kind = 'class_session' and subject_id = %(session_code)s and step = %(step)s
    and state in ('pending', 'expired')

-- name: mail_rows
-- Grain: one indicator of the newest results of a class, the key one first; a class without any has one row.
with newest as (
    select distinct on (subject_id) subject_id as session_code, release_id, revision_number
    from published.releases
    where product = 'performance_90d' and subject_kind = 'class_session' and not is_withheld
        and subject_id = any (%(session_codes)s)
    order by subject_id, revision_number desc
),
found as (
    select
        release_id, code,
        max(text_value) filter (where statistic = 'grade') as grade,
        max(text_value) filter (where statistic = 'outcome') as outcome,
        max(text_value) filter (where statistic = 'is_key') as is_key,
        max(value) filter (where statistic = 'learners_count') as learner_count
    from published.figures
    join newest using (release_id)
    where family in ('effect', 'arm')
    group by release_id, code
)
select
    newest.session_code, newest.revision_number, found.grade, found.outcome, found.learner_count::integer,
    definitions.name_zh as kpi_zh, definitions.name_en as kpi_en, courses.name_zh as course_zh,
    courses.name_en as course_en, trainers.name as trainer_name, sessions.ends_at, sessions.timezone as session_timezone
from newest
join core.class_sessions as sessions using (session_code)
join core.courses as courses using (course_code)
join core.trainers as trainers using (trainer_id)
left join found using (release_id)
left join core.kpi_definitions as definitions on definitions.kpi_code = found.code
order by newest.session_code, found.is_key desc, found.code
