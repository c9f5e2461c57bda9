-- The file registry, quarantine and parking. Business time comes from ops.business_now().

-- name: known_content
-- The newest file of a dataset with the same bytes, if there is one.
select file_id, state, source_uri, source_modified_at
from ops.inbox_files
where dataset = %(dataset)s and content_sha256 = %(content_sha256)s
order by file_id desc
limit 1

-- name: register_file
-- One content of one dataset. The newest finished or waiting file of the same name is what it supersedes.
with previous as (
    select file_id, revision_number
    from ops.inbox_files
    where dataset = %(dataset)s and name = %(name)s and state <> 'refused' and not is_correction
        and not %(is_correction)s
    order by file_id desc
    limit 1
)
insert into ops.inbox_files (
    dataset, name, source_uri, source_modified_at, archive_uri, content_sha256, size_bytes, revision_number,
    supersedes_file_id, is_correction, covers_on, found_at
)
select
    %(dataset)s, %(name)s, %(source_uri)s, %(source_modified_at)s, %(archive_uri)s, %(content_sha256)s,
    %(size_bytes)s, coalesce((select revision_number from previous), 0) + 1, (select file_id from previous),
    %(is_correction)s, %(covers_on)s, ops.business_now()
on conflict (dataset, content_sha256) where state <> 'refused' do nothing
returning file_id

-- name: note_repetition
insert into ops.audit_entries (actor, action, subject_kind, subject_id, detail)
values ('intake', 'same_bytes_again', 'inbox_file', %(file_id)s::text, jsonb_build_object('dataset', %(dataset)s::text))

-- name: lock_file
-- The row is the lock of its file: a second process waits here and then finds the file finished.
select file_id, dataset, name, archive_uri, revision_number, supersedes_file_id, is_correction
from ops.inbox_files
where file_id = %(file_id)s and state = any (%(states)s::ops.file_state[])
for update

-- name: unfinished_files
-- Registered and not finished: a crash came in between, or they were registered a moment ago.
select file_id from ops.inbox_files where dataset = %(dataset)s and state = 'found' order by file_id

-- name: unfinished_datasets
select distinct dataset from ops.inbox_files where state = 'found'

-- name: newer_snapshot
-- The newest whole truth that is in: by the date in its name where both have one, else by its arrival.
select newer.name, newer.covers_on
from ops.inbox_files as newer, ops.inbox_files as this
where this.file_id = %(file_id)s and newer.dataset = this.dataset and newer.state = 'merged' and not newer.is_correction
    and case when newer.covers_on is null or this.covers_on is null or newer.covers_on = this.covers_on
        then newer.file_id > this.file_id else newer.covers_on > this.covers_on end
order by newer.file_id desc
limit 1

-- name: finish_merged
update ops.inbox_files
set state = 'merged', finished_at = ops.business_now(), row_count = %(row_count)s, accepted_count = %(accepted)s,
    unchanged_count = %(unchanged)s, quarantined_count = %(quarantined)s, parked_count = %(parked)s,
    ignored_headers = %(ignored_headers)s
where file_id = %(file_id)s

-- name: finish_refused
update ops.inbox_files
set state = 'refused', finished_at = ops.business_now(), row_count = %(row_count)s, refused_count = %(row_count)s,
    refused_rule = %(rule)s, refused_reason_zh = %(reason_zh)s, refused_reason_en = %(reason_en)s
where file_id = %(file_id)s

-- name: quarantine_rows
-- The blocked rows of a file with their text as it came.
insert into ops.quarantined_rows (file_id, row_number, row_values)
select %(file_id)s, raw.row_number, to_jsonb(raw) - %(left_out)s::text[]
from {raw} as raw
inner join {blocked} as blocked using (row_number)
on conflict (file_id, row_number) do nothing

-- name: park_rows
insert into ops.parked_rows (file_id, dataset, row_number, row_values, missing_column, missing_value)
select %(file_id)s, %(dataset)s, raw.row_number, to_jsonb(raw) - %(left_out)s::text[], parked.missing_column,
    parked.missing_value
from {raw} as raw
inner join {parked} as parked using (row_number)
on conflict (file_id, row_number) do update
set state = 'waiting', missing_column = excluded.missing_column, missing_value = excluded.missing_value

-- name: supersede_all
-- The whole truth has come anew: what older files of the dataset left open is settled by it.
with closed as (
    update ops.quarantined_rows as old
    set state = 'superseded', replayed_file_id = %(file_id)s
    from ops.inbox_files as file
    where old.state = 'open' and file.file_id = old.file_id and file.dataset = %(dataset)s
        and file.file_id < %(file_id)s
)
update ops.parked_rows
set state = 'superseded', matched_at = ops.business_now()
where state = 'waiting' and dataset = %(dataset)s and file_id < %(file_id)s

-- name: has_open_rows
select exists (
    select from ops.quarantined_rows as old
    inner join ops.inbox_files as file using (file_id)
    where old.state = 'open' and file.dataset = %(dataset)s and file.file_id < %(file_id)s
) or exists (
    select from ops.parked_rows where state = 'waiting' and dataset = %(dataset)s and file_id < %(file_id)s
) as has_open_rows

