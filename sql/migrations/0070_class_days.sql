-- Class days: what people were last told about a class, seats that became free, whose sign-in sheet it is.

-- What happened (description) beside what was done (action); where a class goes on whose room changed.
alter table core.incidents add column description text;
alter table core.incidents add column venue_code text;

-- Grain: one class session as its people were last told. What differs from it is a change; change_number counts them and
-- is the sequence of their notices. file_venue_code and incident_at tell which word about the room is new: the class's
-- file or an incident.
create table ops.class_announcements (
    session_code text primary key,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    timezone text not null,
    mode text not null,
    venue_code text,
    file_venue_code text,
    incident_at timestamptz,
    is_cancelled boolean not null,
    change_number integer not null default 0,
    told_at timestamptz not null
);

-- Grain: one learner's seat in one class as it was last seen; a seat that ended in one class and began in another of
-- the same course is a move. move_number counts the moves into it.
create table ops.told_seats (
    session_code text not null,
    employee_id text not null,
    is_held boolean not null,
    changed_at timestamptz not null,
    move_number integer not null default 0,
    primary key (session_code, employee_id)
);

-- open → accepted | declined (the learner's own word) | expired (nobody answered in time) | withdrawn (the class was
-- cancelled or began, or the seat is gone). A settled offer stays settled: one offer a person and class.
create type ops.offer_state as enum ('open', 'accepted', 'declined', 'expired', 'withdrawn');

-- Grain: one seat offered to one learner of a class's waitlist. The token is the learner's own link.
create table ops.seat_offers (
    offer_id bigint generated always as identity primary key,
    session_code text not null,
    employee_id text not null,
    token text not null default replace(gen_random_uuid()::text, '-', ''),
    offered_at timestamptz not null,
    expires_at timestamptz not null,
    state ops.offer_state not null default 'open',
    settled_at timestamptz,
    constraint seat_offers_once unique (session_code, employee_id),
    constraint seat_offers_settled_has_a_time check ((state = 'open') = (settled_at is null))
);
-- Pages look links up by hash.
create unique index seat_offers_link_idx on ops.seat_offers (sha256(token::bytea));
-- Every scan asks which offers wait.
create index seat_offers_open_idx on ops.seat_offers (expires_at) where state = 'open';

-- Grain: the sign-in sheet of one class session and who holds its link: the class manager, HR where there is none.
create table ops.class_desks (
    session_code text primary key,
    holder_kind text not null check (holder_kind in ('employee', 'contact')),
    holder_id text not null,
    token text not null default replace(gen_random_uuid()::text, '-', ''),
    -- Another holder gets another link; its number is the sequence of the mail.
    link_number integer not null default 1,
    opened_at timestamptz not null
);
create unique index class_desks_link_idx on ops.class_desks (sha256(token::bytea));

-- Grain: one learner in one slot as the sheet says. version counts corrections; what is newer than handed_version is not
-- in a file of the inbox yet.
create table forms.sign_in_entries (
    session_code text not null,
    employee_id text not null,
    slot integer not null check (slot between 1 and 100),
    status text not null check (status in ('present', 'late', 'early', 'absent', 'excused')),
    version integer not null default 1,
    handed_version integer not null default 0,
    primary key (session_code, employee_id, slot)
);
create index sign_in_entries_waiting_idx on forms.sign_in_entries (session_code) where version > handed_version;

-- Grain: one incident as the sheet says.
create table forms.incident_entries (
    incident_id bigint generated always as identity primary key,
    session_code text not null,
    reported_at timestamptz not null,
    kind text not null check (kind in ('leave', 'venue', 'equipment', 'trainer', 'safety', 'other')),
    severity text not null check (severity in ('minor', 'major', 'critical')),
    employee_id text,
    description text not null,
    action text,
    venue_code text,
    closed_at timestamptz,
    version integer not null default 1,
    handed_version integer not null default 0,
    constraint incident_entries_once unique (session_code, reported_at, kind)
);
create index incident_entries_waiting_idx on forms.incident_entries (session_code) where version > handed_version;

-- Grain: one learner who has a seat in a class now: confirmed and not on leave, or accepted an offer that the enrollment
-- has not caught up with.
create view ops.class_seats as
select enrollments.session_code, enrollments.employee_id
from core.enrollments
where enrollments.status = 'confirmed'
    and not exists (
        select from core.incidents as incident
        join core.class_sessions as session on session.session_code = incident.session_code
        where incident.session_code = enrollments.session_code and incident.employee_id = enrollments.employee_id
            and incident.kind = 'leave' and incident.reported_at < session.starts_at
    )
union
select offer.session_code, offer.employee_id
from ops.seat_offers as offer
where offer.state = 'accepted'
    and not exists (
        select from core.enrollments
        where enrollments.session_code = offer.session_code and enrollments.employee_id = offer.employee_id
            and enrollments.status <> 'waitlisted'
    );

insert into ops.notice_kinds (kind, family, is_optional) values
('class_changed', 'data', false),
('class_desk', 'data', false),
('platform_alert', 'data', false),
('login_guide', 'data', false),
('seat_offer', 'data', false),
('class_log', 'report', false);

grant select, insert, update on ops.class_announcements, ops.told_seats, ops.seat_offers, ops.class_desks
    to trainloop_planner;
grant select on ops.class_seats to trainloop_planner;
grant select on ops.class_announcements, ops.seat_offers, ops.class_desks, ops.class_seats, core.incidents,
    core.platform_checks to trainloop_sender;
grant usage on schema forms to trainloop_planner;
grant select, update (handed_version) on forms.sign_in_entries, forms.incident_entries to trainloop_planner;
