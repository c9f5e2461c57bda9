-- What class managers noted in post-class interviews about the classes that ended in these days: sums, no words and
-- nobody's form. For the mail to HR.
create function ops.interviews_between(first_day date, last_day date)
returns table (interviews_count integer, learners_count integer, match_mean numeric)
language sql stable security definer set search_path = ''
begin atomic
    select
        count(*)::integer,
        coalesce(sum((said.answers ->> 'interviewed_count')::numeric), 0)::integer,
        round(avg((said.answers ->> 'content_match')::numeric), 1)
    from core.named_responses as said
    join ops.survey_waves as wave on wave.wave_code = said.wave_code
    join core.class_sessions as session on session.session_code = wave.subject_id
    where wave.instrument_code = 'post_class_interview' and wave.subject_kind = 'class_session'
        and said.state = 'complete' and said.answers ->> 'content_match' ~ '^[1-5]$'
        and (session.ends_at at time zone session.timezone)::date between first_day and last_day;
end;
revoke execute on function ops.interviews_between from public;
grant execute on function ops.interviews_between to trainloop_sender, trainloop_statistics;
