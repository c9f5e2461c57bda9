-- Teaching-hour allowances: what was computed, approved and paid. Amounts are owed by class and trainer; a batch pays the
-- difference to what approved batches paid before, so nothing is paid twice and a correction is a row of its own.

-- Grain: one payroll file about one month: every class until its end that is not settled as it stands now. The newest
-- revision of a month is the one that may be decided on; its approval (`ops.approvals`, kind allowance) says how it ended.
create table ops.allowance_batches (
    month text not null check (month ~ '^\d{4}-\d{2}$'),
    revision_number integer not null,
    currency text not null,
    line_count integer not null check (line_count > 0),
    trainer_count integer not null check (trainer_count > 0),
    total_amount numeric(14, 2) not null,
    refused_count integer not null,
    data_sha256 text not null,
    uri text not null,
    file_sha256 text not null,
    site_version text not null,
    computed_at timestamptz not null,
    sent_at timestamptz,
    primary key (month, revision_number)
);

-- Grain: one class of one trainer in one batch: what the class is worth by the rates of its day (due_amount), what earlier
-- batches paid, the difference that this one pays. Factors are those of due_amount; a class that is owed nothing any more
-- (cancelled, given by somebody else) has none. Never changed, never deleted.
create table ops.allowance_lines (
    month text not null,
    revision_number integer not null,
    session_code text not null,
    trainer_id text not null,
    employee_id text not null,
    class_on date not null,
    kind text not null check (kind in ('first', 'correction', 'reversal')),
    hours numeric(6, 2) not null,
    trainer_level text,
    base_amount numeric(12, 4),
    level_factor numeric(12, 4),
    difficulty_factor numeric(12, 4),
    class_size_factor numeric(12, 4),
    quality_factor numeric(12, 4),
    due_amount numeric(14, 2) not null,
    paid_amount numeric(14, 2) not null,
    amount numeric(14, 2) not null check (amount <> 0),
    primary key (month, revision_number, session_code, trainer_id),
    foreign key (month, revision_number) references ops.allowance_batches,
    constraint pays_the_difference check (amount = due_amount - paid_amount)
);
-- Every batch asks what was paid for each class.
create index allowance_lines_class_idx on ops.allowance_lines (session_code, trainer_id);

-- Grain: one class that cannot be computed, as the newest batch run of its month found it; rows name the file and line.
create table ops.allowance_refusals (
    session_code text not null,
    trainer_id text not null,
    reason text not null,
    rate_kind text,
    rate_code text,
    rate_files text[] not null default '{}',
    found_on date not null,
    primary key (session_code, trainer_id)
);

-- What approved batches pay.
create view ops.paid_allowances as
select line.*
from ops.allowance_lines as line
join ops.approvals as approval
    on approval.kind = 'allowance' and approval.subject_kind = 'month' and approval.subject_id = line.month
    and approval.revision_number = line.revision_number
where approval.state = 'approved';

insert into ops.notice_kinds (kind, family, is_optional) values
('payroll_file', 'report', false),
('allowance_statement', 'report', false),
('allowance_problems', 'data', false);

grant select, insert on ops.allowance_batches, ops.allowance_lines to trainloop_planner;
grant update (sent_at) on ops.allowance_batches to trainloop_planner;
grant select, insert, delete on ops.allowance_refusals to trainloop_planner;
grant select on ops.paid_allowances to trainloop_planner, trainloop_sender;
grant select on ops.allowance_batches, ops.allowance_lines, ops.allowance_refusals to trainloop_sender;
grant select, update (employee_id) on ops.allowance_lines to trainloop_purge;
