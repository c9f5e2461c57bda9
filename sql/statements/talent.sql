-- Certificates, points and the monthly advisory list (R35).

-- name: changed_evidence
-- Grain: one standing booking of a person still here whose evidence is gone, or is of another day or quantity now.
select
    booked.entry_id,
    case when found.evidence_id is null then 'evidence_gone' else 'evidence_changed' end as reason
from ops.points as booked
join core.employees as person
    on person.employee_id = booked.employee_id and person.removed_on is null
    and (person.left_on is null or person.left_on > %(today)s)
left join ops.point_evidence as found
    on found.employee_id = booked.employee_id and found.evidence_kind = booked.evidence_kind
    and found.evidence_id = booked.evidence_id
where booked.evidence_kind = any(%(kinds)s)
    and (
        found.evidence_id is null
        or (found.earned_on, found.quantity) is distinct from (booked.earned_on, booked.quantity)
    )
order by booked.entry_id

-- name: unbooked_evidence
-- Grain: one piece of evidence of a person still here that no booking stands for. What an upheld appeal took back stays
-- so, and what one has booked for the same rule and day is not booked again when its file comes at last.
select found.employee_id, rule.rule_code, found.evidence_kind, found.evidence_id, found.earned_on, found.quantity
from unnest(%(kinds)s::text[], %(rules)s::text[]) as rule (evidence_kind, rule_code)
join ops.point_evidence as found using (evidence_kind)
join core.employees as person
    on person.employee_id = found.employee_id and person.removed_on is null
    and (person.left_on is null or person.left_on > %(today)s)
where found.earned_on between %(first_day)s and %(today)s
    and not exists (
        select from ops.points as booked
        where booked.employee_id = found.employee_id and (
            (booked.evidence_kind, booked.evidence_id) = (found.evidence_kind, found.evidence_id)
            or (booked.evidence_kind, booked.rule_code, booked.earned_on)
            = ('appeal', rule.rule_code, found.earned_on)
        )
    )
    and not exists (
        select from ops.point_entries as counter
        where counter.employee_id = found.employee_id and counter.reason = 'appeal_upheld'
            and counter.corrects_entry_id is not null
            and (counter.evidence_kind, counter.evidence_id) = (found.evidence_kind, found.evidence_id)
    )
order by found.earned_on, found.employee_id, found.evidence_kind, found.evidence_id

-- name: candidates
-- Grain: one employee still here for whose family and level a promotion rule holds, beside what it asks for. Points count
-- from the last promotion on; ratings are those of the newest quarters that have any.
with rules as (
    select distinct on (job_family, job_level) *
    from core.promotion_rules
    where valid_from <= %(today)s
    order by job_family, job_level, valid_from desc
),
people as (
    select
        person.employee_id, person.job_level, person.promoted_on, coalesce(person.promoted_on, person.hired_on) as since,
        rules.next_level, rules.valid_from, rules.certificate_code, rules.required_points, rules.months_in_level
    from core.employees as person
    join rules using (job_family, job_level)
    where person.removed_on is null and (person.hired_on is null or person.hired_on <= %(today)s)
        and (person.left_on is null or person.left_on > %(today)s)
),
certificates as (
    select
        people.employee_id, bool_or(valid.employee_id is not null) as is_held,
        nullif(max(case when valid.employee_id is not null then coalesce(valid.expires_on, 'infinity') end), 'infinity')
        as valid_until
    from people
    join core.certifications as filed
        on filed.employee_id = people.employee_id and filed.certificate_code = people.certificate_code
        and filed.passed_on <= %(today)s
    left join core.valid_certifications as valid
        on valid.employee_id = filed.employee_id and valid.certificate_code = filed.certificate_code
        and valid.passed_on = filed.passed_on
    group by people.employee_id
),
earned as (
    select people.employee_id, sum(booked.points) as points
    from people
    join ops.points as booked
        on booked.employee_id = people.employee_id and booked.earned_on <= %(today)s
        and booked.earned_on > coalesce(people.promoted_on, '-infinity')
    group by people.employee_id
),
rated as (
    select
        reviews.employee_id, reviews.rating,
        dense_rank() over (partition by reviews.employee_id order by reviews.period desc) as age
    from core.performance_reviews as reviews
    join people using (employee_id)
    where reviews.rating is not null
),
appraisals as (
    select employee_id, array_agg(distinct rating order by rating) as ratings
    from rated
    where age <= %(quarters)s
    group by employee_id
)
select
    people.employee_id, people.job_level, people.since, people.next_level, people.valid_from, people.certificate_code,
    people.required_points, people.months_in_level as required_months, certificates.valid_until,
    coalesce(certificates.is_held, false) as is_held, certificates.employee_id is not null as is_on_file,
    coalesce(earned.points, 0) as points, coalesce(appraisals.ratings, array[]::text[]) as ratings
