-- Backups that were taken, so that a missing one is noticed.

-- Grain: one whole backup. Its own copy of this row is not in it: it is written after the manifest.
create table ops.backups (
    backup_id text primary key,
    uri text not null,
    taken_at timestamptz not null,
    size_bytes bigint not null,
    taken_by text not null
);
grant select on ops.backups to trainloop_board, trainloop_planner;
-- `trainloop status` and the gauges say whether mail may leave.
grant select on ops.sender_leases to trainloop_board, trainloop_planner;
