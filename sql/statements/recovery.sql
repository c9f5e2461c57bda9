-- Backup and restore. Read and written by the owner; ids, counts and URIs, nobody's name.

-- name: facts
-- Grain: one moment of the warehouse; pg_dump reads the same one by its snapshot.
select pg_export_snapshot() as snapshot, pg_database_size(current_database()) as size_bytes,
    current_setting('server_version_num')::integer / 10000 as postgres_major,
    (select array_agg(name order by name) from ops.schema_migrations) as migrations

-- name: holds
-- What a person recognises a backup by.
select (select count(*) from core.employees) as employees, (select count(*) from core.class_sessions) as class_sessions,
    (select count(*) from ops.inbox_files) as files, (select count(*) from ops.messages) as mails,
    (select count(*) from ops.reports where state = 'rendered') as documents

-- name: references
-- Grain: one file outside the databases that a row leads to. Purged ones are gone on purpose.
select 'archive' as kind, archive_uri as uri, content_sha256 as sha256
from ops.inbox_files
where purged_at is null and state = 'merged'
union
select 'document', uri, pdf_sha256
from ops.reports
where uri is not null and purged_at is null
union
select 'payroll', uri, file_sha256
from ops.allowance_batches
order by kind, uri

-- name: record_backup
insert into ops.backups (backup_id, uri, taken_at, size_bytes, taken_by)
values (%(backup_id)s, %(uri)s, %(taken_at)s, %(size_bytes)s, %(by)s)

-- name: last_backup
select backup_id, uri, taken_at, size_bytes, taken_by
from ops.backups
order by taken_at desc
limit 1

-- name: sessions
-- Grain: one program that works in this database now, ourselves left out.
select coalesce(nullif(application_name, ''), 'unknown') as program, count(*) as sessions
from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
group by 1
order by 1

-- name: tables
-- How many tables the schemas hold: none = an empty database.
select count(*) as tables
from pg_catalog.pg_class as class
inner join pg_catalog.pg_namespace as space on space.oid = class.relnamespace
where class.relkind in ('r', 'p') and space.nspname = any (%(schemas)s)

-- name: lay_down_leases
-- In the restore's own transaction: whoever sent from the original does not send from here. The row stays, so that no
-- start takes this database for a new one.
delete from ops.sender_leases;
insert into ops.sender_leases (environment, database_identity, granted_at, granted_by)
values ({environment}, {identity}, {taken_at}, {by});

-- name: audit
insert into ops.audit_entries (actor, action, subject_kind, subject_id, detail)
values (%(by)s, 'restored', 'backup', %(backup_id)s, %(detail)s)
