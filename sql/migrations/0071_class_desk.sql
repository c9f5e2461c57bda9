-- The pages of a class day: the sign-in sheet with its incidents, and an offered seat. As elsewhere in `forms`, the
-- service calls these functions and reads no table.

-- How the link of a class's sheet stands (no row: nobody was given it), with everything its page shows.
create function forms.open_class_desk(link bytea)
returns table (
    state text, session_code text, subject jsonb, starts_at timestamptz, ends_at timestamptz, class_timezone text,
    venue_code text, holder_name text, locale text, timezone text, now timestamptz, learners jsonb, entries jsonb,
    incidents jsonb
)
language sql stable security definer set search_path = ''
begin atomic
    select
        case
            when session.status = 'cancelled' then 'withdrawn'
            when session.ends_at + interval '4 days' <= ops.business_now() then 'closed'
            else 'open'
        end,
        session.session_code, forms.subject_of('class_session', session.session_code), session.starts_at,
        session.ends_at, session.timezone, told.venue_code, holder.name, holder.locale, holder.timezone,
        ops.business_now(),
        (
            select coalesce(jsonb_agg(jsonb_build_object(
                'id', person.employee_id, 'name', person.name, 'is_on_leave', seat.employee_id is null
            ) order by person.name, person.employee_id), '[]')
            from core.employees as person
            left join ops.class_seats as seat
                on seat.session_code = desk.session_code and seat.employee_id = person.employee_id
            where seat.employee_id is not null or exists (
                select from core.incidents as incident
                where incident.session_code = desk.session_code and incident.employee_id = person.employee_id
                    and incident.kind = 'leave'
            )
        ),
        (
            select coalesce(jsonb_agg(jsonb_build_object(
                'employee_id', entry.employee_id, 'slot', entry.slot, 'status', entry.status
            )), '[]')
            from forms.sign_in_entries as entry where entry.session_code = desk.session_code
        ),
        (
            select coalesce(jsonb_agg(jsonb_build_object(
                'id', incident.incident_id, 'kind', incident.kind, 'severity', incident.severity,
                'reported_at', incident.reported_at, 'closed_at', incident.closed_at,
                'description', incident.description, 'action', incident.action
            ) order by incident.reported_at desc), '[]')
            from forms.incident_entries as incident where incident.session_code = desk.session_code
        )
    from ops.class_desks as desk
    join core.class_sessions as session on session.session_code = desk.session_code
    left join ops.class_announcements as told on told.session_code = desk.session_code
    left join core.employees as holder on desk.holder_kind = 'employee' and holder.employee_id = desk.holder_id
    where sha256(desk.token::bytea) = link;
end;

-- Whose sheet may be written now; null when the link is nobody's or its class is over or cancelled.
create function forms.desk_of(link bytea) returns text
language sql stable security definer set search_path = ''
return (
    select session.session_code
    from ops.class_desks as desk
    join core.class_sessions as session on session.session_code = desk.session_code
    where sha256(desk.token::bytea) = link and session.status <> 'cancelled'
        and session.ends_at + interval '4 days' > ops.business_now()
);

-- Writes one portion of a sheet: a status that changed is a new version. Returns how many are new or changed; null when
-- the sheet cannot be written. A name that is not on the sheet is not written.
create function forms.sign_in(link bytea, in_slot integer, people text[], statuses text[]) returns integer
language plpgsql security definer set search_path = '' as $$
declare
    code text := forms.desk_of(link);
    written integer;
begin
    if code is null then
        return null;
    end if;
    insert into forms.sign_in_entries as kept (session_code, employee_id, slot, status)
    select code, said.employee_id, in_slot, said.status
    from unnest(people, statuses) as said (employee_id, status)
    where exists (
            select from ops.class_seats as seat where seat.session_code = code and seat.employee_id = said.employee_id
        ) or exists (
            select from core.incidents as incident
            where incident.session_code = code and incident.employee_id = said.employee_id and incident.kind = 'leave'
        )
    order by said.employee_id
    on conflict (session_code, employee_id, slot) do update
    set status = excluded.status, version = kept.version + 1
    where kept.status <> excluded.status;
    get diagnostics written = row_count;
    return written;
end
$$;

-- Writes one incident; pressing the button twice makes one. false: the sheet cannot be written.
create function forms.report_incident(
    link bytea, what text, how_severe text, whose text, said text, done text, moved_to text, is_closed boolean
) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
    code text := forms.desk_of(link);
    moment timestamptz := date_trunc('second', ops.business_now());
