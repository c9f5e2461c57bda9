-- How long data are kept, and people whose data were erased. Everything that purges and erases is the role purge.

-- Grain: one person whose data were erased (request) or whose records lead nowhere since they left (left). The id is a
-- keyed hash; the same fact stands as a file beside the archive, so that a restored database erases them again.
create table ops.erased_people (
    person_hash bytea primary key,
    alias text not null unique,
    reason text not null check (reason in ('request', 'left')),
    requested_by text not null,
    erased_at timestamptz not null
);

-- Grain: one rule and one place of one purge or erasure: the proof. Zero says that it was looked at.
create table ops.purge_counts (
    purged_at timestamptz not null,
    rule text not null,
    holding text not null,
    row_count bigint not null,
    primary key (purged_at, rule, holding)
);

-- The bytes are gone, the row stays: hash, counts and who got it.
alter table ops.inbox_files add purged_at timestamptz;
alter table ops.reports add purged_at timestamptz;

-- Fixed when the people of a closed wave are forgotten, so that its response rate stays what it was.
alter table ops.invitations add not_eligible_reason text
    check (not_eligible_reason in ('absent', 'bounced'));

alter table core.employee_history drop constraint employee_history_employee_id_fkey;
alter table core.employee_history add constraint employee_history_employee_id_fkey
    foreign key (employee_id) references core.employees on update cascade;

create or replace function marts.evaluation_population(wave text)
returns table (invited_count integer, eligible_count integer, used_count integer, has_completions boolean)
language plpgsql stable security definer set search_path = ''
as $$
begin
    return query
    with people as (
        select
            invitations.is_used,
            invitations.not_eligible_reason is not null or exists (
                select from core.attendance
                where attendance.session_code = survey_waves.subject_id
                    and attendance.employee_id = invitations.employee_id
                having bool_and(attendance.status in ('absent', 'excused'))
            ) as is_absent,
            exists (
                select from ops.mail_stops
                where mail_stops.recipient_kind = 'employee'
                    and mail_stops.recipient_id = invitations.employee_id
                    and mail_stops.kind = 'bounced'
                    and mail_stops.recorded_at <= coalesce(survey_waves.closed_at, survey_waves.closes_at)
            ) as is_bounced
        from ops.invitations
        join ops.survey_waves using (wave_code)
        where invitations.wave_code = wave and invitations.state = 'invited'
    )
    select
        count(*)::integer,
        (count(*) filter (where is_used or not (is_absent or is_bounced)))::integer,
        (count(*) filter (where is_used))::integer,
        (select survey_waves.has_completions from ops.survey_waves where survey_waves.wave_code = wave)
    from people;
end
$$;

create or replace function marts.wave_population(wave_codes text[])
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
                    invitation.not_eligible_reason is not null
                    or coalesce(absent.is_absent, false)
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

grant select on ops.erased_people to trainloop_intake;
grant usage on schema core, marts, forms to trainloop_purge;
grant select, insert, update, delete on ops.erased_people to trainloop_purge;
grant select, insert, update (row_count) on ops.purge_counts to trainloop_purge;
grant select on ops.purge_counts to trainloop_board;
grant select on ops.quarantine_reasons, ops.survey_waves, core.kpi_definitions to trainloop_purge;
grant select, update, delete on ops.action_plans, ops.plan_updates, forms.plan_entries to trainloop_purge;
-- The ledger only grows: of a booking nothing may change but whose it is called.
grant select, update (employee_id) on ops.point_entries to trainloop_purge;
grant select, update, delete on
    confidential.answers, confidential.assessment_comments, confidential.assessment_figures,
    confidential.assessment_results, confidential.release_respondents, confidential.responses, core.attendance,
    core.budgets, core.business_interviews, core.class_designs, core.class_sessions,
    core.competency_assessments, core.departments, core.employee_history, core.employees, core.enrollments,
    core.incidents, core.interactions, core.interview_plan, core.knowledge_assets, core.kpi_facts,
    core.learner_questions, core.named_responses, core.need_confirmations, core.performance_reviews,
    core.prework_events, core.rater_nominations, core.resource_bookings, core.survey_completions,
    core.test_results, core.trainer_assessments, core.trainer_candidates, core.trainers, core.vendor_ratings,
    forms.dead_links, forms.incident_entries, forms.sign_in_entries, forms.submissions, marts.assessment_scores,
    marts.knowledge_index, ops.approvals, ops.asked_questions, ops.assessments, ops.audit_entries,
    ops.class_desks, ops.commitments, ops.competency_pages, ops.digested_questions, ops.inbox_files,
    ops.invitations, ops.learner_groups, ops.mail_stops, ops.material_events, ops.material_links, ops.messages,
    ops.notices, ops.parked_rows, ops.quarantined_rows, ops.readiness_exceptions, ops.reports,
    ops.resource_findings, ops.seat_offers, ops.session_groupings, ops.told_seats, ops.wave_people
    to trainloop_purge;
