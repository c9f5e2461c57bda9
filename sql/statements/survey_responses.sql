-- name: topics
-- Grain: one topic that a person may ask for.
select topic_code, name_zh, name_en
from core.training_topics
order by topic_code

-- name: mark_completions
-- Grain: one invitation of an open wave whose token an outside tool reports as answered. Never a time.
update ops.invitations as invitation
set is_used = true
from ops.survey_waves as wave
join core.survey_completions as completion
    on completion.wave_code = wave.wave_code
    or (completion.wave_code = wave.subject_id and wave.instrument_code = %(instrument_code)s)
where wave.state = 'open' and invitation.wave_code = wave.wave_code
    and invitation.token = completion.token and not invitation.is_used

-- name: note_completions
-- Grain: one open wave about which a tool has told at least one token we gave out: now reminders can leave people alone.
update ops.survey_waves as wave
set has_completions = true
where wave.state = 'open' and not wave.has_completions
    and exists (
        select from core.survey_completions as completion
        join ops.invitations as invitation
            on invitation.wave_code = wave.wave_code and invitation.token = completion.token
        where completion.wave_code = wave.wave_code
            or (completion.wave_code = wave.subject_id and wave.instrument_code = %(instrument_code)s)
    )

-- name: unknown_completions
-- Tokens that nobody was given: of an unknown wave, or unknown in an open one. A closed wave has forgotten its tokens.
select count(*) as unknown_count
from core.survey_completions as completion
left join ops.survey_waves as wave
    on completion.wave_code = wave.wave_code
    or (completion.wave_code = wave.subject_id and wave.instrument_code = %(instrument_code)s)
where (wave.wave_code is null or wave.state = 'open')
    and not exists (
        select from ops.invitations as invitation
        where invitation.wave_code = wave.wave_code and invitation.token = completion.token
    )

-- name: name_waves
-- A tool that knows the class by its code only means the evaluation of that class.
update {staging} as staged
set wave_code = wave.wave_code
from ops.survey_waves as wave
where wave.wave_code = %(prefix)s || staged.wave_code
    and not exists (select from ops.survey_waves as named where named.wave_code = staged.wave_code)

-- name: lock_waves
select wave.wave_code
from ops.survey_waves as wave
where wave.wave_code in (select staged.wave_code from {staging} as staged)
order by wave.wave_code
for no key update

-- name: park_unknown_waves
-- Grain: one answer sheet of a wave that is not open yet as far as we know.
insert into {parked} (row_number, missing_column, missing_value)
select staged.row_number, 'wave_code', staged.wave_code
from {staging} as staged
where staged.wave_code is not null
    and not exists (select from ops.survey_waves as wave where wave.wave_code = staged.wave_code)

-- name: find_after_close
-- Grain: one answer sheet sent after its wave closed. The tool's time of sending decides where it is known; else the
-- time of arrival does, and only a correction of an answer that was in before comes through.
insert into {findings} (row_number, column_name, rule)
select staged.row_number, '', 'after_close'
from {staging} as staged
join ops.survey_waves as wave on wave.wave_code = staged.wave_code
where case
    when {submitted_at} is not null then {submitted_at} > wave.closes_at or wave.state = 'cancelled'
    else (wave.state <> 'open' or wave.closes_at < ops.business_now())
        and not exists (
            select from confidential.responses as response
            where response.wave_code = staged.wave_code and response.external_id_hash = encode(
                sha256(%(outer)s || sha256(%(inner)s || convert_to(
                    staged.wave_code || chr(31) || staged.external_response_id, 'UTF8'
                ))), 'hex'
            )
        )
end

-- name: find_no_answers
-- Grain: one answer sheet on which nothing was said.
insert into {findings} (row_number, column_name, rule)
select staged.row_number, '', 'no_answers'
from {staging} as staged
where not exists (
    select from unnest(%(columns)s::text[]) as item (column_name)
    where nullif(to_jsonb(staged) ->> item.column_name, '') is not null
        and to_jsonb(staged) ->> item.column_name <> all (%(blanks)s::text[])
)

