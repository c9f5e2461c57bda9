-- Promotion points (R45) 晋升加分: an append-only ledger. What was booked stays; what was wrong gets a counter row.

-- Grain: one booking, or (corrects_entry_id) the counter row that takes one back. rule_valid_from: which rate of the rule
-- was applied. version_number: the same evidence may be booked again once its last booking was taken back. reason: earned
-- | evidence_gone (the row behind it was withdrawn) | evidence_changed (its day or quantity) | appeal_upheld.
create table ops.point_entries (
    entry_id bigint generated always as identity primary key,
    employee_id text not null,
    role text not null check (role in ('learner', 'trainer')),
    rule_code text not null,
    rule_valid_from date not null,
    evidence_kind text not null,
    evidence_id text not null,
    version_number integer not null default 1 check (version_number > 0),
    earned_on date not null,
    quantity numeric(8, 2) not null default 1 check (quantity > 0),
    points numeric(10, 2) not null check (points <> 0),
    reason text not null check (reason in ('earned', 'evidence_gone', 'evidence_changed', 'appeal_upheld')),
    corrects_entry_id bigint references ops.point_entries,
    recorded_at timestamptz not null default ops.business_now(),
    constraint counter_rows_take_points check ((points < 0) = (corrects_entry_id is not null)),
    -- A booking is taken back once.
    constraint taken_back_once unique (corrects_entry_id)
);
-- Nothing is counted twice; the first column also finds a person's own entries.
create unique index point_entries_counted_once_idx
    on ops.point_entries (employee_id, evidence_kind, evidence_id, rule_code, version_number)
    where corrects_entry_id is null;

-- A counter row mirrors what it takes back, and evidence is booked again only after its last booking was taken back.
create function ops.check_point_entry() returns trigger language plpgsql set search_path = '' as $$
begin
    if new.corrects_entry_id is not null and not exists (
        select from ops.point_entries as booked
        where booked.entry_id = new.corrects_entry_id and booked.corrects_entry_id is null
            and (booked.employee_id, booked.role, booked.rule_code, booked.rule_valid_from, booked.evidence_kind,
                booked.evidence_id, booked.version_number, booked.earned_on, booked.quantity, -booked.points)
            = (new.employee_id, new.role, new.rule_code, new.rule_valid_from, new.evidence_kind, new.evidence_id,
                new.version_number, new.earned_on, new.quantity, new.points)
    ) then
        raise exception 'a counter row mirrors the booking it takes back' using errcode = 'check_violation';
    end if;
    if new.corrects_entry_id is null and new.version_number > 1 and not exists (
        select from ops.point_entries as booked
        join ops.point_entries as counter on counter.corrects_entry_id = booked.entry_id
        where (booked.employee_id, booked.evidence_kind, booked.evidence_id, booked.rule_code, booked.version_number)
            = (new.employee_id, new.evidence_kind, new.evidence_id, new.rule_code, new.version_number - 1)
    ) then
        raise exception 'the last booking of this evidence was not taken back' using errcode = 'check_violation';
    end if;
    return new;
end
$$;
create trigger point_entries_are_consistent before insert on ops.point_entries
for each row execute function ops.check_point_entry();

-- Nobody changes or removes an entry. Erasure alone may put an alias in the place of the person, and nothing else.
create function ops.keep_point_entry() returns trigger language plpgsql set search_path = '' as $$
begin
    if tg_op = 'UPDATE' and current_user = 'trainloop_purge'
        and to_jsonb(new) - 'employee_id' = to_jsonb(old) - 'employee_id' then
        return new;
    end if;
    raise exception 'the points ledger only grows: take an entry back with a counter row'
        using errcode = 'restrict_violation';
end
$$;
create trigger point_entries_stay before update or delete on ops.point_entries
for each row execute function ops.keep_point_entry();
create trigger point_entries_are_not_emptied before truncate on ops.point_entries
for each statement execute function ops.keep_point_entry();

-- Grain: one booking that stands: not taken back.
create view ops.points as
select booked.*
from ops.point_entries as booked
where booked.corrects_entry_id is null
    and not exists (select from ops.point_entries as counter where counter.corrects_entry_id = booked.entry_id);

grant select, insert on ops.point_entries to trainloop_planner;
grant select on ops.points to trainloop_planner, trainloop_sender;
