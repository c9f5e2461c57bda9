-- Outbox: notices are decisions, messages are frozen bytes. Both survive any crash; only the mailer sends.

-- Grain: one kind of notice. Optional mail stops when a person opts out of it. survey: one digest a person and day;
-- alert: gathered, so that a storm is one mail.
create table ops.notice_kinds (
    kind text primary key,
    family text not null check (family in ('survey', 'report', 'data', 'alert')),
    is_optional boolean not null
);
insert into ops.notice_kinds (kind, family, is_optional) values
('survey_invitation', 'survey', true),
('survey_reminder', 'survey', true),
('survey_without_attendance', 'data', false),
('evaluation_report', 'report', false),
('quarantined_rows', 'data', false),
('file_refused', 'data', false),
('audit_gaps', 'alert', false),
('mail_backlog_expired', 'alert', false),
('incident_digest', 'alert', false);

-- Transitions: planned → composed (its words are in a message) | dropped (nobody wants it any more, reason says why)
-- | expired (not_after passed first); composed → planned (its digest lost another notice and is composed anew).
create type ops.notice_state as enum ('planned', 'composed', 'dropped', 'expired');

-- Grain: one decision that one recipient be told one thing once. The business key stops repeats.
create table ops.notices (
    notice_id bigint generated always as identity primary key,
    kind text not null references ops.notice_kinds,
    subject_kind text not null,
    subject_id text not null,
    recipient_kind text not null check (recipient_kind in ('employee', 'trainer', 'contact')),
    recipient_id text not null,
    step text not null default '',
    sequence_number integer not null default 1,
    is_optional boolean not null default false,
    is_urgent boolean not null default false,
    not_before timestamptz not null default ops.business_now(),
    not_after timestamptz,
    facts jsonb not null default '{}',
    state ops.notice_state not null default 'planned',
    reason text,
    message_id bigint,
    decided_at timestamptz not null default ops.business_now(),
    settled_at timestamptz,
    constraint told_once unique (kind, subject_kind, subject_id, recipient_kind, recipient_id, step, sequence_number),
    constraint composed_has_message check (state <> 'composed' or message_id is not null),
    constraint dropped_has_reason check ((state = 'dropped') = (reason is not null))
);
-- The composer walks through recipients in order; only what waits is in it.
create index on ops.notices (recipient_kind, recipient_id) where state = 'planned';
create index on ops.notices (message_id);

-- Transitions: composed → claimed → sent; claimed → composed (server asks to come back, or was not reached) or
-- uncertain (the 250 was not seen); uncertain → claimed (same bytes again); composed/uncertain → expired or suppressed;
-- claimed → failed (refused for good) or bounced (the address does not exist).
create type ops.message_state as enum (
    'composed', 'claimed', 'sent', 'uncertain', 'expired', 'suppressed', 'failed', 'bounced'
);

-- Grain: one mail, frozen when composed: a retry sends the same bytes. sending_at is set, and committed, before the
-- bytes leave: after a crash it tells "may have been sent" from "was not". next_attempt_at null: never again.
create table ops.messages (
    message_id bigint generated always as identity primary key,
    environment text not null,
    recipient_kind text not null,
    recipient_id text not null,
    recipient_address text not null,
    template text not null,
    locale text not null,
    timezone text not null,
    calendar_code text not null,
    is_urgent boolean not null,
    subject text not null,
    mime_message_id text not null unique,
    mime_bytes bytea not null,
    mime_sha256 text not null,
    attachment_sha256s text[] not null default '{}',
    state ops.message_state not null default 'composed',
    not_after timestamptz,
    composed_at timestamptz not null,
    next_attempt_at timestamptz,
    first_attempt_at timestamptz,
    attempt_count integer not null default 0,
    uncertain_count integer not null default 0,
    claimed_by text,
    lease_until timestamptz,
    sending_at timestamptz,
    fence_number bigint not null default 0,
    sent_at timestamptz,
    settled_at timestamptz,
    reply_code integer,
    reason text
);
alter table ops.notices add constraint notices_message_fk foreign key (message_id) references ops.messages;
-- The claim takes the oldest that are due.
create index on ops.messages (next_attempt_at, message_id) where state in ('composed', 'claimed', 'uncertain');
-- Cap per person and day, and the order of one person's mails.
create index on ops.messages (recipient_kind, recipient_id, composed_at);

