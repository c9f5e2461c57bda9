-- Everything a person can be asked for besides a course evaluation: planned waves of every instrument, named answers,
-- commitments (what somebody owes) and approvals (what somebody decides).

-- opened_at of a planned wave is when it is to open. source: which survey source collects the answers.
alter table ops.survey_waves drop constraint survey_waves_check;
alter table ops.survey_waves add constraint open_is_not_over check ((state in ('planned', 'open')) = (closed_at is null));
alter table ops.survey_waves add column source text not null default 'exports'
    check (source in ('forms', 'limesurvey', 'exports'));

-- coarse_groups are fixed when the wave opens, so that every combination stands for enough people; rater_group: 360 only.
alter table ops.invitations add column coarse_groups jsonb not null default '{}';
alter table ops.invitations add column rater_group text
    check (rater_group in ('self', 'manager', 'peer', 'report', 'other'));

-- Confidential waves link forms of one person by a keyed pseudonym; anonymous ones have none.
alter table confidential.responses add column pseudonym text;
create index on confidential.responses (pseudonym) where pseudonym is not null;

-- Grain: one person's form of a named wave: the person, the line manager and HR L&D see it, as the form says.
create table core.named_responses (
    named_response_id bigint generated always as identity primary key,
    wave_code text not null,
    employee_id text not null,
    state confidential.response_state not null,
    answered_at timestamptz not null,
    answers jsonb not null,
    unique (wave_code, employee_id)
);
create index on core.named_responses (employee_id);

create type ops.commitment_state as enum ('open', 'done', 'expired', 'withdrawn');

-- Grain: one thing one person owes about one subject: an acknowledgement, a review, a comment, a confirmation. The token
-- is the person's own link; it dies when the state leaves open. facts are ids, codes and counts.
create table ops.commitments (
    commitment_id bigint generated always as identity primary key,
    kind text not null,
    subject_kind text not null,
    subject_id text not null,
    person_kind text not null check (person_kind in ('employee', 'trainer', 'contact')),
    person_id text not null,
    token text not null unique default replace(gen_random_uuid()::text, '-', ''),
    facts jsonb not null default '{}',
    asked_at timestamptz not null default ops.business_now(),
    due_on date not null,
    not_after timestamptz,
    state ops.commitment_state not null default 'open',
    done_at timestamptz,
    choice text,
    comment text,
    unique (kind, subject_kind, subject_id, person_kind, person_id),
    check ((state = 'done') = (done_at is not null))
);
-- The daily scan asks what is open and due.
create index on ops.commitments (due_on) where state = 'open';

create type ops.approval_state as enum ('open', 'approved', 'rejected', 'expired', 'withdrawn');

-- Grain: one decision asked of one contact about one revision of one subject. This row is the truth; Airflow's
-- human-in-the-loop task and the signed link are its two doors.
create table ops.approvals (
    approval_id bigint generated always as identity primary key,
    kind text not null,
    subject_kind text not null,
    subject_id text not null,
    revision_number integer not null default 1,
    asked_of text not null,
    token text not null unique default replace(gen_random_uuid()::text, '-', ''),
    facts jsonb not null default '{}',
    asked_at timestamptz not null default ops.business_now(),
    expires_at timestamptz,
    state ops.approval_state not null default 'open',
    decided_at timestamptz,
    decided_by text,
    decided_via text check (decided_via in ('airflow', 'link', 'console')),
    comment text,
    unique (kind, subject_kind, subject_id, revision_number),
    check ((state in ('approved', 'rejected')) = (decided_by is not null and decided_via is not null and decided_at is not null))
);
create index on ops.approvals (asked_at) where state = 'open';

-- request: asks a named person for an act of their own; goes into the person's daily digest like surveys do.
alter table ops.notice_kinds drop constraint notice_kinds_family_check;
alter table ops.notice_kinds add constraint notice_kinds_family_check
    check (family in ('survey', 'report', 'data', 'alert', 'request'));

