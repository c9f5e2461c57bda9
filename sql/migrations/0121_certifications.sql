-- Certificates and promotion (R35): what people passed, what the next level asks for, who is on the advisory list.

-- Grain: one certificate the company accepts.
create table core.certificates (
    certificate_code text primary key,
    name_zh text not null,
    name_en text,
    issuer text,
    file_id bigint not null,
    row_number bigint not null
);

-- Grain: one certificate one employee passed on one day; a renewal is a later day.
create table core.certifications (
    employee_id text not null,
    certificate_code text not null,
    passed_on date not null,
    expires_on date check (expires_on >= passed_on),
    certificate_no text,
    is_revoked boolean not null default false,
    file_id bigint not null,
    row_number bigint not null,
    primary key (employee_id, certificate_code, passed_on)
);

-- Grain: what one family and level needs for the next level, from a day on. The newest row that has begun holds.
create table core.promotion_rules (
    job_family text not null,
    job_level text not null,
    valid_from date not null,
    next_level text not null,
    certificate_code text,
    required_points numeric(10, 2) not null default 0 check (required_points >= 0),
    months_in_level integer not null default 0 check (months_in_level >= 0),
    file_id bigint not null,
    row_number bigint not null,
    primary key (job_family, job_level, valid_from)
);

-- Grain: one certificate that counts: not revoked, and its number stands in no other person's name.
create view core.valid_certifications as
select
    certifications.employee_id, certifications.certificate_code, certifications.passed_on, certifications.expires_on,
    certifications.certificate_no
from core.certifications
where not certifications.is_revoked and not exists (
    select from core.certifications as other
    where other.certificate_no = certifications.certificate_no and other.employee_id <> certifications.employee_id
        and not other.is_revoked
);
-- Whose number a certificate is: without it the view compares everybody with everybody.
create index certifications_number_idx on core.certifications (certificate_no) where certificate_no is not null;

-- Grain: one piece of evidence that earns points by itself: a certificate passed for the first time, a verified action
-- plan, a class taught by an employee and attended by somebody. Withdrawn rows are gone from here, so that their bookings can be taken back.
create view ops.point_evidence as
select
    passed.employee_id, 'certificate'::text as evidence_kind, passed.certificate_code as evidence_id,
    min(passed.passed_on) as earned_on, 1::numeric as quantity
from core.valid_certifications as passed
group by passed.employee_id, passed.certificate_code
union all
select
    plans.employee_id, 'action_plan', plans.plan_id, (plans.settled_at at time zone person.timezone)::date, 1
from ops.action_plans as plans
join core.employees as person using (employee_id)
where plans.state = 'verified' and plans.settled_at is not null
union all
select
    trainers.employee_id, 'class_session', sessions.session_code,
    (sessions.ends_at at time zone sessions.timezone)::date, courses.hours
from core.class_sessions as sessions
join core.courses using (course_code)
join core.trainers using (trainer_id)
where trainers.employee_id is not null and sessions.status <> 'cancelled' and sessions.ends_at < ops.business_now()
    and exists (
        select from core.attendance
        where attendance.session_code = sessions.session_code and attendance.status in ('present', 'late', 'early')
    );

-- Grain: one employee on the advisory list of one month. A snapshot: what the list said stays readable while its PDF is.
create table ops.promotion_candidates (
    list_month text not null check (list_month ~ '^\d{4}-\d{2}$'),
    employee_id text not null,
    job_level text not null,
    next_level text not null,
    rule_valid_from date not null,
    verdict text not null check (verdict in ('met', 'one_open')),
    open_condition text check (open_condition in ('certificate', 'points', 'months', 'appraisal')),
    certificate_code text,
    certificate_state text not null check (
        certificate_state in ('not_asked', 'valid', 'ending', 'expired', 'missing', 'unclear')
    ),
    certificate_until date,
    points numeric(10, 2) not null,
    required_points numeric(10, 2) not null,
    months_in_level integer,
    required_months integer not null,
    ratings text[] not null,
    primary key (list_month, employee_id),
    check ((verdict = 'one_open') = (open_condition is not null))
);

