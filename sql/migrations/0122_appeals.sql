-- A person's own points (R45): the private page, and the appeal that is opened on it and answered by the HRBP.

-- Transitions: open → upheld (the ledger was put right in the same commit) | declined. Both carry the HRBP's words, which
-- stand in the commitment `answer_appeal` about it.
create type ops.appeal_state as enum ('open', 'upheld', 'declined');

-- Grain: one thing a person wants put right: an entry (entry_id) with its true day and quantity, or one that is missing.
create table ops.point_appeals (
    appeal_id bigint generated always as identity primary key,
    employee_id text not null,
    rule_code text not null,
    entry_id bigint references ops.point_entries,
    happened_on date not null,
    quantity numeric(8, 2) not null check (quantity > 0),
    words text not null check (words <> ''),
    opened_at timestamptz not null,
    state ops.appeal_state not null default 'open',
    answered_at timestamptz,
    check ((state = 'open') = (answered_at is null))
);
-- Pressing the button twice is one appeal; the first column also finds a person's own.
create unique index point_appeals_once_idx on ops.point_appeals (employee_id, rule_code, happened_on, entry_id)
    nulls not distinct where state = 'open';

-- What one link shows (no row: nobody was given it). Leavers and erased people have no page.
create function forms.open_points(link bytea)
returns table (
    state text, person_name text, locale text, timezone text, promoted_on date, entries jsonb, appeals jsonb
)
language sql stable security definer set search_path = ''
begin atomic
    select
        case when shown.is_open then 'open' else 'expired' end, person.name, person.locale, person.timezone,
        person.promoted_on,
        coalesce((
            select jsonb_agg(
                jsonb_build_object(
                    'entry_id', entry.entry_id, 'rule_code', entry.rule_code, 'earned_on', entry.earned_on,
                    'quantity', entry.quantity, 'points', entry.points, 'reason', entry.reason,
                    'is_counter', entry.corrects_entry_id is not null,
                    'is_standing', standing.entry_id is not null,
                    'about_zh', coalesce(certificate.name_zh, course.name_zh),
                    'about_en', coalesce(certificate.name_en, certificate.name_zh, course.name_en)
                )
                order by entry.entry_id desc
            )
            from ops.point_entries as entry
            left join ops.points as standing on standing.entry_id = entry.entry_id
            left join core.certificates as certificate
                on entry.evidence_kind = 'certificate' and certificate.certificate_code = entry.evidence_id
            left join core.class_sessions as session
                on entry.evidence_kind = 'class_session' and session.session_code = entry.evidence_id
            left join core.courses as course on course.course_code = session.course_code
            where shown.is_open and entry.employee_id = page.employee_id
        ), jsonb_build_array()),
        coalesce((
            select jsonb_agg(
                jsonb_build_object(
                    'rule_code', appeal.rule_code, 'happened_on', appeal.happened_on, 'state', appeal.state,
                    'opened_at', appeal.opened_at, 'answer', case when appeal.state <> 'open' then answered.comment end
                )
                order by appeal.appeal_id desc
            )
            from ops.point_appeals as appeal
            left join ops.commitments as answered
                on answered.kind = 'answer_appeal' and answered.subject_kind = 'point_appeal'
                and answered.subject_id = appeal.appeal_id::text
            where shown.is_open and appeal.employee_id = page.employee_id
        ), jsonb_build_array())
    from ops.point_pages as page
    left join core.employees as person on person.employee_id = page.employee_id
    cross join lateral (
        select
            person.employee_id is not null and person.removed_on is null
            and (person.left_on is null or person.left_on > (ops.business_now() at time zone person.timezone)::date)
        as is_open
    ) as shown
    where sha256(page.token::bytea) = link;
end;

-- Opens an appeal; false when the link may not, the entry is not the person's own or does not stand, or too many are open.
create function forms.appeal_points(
    link bytea, rule text, entry bigint, day date, amount numeric, said text, most integer
) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
    person text;
begin
    select page.employee_id into person
    from ops.point_pages as page
    where sha256(page.token::bytea) = link and exists (select from forms.open_points(link) as shown where shown.state = 'open')
    for update;
    if person is null or day > (ops.business_now() + interval '1 day')::date then
        return false;
    end if;
    if entry is not null and not exists (
        select from ops.points as standing
        where standing.entry_id = entry and standing.employee_id = person and standing.rule_code = rule
    ) then
        return false;
    end if;
    if (select count(*) from ops.point_appeals as known where known.employee_id = person and known.state = 'open') >= most
    then
        return false;
    end if;
    insert into ops.point_appeals (employee_id, rule_code, entry_id, happened_on, quantity, words, opened_at)
    values (person, rule, entry, day, amount, said, ops.business_now())
    on conflict (employee_id, rule_code, happened_on, entry_id) where state = 'open' do nothing;
    if found then
        insert into ops.audit_entries (actor, action, subject_kind, subject_id, detail)
        values (person, 'points_appealed', 'employee', person, jsonb_build_object('rule', rule));
    end if;
    return true;
end
$$;
revoke execute on function forms.open_points, forms.appeal_points from public;
grant execute on function forms.open_points, forms.appeal_points to trainloop_forms;

-- What stands behind a request to answer an appeal, for the page of whoever answers it.
create function forms.appeal_details(appeal text) returns jsonb
language sql stable security definer set search_path = ''
begin atomic
    select jsonb_build_object(
        'person', person.name, 'rule_code', opened.rule_code, 'happened_on', opened.happened_on,
        'quantity', opened.quantity, 'words', opened.words, 'entry_points', entry.points,
        'entry_earned_on', entry.earned_on
    )
    from ops.point_appeals as opened
    join core.employees as person on person.employee_id = opened.employee_id
    left join ops.point_entries as entry on entry.entry_id = opened.entry_id
    where opened.appeal_id::text = appeal;
end;
revoke execute on function forms.appeal_details from public;
grant execute on function forms.appeal_details to trainloop_forms;

insert into ops.notice_kinds (kind, family, is_optional) values ('appeal_answered', 'report', false);

grant select, update on ops.point_appeals to trainloop_planner;
grant select on ops.point_appeals to trainloop_sender;
grant select, update, delete on ops.point_appeals to trainloop_purge;
