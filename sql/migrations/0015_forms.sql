-- Forms: what the service for people without an Airflow account may do, each a function; it reads no table. It shows a
-- link's hash, never the link. Submissions wait here without date or order until they are taken into `confidential`.
create schema forms;

-- Grain: one filled form that waits. Its transaction is the one that marked the invitation: `forms.shuffle` writes all
-- rows anew within seconds. Only a named form says whose it is and when.
create table forms.submissions (
    submission_id uuid primary key default gen_random_uuid(),
    wave_code text not null,
    anonymity text not null,
    coarse_groups jsonb not null,
    is_straight_lined boolean not null,
    answers jsonb not null check (jsonb_typeof(answers) = 'array'),
    pseudonym text,
    employee_id text,
    answered_at timestamptz,
    constraint says_no_more_than_promised check (
        (anonymity = 'confidential') = (pseudonym is not null)
        and (anonymity = 'named') = (employee_id is not null)
        and (anonymity = 'named') = (answered_at is not null)
    )
);
-- Taking asks for one wave.
create index on forms.submissions (wave_code);

-- Grain: one form begun. Key and words are made of the link by the service: neither a name nor an invitation is known.
create table forms.drafts (
    draft_id bytea primary key,
    wave_code text not null,
    sealed bytea not null check (length(sealed) <= 262144)
);
create index on forms.drafts (wave_code);

-- Grain: one link that was replaced when its wave ended: its page says so instead of "unknown".
create table forms.dead_links (
    link_hash bytea primary key,
    wave_code text not null
);

-- Pages look links up by hash.
create unique index invitations_link_idx on ops.invitations (sha256(token::bytea));
create unique index commitments_link_idx on ops.commitments (sha256(token::bytea));
create unique index approvals_link_idx on ops.approvals (sha256(token::bytea));

create function forms.remember_dead_links() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    insert into forms.dead_links (link_hash, wave_code)
    select sha256(was.token::bytea), was.wave_code
    from was
    join became using (invitation_id)
    where was.token <> became.token
    order by 1
    on conflict do nothing;
    return null;
end
$$;
create trigger links_die_with_their_wave after update on ops.invitations
referencing old table as was new table as became
for each statement execute function forms.remember_dead_links();

-- Moves one wave's submissions into `confidential` (named ones into core) and mixes them with what is there. Returns how
-- many. Whoever closes a wave and whoever takes hold the wave's row: no answer slips in behind.
create function forms.take(wave text) returns bigint
language plpgsql security definer set search_path = '' as $$
declare
    taken bigint;
begin
    if not exists (select from forms.submissions where wave_code = wave) then
        return 0;
    end if;
    perform from ops.survey_waves where wave_code = wave for no key update;
    perform pg_advisory_xact_lock(hashtextextended('forms/spool', 0));
    with gone as (
        delete from forms.submissions where wave_code = wave returning *
    ),
    named as (
        insert into core.named_responses (wave_code, employee_id, state, answered_at, answers)
        select
            gone.wave_code, gone.employee_id, 'complete', gone.answered_at,
            coalesce((
                select jsonb_object_agg(said.item, said.value)
                from (
                    select
                        answer ->> 'item' as item,
                        case
                            when bool_or(answer ? 'is_one_of_many') then jsonb_agg(answer -> 'choice')
                            else jsonb_agg(coalesce(answer -> 'score', answer -> 'choice', answer -> 'free_text')) -> 0
                        end as value
                    from jsonb_array_elements(gone.answers) as answer
                    group by answer ->> 'item'
                ) as said
            ), jsonb_build_object())
        from gone
        where gone.anonymity = 'named'
        on conflict (wave_code, employee_id) do nothing
    ),
    fresh as (
        select gen_random_uuid() as response_id, gone.* from gone where gone.anonymity <> 'named'
    ),
    kept as (
        insert into confidential.responses (
            response_id, wave_code, state, external_id_hash, coarse_groups, is_straight_lined, pseudonym
        )
        select
            fresh.response_id, fresh.wave_code, 'complete', encode(sha256(uuid_send(gen_random_uuid())), 'hex'),
            fresh.coarse_groups, fresh.is_straight_lined, fresh.pseudonym
        from fresh
        order by gen_random_uuid()
    ),
    said as (
        insert into confidential.answers (response_id, item_code, score, choice, free_text)
        select fresh.response_id, answer.item, answer.score, answer.choice, answer.free_text
        from fresh
        cross join lateral jsonb_to_recordset(fresh.answers)
            as answer (item text, score numeric, choice text, free_text text)
        order by gen_random_uuid()
    )
    select count(*) into taken from gone;
    perform ops.rewrite_responses(array[wave], false);
    return taken;