-- name: find_unknown_tokens
-- Grain: one answer sheet of a confidential wave whose token nobody was given. After the close tokens are replaced: what
-- comes then is late, and only what was in before comes through.
insert into {findings} (row_number, column_name, rule)
select staged.row_number, '', case when wave.state = 'open' then 'unknown_token' else 'after_close' end
from {staging} as staged
join ops.survey_waves as wave on wave.wave_code = staged.wave_code
where not exists (
    select from ops.invitations as invitation
    where invitation.wave_code = staged.wave_code and invitation.token = {token}
)
    and not exists (
        select from {findings} as found where found.row_number = staged.row_number and found.rule = 'after_close'
    )
    and (wave.state = 'open' or not exists (
        select from confidential.responses as response
        where response.wave_code = staged.wave_code and response.external_id_hash = encode(
            sha256(%(outer)s || sha256(%(inner)s || convert_to(
                staged.wave_code || chr(31) || staged.external_response_id, 'UTF8'
            ))), 'hex'
        )
    ))

-- name: listed_choices
-- Grain: one spelling of a cell that lists several answers.
select distinct staged.{column} as cell
from {staging} as staged
where nullif(staged.{column}, '') is not null and staged.{column} <> all (%(blanks)s::text[])

-- name: settle_choices
-- A cell that lists several answers becomes their codes, in one order, so that the same answers are the same text.
update {staging} as staged
set {column} = known.codes
from unnest(%(cells)s::text[], %(codes)s::text[]) as known (cell, codes)
where staged.{column} = known.cell

-- name: find_unknown_options
-- Grain: one answer sheet with an answer that is none of the options.
insert into {findings} (row_number, column_name, rule)
select staged.row_number, %(column_name)s, 'unknown_option'
from {staging} as staged
where staged.{column} = any (%(cells)s::text[])

-- name: gather_responses
-- Grain: one accepted answer sheet, its answers as one value, under the keyed hash of the tool's id.
create temporary table survey_rows on commit drop as
with accepted as materialized (
    select
        staged.wave_code, to_jsonb(staged) as cells, {marker} as marker, {token} as token,
        encode(sha256(%(outer)s || sha256(%(inner)s || convert_to(
            staged.wave_code || chr(31) || staged.external_response_id, 'UTF8'
        ))), 'hex') as external_id_hash
    from ({rows}) as staged
),
cells as (
    select
        accepted.wave_code, accepted.external_id_hash, accepted.marker, accepted.token, item.code, item.kind, item.scale, item.option,
        item.is_required, cell.word
    from accepted
    cross join unnest(
        %(columns)s::text[], %(codes)s::text[], %(kinds)s::text[], %(scales)s::text[], %(options)s::text[],
        %(are_required)s::boolean[]
    ) as item (column_name, code, kind, scale, option, is_required)
    cross join lateral (
        select case
            when accepted.cells ->> item.column_name <> all (%(blanks)s::text[])
                then nullif(accepted.cells ->> item.column_name, '')
        end as word
    ) as cell
),
-- One row for each item, and for each chosen option of one that allows several.
said as (
    select
        cell.wave_code, cell.external_id_hash, cell.marker, cell.token, cell.code, cell.kind, cell.scale, cell.is_required,
        cell.word, option.code as option, cell.word is not null and (cell.kind <> 'multi' or option.code is not null)
            as is_answer
    from cells as cell
    left join lateral (
        select cell.option as code where cell.option is not null and cell.word = %(chosen)s
        union all
        select string_to_table(cell.word, %(separator)s) where cell.kind = 'multi' and cell.option is null
    ) as option on true
)
select
    said.wave_code, said.external_id_hash, said.token, null::uuid as response_id, 'new' as fate,
    case
        when count(distinct said.code) filter (where said.is_required)
            > count(distinct said.code) filter (where said.is_required and said.is_answer) then 'partial'
        when said.marker = any (%(partial_words)s::text[]) then 'partial'
        when %(is_blank_partial)s and coalesce(said.marker, '') = '' then 'partial'
        else 'complete'
    end::confidential.response_state as state,
    count(*) filter (where said.kind = 'scale' and said.word ~ '^[0-9]+$') >= %(least_lined)s
    and count(distinct (said.scale, said.word)) filter (where said.kind = 'scale' and said.word is not null) = 1
        as is_straight_lined,
    coalesce(jsonb_agg(jsonb_build_object(
        'item', said.code,
        'score', case
            when said.kind = 'number' or (said.kind in ('scale', 'nps') and said.word ~ '^[0-9]+$')
                then said.word::numeric(14, 2)
        end,
        'choice', coalesce(said.option, case
            when said.kind = 'choice' or (said.kind in ('scale', 'nps') and said.word !~ '^[0-9]+$') then said.word
        end),
        'free_text', case when said.kind in ('text', 'date') then said.word end
    ) order by said.code, said.option) filter (where said.is_answer), jsonb_build_array()) as answers
