-- A class that is registered stays in its page's list after it began: whoever wants another criterion then is told that
-- it is too late, and the attempt is on record; without it the page only said "please choose". Whoever signs reads what
-- was registered: the indicator by its name, and the criterion in its unit.
create or replace function forms.open_dispute(link bytea)
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
        dispute.simulation_pct, dispute.decision,
        to_jsonb(registered) - 'canonical' || jsonb_build_object(
            'kpi_zh', indicator.name_zh, 'kpi_en', indicator.name_en, 'unit', indicator.unit
        ),
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
                and (class.starts_at > ops.business_now() or class.session_code = registered.session_code)
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
    left join core.kpi_definitions as indicator on indicator.kpi_code = registered.kpi_code
    where owed.subject_kind = 'dispute' and sha256(owed.token::bytea) = link;
end;
