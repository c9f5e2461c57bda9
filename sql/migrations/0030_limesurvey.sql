-- LimeSurvey: which of its surveys asks which wave.

-- Grain: the survey that was made in LimeSurvey for the present opening of one wave. questions: question and answer codes
-- by item and option, as they were when the survey was made; the catalogue of topics may have changed since.
create table ops.limesurvey_surveys (
    wave_code text primary key references ops.survey_waves,
    opening_number integer not null,
    survey_id bigint not null unique,
    questions jsonb not null,
    -- Until when the survey takes answers: LimeSurvey itself refuses later ones.
    closes_at timestamptz not null,
    -- How many complete answers the last pull brought: an anonymous wave is pulled in portions.
    pulled_count integer not null default 0,
    -- Pulled after its end, or its wave was withdrawn: not asked again.
    is_finished boolean not null default false
);

grant select, insert, update on ops.limesurvey_surveys to trainloop_intake;
grant select on ops.limesurvey_surveys to trainloop_sender;
grant select (state) on ops.invitations to trainloop_intake;

-- By the token of a confidential wave: the pseudonym under which one person's answers are linked, and the group of
-- raters. Keyed as `domain.survey.pseudonym` is (HMAC-SHA256 by its two key blocks); the person is told to nobody.
create function ops.respondents(wave_codes text[], inner_key bytea, outer_key bytea)
returns table (wave_code text, token text, pseudonym text, coarse_groups jsonb)
language sql stable security definer set search_path = ''
begin atomic
    select
        invitation.wave_code, invitation.token,
        left(encode(sha256(outer_key || sha256(inner_key || convert_to(invitation.employee_id, 'UTF8'))), 'hex'), 32),
        invitation.coarse_groups || jsonb_strip_nulls(jsonb_build_object('rater_group', invitation.rater_group))
    from ops.invitations as invitation
    join ops.survey_waves as wave using (wave_code)
    where invitation.wave_code = any (wave_codes) and wave.anonymity = 'confidential' and invitation.state = 'invited';
end;
revoke execute on function ops.respondents from public;
grant execute on function ops.respondents to trainloop_intake;
