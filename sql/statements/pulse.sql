-- Quarterly pulses: whom they are about, which are closed, what the quarter before said.

-- name: has_classes
-- Whether any class ended in these days: a quarter without one has nobody to ask.
select exists (
    select from core.class_sessions as session
    where session.status <> 'cancelled'
        and (session.ends_at at time zone session.timezone)::date >= %(first_day)s
        and (session.ends_at at time zone session.timezone)::date <= %(last_day)s
) as has_classes

-- name: closed_waves
-- Grain: one pulse that closed not long ago; an answer file that came late may still change its numbers.
select wave_code, instrument_code, instrument_version, subject_id as quarter
from ops.survey_waves
where instrument_code = 'quarterly_pulse' and state = 'closed' and closed_at > %(watched_since)s and closed_at <= %(now)s
order by subject_id

-- name: closed_trainer_waves
-- Grain: one yearly pulse of trainers that closed not long ago.
select wave_code, instrument_code, instrument_version, subject_id as year
from ops.survey_waves
where instrument_code = 'trainer_pulse' and state = 'closed' and closed_at > %(watched_since)s and closed_at <= %(now)s
order by subject_id

-- name: moments
-- Grain: one item or dimension of the newest release of a quarter that was not withheld, as far as it was shown.
with newest as (
    select releases.release_id
    from published.releases
    where releases.product = %(product)s and releases.subject_kind = %(subject_kind)s
        and releases.subject_id = %(subject_id)s and not releases.is_withheld
    order by releases.revision_number desc
    limit 1
)
select moments.family, moments.code, moments.respondent_count, moments.mean, moments.variance
from marts.released_moments as moments
join newest using (release_id)
where moments.instrument_code = %(instrument_code)s and moments.instrument_version = %(instrument_version)s
order by moments.family, moments.code

-- name: trainers
-- Grain: one trainer who taught a class that people attended in these days.
select session.trainer_id, count(distinct session.session_code) as session_count
from core.class_sessions as session
join core.attendance on attendance.session_code = session.session_code
where session.status <> 'cancelled' and attendance.status in ('present', 'late', 'early')
    and (session.ends_at at time zone session.timezone)::date >= %(first_day)s
    and (session.ends_at at time zone session.timezone)::date <= %(last_day)s
group by session.trainer_id
order by session.trainer_id

-- name: shown_drops
-- Grain: one item or dimension of a release whose drop a reader sees, with its interval.
select verdict.code
from published.figures as verdict
join published.figures as bound using (release_id, family, code)
where verdict.release_id = %(release_id)s and verdict.family = 'comparison' and verdict.statistic = 'verdict'
    and verdict.text_value = 'drop' and not verdict.is_hidden
    and bound.statistic = 'ci_high' and not bound.is_hidden
order by verdict.code

-- name: classes_to_interview
-- Grain: one class of a quarter in which something really dropped, with the class manager who is to talk to its learners.
select distinct session.session_code, session.class_manager_id
from ops.commitments as item
join core.class_sessions as session
    on (session.ends_at at time zone session.timezone)::date >= make_date(
        left(item.subject_id, 4)::integer, right(item.subject_id, 1)::integer * 3 - 2, 1
    )
    and (session.ends_at at time zone session.timezone)::date < make_date(
        left(item.subject_id, 4)::integer, right(item.subject_id, 1)::integer * 3 - 2, 1
    ) + interval '3 months'
where item.kind = 'acknowledge_feedback' and item.subject_kind = 'quarter' and item.asked_at > %(asked_since)s
    and item.asked_at <= %(now)s and session.status <> 'cancelled' and session.class_manager_id is not null
    and exists (select from core.attendance where attendance.session_code = session.session_code)
    and not exists (
        select from ops.survey_waves as wave
        where wave.instrument_code = 'post_class_interview' and wave.subject_kind = 'class_session'
            and wave.subject_id = session.session_code
    )
order by session.session_code

-- name: interviews
-- One quarter's interviews with learners, as class managers noted them: counts and a mean, no words.
select interviews_count, learners_count, match_mean from ops.interviews_between(%(first_day)s, %(last_day)s)

-- name: are_interviews_over
-- Whether class managers were asked about classes that ended in these days, and nobody is asked any more.
select count(*) > 0 and bool_and(wave.state not in ('planned', 'open')) as are_over
from ops.survey_waves as wave
join core.class_sessions as session on session.session_code = wave.subject_id
where wave.instrument_code = 'post_class_interview' and wave.subject_kind = 'class_session'
    and (session.ends_at at time zone session.timezone)::date between %(first_day)s and %(last_day)s