from said
group by said.wave_code, said.external_id_hash, said.marker, said.token

-- name: compare_responses
-- Grain: one answer sheet that is known: changed or unchanged.
update survey_rows as new
set response_id = old.response_id,
    fate = case
        when (old.state, old.is_straight_lined, old.answers) = (new.state, new.is_straight_lined, new.answers)
            then 'unchanged' else 'changed'
    end
from (
    select
        response.response_id, response.wave_code, response.external_id_hash, response.state,
        response.is_straight_lined,
        coalesce(jsonb_agg(jsonb_build_object(
            'item', answer.item_code, 'score', answer.score, 'choice', answer.choice, 'free_text', answer.free_text
        ) order by answer.item_code, answer.choice) filter (where answer.item_code is not null), jsonb_build_array())
            as answers
    from confidential.responses as response
    left join confidential.answers as answer using (response_id)
    where response.wave_code in (select wave_code from survey_rows)
    group by response.response_id
) as old
where old.wave_code = new.wave_code and old.external_id_hash = new.external_id_hash

-- name: drop_old_answers
delete from confidential.answers using survey_rows as new
where new.fate = 'changed' and answers.response_id = new.response_id

-- name: update_responses
update confidential.responses as response
set state = new.state, is_straight_lined = new.is_straight_lined
from survey_rows as new
where new.fate = 'changed' and response.response_id = new.response_id

-- name: insert_responses
with inserted as (
    insert into confidential.responses (
        wave_code, state, external_id_hash, is_straight_lined, pseudonym, coarse_groups
    )
    select
        new.wave_code, new.state, new.external_id_hash, new.is_straight_lined, person.pseudonym,
        coalesce(person.coarse_groups, jsonb_build_object())
    from survey_rows as new
    left join ops.respondents(
        array(select distinct survey_rows.wave_code from survey_rows where survey_rows.token is not null),
        %(person_inner)s, %(person_outer)s
    ) as person on person.wave_code = new.wave_code and person.token = new.token
    where new.fate = 'new'
    order by gen_random_uuid()
    returning response_id, wave_code, external_id_hash
)
update survey_rows as new
set response_id = inserted.response_id
from inserted
where inserted.wave_code = new.wave_code and inserted.external_id_hash = new.external_id_hash

-- name: insert_answers
insert into confidential.answers (response_id, item_code, score, choice, free_text)
select new.response_id, said.item, said.score::numeric(14, 2), said.choice, said.free_text
from survey_rows as new
cross join lateral jsonb_to_recordset(new.answers) as said (item text, score numeric, choice text, free_text text)
where new.fate <> 'unchanged'
order by gen_random_uuid()

-- name: settle_responses
-- The touched waves are written anew in random order, so that this file's answers cannot be told from earlier ones; the
-- report of a closed wave that changed is owed again.
with touched as (
    select distinct survey_rows.wave_code from survey_rows where fate <> 'unchanged'
),
rewritten as materialized (
    select ops.rewrite_responses(coalesce(array_agg(wave_code order by wave_code), array[]::text[]), false) as rows
    from touched
),
owed as materialized (
    select ops.owe_reports(coalesce(array_agg(wave.subject_id), array[]::text[])) as reports
    from touched
    join ops.survey_waves as wave using (wave_code)
    where wave.state = 'closed' and wave.subject_kind = 'class_session'
)
select
    count(*) filter (where survey_rows.fate <> 'unchanged') as accepted_count,
    count(*) filter (where survey_rows.fate = 'unchanged') as unchanged_count,
    (select rows from rewritten) as rewritten_count, (select reports from owed) as owed_count
from survey_rows

-- name: note_files
-- Grain: one file that holds answers of a wave: a report names the files behind it with their verdicts. File level only.
insert into ops.survey_wave_files (wave_code, file_id)
select distinct survey_rows.wave_code, %(file_id)s::bigint from survey_rows
on conflict do nothing

-- name: forget_parked
-- Grain: one parked answer sheet that is in `confidential` now: its text beside the tool's id would lead to the answer.
update ops.parked_rows
set row_values = jsonb_build_object()
where dataset = %(dataset)s and state <> 'waiting' and row_values <> jsonb_build_object()

-- name: forget_quarantined
-- Grain: one quarantined answer sheet that entered after all.
update ops.quarantined_rows as settled
set row_values = jsonb_build_object()
from ops.inbox_files as file
where file.file_id = settled.file_id and file.dataset = %(dataset)s and settled.state <> 'open'
    and settled.row_values <> jsonb_build_object()