create or replace view ops.notice_objections as
select
    n.notice_id,
    case
        when n.recipient_kind <> 'contact' and r.recipient_id is null then 'recipient_unknown'
        when r.removed_on is not null or r.left_on <= ((select ops.business_now()) at time zone r.timezone)::date then 'left'
        when n.recipient_kind <> 'contact' and coalesce(r.email, '') = '' then 'address_missing'
        when bounce.address_sha256 = encode(sha256(convert_to(lower(r.email), 'UTF8')), 'hex') then 'bounced'
        when opt_out.recipient_id is not null and (n.is_optional or k.is_optional) then 'opted_out'
        when s.status = 'cancelled' then 'class_cancelled'
        when k.family = 'survey' and (i.state is distinct from 'invited') then 'not_invited'
        when k.family = 'survey' and i.is_used then 'answered'
        when k.family = 'survey' and (w.state <> 'open' or w.closes_at <= (select ops.business_now())) then 'wave_closed'
        when n.subject_kind = 'commitment' and k.family = 'request' and c.state is distinct from 'open' then 'answered'
        when n.subject_kind = 'approval' and k.family = 'request' and a.state is distinct from 'open' then 'answered'
        when n.kind = 'evaluation_report' and n.recipient_kind = 'trainer' and s.trainer_id is distinct from n.recipient_id
            then 'not_concerned'
        when n.kind = 'evaluation_report' and exists (
            select from ops.notices as newer
            where (newer.kind, newer.subject_kind, newer.subject_id, newer.recipient_kind, newer.recipient_id, newer.step)
                = (n.kind, n.subject_kind, n.subject_id, n.recipient_kind, n.recipient_id, n.step)
                and newer.sequence_number > n.sequence_number
        ) then 'superseded'
        when n.kind = 'quarantined_rows' and not exists (
            select from ops.quarantined_rows as q where q.file_id = f.file_id and q.state = 'open'
        ) then 'resolved'
        when n.kind = 'file_refused' and f.state is distinct from 'refused' then 'resolved'
    end as objection
from ops.notices as n
inner join ops.notice_kinds as k on k.kind = n.kind
left join ops.mail_recipients as r on r.recipient_kind = n.recipient_kind and r.recipient_id = n.recipient_id
left join ops.mail_stops as bounce
    on bounce.recipient_kind = n.recipient_kind and bounce.recipient_id = n.recipient_id and bounce.kind = 'bounced'
left join ops.mail_stops as opt_out
    on opt_out.recipient_kind = n.recipient_kind and opt_out.recipient_id = n.recipient_id and opt_out.kind = 'opted_out'
left join ops.survey_waves as w on n.subject_kind = 'survey_wave' and w.wave_code = n.subject_id
left join ops.invitations as i
    on n.recipient_kind = 'employee' and i.wave_code = w.wave_code and i.employee_id = n.recipient_id
left join core.class_sessions as s
    on s.session_code = case
        when n.subject_kind = 'class_session' then n.subject_id
        when w.subject_kind = 'class_session' then w.subject_id
    end
left join ops.inbox_files as f
    on f.file_id = case when n.subject_kind = 'inbox_file' and n.subject_id ~ '^\d{1,18}$' then n.subject_id::bigint end
left join ops.commitments as c
    on c.commitment_id = case when n.subject_kind = 'commitment' and n.subject_id ~ '^\d{1,18}$' then n.subject_id::bigint end
left join ops.approvals as a
    on a.approval_id = case when n.subject_kind = 'approval' and n.subject_id ~ '^\d{1,18}$' then n.subject_id::bigint end;

grant select, insert, update on core.named_responses to trainloop_intake;
grant select on core.named_responses to trainloop_planner, trainloop_statistics;
grant select, insert, update on ops.commitments, ops.approvals to trainloop_planner, trainloop_statistics, trainloop_reporter;
grant select on ops.commitments, ops.approvals to trainloop_sender;
-- The board counts and explains; links and words are the person's own.
grant select (commitment_id, kind, subject_kind, subject_id, person_kind, asked_at, due_on, not_after, state, done_at)
    on ops.commitments to trainloop_board;
grant select (approval_id, kind, subject_kind, subject_id, revision_number, asked_of, asked_at, expires_at, state,
    decided_at, decided_by, decided_via) on ops.approvals to trainloop_board;