end
$$;

-- Grain: one wave whose submissions may be taken: enough wait that a new answer hides among others, or nothing needs
-- hiding. A quarter of what is there already: rewriting a large wave costs as much as it holds.
create function forms.waves_to_take() returns table (wave_code text)
language sql stable security definer set search_path = ''
begin atomic
    select wave.wave_code
    from ops.survey_waves as wave
    join lateral (
        select count(*) as waiting_count from forms.submissions where submissions.wave_code = wave.wave_code
    ) as spool on true
    join lateral (
        select count(*) as stored_count from confidential.responses where responses.wave_code = wave.wave_code
    ) as stored on true
    where spool.waiting_count > 0
        and (
            wave.anonymity = 'named' or wave.state <> 'open'
            or spool.waiting_count >= greatest(wave.minimum_count, stored.stored_count / 4)
        )
    order by wave.wave_code;
end;

-- A wave that ends takes what waits in the same commit; what was begun and not sent is nobody's answer.
create function forms.settle_wave() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    perform forms.take(new.wave_code);
    delete from forms.drafts where wave_code = new.wave_code;
    return null;
end
$$;
create trigger an_ended_wave_has_no_waiting_answer after update of state on ops.survey_waves
for each row when (old.state = 'open' and new.state <> 'open') execute function forms.settle_wave();

-- Writes what waits anew in random order under new ids, so that neither the place nor the transaction of a row tells
-- beside which invitation it came. Returns how many.
create function forms.shuffle() returns bigint
language plpgsql security definer set search_path = '' as $$
declare
    shuffled bigint;
begin
    perform pg_advisory_xact_lock(hashtextextended('forms/spool', 0));
    with gone as (
        delete from forms.submissions returning *
    )
    insert into forms.submissions (
        wave_code, anonymity, coarse_groups, is_straight_lined, answers, pseudonym, employee_id, answered_at
    )
    select
        wave_code, anonymity, coarse_groups, is_straight_lined, answers, pseudonym, employee_id, answered_at
    from gone
    order by gen_random_uuid();
    get diagnostics shuffled = row_count;
    return shuffled;
end
$$;

-- What a page says about the subject of a wave, a commitment or an approval; names of things, and of people only where
-- the form is about a person.
create function forms.subject_of(kind text, id text) returns jsonb
language sql stable security definer set search_path = ''
begin atomic
    select jsonb_strip_nulls(jsonb_build_object(
        'kind', kind, 'id', id, 'course_zh', course.name_zh, 'course_en', course.name_en, 'trainer', trainer.name,
        'ends_at', session.ends_at, 'timezone', session.timezone, 'department_zh', department.name_zh,
        'department_en', department.name_en, 'person', person.name
    ))
    from (select) as nothing
    left join core.class_sessions as session on kind = 'class_session' and session.session_code = id
    left join core.courses as course on course.course_code = session.course_code
    left join core.trainers as trainer on trainer.trainer_id = session.trainer_id
    left join core.departments as department on kind = 'department' and department.department_code = id
    left join core.employees as person on kind in ('person', 'employee') and person.employee_id = id;
end;