-- name: supersede_quarantined
-- Older open rows whose key this file brought again, whatever became of it here.
update ops.quarantined_rows as settled
set state = 'superseded', replayed_file_id = %(file_id)s
from ops.inbox_files as file, ops.quarantined_rows as old, lateral (select {cells}) as cells, {staging} as staged
where old.quarantined_row_id = settled.quarantined_row_id and settled.state = 'open' and file.file_id = settled.file_id
    and file.dataset = %(dataset)s and file.file_id < %(file_id)s and ({old_key}) = ({new_key})

-- name: supersede_parked
-- An older row that waits must not overwrite, on the day its reference comes, what this file says of the same key.
update ops.parked_rows as settled
set state = 'superseded', matched_at = ops.business_now()
from ops.parked_rows as old, lateral (select {cells}) as cells, {staging} as staged
where old.parked_row_id = settled.parked_row_id and settled.state = 'waiting' and settled.dataset = %(dataset)s
    and settled.file_id < %(file_id)s and ({old_key}) = ({new_key})

-- name: waiting_files
-- Files with rows that wait for a reference, oldest first: the newest word on a key comes last.
select distinct parked.file_id
from ops.parked_rows as parked
where parked.dataset = %(dataset)s and parked.state = 'waiting'
order by parked.file_id

-- name: parked_columns
-- Grain: a dataset and a reference that rows of it wait for.
select distinct dataset, missing_column
from ops.parked_rows
where state = 'waiting'

-- name: open_files
select distinct quarantined.file_id
from ops.quarantined_rows as quarantined
inner join ops.inbox_files as file using (file_id)
where quarantined.state = 'open' and file.dataset = %(dataset)s
    and (%(file_id)s::bigint is null or file.file_id = %(file_id)s)
order by quarantined.file_id

-- name: reopen_waiting
-- Parked rows of one file as text again, for another turn at the gate.
insert into {raw} (row_number, {columns})
select old.row_number, {cells} from ops.parked_rows as old
where old.file_id = %(file_id)s and old.state = 'waiting'
for update

-- name: reopen_quarantined
insert into {raw} (row_number, {columns})
select old.row_number, {cells} from ops.quarantined_rows as old
where old.file_id = %(file_id)s and old.state = 'open'
for update

-- name: headers_of_rows
select distinct jsonb_object_keys(row_values) as name from ops.parked_rows where file_id = %(file_id)s and state = 'waiting'
union
select distinct jsonb_object_keys(row_values) from ops.quarantined_rows where file_id = %(file_id)s and state = 'open'

-- name: settle_parked
-- Rows whose reference has come: matched when they passed, quarantined when the gate said no after all.
update ops.parked_rows as old
set state = case when exists (select from {blocked} as blocked where blocked.row_number = old.row_number)
        then 'quarantined' else 'matched' end::ops.parking_state,
    matched_at = ops.business_now()
from {staging} as staged
where old.file_id = %(file_id)s and old.state = 'waiting' and old.row_number = staged.row_number
    and not exists (select from {parked} as parked where parked.row_number = old.row_number)

-- name: settle_quarantined
update ops.quarantined_rows as old
set state = 'replayed', replayed_file_id = %(file_id)s
from {staging} as staged
where old.file_id = %(file_id)s and old.state = 'open' and old.row_number = staged.row_number
    and not exists (select from {blocked} as blocked where blocked.row_number = old.row_number)

-- name: settle_corrected
-- Rows of the corrected list: whatever became of them, their story goes on in the list's own file.
update ops.quarantined_rows as old
set state = 'replayed', replayed_file_id = %(file_id)s
from {raw} as raw
where old.file_id = %(replays_file_id)s and old.state = 'open'
    and staging.integer_of(raw.original_row_number) = old.row_number
    and staging.integer_of(raw.original_file_id) = %(replays_file_id)s

-- name: corrected_files
-- The files these lines were in; other numbers that somebody typed are nobody's.
select file.file_id from ops.inbox_files as file
where file.dataset = %(dataset)s and file.file_id in (select staging.integer_of(original_file_id) from {raw})
order by file.file_id

-- name: note_replayed_file
update ops.inbox_files set replays_file_id = %(replays_file_id)s where file_id = %(file_id)s

-- name: history_drop
-- What was believed for less than a day, or dated after today by a clock that was set back, was never true for a date.
delete from {history} as past
using {target} as now
where past.valid_to is null and past.valid_from >= %(today)s and ({past_key}) = ({now_key})
    and (now.removed_on is not null or ({past_values}) is distinct from ({now_values}))

-- name: history_close
update {history} as past
set valid_to = %(today)s
from {target} as now
where past.valid_to is null and ({past_key}) = ({now_key})
    and (now.removed_on is not null or ({past_values}) is distinct from ({now_values}))

-- name: history_open
-- From today, or from where the last range ends when the clock was set back: ranges of one key never overlap.
insert into {history} ({key}, valid_from, {attributes}, file_id)
select {now_key}, greatest(%(today)s, (select max(valid_to) from {history} as past where ({past_key}) = ({now_key}))),
    {now_values}, now.file_id
from {target} as now
where now.removed_on is null and not exists (
    select from {history} as past where past.valid_to is null and ({past_key}) = ({now_key})
)