-- Grain: one month's list: on which day it was judged, and how many people. content_sha256: what its lines said; the same
-- lines make no revision.
create table ops.promotion_lists (
    list_month text primary key check (list_month ~ '^\d{4}-\d{2}$'),
    revision_number integer not null default 1,
    content_sha256 text not null,
    judged_on date not null,
    made_at timestamptz not null,
    judged_count integer not null,
    met_count integer not null,
    one_open_count integer not null
);

-- Grain: one person on a month's list with their name. For the printing role alone: it reads no master data of people.
create function ops.promotion_list(month text)
returns table (
    employee_id text, person_name text, department_zh text, department_en text, job_level text, next_level text,
    rule_valid_from date, verdict text, open_condition text, certificate_zh text, certificate_en text,
    certificate_state text, certificate_until date, points numeric, required_points numeric, months_in_level integer,
    required_months integer, ratings text[]
)
language sql stable security definer set search_path = ''
begin atomic
    select
        listed.employee_id, person.name, department.name_zh, department.name_en, listed.job_level, listed.next_level,
        listed.rule_valid_from, listed.verdict, listed.open_condition, certificate.name_zh,
        coalesce(certificate.name_en, certificate.name_zh), listed.certificate_state, listed.certificate_until,
        listed.points, listed.required_points, listed.months_in_level, listed.required_months, listed.ratings
    from ops.promotion_candidates as listed
    join core.employees as person on person.employee_id = listed.employee_id
    left join core.departments as department on department.department_code = person.department_code
    left join core.certificates as certificate on certificate.certificate_code = listed.certificate_code
    where listed.list_month = promotion_list.month
    order by listed.verdict, department.department_code, person.name, listed.employee_id;
end;
revoke execute on function ops.promotion_list from public;
grant execute on function ops.promotion_list to trainloop_reporter;

-- Grain: one file that current rows behind the advisory list came from.
create view core.promotion_files as
select 'certificates' as dataset, file_id from core.certificates
union
select 'certifications', file_id from core.certifications
union
select 'promotion_rules', file_id from core.promotion_rules
union
select 'performance_reviews', file_id from core.performance_reviews;

-- Grain: one person's private page of points: its link, and the newest entry they were told of.
create table ops.point_pages (
    employee_id text primary key,
    token text not null unique default replace(gen_random_uuid()::text, '-', ''),
    told_entry_id bigint not null,
    version_number integer not null default 1,
    planned_at timestamptz not null
);
-- Pages look links up by hash.
create unique index point_pages_link_idx on ops.point_pages (sha256(token::bytea));

alter table ops.reports drop constraint reports_audience_check;
alter table ops.reports add constraint reports_audience_check
    check (audience in ('hr', 'trainer', 'business', 'subject', 'class_manager', 'hrbp'));
alter table ops.reports drop constraint only_private_reports_have_no_release;
alter table ops.reports add constraint only_private_reports_have_no_release
    check ((release_id is null) = (kind in ('assessment_feedback', 'run_sheet', 'class_log', 'promotion_list')));

insert into ops.notice_kinds (kind, family, is_optional) values
('promotion_list', 'report', false),
('promotion_points', 'report', true),
('certificate_ending', 'data', false);

grant select on core.promotion_files to trainloop_reporter;
grant select, insert, update on ops.point_pages to trainloop_planner;
grant select on ops.point_pages, core.certifications to trainloop_sender;
grant select, insert, update, delete on core.certificates, core.certifications, core.promotion_rules to trainloop_intake;
grant select on core.certificates, core.certifications, core.promotion_rules, core.valid_certifications,
    ops.point_evidence to trainloop_planner;
grant select on core.certificates, core.valid_certifications to trainloop_sender;
grant select, insert, update, delete on ops.promotion_candidates, ops.promotion_lists to trainloop_planner;
grant select on ops.promotion_lists to trainloop_sender, trainloop_reporter;
grant select, update, delete on core.certifications, ops.promotion_candidates, ops.point_pages to trainloop_purge;
