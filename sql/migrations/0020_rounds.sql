-- Rounds of every wave: who could have answered, as counts; whether a call may be opted out of is said by the call.

-- Calls to named tasks are no optional mail; all others say so themselves.
update ops.notice_kinds set is_optional = false where kind in ('survey_invitation', 'survey_reminder');

-- Who was and who could have been asked by waves, as counts: the statistics role sees no invitation's person. population
-- = invited + held_by_cap + excluded. Of the invited, absentees and addresses that bounced before the close are not
-- eligible unless they answered all the same.
create function marts.wave_population(wave_codes text[])
returns table (
    wave_code text, population_count integer, invited_count integer, eligible_count integer, used_count integer,
    held_count integer, excluded_count integer, complete_count integer, partial_count integer, has_completions boolean
)
language sql stable security definer set search_path = ''
begin atomic
    with people as (
        select
            invitation.wave_code, invitation.state, invitation.is_used,
            invitation.state = 'invited' and (
                invitation.is_used
                or not (
                    coalesce(absent.is_absent, false)
                    or coalesce(bounced.recorded_at <= coalesce(wave.closed_at, wave.closes_at), false)
                )
            ) as is_eligible
        from ops.invitations as invitation
        join ops.survey_waves as wave on wave.wave_code = invitation.wave_code
        left join ops.mail_stops as bounced
            on bounced.recipient_kind = 'employee' and bounced.recipient_id = invitation.employee_id
            and bounced.kind = 'bounced'
        left join lateral (
            select bool_and(attendance.status in ('absent', 'excused')) as is_absent
            from core.attendance
            where wave.subject_kind = 'class_session' and wave.population = 'attendees'
                and attendance.session_code = wave.subject_id and attendance.employee_id = invitation.employee_id
        ) as absent on true
        where invitation.wave_code = any (wave_codes)
    ),
    asked as (
        select
            people.wave_code, count(*) as population_count,
            count(*) filter (where people.state = 'invited') as invited_count,
            count(*) filter (where people.is_eligible) as eligible_count,
            count(*) filter (where people.is_used and people.state = 'invited') as used_count,
            count(*) filter (where people.state = 'held_by_cap') as held_count,
            count(*) filter (where people.state = 'excluded') as excluded_count
        from people
        group by people.wave_code
    ),
    answered as (
        select
            response.wave_code, count(*) filter (where response.state = 'complete') as complete_count,
            count(*) filter (where response.state = 'partial') as partial_count
        from confidential.responses as response
        where response.wave_code = any (wave_codes)
        group by response.wave_code
    )
    select
        wave.wave_code, coalesce(asked.population_count, 0)::integer, coalesce(asked.invited_count, 0)::integer,
        coalesce(asked.eligible_count, 0)::integer, coalesce(asked.used_count, 0)::integer,
        coalesce(asked.held_count, 0)::integer, coalesce(asked.excluded_count, 0)::integer,
        coalesce(answered.complete_count, 0)::integer, coalesce(answered.partial_count, 0)::integer,
        wave.has_completions
    from ops.survey_waves as wave
    left join asked on asked.wave_code = wave.wave_code
    left join answered on answered.wave_code = wave.wave_code
    where wave.wave_code = any (wave_codes);
end;
revoke all on function marts.wave_population(text[]) from public;

-- How many invited people stand behind each combination of coarse groups of a wave: each for the wave's minimum at least.
create function marts.wave_groups(wave text)
returns table (coarse_groups jsonb, invited_count integer)
language sql stable security definer set search_path = ''
begin atomic
    select invitations.coarse_groups, count(*)::integer
    from ops.invitations
    where invitations.wave_code = wave and invitations.state = 'invited'
    group by invitations.coarse_groups;
end;
revoke all on function marts.wave_groups(text) from public;

grant execute on function marts.wave_population(text[]), marts.wave_groups(text)
    to trainloop_statistics, trainloop_reporter;