-- How a survey link stands (no row: nobody was given it), what its form is about, and the draft begun with it. The person
-- is told to the service only where answers are linked to people at all.
create function forms.open_form(link bytea, draft bytea)
returns table (
    state text, wave_code text, instrument_code text, instrument_version text, anonymity text, minimum_count integer,
    opens_at timestamptz, closes_at timestamptz, subject jsonb, locale text, timezone text, employee_id text,
    employee_name text, sealed bytea
)
language sql stable security definer set search_path = ''
begin atomic
    select
        case
            when invitation.is_used then 'used'
            when wave.state = 'cancelled' then 'withdrawn'
            when wave.state = 'closed' or wave.closes_at <= ops.business_now() then 'closed'
            when wave.state = 'planned' or wave.opened_at > ops.business_now() then 'early'
            when invitation.state <> 'invited' then 'not_asked'
            else 'open'
        end,
        wave.wave_code, wave.instrument_code, wave.instrument_version, wave.anonymity, wave.minimum_count,
        wave.opened_at, wave.closes_at, forms.subject_of(wave.subject_kind, wave.subject_id), person.locale,
        person.timezone,
        case when wave.anonymity <> 'anonymous' then person.employee_id end,
        case when wave.anonymity = 'named' then person.name end,
        (select drafts.sealed from forms.drafts where drafts.draft_id = draft)
    from ops.invitations as invitation
    join ops.survey_waves as wave on wave.wave_code = invitation.wave_code
    left join core.employees as person on person.employee_id = invitation.employee_id
    where sha256(invitation.token::bytea) = link
    union all
    select
        case
            when wave.state = 'cancelled' then 'withdrawn'
            when wave.state = 'closed' or wave.closes_at <= ops.business_now() then 'closed'
            else 'replaced'
        end,
        wave.wave_code, wave.instrument_code, wave.instrument_version, wave.anonymity, wave.minimum_count,
        wave.opened_at, wave.closes_at, forms.subject_of(wave.subject_kind, wave.subject_id), null, null, null, null, null
    from forms.dead_links as dead
    join ops.survey_waves as wave on wave.wave_code = dead.wave_code
    where dead.link_hash = link;
end;

-- Keeps a draft while its form can still be sent; false when it cannot.
create function forms.keep_draft(link bytea, draft bytea, sealed_words bytea) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
    wave text;
begin
    select survey_waves.wave_code into wave
    from ops.invitations
    join ops.survey_waves on survey_waves.wave_code = invitations.wave_code
    where sha256(invitations.token::bytea) = link and invitations.state = 'invited' and not invitations.is_used
        and survey_waves.state = 'open' and survey_waves.closes_at > ops.business_now()
    for share of survey_waves;
    if wave is null then
        return false;
    end if;
    insert into forms.drafts as kept (draft_id, wave_code, sealed) values (draft, wave, sealed_words)
    on conflict (draft_id) do update set sealed = excluded.sealed where kept.wave_code = excluded.wave_code;
    return true;
end
$$;

-- Takes one filled form: the invitation is used and the form waits, in one commit; a second sending changes nothing.
-- The wave's row is shared until then, so the wave cannot close in between. false: the form can no longer be sent.
create function forms.submit(link bytea, draft bytea, said jsonb, is_lined boolean, person_pseudonym text)
returns boolean
language plpgsql security definer set search_path = '' as $$
declare
    wave ops.survey_waves;
    invited ops.invitations;
begin
    select survey_waves.* into wave
    from ops.survey_waves
    where survey_waves.wave_code = (
            select invitations.wave_code from ops.invitations where sha256(invitations.token::bytea) = link
        )
        and survey_waves.state = 'open' and survey_waves.opened_at <= ops.business_now()
        and survey_waves.closes_at > ops.business_now()
    for share;
    if wave is null then
        return false;
    end if;
    update ops.invitations
    set is_used = true
    where sha256(invitations.token::bytea) = link and not invitations.is_used and invitations.state = 'invited'
    returning * into invited;
    if invited is null then
        return false;
    end if;
    delete from forms.drafts where draft_id = draft;
    insert into forms.submissions (
        wave_code, anonymity, coarse_groups, is_straight_lined, answers, pseudonym, employee_id, answered_at
    )
    values (
        wave.wave_code, wave.anonymity,
        invited.coarse_groups || jsonb_strip_nulls(jsonb_build_object('rater_group', invited.rater_group)),
        is_lined, said,
        case when wave.anonymity = 'confidential' then person_pseudonym end,
        case when wave.anonymity = 'named' then invited.employee_id end,
        case when wave.anonymity = 'named' then ops.business_now() end
    );
    return true;
end
$$;

-- Grain: one topic that an item may offer.
create function forms.training_topics() returns table (code text, name_zh text, name_en text)
language sql stable security definer set search_path = ''
begin atomic
    select training_topics.topic_code, training_topics.name_zh, training_topics.name_en
    from core.training_topics
    order by training_topics.topic_code;
end;