from people
left join certificates using (employee_id)
left join earned using (employee_id)
left join appraisals using (employee_id)
order by people.employee_id

-- name: list_made
select revision_number, content_sha256 from ops.promotion_lists where list_month = %(month)s

-- name: keep_list
insert into ops.promotion_lists (
    list_month, content_sha256, judged_on, made_at, judged_count, met_count, one_open_count
)
values (%(month)s, %(content_sha256)s, %(today)s, %(now)s, %(judged_count)s, %(met_count)s, %(one_open_count)s)
on conflict (list_month) do update
set revision_number = ops.promotion_lists.revision_number + 1, content_sha256 = excluded.content_sha256,
    judged_on = excluded.judged_on, made_at = excluded.made_at, judged_count = excluded.judged_count,
    met_count = excluded.met_count, one_open_count = excluded.one_open_count

-- name: empty_list
delete from ops.promotion_candidates where list_month = %(month)s

-- name: fill_list
insert into ops.promotion_candidates (
    list_month, employee_id, job_level, next_level, rule_valid_from, verdict, open_condition, certificate_code,
    certificate_state, certificate_until, points, required_points, months_in_level, required_months, ratings
)
values (
    %(month)s, %(employee_id)s, %(job_level)s, %(next_level)s, %(rule_valid_from)s, %(verdict)s, %(open_condition)s,
    %(certificate_code)s, %(certificate_state)s, %(certificate_until)s, %(points)s, %(required_points)s,
    %(months_in_level)s, %(required_months)s, %(ratings)s
)

-- name: newest_list
select list_month, revision_number, judged_on, made_at, judged_count, met_count, one_open_count
from ops.promotion_lists
order by list_month desc
limit 1

-- name: listed
select * from ops.promotion_list(%(month)s)

-- name: checked_files
-- Grain: one file behind the list with the gate's newest verdict about it (null: none, and no report).
select
    behind.dataset, files.file_id, files.name, files.row_count, files.accepted_count, files.unchanged_count,
    files.quarantined_count, files.parked_count, files.refused_count, verdict.checked_at, verdict.gate_decision
from core.promotion_files as behind
join ops.inbox_files as files using (file_id)
left join lateral (
    select checked_at, gate_decision
    from ops.check_runs
    where check_runs.file_id = files.file_id
    order by checked_at desc
    limit 1
) as verdict on true
order by behind.dataset, files.file_id

-- name: remind_endings
-- Grain: one certificate that ends soon and is not renewed, told to its holder once an expiry day.
insert into ops.notices (
    kind, subject_kind, subject_id, recipient_kind, recipient_id, step, not_before, not_after, facts
)
select
    'certificate_ending', 'certificate', newest.certificate_code, 'employee', newest.employee_id,
    newest.expires_on::text, %(now)s, (newest.expires_on + 1) at time zone %(zone)s,
    jsonb_build_object('expires_on', newest.expires_on)
from (
    select distinct on (employee_id, certificate_code) employee_id, certificate_code, expires_on
    from core.valid_certifications
    where passed_on <= %(today)s
    order by employee_id, certificate_code, expires_on desc nulls first
) as newest
join core.employees as person
    on person.employee_id = newest.employee_id and person.removed_on is null
    and (person.left_on is null or person.left_on > newest.expires_on)
where newest.expires_on between %(today)s and %(ends_soon)s
order by newest.employee_id, newest.certificate_code
on conflict on constraint told_once do nothing

-- name: renew_pages
-- Grain: one person still here with entries that their page's mail has not told yet. The link of a page lives on.
insert into ops.point_pages as known (employee_id, told_entry_id, planned_at)
select entries.employee_id, max(entries.entry_id), %(now)s
from ops.point_entries as entries
join core.employees as person
    on person.employee_id = entries.employee_id and person.removed_on is null
    and (person.left_on is null or person.left_on > %(today)s)
group by entries.employee_id
order by entries.employee_id
on conflict (employee_id) do update
set told_entry_id = excluded.told_entry_id, version_number = known.version_number + 1, planned_at = excluded.planned_at
where excluded.told_entry_id > known.told_entry_id

-- name: tell_points
-- Grain: one version of a page that was told to nobody yet.
insert into ops.notices (
    kind, subject_kind, subject_id, recipient_kind, recipient_id, sequence_number, is_optional, not_before
)
select 'promotion_points', 'point_page', employee_id, 'employee', employee_id, version_number, true, %(now)s
from ops.point_pages
order by employee_id
on conflict on constraint told_once do nothing
