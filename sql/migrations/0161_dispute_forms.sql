-- The pages of a dispute: statements, design, registration, decision, signature, and the door by which it is opened. As
-- elsewhere in `forms`, the service calls these functions and reads no table.

-- The person who stands for a party of a dispute.
create function ops.dispute_person(dispute ops.disputes, party text) returns text
language sql immutable
return case party
    when 'trainer' then (dispute).trainer_id when 'business' then (dispute).business_head_id else (dispute).hr_contact
end;

-- How the link of one party's step stands (no row: nobody was given it), with everything its page shows.
create function forms.open_dispute(link bytea)
returns table (
    state text, kind text, dispute_id text, round_number integer, party text, person_kind text, person_id text,
    person_name text, locale text, timezone text, due_on date, course_zh text, course_en text, trainer text,
    business_head text, meeting_on date, core_target text, framework_pct numeric, tools_pct numeric,
    simulation_pct numeric, decision text, registration jsonb, arrived text, answers jsonb, sessions jsonb, kpis jsonb,
    departments jsonb
)
language sql stable security definer set search_path = ''
begin atomic
    select
        case
            when dispute.state = 'withdrawn' then 'withdrawn'
            when owed.state = 'open' and owed.not_after <= ops.business_now() then 'expired'
            else owed.state::text
        end,
        owed.kind, dispute.dispute_id, (owed.facts ->> 'round')::integer, owed.facts ->> 'party', owed.person_kind,
        owed.person_id, person.name, person.locale, person.timezone, owed.due_on, course.name_zh, course.name_en,
        trainer.name, head.name, dispute.meeting_on, dispute.core_target, dispute.framework_pct, dispute.tools_pct,
        dispute.simulation_pct, dispute.decision, to_jsonb(registered) - 'canonical',
        ops.pilot_data_arrived(
            registered.session_code, registered.kpi_code,
            array[registered.pilot_department_code, registered.comparison_department_code], registered.post_starts_on
        ),
        known.answers,
        (
            select coalesce(jsonb_agg(jsonb_build_object(
                'code', class.session_code, 'ends_on', (class.ends_at at time zone class.timezone)::date
            ) order by class.starts_at, class.session_code), '[]')
            from core.class_sessions as class
            where owed.kind = 'dispute_pilot' and class.course_code = dispute.course_code and class.status <> 'cancelled'
                and class.starts_at > ops.business_now()
        ),
        (
            select coalesce(jsonb_agg(jsonb_build_object(
                'code', definition.kpi_code, 'zh', definition.name_zh, 'en', definition.name_en, 'grain', definition.grain,
                'direction', definition.direction, 'unit', definition.unit
            ) order by not measured.is_key, definition.kpi_code), '[]')
            from core.measured_kpis as measured
            join core.kpi_definitions as definition using (kpi_code)
            where owed.kind = 'dispute_pilot' and measured.course_code = dispute.course_code
        ),
        (
            select coalesce(jsonb_agg(jsonb_build_object(
                'code', team.department_code, 'zh', team.name_zh, 'en', team.name_en
            ) order by team.department_code), '[]')
            from core.departments as team
            where owed.kind = 'dispute_pilot' and team.removed_on is null and exists (
                select from core.employees as member
                where member.department_code = team.department_code and member.removed_on is null
            )
        )
    from ops.commitments as owed
    join ops.disputes as dispute on dispute.dispute_id = owed.facts ->> 'dispute_id'
    join core.courses as course using (course_code)
    left join ops.mail_recipients as person
        on person.recipient_kind = owed.person_kind and person.recipient_id = owed.person_id
    left join core.trainers as trainer on trainer.trainer_id = dispute.trainer_id
    left join core.employees as head on head.employee_id = dispute.business_head_id
    left join ops.dispute_answers as known
        on known.dispute_id = dispute.dispute_id and known.round_number = (owed.facts ->> 'round')::integer
        and known.party = owed.facts ->> 'party' and known.step = owed.facts ->> 'step'
    left join lateral (
        select newest.* from ops.pilot_registrations as newest
        where newest.dispute_id = dispute.dispute_id order by newest.version desc limit 1
    ) as registered on true
    where owed.subject_kind = 'dispute' and sha256(owed.token::bytea) = link;