-- How a link to something owed or to be decided stands (no row: nobody was given it).
create function forms.open_action(link bytea)
returns table (
    state text, kind text, subject jsonb, facts jsonb, due_on date, person_kind text, person_id text, person_name text,
    locale text, timezone text, choice text, comment text
)
language sql stable security definer set search_path = ''
begin atomic
    select
        case
            when owed.state = 'open' and owed.not_after <= ops.business_now() then 'expired' else owed.state::text
        end,
        owed.kind, forms.subject_of(owed.subject_kind, owed.subject_id), owed.facts, owed.due_on, owed.person_kind,
        owed.person_id, person.name, person.locale, person.timezone, owed.choice, owed.comment
    from ops.commitments as owed
    left join ops.mail_recipients as person
        on person.recipient_kind = owed.person_kind and person.recipient_id = owed.person_id
    where sha256(owed.token::bytea) = link
    union all
    select
        case
            when asked.state = 'open' and asked.expires_at <= ops.business_now() then 'expired'
            when asked.state in ('approved', 'rejected') then 'done'
            else asked.state::text
        end,
        asked.kind, forms.subject_of(asked.subject_kind, asked.subject_id), asked.facts,
        (asked.expires_at at time zone 'UTC')::date, 'contact', asked.asked_of, null, null, null,
        case asked.state when 'approved' then 'approve' when 'rejected' then 'reject' end, asked.comment
    from ops.approvals as asked
    where sha256(asked.token::bytea) = link;
end;

-- Writes the answer of a link once; false when it is not open any more.
create function forms.answer_action(link bytea, chosen text, said text) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
    answered record;
begin
    update ops.commitments
    set state = 'done', done_at = ops.business_now(), choice = chosen, comment = nullif(said, '')
    where sha256(token::bytea) = link and state = 'open' and (not_after is null or not_after > ops.business_now())
    returning person_id as actor, kind, subject_kind, subject_id into answered;
    if answered is null and chosen in ('approve', 'reject') then
        update ops.approvals
        set state = case chosen when 'approve' then 'approved' else 'rejected' end::ops.approval_state,
            decided_at = ops.business_now(), decided_by = asked_of, decided_via = 'link', comment = nullif(said, '')
        where sha256(token::bytea) = link and state = 'open' and (expires_at is null or expires_at > ops.business_now())
        returning asked_of as actor, kind, subject_kind, subject_id into answered;
    end if;
    if answered is null then
        return false;
    end if;
    insert into ops.audit_entries (actor, action, subject_kind, subject_id, detail)
    values (
        answered.actor, 'answered_by_link', answered.subject_kind, answered.subject_id,
        jsonb_build_object('kind', answered.kind, 'choice', chosen)
    );
    return true;
end
$$;

-- Whether a person gets optional mail; null for somebody nobody knows.
create function forms.gets_optional_mail(kind text, id text) returns boolean
language sql stable security definer set search_path = ''
begin atomic
    select not exists (
        select from ops.mail_stops
        where mail_stops.recipient_kind = person.recipient_kind and mail_stops.recipient_id = person.recipient_id
            and mail_stops.kind = 'opted_out'
    )
    from ops.mail_recipients as person
    where person.recipient_kind = kind and person.recipient_id = id;
end;

-- Stops or resumes a person's optional mail, as often as it is asked for; false for somebody nobody knows.
create function forms.set_optional_mail(recipient text, id text, is_wanted boolean) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
    is_changed boolean;
begin
    if forms.gets_optional_mail(recipient, id) is null then
        return false;
    end if;
    if is_wanted then
        delete from ops.mail_stops
        where recipient_kind = recipient and recipient_id = id and kind = 'opted_out';
    else
        insert into ops.mail_stops (recipient_kind, recipient_id, kind, recorded_at, reason)
        values (recipient, id, 'opted_out', ops.business_now(), 'link')
        on conflict do nothing;
    end if;
    is_changed := found;
    if is_changed then
        insert into ops.audit_entries (actor, action, subject_kind, subject_id)
        values (id, case when is_wanted then 'mail_resumed' else 'mail_stopped' end, recipient, id);
    end if;
    return true;
end
$$;

revoke execute on all functions in schema forms from public;
grant usage on schema forms to trainloop_forms, trainloop_intake;
grant execute on function forms.open_form, forms.keep_draft, forms.submit, forms.shuffle, forms.training_topics,
    forms.open_action, forms.answer_action, forms.gets_optional_mail, forms.set_optional_mail to trainloop_forms;
grant execute on function forms.take, forms.waves_to_take to trainloop_intake;