begin
    if code is null then
        return false;
    end if;
    perform pg_advisory_xact_lock(hashtextextended('class_desk/' || code, 0));
    if exists (
        select from forms.incident_entries as same
        where same.session_code = code and same.kind = what and same.description = said
            and same.employee_id is not distinct from nullif(whose, '') and same.reported_at > moment - interval '10 minutes'
    ) then
        return true;
    end if;
    -- The key of the dataset is class, second and kind: two reports of one second stand one second apart.
    select greatest(moment, max(reported_at) + interval '1 second') into moment
    from forms.incident_entries where session_code = code and kind = what;
    insert into forms.incident_entries (
        session_code, reported_at, kind, severity, employee_id, description, action, venue_code, closed_at
    )
    values (
        code, moment, what, how_severe, nullif(whose, ''), said, nullif(done, ''), nullif(moved_to, ''),
        case when is_closed then moment end
    );
    return true;
end
$$;

-- Closes an open incident of the sheet; closing it twice changes nothing. false: the sheet cannot be written.
create function forms.close_incident(link bytea, incident bigint) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
    code text := forms.desk_of(link);
begin
    if code is null then
        return false;
    end if;
    update forms.incident_entries
    set closed_at = greatest(reported_at, date_trunc('second', ops.business_now())), version = version + 1
    where incident_id = incident and session_code = code and closed_at is null;
    return true;
end
$$;

-- How an offered seat stands (no row: nobody was given the link).
create function forms.open_offer(link bytea)
returns table (
    state text, subject jsonb, starts_at timestamptz, class_timezone text, venue_code text, expires_at timestamptz,
    person_name text, locale text, timezone text
)
language sql stable security definer set search_path = ''
begin atomic
    select
        case
            when offer.state = 'open' and (session.status = 'cancelled' or session.starts_at <= ops.business_now())
                then 'withdrawn'
            when offer.state = 'open' and offer.expires_at <= ops.business_now() then 'expired'
            else offer.state::text
        end,
        forms.subject_of('class_session', offer.session_code), session.starts_at, session.timezone,
        coalesce(told.venue_code, session.venue_code), offer.expires_at, person.name, person.locale, person.timezone
    from ops.seat_offers as offer
    join core.class_sessions as session on session.session_code = offer.session_code
    join core.employees as person on person.employee_id = offer.employee_id
    left join ops.class_announcements as told on told.session_code = offer.session_code
    where sha256(offer.token::bytea) = link;
end;

-- Takes a learner's word about an offered seat once. One class's answers queue up, and the seats are counted again: a
-- class that was filled by other means meanwhile is not overbooked. Returns how the offer stands then; null: unknown.
create function forms.answer_offer(link bytea, is_accepted boolean) returns text
language plpgsql security definer set search_path = '' as $$
declare
    offer ops.seat_offers;
    class core.class_sessions;
    taken integer;
    new_state ops.offer_state;
begin
    select * into offer from ops.seat_offers where sha256(token::bytea) = link;
    if offer is null then
        return null;
    end if;
    perform pg_advisory_xact_lock(hashtextextended('seats/' || offer.session_code, 0));
    select * into offer from ops.seat_offers where offer_id = offer.offer_id for update;
    select * into class from core.class_sessions where session_code = offer.session_code;
    if offer.state <> 'open' then
        return offer.state;
    end if;
    if offer.expires_at <= ops.business_now() then
        return 'expired';
    end if;
    select count(*) into taken from ops.class_seats where session_code = offer.session_code;
    new_state := case
        when class.status = 'cancelled' or class.starts_at <= ops.business_now() then 'withdrawn'
        when not is_accepted then 'declined'
        when class.capacity is not null and taken >= class.capacity then 'withdrawn'
        else 'accepted'
    end;
    update ops.seat_offers set state = new_state, settled_at = ops.business_now() where offer_id = offer.offer_id;
    insert into ops.audit_entries (actor, action, subject_kind, subject_id, detail)
    values (
        offer.employee_id, 'seat_offer_' || new_state::text, 'class_session', offer.session_code,
        jsonb_build_object('offer_id', offer.offer_id)
    );
    return new_state;
end
$$;

revoke execute on function forms.open_class_desk, forms.desk_of, forms.sign_in, forms.report_incident,
    forms.close_incident, forms.open_offer, forms.answer_offer from public;
grant execute on function forms.open_class_desk, forms.sign_in, forms.report_incident, forms.close_incident,
    forms.open_offer, forms.answer_offer to trainloop_forms;