-- Grain: one environment that may send. A restored or cloned database has another identity and no lease.
create table ops.sender_leases (
    environment text primary key,
    database_identity text not null,
    granted_at timestamptz not null,
    granted_by text not null
);

-- Which database this is: the cluster, its history since the last restore, the database in it. A copy differs in one.
create function ops.database_identity() returns text
language sql stable security definer set search_path = ''
return (
    select system_identifier::text || '/' || (select timeline_id from pg_catalog.pg_control_checkpoint()) || '/'
        || (select oid from pg_catalog.pg_database where datname = current_database())
    from pg_catalog.pg_control_system()
);

-- Grain: one person that must not get some mail: opted out of optional mail, or the address bounced. A bounce holds for
-- the address it came from: a corrected address gets mail again.
create table ops.mail_stops (
    recipient_kind text not null,
    recipient_id text not null,
    kind text not null check (kind in ('opted_out', 'bounced')),
    address_sha256 text,
    recorded_at timestamptz not null,
    reason text,
    primary key (recipient_kind, recipient_id, kind)
);

-- Grain: one template that HR holds back for now.
create table ops.held_templates (
    template text primary key,
    held_at timestamptz not null,
    held_by text not null
);

-- Grain: one person of the master data that mail can go to. Contacts of the site file are no rows.
create view ops.mail_recipients as
select
    'employee' as recipient_kind, employee_id as recipient_id, name, email, locale, timezone, calendar_code,
    removed_on, left_on
from core.employees
union all
select 'trainer', t.trainer_id, t.name, t.email, t.locale, t.timezone, t.calendar_code, e.removed_on, e.left_on
from core.trainers as t
left join core.employees as e on e.employee_id = t.employee_id;

-- Grain: one notice; objection is null while it is wanted. The composer asks before it writes, the mailer again before
-- it sends. Objections against a recipient come first, then those against the subject. No CTE: the view melts into the
-- statement that asks, which needs a few rows of it; a bare sub-select reads the clock once.
create view ops.notice_objections as
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
    on f.file_id = case when n.subject_kind = 'inbox_file' and n.subject_id ~ '^\d{1,18}$' then n.subject_id::bigint end;

-- Grain: one notice and how it stands or ended; every notice has exactly one outcome.
create view ops.notice_outcomes as
select
    n.notice_id,
    n.kind,
    n.recipient_kind,
    n.message_id,
    case
        when n.state = 'composed' then m.state::text
        when n.state = 'dropped' and n.message_id is not null then 'suppressed'
        else n.state::text
    end as outcome,
    coalesce(n.reason, m.reason) as reason
from ops.notices as n
left join ops.messages as m on m.message_id = n.message_id;

grant select on ops.notice_kinds, ops.notice_outcomes to trainloop_intake, trainloop_planner, trainloop_statistics,
    trainloop_reporter, trainloop_sender, trainloop_board;
grant insert, select on ops.notices to trainloop_intake, trainloop_planner, trainloop_statistics, trainloop_reporter;
grant update on ops.notices to trainloop_planner;
grant select, insert, update on ops.notices, ops.messages, ops.mail_stops to trainloop_sender;
grant select on ops.mail_recipients, ops.notice_objections, ops.sender_leases to trainloop_sender;
grant select, insert, delete on ops.held_templates to trainloop_sender;
grant select on ops.mail_stops to trainloop_planner;
grant select (message_id, environment, recipient_kind, template, locale, state, not_after, composed_at, next_attempt_at,
    attempt_count, sent_at, settled_at, reply_code, reason) on ops.messages to trainloop_board, trainloop_planner;
-- The board counts and explains; who was asked or has answered is not its business.
grant select (notice_id, kind, subject_kind, subject_id, recipient_kind, step, sequence_number, is_optional, is_urgent,
    not_before, not_after, state, message_id, decided_at, settled_at) on ops.notices to trainloop_board;
grant select on ops.held_templates to trainloop_board;
