-- Follow-ups 90 days after a class, as role statistics.

-- name: closed_waves
-- Grain: one follow-up that closed not long ago; an answer file that came late may still change its numbers.
select wave_code, instrument_code, instrument_version, subject_id as session_code
from ops.survey_waves
where instrument_code = any (%(instruments)s) and subject_kind = 'class_session' and state = 'closed'
    and closed_at > %(watched_since)s and closed_at <= %(now)s
order by wave_code