end;

-- Writes one party's words once. A signature wants the identity of the person the link was made for: an employee's
-- number (a trainer without one: the trainer's), what a contact is known by says the service. Returns ok, closed
-- or wrong_person; a refusal is on record, and the link stays open for the right person.
create function forms.answer_dispute(link bytea, said jsonb, identity text, is_contact_known boolean) returns text
language plpgsql security definer set search_path = '' as $$
declare
    owed ops.commitments;
    dispute ops.disputes;
    expected text;
begin
    select * into owed from ops.commitments
    where sha256(token::bytea) = link and subject_kind = 'dispute' for update;
    select * into dispute from ops.disputes where dispute_id = owed.facts ->> 'dispute_id' for update;
    if owed is null or dispute is null or owed.state <> 'open' or owed.not_after <= ops.business_now()
        or dispute.state in ('signed', 'withdrawn') or owed.kind = 'dispute_pilot' then
        return 'closed';
    end if;
    if owed.kind = 'sign_agreed_plan' then
        expected := case owed.person_kind
            when 'employee' then owed.person_id
            when 'trainer' then (
                select coalesce(trainer.employee_id, trainer.trainer_id)
                from core.trainers as trainer where trainer.trainer_id = owed.person_id
            )
        end;
        if owed.person_id <> ops.dispute_person(dispute, owed.facts ->> 'party')
            or not coalesce(
                (owed.person_kind = 'contact' and is_contact_known)
                or (owed.person_kind <> 'contact' and lower(identity) = lower(expected)),
                false
            ) then
            insert into ops.audit_entries (actor, action, subject_kind, subject_id, detail)
            values (
                'link', 'dispute_signature_refused', 'dispute', dispute.dispute_id,
                jsonb_build_object('party', owed.facts ->> 'party', 'commitment_id', owed.commitment_id)
            );
            return 'wrong_person';
        end if;
    end if;
    insert into ops.dispute_answers (dispute_id, step, round_number, party, person_kind, person_id, answers)
    values (
        dispute.dispute_id, owed.facts ->> 'step', (owed.facts ->> 'round')::integer, owed.facts ->> 'party',
        owed.person_kind, owed.person_id, said
    );
    update ops.commitments
    set state = 'done', done_at = ops.business_now(), choice = coalesce(said ->> 'choice', 'answered'),
        comment = said ->> 'comment'
    where commitment_id = owed.commitment_id;
    insert into ops.audit_entries (actor, action, subject_kind, subject_id, detail)
    values (
        owed.person_id, 'dispute_' || (owed.facts ->> 'step'), 'dispute', dispute.dispute_id,
        jsonb_build_object('party', owed.facts ->> 'party', 'round', owed.facts -> 'round', 'choice', said ->> 'choice')
    );
    return 'ok';
end
$$;

-- Locks criterion, teams and windows of a pilot; until its data begin to arrive a newer version may take its place.
-- Returns ok, closed, or why it is refused; a refusal is on record and what was registered stays as it was.
create function forms.register_pilot(link bytea, wanted text, said jsonb) returns text
language plpgsql security definer set search_path = '' as $$
declare
    owed ops.commitments;
    dispute ops.disputes;
    fixed jsonb := wanted::jsonb;
    refusal text;
begin
    select * into owed from ops.commitments
    where sha256(token::bytea) = link and subject_kind = 'dispute' and kind = 'dispute_pilot' for update;
    select * into dispute from ops.disputes where dispute_id = owed.facts ->> 'dispute_id' for update;
    if owed is null or dispute is null or owed.state not in ('open', 'done') or fixed ->> 'dispute_id' <> dispute.dispute_id
        or dispute.state not in ('design_agreed', 'pilot_registered', 'pilot_running') then
        return 'closed';
    end if;
    select ops.pilot_data_arrived(
        one.session_code, one.kpi_code, array[one.pilot_department_code, one.comparison_department_code], one.post_starts_on
    )
    into refusal
    from (
        select fixed ->> 'session_code' as session_code, fixed ->> 'kpi_code' as kpi_code,
            fixed ->> 'pilot_department_code' as pilot_department_code,
            fixed ->> 'comparison_department_code' as comparison_department_code,
            (fixed ->> 'post_starts_on')::date as post_starts_on
        union all
        select known.session_code, known.kpi_code, known.pilot_department_code, known.comparison_department_code,
            known.post_starts_on
        from ops.pilot_registrations as known where known.dispute_id = dispute.dispute_id
    ) as one
    order by 1 nulls last
    limit 1;
    refusal := case
        when refusal is not null then refusal
        when fixed ->> 'pilot_department_code' = fixed ->> 'comparison_department_code' then 'same_team'
        when not exists (
            select from core.class_sessions as class
            where class.session_code = fixed ->> 'session_code' and class.course_code = dispute.course_code
                and class.status <> 'cancelled'
        ) then 'class_unknown'
        when not exists (
            select from core.measured_kpis as measured
            where measured.course_code = dispute.course_code and measured.kpi_code = fixed ->> 'kpi_code'
        ) then 'kpi_unknown'
    end;
    if refusal is not null then
        insert into ops.audit_entries (actor, action, subject_kind, subject_id, detail)
        values (
            owed.person_id, 'pilot_registration_refused', 'dispute', dispute.dispute_id,
            jsonb_build_object('reason', refusal, 'sha256', encode(sha256(convert_to(wanted, 'UTF8')), 'hex'))
        );
        return refusal;
    end if;
    insert into ops.pilot_registrations (
        dispute_id, version, session_code, kpi_code, direction, threshold, pilot_department_code,
        comparison_department_code, class_ends_on, window_days, pre_starts_on, pre_ends_on, post_starts_on, post_ends_on,
        canonical, registration_sha256, registered_by
    )
    values (
        dispute.dispute_id, (fixed ->> 'version')::integer, fixed ->> 'session_code', fixed ->> 'kpi_code',
        fixed ->> 'direction', (fixed ->> 'threshold')::numeric, fixed ->> 'pilot_department_code',
        fixed ->> 'comparison_department_code', (fixed ->> 'class_ends_on')::date, (fixed ->> 'window_days')::integer,
        (fixed ->> 'pre_starts_on')::date, (fixed ->> 'pre_ends_on')::date, (fixed ->> 'post_starts_on')::date,
        (fixed ->> 'post_ends_on')::date, wanted, encode(sha256(convert_to(wanted, 'UTF8')), 'hex'), owed.person_id
    )
    on conflict (dispute_id, version) do nothing;
    if not found then
        return 'stale';
    end if;
    insert into ops.dispute_answers (dispute_id, step, round_number, party, person_kind, person_id, answers)
    values (
        dispute.dispute_id, 'pilot', (fixed ->> 'version')::integer, owed.facts ->> 'party', owed.person_kind,
        owed.person_id, said
    );
    update ops.commitments set state = 'done', done_at = ops.business_now(), choice = 'registered'
    where commitment_id = owed.commitment_id;
    insert into ops.audit_entries (actor, action, subject_kind, subject_id, detail)
    values (
        owed.person_id, 'pilot_registered', 'dispute', dispute.dispute_id,
        jsonb_build_object(
            'version', fixed -> 'version', 'sha256', encode(sha256(convert_to(wanted, 'UTF8')), 'hex')
        )
    );
    return 'ok';
end
$$;

-- Who may open a dispute from the report of a class, and with whom: its trainer, or the head of a learner's department.
-- No row: nobody, or the class is too long ago. dispute_id: what is under way already.
create function forms.open_dispute_door(who_kind text, who_id text, session text, days integer)
returns table (
    person_name text, locale text, timezone text, session_code text, course_zh text, course_en text, trainer text,
    heads jsonb, dispute_id text
)
language sql stable security definer set search_path = ''
begin atomic
    with heads as (
        select distinct head.employee_id, head.name, team.name_zh, team.name_en
        from core.enrollments as seat
        join core.employees as learner using (employee_id)
        join core.departments as team on team.department_code = learner.department_code
        join core.employees as head on head.employee_id = team.head_employee_id
        where seat.session_code = session and seat.status = 'confirmed' and head.removed_on is null
    )
    select
        person.name, person.locale, person.timezone, class.session_code, course.name_zh, course.name_en, trainer.name,
        (
            select coalesce(jsonb_agg(jsonb_build_object(
                'id', heads.employee_id, 'name', heads.name, 'zh', heads.name_zh, 'en', heads.name_en
            ) order by heads.employee_id), '[]')
            from heads where who_kind = 'trainer' or heads.employee_id = who_id
        ),
        (
            select open.dispute_id from ops.disputes as open
            where open.course_code = class.course_code and open.trainer_id = class.trainer_id
                and open.state not in ('signed', 'withdrawn')
                and (who_kind = 'trainer' or open.business_head_id = who_id)
            order by open.opened_at desc limit 1
        )
    from core.class_sessions as class
    join core.courses as course using (course_code)
    join core.trainers as trainer on trainer.trainer_id = class.trainer_id
    join ops.mail_recipients as person on person.recipient_kind = who_kind and person.recipient_id = who_id
    where class.session_code = session and class.status <> 'cancelled'
        and class.ends_at between ops.business_now() - make_interval(days => days) and ops.business_now()
        and (
            (who_kind = 'trainer' and class.trainer_id = who_id)
            or (who_kind = 'employee' and exists (select from heads where heads.employee_id = who_id))
        );
end;

-- Opens a dispute from that door. Returns its id, the one under way where there is one; null where nobody may.
create function forms.begin_dispute(
    who_kind text, who_id text, session text, days integer, head text, reason text, hr_contact text
) returns text
language plpgsql security definer set search_path = '' as $$
declare
    door record;
    class core.class_sessions;
    known text;
begin
    select * into door from forms.open_dispute_door(who_kind, who_id, session, days);
    if door is null or not door.heads @> jsonb_build_array(jsonb_build_object('id', head)) then
        return null;
    end if;
    select * into class from core.class_sessions where session_code = session;
    known := ops.open_dispute(
        class.course_code, null, class.trainer_id, head, hr_contact, reason,
        case who_kind when 'trainer' then 'trainer' else 'business' end, who_id
    );
    return known;
end
$$;

-- Opens a dispute, or returns the one of the same three that is under way. Ids of one year count up.
create function ops.open_dispute(
    course text, topic text, trainer text, head text, contact text, reason text, party text, actor text
) returns text
language plpgsql security definer set search_path = '' as $$
declare
    known text;
    moment timestamptz := ops.business_now();
    year text := to_char(moment at time zone 'UTC', 'YYYY');
begin
    perform pg_advisory_xact_lock(hashtextextended('open_dispute', 0));
    select dispute_id into known from ops.disputes
    where course_code = course and trainer_id = trainer and business_head_id = head
        and state not in ('signed', 'withdrawn');
    if known is not null then
        return known;
    end if;
    select 'D-' || year || '-' || lpad((count(*) + 1)::text, 3, '0') into known
    from ops.disputes where dispute_id like 'D-' || year || '-%';
    insert into ops.disputes (
        dispute_id, course_code, topic_code, trainer_id, business_head_id, hr_contact, reason_code, opened_by, opened_at,
        state_at
    )
    values (known, course, topic, trainer, head, contact, reason, party, moment, moment);
    insert into ops.audit_entries (actor, action, subject_kind, subject_id, detail)
    values (
        actor, 'dispute_opened', 'dispute', known,
        jsonb_build_object('course_code', course, 'party', party, 'reason', reason)
    );
    return known;
end
$$;

revoke execute on function forms.open_dispute, forms.answer_dispute, forms.register_pilot, forms.open_dispute_door,
    forms.begin_dispute, ops.open_dispute, ops.dispute_person from public;
grant execute on function forms.open_dispute, forms.answer_dispute, forms.register_pilot, forms.open_dispute_door,
    forms.begin_dispute to trainloop_forms;
grant execute on function ops.open_dispute to trainloop_planner;
