-- Layers of the warehouse, the clock and the audit trail. A schema is a layer; data flows from left to right:
-- raw → staging → core → (confidential →) marts → published.
create schema raw;
create schema staging;
create schema core;
create schema confidential;
create schema marts;
create schema published;
create schema if not exists ops;

-- Grain: one row. frozen_at is null in production; the demo and the tests step it.
create table ops.clock (
    is_single boolean primary key default true check (is_single),
    frozen_at timestamptz
);
insert into ops.clock default values;

-- The only place of the warehouse that reads the server's clock for business time.
create function ops.business_now() returns timestamptz
language sql stable security definer set search_path = ''
return (select coalesce(frozen_at, statement_timestamp()) from ops.clock);

-- Grain: one change that a person or a rule made and that somebody may ask about later. Ids and counts only.
create table ops.audit_entries (
    audit_entry_id bigint generated always as identity primary key,
    recorded_at timestamptz not null default ops.business_now(),
    actor text not null,
    action text not null,
    subject_kind text not null,
    subject_id text not null,
    detail jsonb not null default '{}'
);
create index on ops.audit_entries (subject_kind, subject_id);

grant usage on schema ops to trainloop_intake, trainloop_planner, trainloop_statistics, trainloop_reporter,
    trainloop_sender, trainloop_board, trainloop_purge;
grant select on ops.clock to trainloop_intake, trainloop_planner, trainloop_statistics, trainloop_reporter,
    trainloop_sender, trainloop_board, trainloop_purge;
grant insert on ops.audit_entries to trainloop_intake, trainloop_planner, trainloop_statistics, trainloop_reporter,
    trainloop_sender, trainloop_board, trainloop_purge;
grant select on ops.audit_entries to trainloop_board, trainloop_planner;
-- Intake: the file registry, check results, quarantine and parking. raw and staging hold one unlogged table per file
-- while it is under way (raw.<dataset>_<file_id>, staging.<dataset>_<file_id>); intake makes and drops them.
create type ops.file_state as enum ('found', 'merged', 'refused');

-- Grain: one content of one dataset, by hash: the same bytes again are a no-op, unless they were refused (the contract
-- or the site file may have been mended since). The law of conservation is a constraint.
create table ops.inbox_files (
    file_id bigint generated always as identity primary key,
    dataset text not null,
    name text not null,
    source_uri text not null,
    -- With source_uri it tells a file that was dropped again from one that a crash left in the inbox.
    source_modified_at timestamptz,
    archive_uri text not null,
    content_sha256 text not null,
    size_bytes bigint not null,
    state ops.file_state not null default 'found',
    revision_number integer not null default 1,
    supersedes_file_id bigint references ops.inbox_files,
    -- A mailed list of quarantined rows that came back corrected, and the file these rows were in.
    is_correction boolean not null default false,
    replays_file_id bigint references ops.inbox_files,
    -- The date in the name of a snapshot (employees_2026-03-01.csv): an older one never overwrites a newer one.
    covers_on date,
    ignored_headers text[] not null default '{}',
    found_at timestamptz not null,
    finished_at timestamptz,
    row_count bigint not null default 0,
    accepted_count bigint not null default 0,
    unchanged_count bigint not null default 0,
    quarantined_count bigint not null default 0,
    parked_count bigint not null default 0,
    refused_count bigint not null default 0,
    refused_rule text,
    refused_reason_zh text,
    refused_reason_en text,
    purged_at timestamptz,
    constraint nothing_is_lost check (
        state = 'found'
        or row_count = accepted_count + unchanged_count + quarantined_count + parked_count + refused_count
    ),
    constraint refusal_has_reason check ((state = 'refused') = (refused_reason_en is not null))
);
create unique index same_bytes_once on ops.inbox_files (dataset, content_sha256) where state <> 'refused';
-- The scan asks for unfinished files every quarter of an hour.
create index on ops.inbox_files (dataset) where state = 'found';
-- Revisions of one name, and the newest snapshot of a dataset.
create index on ops.inbox_files (dataset, name);

-- Grain: one run of a suite over one file, or over core and marts (file_id null).
create table ops.check_runs (
    check_run_id bigint generated always as identity primary key,
    suite text not null,
    file_id bigint references ops.inbox_files,
    checked_at timestamptz not null,
    row_count bigint not null,
    is_passed boolean not null,
    gate_decision text not null check (gate_decision in ('pass', 'quarantine', 'refuse')),
    document_uri text
);
create index on ops.check_runs (suite, checked_at desc);
create index on ops.check_runs (file_id);

-- Grain: one check of one run. Counts only: sample values are personal data.
create table ops.check_results (
    check_run_id bigint not null references ops.check_runs on delete cascade,
    check_code text not null,
    rule text not null,
    column_name text,
    severity text not null check (severity in ('block', 'stop', 'warn')),
    is_passed boolean not null,
    evaluated_count bigint not null,
    failed_count bigint not null,
    message_zh text not null,
    message_en text not null,
    primary key (check_run_id, check_code)
);

-- open → replayed (corrected, or passing after a contract or reference was mended); open → superseded (a newer file
-- brought the same key, or is the whole truth); open → discarded (a person gave it up).
create type ops.quarantine_state as enum ('open', 'replayed', 'superseded', 'discarded');

-- Grain: one row of a file that a block check refused, with its text as it came.
create table ops.quarantined_rows (
    quarantined_row_id bigint generated always as identity primary key,
    file_id bigint not null references ops.inbox_files,
    row_number bigint not null,
    row_values jsonb not null,
    state ops.quarantine_state not null default 'open',
    replayed_file_id bigint references ops.inbox_files,
    unique (file_id, row_number)
);
create index on ops.quarantined_rows (file_id) where state = 'open';

-- Grain: one reason of one quarantined row. The message names the remedy and never the value.
create table ops.quarantine_reasons (
    quarantined_row_id bigint not null references ops.quarantined_rows on delete cascade,
    column_name text not null,
    rule text not null,
    message_zh text not null,
    message_en text not null,
    primary key (quarantined_row_id, column_name, rule)
);

-- waiting → matched | quarantined (the gate said no after all) | superseded (a newer file brought the same key).
create type ops.parking_state as enum ('waiting', 'matched', 'quarantined', 'superseded');

-- Grain: one valid row whose reference is not known yet (a class that HR will announce tomorrow).
create table ops.parked_rows (
    parked_row_id bigint generated always as identity primary key,
    file_id bigint not null references ops.inbox_files,
    dataset text not null,
    row_number bigint not null,
    row_values jsonb not null,
    missing_column text not null,
    missing_value text not null,
    state ops.parking_state not null default 'waiting',
    matched_at timestamptz,
    unique (file_id, row_number)
);
create index on ops.parked_rows (dataset) where state = 'waiting';

grant usage, create on schema raw, staging to trainloop_intake;

-- What a cell's text means. Each function has a fast test for values that are already neat (most are) and a thorough
-- reading for the rest; null means "empty or not such a value", which intake tells apart by the text itself.
-- Parallel safe and plain SQL where hot, so that the planner inlines them into one parallel scan.

-- Half-width, without outer blanks and zero-width characters; null when nothing is left.
create function staging.plain(v text) returns text language sql immutable strict parallel safe
return nullif(btrim(normalize(translate(v, E'\u200b\u200c\u200d\u2060\ufeff', ''), nfkc), E' \t\r\n'), '');

create function staging.is_blank(v text) returns boolean language sql immutable parallel safe
return coalesce(btrim(v, E' \t\r\n\u00a0\u3000\u200b\ufeff') = '', true);

create function staging.is_excel_error(v text) returns boolean language sql immutable parallel safe
return v in ('#N/A', '#REF!', '#VALUE!', '#DIV/0!', '#NAME?', '#NUM!', '#NULL!');

-- Words: full-width digits and letters become half-width, Chinese punctuation stays.
create function staging.words_slowly(v text) returns text language sql immutable strict parallel safe
return (
    select case when not staging.is_excel_error(words) then nullif(words, '') end
    from (select btrim(translate(v,
        '０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ' || E'\u3000\u00a0\u200b\ufeff',
        '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz  '), E' \t\r\n') as words) as cleaned
);
create function staging.text_of(v text) returns text language sql immutable parallel safe
return case when v !~ '[０-ｚ\u3000\u00a0\u200b\ufeff]|^[\s#]|\s$|^$' then v else staging.words_slowly(v) end;

-- Codes and ids stay text: 0012 keeps its zeros, also when a spreadsheet protected them as ="0012" or '0012 (COPY reads
-- the first as =0012).
create function staging.code_slowly(v text) returns text language sql immutable strict parallel safe
return (
    select case when not staging.is_excel_error(code) then nullif(code, '') end
    from (select regexp_replace(staging.plain(v), '^(="?|'')([^"]*)"?$', '\2') as code) as cleaned
);
create function staging.code_of(v text) returns text language sql immutable parallel safe
return case when v !~ '[^!-~]|^[#''=]|^$' then v else staging.code_slowly(v) end;

-- A spreadsheet wrote a long number in short: 6.22202E+15. Its last digits are gone for good.
create function staging.has_lost_digits(v text) returns boolean language sql immutable parallel safe
return strpos(v, 'E+') > 0 and v ~ '^\s*[0-9](\.[0-9]+)?E\+[0-9]{2,3}\s*$';

-- A number's text: thousands separators fall away; anything else but digits, sign, point and exponent is no number.
-- A number with separators has as many digits as one without: beyond that no calculation can hold it.
create function staging.number_text(v text) returns text language sql immutable strict parallel safe
return (
    select case
        when plain ~ '^[+-]?[0-9]{1,3}(,[0-9]{3}){1,13}(\.[0-9]{0,40})?$' then replace(plain, ',', '')
        when plain ~ '^[+-]?([0-9]{1,40}(\.[0-9]{0,40})?|\.[0-9]{1,40})([eE][+-]?[0-9]{1,2})?$' then plain
    end
    from (select staging.plain(v) as plain) as cleaned
);
create function staging.integer_slowly(v text) returns integer language sql immutable strict parallel safe
return (
    select case when number = trunc(number) and number between -2147483648 and 2147483647 then number::integer end
    from (select staging.number_text(v)::numeric as number) as parsed
);
create function staging.integer_of(v text) returns integer language sql immutable parallel safe
return case when length(v) between 1 and 9 and translate(v, '0123456789', '') = '' then v::integer
    else staging.integer_slowly(v) end;

-- More digits after the point than declared are no such number: people's figures are not rounded.
create function staging.decimal_slowly(v text, decimals integer) returns numeric language sql immutable parallel safe
return case when v is not null then (
    select case when decimals is null or scale(trim_scale(number)) <= decimals then number end
    from (select staging.number_text(v)::numeric as number) as parsed
) end;
create function staging.decimal_of(v text, decimals integer) returns numeric language sql stable parallel safe
return case when pg_input_is_valid(v, 'numeric') and translate(v, '0123456789.', '') = '' and length(v) <= 15
        and (length(v) - strpos(v, '.') <= decimals or strpos(v, '.') = 0) then v::numeric
    else staging.decimal_slowly(v, decimals) end;

create function staging.decimal_boldly(v text, decimals integer) returns numeric language sql stable parallel safe
return case when translate(v, '0123456789.', '') = '' and length(v) between 1 and 15
        and (length(v) - strpos(v, '.') <= decimals or strpos(v, '.') = 0) then v::numeric
    else staging.decimal_slowly(v, decimals) end;

-- 85% and ８５％ are 85; a number without the sign is taken as it stands.
create function staging.percent_of(v text, decimals integer) returns numeric language sql stable parallel safe
return staging.decimal_of(rtrim(staging.plain(v), ' %'), decimals);

-- 85% of a whole; null when the text is no percentage.
create function staging.share_of(v text, whole numeric, decimals integer) returns numeric
language sql stable parallel safe
return (
    select case when scale(trim_scale(part)) <= coalesce(decimals, 10) then trim_scale(part) end
    from (
        select staging.number_text(rtrim(plain, ' %'))::numeric * whole / 100 as part
        from (select staging.plain(v) as plain) as cleaned
        where plain like '%\%'
    ) as parsed
);

-- 2026-03-01, 2026/3/1, 2026.3.1, 2026年3月1日, 20260301, Excel's day number (epoch 1900).
create function staging.iso_day(v text) returns text language sql stable strict parallel safe
return (
    select case
        when parts is not null and pg_input_is_valid(parts[1] || '-' || parts[2] || '-' || parts[3], 'date')
            then parts[1] || '-' || lpad(parts[2], 2, '0') || '-' || lpad(parts[3], 2, '0')
        when v ~ '^(19|20)[0-9]{6}$' and pg_input_is_valid(v, 'date') then to_char(v::date, 'YYYY-MM-DD')
        when v ~ '^[2-7][0-9]{4}$' then to_char(date '1899-12-30' + v::integer, 'YYYY-MM-DD')
    end
    from (select regexp_match(v, '^([0-9]{4})\s*[-/.年]\s*([0-9]{1,2})\s*[-/.月]\s*([0-9]{1,2})\s*日?$')) as m (parts)
);

-- Day, time and offset; the time may stand behind a blank, a T or the 日, in 24 hours or with 上午/下午/AM/PM.
create function staging.day_and_time(v text) returns text[] language sql stable strict parallel safe
return regexp_match(v, '^([0-9]{4}\s*[-/.年]\s*[0-9]{1,2}\s*[-/.月]\s*[0-9]{1,2}\s*日?|[0-9]{8})(?:\s+|T|(?<=日))'
    || '((?:上午|下午|AM|PM)?\s*[0-9]{1,2}[:时点][0-9]{1,2}(?:[:分][0-9]{1,2}(?:\.[0-9]+)?)?[分秒]?\s*(?:AM|PM)?)'
    || '\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?$', 'i');

create function staging.clock_time(v text) returns interval language sql stable strict parallel safe
return (
    select case
        when t.parts is null or h.clock_hour > 23 or t.parts[3]::integer > 59 or coalesce(t.parts[4]::numeric, 0) >= 60
            then null
        else make_interval(hours => h.clock_hour, mins => t.parts[3]::integer,
            secs => coalesce(t.parts[4]::double precision, 0))
    end
    from (select regexp_match(v, '^(上午|下午|AM|PM)?\s*([0-9]{1,2})[:时点]([0-9]{1,2})'
            || '(?:[:分]([0-9]{1,2}(?:\.[0-9]+)?))?[分秒]?\s*(AM|PM)?$', 'i')) as t (parts),
        lateral (select upper(coalesce(t.parts[1], t.parts[5], ''))) as half (day_half),
        lateral (select case
            when half.day_half in ('下午', 'PM') and t.parts[2]::integer between 1 and 11 then t.parts[2]::integer + 12
            when half.day_half in ('上午', 'AM') and t.parts[2]::integer = 12 then 0
            else t.parts[2]::integer end) as h (clock_hour)
);

create function staging.date_slowly(v text) returns date language sql stable strict parallel safe
return (
    select coalesce(
        staging.iso_day(plain),
        case when staging.clock_time(parts[2]) is not null then staging.iso_day(parts[1]) end
    )::date
    from (select staging.plain(v) as plain) as cleaned, lateral (select staging.day_and_time(plain)) as split (parts)
);
create function staging.date_of(v text) returns date language sql stable parallel safe
return case when length(v) = 10 and ascii(v) between 48 and 57 and pg_input_is_valid(v, 'date') then v::date
    else staging.date_slowly(v) end;

-- The bold ones believe what has the usual shape and raise on 2026-02-30, for they parse once: the first try on a neat file.
create function staging.date_boldly(v text) returns date language sql stable parallel safe
return case when length(v) = 10 then v::date else staging.date_slowly(v) end;

-- A time with its own offset is that moment, any other is local time of `zone`.
create function staging.timestamp_slowly(v text, zone text) returns timestamptz language sql stable strict parallel safe
return (
    select case
        when found.on_day is null or found.at_time is null then null
        when parts[3] is null then (found.on_day::timestamp + found.at_time) at time zone zone
        when pg_input_is_valid(found.on_day || ' 00:00' || parts[3], 'timestamptz')
            then (found.on_day || ' 00:00' || parts[3])::timestamptz + found.at_time
    end
    from (select staging.day_and_time(staging.plain(v))) as split (parts),
        lateral (select staging.iso_day(parts[1]), staging.clock_time(parts[2])) as found (on_day, at_time)
);
create function staging.timestamp_of(v text, zone text) returns timestamptz language sql stable parallel safe
return case when strpos(v, ':') = 14 and (length(v) = 16 or length(v) = 19 and substr(v, 17, 1) = ':')
        and ascii(v) between 48 and 57 and pg_input_is_valid(v, 'timestamp')
    then v::timestamp at time zone zone else staging.timestamp_slowly(v, zone) end;

create function staging.timestamp_boldly(v text, zone text) returns timestamptz language sql stable parallel safe
return case when strpos(v, ':') = 14 and (length(v) = 16 or length(v) = 19 and substr(v, 17, 1) = ':')
    then v::timestamp at time zone zone else staging.timestamp_slowly(v, zone) end;

create function staging.timezone_slowly(v text) returns text language sql stable strict parallel safe
return (
    select case
        when (plain = 'UTC' or plain ~ '^[A-Za-z_]+(/[A-Za-z0-9_+-]+)+$')
            and pg_input_is_valid('2000-01-01 00:00 ' || plain, 'timestamptz') then plain
    end
    from (select staging.plain(v) as plain) as cleaned
);
create function staging.timezone_of(v text) returns text language sql stable parallel safe
return case when v = 'Asia/Shanghai' then v else staging.timezone_slowly(v) end;

create function staging.boolean_slowly(v text) returns boolean language sql immutable strict parallel safe
return case
    when lower(staging.plain(v)) in ('是', 'true', 'yes', 'y', 't', '1', '1.0', '对', '有', '√', '✓', 'on') then true
    when lower(staging.plain(v)) in ('否', 'false', 'no', 'n', 'f', '0', '0.0', '不是', '无', '×', 'x', 'off') then false
end;
create function staging.boolean_of(v text) returns boolean language sql immutable parallel safe
return case when v in ('是', 'true', '1') then true when v in ('否', 'false', '0') then false
    else staging.boolean_slowly(v) end;

-- Plain addresses; what is rarer is judged by the email-validator library, row by row.
create function staging.email_of(v text) returns text language sql immutable parallel safe
return case when length(v) <= 254 and v ~
    '^[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}$' then v end;

-- What two spellings of one allowed value share.
create function staging.word_key(v text) returns text language sql immutable strict parallel safe
return regexp_replace(lower(staging.plain(v)), '\s+', ' ', 'g');

grant select, insert, update on ops.inbox_files, ops.check_runs, ops.check_results, ops.quarantined_rows,
    ops.quarantine_reasons, ops.parked_rows to trainloop_intake;
-- Rows judged anew get their reasons anew.
grant delete on ops.quarantine_reasons to trainloop_intake;
grant select on ops.inbox_files, ops.check_runs, ops.check_results, ops.quarantine_reasons
    to trainloop_planner, trainloop_statistics, trainloop_reporter, trainloop_board;
grant insert, update on ops.check_runs, ops.check_results to trainloop_planner;
-- Who sees quarantine without the rows' values: the board counts and explains.
grant select (quarantined_row_id, file_id, row_number, state) on ops.quarantined_rows to trainloop_board, trainloop_planner;
grant select (parked_row_id, file_id, dataset, row_number, missing_column, missing_value, state, matched_at)
    on ops.parked_rows to trainloop_board, trainloop_planner;
-- The owner's mail carries the offending rows.
grant select on ops.quarantined_rows, ops.quarantine_reasons, ops.inbox_files to trainloop_sender;
-- Core: accepted, typed, keyed rows. Every table ends with the file and row its current values came from.
-- Removed rows of a snapshot are kept with removed_on: people who left are still in last year's classes.
-- file_id and the big tables' session_code and employee_id have no foreign key: intake is the only writer and checks
-- every reference set-based in the merging transaction, while a key's trigger looks each row up once more (4.8 s of CPU
-- for a million rows; the whole insert with its primary key takes 2.1 s). The audit looks for orphans daily.
create table core.departments (
    department_code text primary key,
    name_zh text not null,
    name_en text not null,
    parent_code text,
    head_employee_id text,
    removed_on date,
    file_id bigint not null,
    row_number bigint not null
);

create table core.employees (
    employee_id text primary key,
    name text not null,
    email text,
    department_code text not null,
    job_family text not null,
    job_level text not null,
    manager_id text,
    hired_on date,
    promoted_on date,
    left_on date,
    locale text not null default 'zh-CN' check (locale in ('zh-CN', 'en')),
    timezone text not null default 'Asia/Shanghai',
    calendar_code text not null default 'CN',
    labour_cost_band text,
    removed_on date,
    file_id bigint not null,
    row_number bigint not null
);
create index on core.employees (department_code);
create index on core.employees (manager_id);

-- Grain: one employee's attribution over a half-open range of dates [valid_from, valid_to).
create table core.employee_history (
    employee_id text not null references core.employees on update cascade,
    valid_from date not null,
    valid_to date,
    department_code text not null,
    job_family text not null,
    job_level text not null,
    manager_id text,
    labour_cost_band text,
    file_id bigint not null,
    primary key (employee_id, valid_from),
    check (valid_to is null or valid_to > valid_from)
);

-- Grain: one employee on a given day: the range that holds the day, else the first one known (is_assumed).
create function core.employees_as_of(on_day date) returns table (
    employee_id text, department_code text, job_family text, job_level text, manager_id text, labour_cost_band text,
    is_assumed boolean
) language sql stable parallel safe
begin atomic
    select distinct on (past.employee_id)
        past.employee_id, past.department_code, past.job_family, past.job_level, past.manager_id,
        past.labour_cost_band, past.valid_from > on_day
    from core.employee_history as past
    where past.valid_to is null or past.valid_to > on_day
    order by past.employee_id, past.valid_from;
end;

create table core.courses (
    course_code text primary key,
    name_zh text not null,
    name_en text not null,
    topic_code text,
    mode text not null check (mode in ('classroom', 'online', 'blended')),
    hours numeric(6, 2) not null check (hours > 0),
    vendor_code text,
    key_kpi_code text,
    target_audience text,
    file_id bigint not null,
    row_number bigint not null
);

create table core.trainers (
    trainer_id text primary key,
    name text not null,
    email text not null,
    kind text not null check (kind in ('internal', 'external')),
    employee_id text,
    vendor_code text,
    trainer_level text,
    base_rate_amount numeric(12, 2),
    locale text not null default 'zh-CN' check (locale in ('zh-CN', 'en')),
    timezone text not null default 'Asia/Shanghai',
    calendar_code text not null default 'CN',
    file_id bigint not null,
    row_number bigint not null
);

create table core.class_sessions (
    session_code text primary key,
    course_code text not null references core.courses,
    trainer_id text not null references core.trainers,
    class_manager_id text,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    timezone text not null default 'Asia/Shanghai',
    mode text not null check (mode in ('classroom', 'online', 'blended')),
    venue_code text,
    capacity integer check (capacity > 0),
    budget_code text,
    status text not null default 'planned' check (status in ('planned', 'confirmed', 'cancelled')),
    is_pilot boolean not null default false,
    comparison_department_code text,
    file_id bigint not null,
    row_number bigint not null,
    check (ends_at > starts_at)
);
create index on core.class_sessions (course_code, starts_at);
create index on core.class_sessions (trainer_id, starts_at);
create index on core.class_sessions (ends_at);

create table core.enrollments (
    session_code text not null,
    employee_id text not null,
    status text not null check (status in ('invited', 'confirmed', 'waitlisted', 'cancelled', 'excused')),
    source text,
    file_id bigint not null,
    row_number bigint not null,
    primary key (session_code, employee_id)
);
create index on core.enrollments (employee_id);

create table core.attendance (
    session_code text not null,
    employee_id text not null,
    slot integer not null default 1 check (slot >= 1),
    status text not null check (status in ('present', 'late', 'early', 'absent', 'excused')),
    signed_in_at timestamptz,
    signed_out_at timestamptz,
    method text,
    file_id bigint not null,
    row_number bigint not null,
    primary key (session_code, employee_id, slot)
);
create index on core.attendance (employee_id);

create table core.test_results (
    session_code text not null,
    employee_id text not null,
    pre_score numeric(8, 2),
    post_score numeric(8, 2),
    maximum_score numeric(8, 2) not null check (maximum_score > 0),
    file_id bigint not null,
    row_number bigint not null,
    primary key (session_code, employee_id)
);

-- Grain: one token that an outside survey tool reports as answered. No time: order would link a token to an answer.
create table core.survey_completions (
    wave_code text not null,
    token text not null,
    file_id bigint not null,
    primary key (wave_code, token)
);

grant usage on schema core to trainloop_intake, trainloop_planner, trainloop_statistics, trainloop_sender,
    trainloop_reporter, trainloop_purge;
grant select, insert, update, delete on all tables in schema core to trainloop_intake;
grant select on all tables in schema core to trainloop_planner, trainloop_sender;
grant select on core.departments, core.courses, core.trainers, core.class_sessions, core.enrollments,
    core.attendance, core.test_results to trainloop_statistics;
grant select (employee_id, department_code, job_family, job_level, manager_id) on core.employees to trainloop_statistics;
grant select on core.employee_history to trainloop_statistics;
-- Lifecycle: what is due, which survey waves run, who is invited, what was answered.
create type ops.milestone_state as enum ('pending', 'done', 'expired', 'skipped');

-- Grain: one due step of one subject (class session or wave). The row is the truth; Airflow's runs are only its hands.
create table ops.milestones (
    milestone_id bigint generated always as identity primary key,
    subject_kind text not null check (subject_kind in ('class_session', 'survey_wave', 'person')),
    subject_id text not null,
    step text not null,
    due_on date not null,
    not_after timestamptz,
    state ops.milestone_state not null default 'pending',
    is_provisional boolean not null default false,
    emitted_at timestamptz,
    done_at timestamptz,
    is_late boolean not null default false,
    reason text,
    planned_at timestamptz not null,
    unique (subject_kind, subject_id, step),
    check ((state = 'done') = (done_at is not null))
);
-- Transitions beside the enum in trainloop.domain.milestone. Every scan asks "what is due and not done".
create index on ops.milestones (step, due_on) where state = 'pending';

create type ops.wave_state as enum ('planned', 'open', 'closed', 'cancelled');

-- Grain: one sending of one instrument version to one population. has_completions: an outside tool told who has
-- answered; without it nobody is reminded. Transitions beside the enum in trainloop.domain.survey.
create table ops.survey_waves (
    wave_code text primary key,
    instrument_code text not null,
    instrument_version text not null,
    subject_kind text not null,
    subject_id text not null,
    anonymity text not null check (anonymity in ('anonymous', 'confidential', 'named')),
    state ops.wave_state not null default 'open',
    opened_at timestamptz not null,
    closes_at timestamptz not null,
    closed_at timestamptz,
    is_without_attendance boolean not null default false,
    has_completions boolean not null default false,
    minimum_count integer not null,
    -- A wave is withdrawn when its class moved or was cancelled; for a moved class it opens again, as number 2.
    opening_number integer not null default 1,
    withdrawn_reason text,
    -- Which survey source collects the answers. opened_at of a planned wave is when it is to open.
    source text not null default 'exports' check (source in ('forms', 'limesurvey', 'exports')),
    -- The rule of `ops.wave_population` that says whom the wave asks.
    population text not null default 'attendees' constraint survey_waves_population_known check (population in (
        'active_employees', 'attendees', 'managers_of_attendees', 'attendees_of_quarter', 'trainers', 'listed'
    )),
    constraint open_is_not_over check ((state in ('planned', 'open')) = (closed_at is null)),
    constraint survey_waves_check1 check ((state = 'cancelled') = (withdrawn_reason is not null)),
    unique (instrument_code, subject_kind, subject_id)
);
create index on ops.survey_waves (closes_at) where state = 'open';
-- The daily scan asks which planned waves are to open.
create index survey_waves_planned_idx on ops.survey_waves (opened_at) where state = 'planned';

create type ops.invitation_state as enum ('invited', 'held_by_cap', 'excluded');

-- Grain: one person's call to one wave. is_used says that the person answered, never when. invited is the denominator.
-- Tokens are replaced when the wave closes or is withdrawn: old links die and nothing joins a person to a token.
create table ops.invitations (
    invitation_id bigint generated always as identity primary key,
    wave_code text not null references ops.survey_waves,
    employee_id text not null,
    token text not null unique,
    state ops.invitation_state not null default 'invited',
    reason text,
    is_used boolean not null default false,
    invited_on date not null,
    -- Fixed when the wave opens, so that every combination stands for enough people; rater_group: 360 only.
    coarse_groups jsonb not null default '{}',
    rater_group text check (rater_group in ('self', 'manager', 'peer', 'report', 'other')),
    not_eligible_reason text check (not_eligible_reason in ('absent', 'bounced')),
    unique (wave_code, employee_id)
);
-- The cap of invitations per person looks back 30 days.
create index on ops.invitations (employee_id, invited_on);

create type confidential.response_state as enum ('complete', 'partial');

-- Grain: one filled form under a random id of its wave. No time, no order, no file row: nothing that leads to a person.
create table confidential.responses (
    response_id uuid primary key default gen_random_uuid(),
    wave_code text not null,
    state confidential.response_state not null,
    external_id_hash text not null,
    coarse_groups jsonb not null default '{}',
    is_straight_lined boolean not null default false,
    -- Confidential waves link forms of one person by a keyed pseudonym; anonymous ones have none.
    pseudonym text,
    unique (wave_code, external_id_hash)
);
create index on confidential.responses (pseudonym) where pseudonym is not null;

-- Grain: one item of one response, and of a multi item one chosen option. Exactly one of the three values is set; a
-- number is a score; not applicable is a choice, not a gap.
create table confidential.answers (
    response_id uuid not null references confidential.responses on delete cascade,
    item_code text not null,
    score numeric(14, 2),
    choice text,
    free_text text,
    check (num_nonnulls(score, choice, free_text) = 1)
);
create unique index answers_said_once_idx on confidential.answers (response_id, item_code, choice) nulls not distinct;

-- Grain: one person who is to be asked about one class: attendees (any slot) once attendance is in, else everybody who
-- is confirmed. Runs with the caller's rights and is inlined into the statements that use it.
create function ops.evaluation_population(session_codes text[]) returns table (session_code text, employee_id text)
language sql stable
begin atomic
    select attendance.session_code, attendance.employee_id
    from core.attendance
    where attendance.session_code = any (session_codes) and attendance.status in ('present', 'late', 'early')
    union
    select enrollments.session_code, enrollments.employee_id
    from core.enrollments
    where enrollments.session_code = any (session_codes) and enrollments.status = 'confirmed'
        and not exists (select from core.attendance where attendance.session_code = enrollments.session_code);
end;

-- Writes the responses of waves anew in random order and one transaction, so that neither place nor transaction id of a
-- row tells when it came; at close under new ids, too. The caller never sees an answer: planner and intake may call it.
create function ops.rewrite_responses(wave_codes text[], renews_ids boolean) returns bigint
language plpgsql security definer set search_path = '' as $$
declare
    wave text;
    kept confidential.responses[];
    said confidential.answers[];
    ids uuid[];
    rewritten bigint := 0;
begin
    foreach wave in array wave_codes loop
        perform from ops.survey_waves where wave_code = wave for no key update;
        select coalesce(array_agg(response), '{}'),
            coalesce(array_agg(case when renews_ids then gen_random_uuid() else response.response_id end), '{}')
        into kept, ids
        from confidential.responses as response where response.wave_code = wave;
        select coalesce(array_agg(answer), '{}') into said
        from confidential.answers as answer
        join confidential.responses as response using (response_id)
        where response.wave_code = wave;
        delete from confidential.responses where wave_code = wave;
        insert into confidential.responses (
            response_id, wave_code, state, external_id_hash, coarse_groups, is_straight_lined, pseudonym
        )
        select new_id, wave_code, state, external_id_hash, coarse_groups, is_straight_lined, pseudonym
        from unnest(kept) with ordinality as old
        join unnest(ids) with ordinality as fresh (new_id, ordinality) using (ordinality)
        order by gen_random_uuid();
        insert into confidential.answers (response_id, item_code, score, choice, free_text)
        select fresh.new_id, answer.item_code, answer.score, answer.choice, answer.free_text
        from unnest(said) as answer
        join unnest(kept) with ordinality as old on old.response_id = answer.response_id
        join unnest(ids) with ordinality as fresh (new_id, ordinality) on fresh.ordinality = old.ordinality
        order by gen_random_uuid();
        rewritten := rewritten + cardinality(kept);
    end loop;
    return rewritten;
end
$$;
revoke execute on function ops.rewrite_responses from public;
grant execute on function ops.rewrite_responses to trainloop_planner, trainloop_intake;

-- The report of a class whose answers changed after it was made is owed again; the same numbers make no new revision.
create function ops.owe_reports(session_codes text[]) returns bigint
language sql security definer set search_path = ''
begin atomic
    with owed as (
        update ops.milestones
        set state = 'pending', done_at = null, emitted_at = null, reason = 'data_changed'
        where subject_kind = 'class_session' and subject_id = any (session_codes) and step = 'evaluation_report'
            and state = 'done'
        returning 1
    )
    select count(*) from owed;
end;
revoke execute on function ops.owe_reports from public;
grant execute on function ops.owe_reports to trainloop_planner, trainloop_intake;

grant select, insert, update on ops.milestones, ops.survey_waves, ops.invitations to trainloop_planner;
grant select on ops.milestones, ops.survey_waves to trainloop_intake, trainloop_statistics, trainloop_reporter,
    trainloop_board, trainloop_sender;
grant update on ops.milestones to trainloop_statistics, trainloop_reporter;
grant update (has_completions) on ops.survey_waves to trainloop_intake;
grant select on ops.invitations to trainloop_sender;
grant select (wave_code, token, is_used), update (is_used) on ops.invitations to trainloop_intake;
grant select (wave_code, state, is_used) on ops.invitations to trainloop_statistics, trainloop_board;
grant usage on schema confidential to trainloop_intake, trainloop_statistics, trainloop_purge;
grant select, insert, update, delete on all tables in schema confidential to trainloop_intake;
grant select on all tables in schema confidential to trainloop_statistics;
-- Evaluation: unsuppressed facts in marts, what may be seen in published, the PDFs made of it in ops.

-- Grain: one evaluation wave; who was asked and who answered.
create table marts.evaluation_waves (
    wave_code text primary key,
    session_code text not null,
    invited_count integer not null,
    eligible_count integer not null,
    complete_count integer not null,
    partial_count integer not null,
    straight_lined_count integer not null,
    attendee_count integer,
    enrolled_count integer not null,
    data_sha256 text not null,
    computed_at timestamptz not null
);

-- Grain: one name of a figure; a second number that the release before gave one reads the same. Who numbers new names has
-- the lock `figure_names`.
create table marts.figure_names (
    figure_id integer generated always as identity primary key,
    family text not null,
    code text not null,
    statistic text not null
);

-- Grain: one class session's figures of one kind before suppression, a figure at the same place of every array. A count of
-- -1 is a figure without people behind it.
create table marts.evaluation_arrays (
    wave_code text not null,
    kind text not null check (kind in ('number', 'word', 'refusal')),
    figure_ids integer[] not null,
    respondent_counts integer[] not null,
    -- Floats of 16 digits hardly shrink: trying to costs a third of writing them.
    numbers double precision[] storage external,
    words text[],
    primary key (wave_code, kind),
    check (num_nonnulls(numbers, words) = 1)
);
-- Grain: one figure of one class session, before suppression. family says what kind of thing code names
-- (item, dimension, nps, choice, theme, test, comparison, response), statistic what was measured. A number is shown with
-- the digits it takes to be read back the same.
create view marts.evaluation_figures as
select
    arrays.wave_code, names.family, names.code, names.statistic, figures.number::text::numeric as value,
    case arrays.kind when 'word' then figures.word end as text_value,
    nullif(figures.respondent_count, -1) as respondent_count,
    case arrays.kind when 'refusal' then figures.word end as refusal
from marts.evaluation_arrays as arrays
cross join lateral unnest(arrays.figure_ids, arrays.respondent_counts, arrays.numbers, arrays.words)
    as figures (figure_id, respondent_count, number, word)
join marts.figure_names as names on names.figure_id = figures.figure_id;

-- For the release before, whose processes may run for a while yet: it deletes a class's rows and copies new ones.
create function marts.delete_figures() returns trigger
language plpgsql set search_path = ''
as $$
begin
    delete from marts.evaluation_arrays where evaluation_arrays.wave_code = old.wave_code;
    return old;
end
$$;
create trigger delete_figures instead of delete on marts.evaluation_figures
for each row execute function marts.delete_figures();

create function marts.insert_figure() returns trigger
language plpgsql set search_path = ''
as $$
declare
    id integer;
begin
    select max(names.figure_id) into id
    from marts.figure_names as names
    where (names.family, names.code, names.statistic) = (new.family, new.code, new.statistic);
    if id is null then
        insert into marts.figure_names (family, code, statistic) values (new.family, new.code, new.statistic)
        returning figure_id into id;
    end if;
    insert into marts.evaluation_arrays as known (wave_code, kind, figure_ids, respondent_counts, numbers, words)
    values (
        new.wave_code,
        case when new.refusal is not null then 'refusal' when new.text_value is not null then 'word' else 'number' end,
        array[id],
        array[coalesce(new.respondent_count, -1)],
        case when coalesce(new.refusal, new.text_value) is null then array[new.value::float8] end,
        case when coalesce(new.refusal, new.text_value) is not null then array[coalesce(new.refusal, new.text_value)] end
    )
    on conflict (wave_code, kind) do update set
        figure_ids = known.figure_ids || excluded.figure_ids,
        respondent_counts = known.respondent_counts || excluded.respondent_counts,
        numbers = known.numbers || excluded.numbers,
        words = known.words || excluded.words;
    return new;
end
$$;
create trigger insert_figure instead of insert on marts.evaluation_figures
for each row execute function marts.insert_figure();

-- Grain: one release of one product about one subject: what readers were shown, once, with its revision.
create table published.releases (
    release_id bigint generated always as identity primary key,
    product text not null,
    subject_kind text not null,
    subject_id text not null,
    revision_number integer not null,
    data_sha256 text not null,
    site_version text not null,
    released_at timestamptz not null,
    is_withheld boolean not null default false,
    withheld_reason text,
    unique (product, subject_kind, subject_id, revision_number),
    check (is_withheld = (withheld_reason is not null))
);

-- Grain: one figure of a release, after suppression. A hidden figure has its reason and no value.
create table published.figures (
    release_id bigint not null references published.releases on delete cascade,
    family text not null,
    code text not null,
    statistic text not null,
    value numeric,
    text_value text,
    respondent_count integer,
    is_hidden boolean not null default false,
    reason text,
    primary key (release_id, family, code, statistic),
    check (not is_hidden or (value is null and text_value is null and reason is not null))
);

-- Grain: one verbatim that may be shown (masked, from n ≥ 10), in random order.
create table published.verbatims (
    release_id bigint not null references published.releases on delete cascade,
    item_code text not null,
    position integer not null,
    masked_text text not null,
    primary key (release_id, item_code, position)
);

-- Grain: one improvement suggestion of a release.
create table published.suggestions (
    release_id bigint not null references published.releases on delete cascade,
    rule_code text not null,
    item_code text not null,
    strength text not null check (strength in ('finding', 'worth_talking_about')),
    suggestion_zh text not null,
    suggestion_en text not null,
    primary key (release_id, rule_code, item_code)
);

-- Grain: one person behind one figure of one release: the ledger against subtraction over time. figure_key is an item,
-- dimension:<code>, test:class or wave; only what was shown is here, with how much of it (mean or distribution).
-- respondent_id is a hash of the wave's random id of a form, of session and employee for tests: stable when a file comes again.
create table confidential.release_respondents (
    release_id bigint not null references published.releases on delete cascade,
    figure_key text not null,
    shown_level text not null check (shown_level in ('mean', 'distribution')),
    respondent_id uuid not null,
    primary key (release_id, figure_key, respondent_id)
);

-- Grain: one item or dimension of one release that was shown at least as a mean, unrounded. Later sessions of the course
-- or trainer are compared with these and with nothing else: a hidden class must not come back through an average.
create table marts.released_moments (
    release_id bigint not null references published.releases on delete cascade,
    family text not null check (family in ('item', 'dimension')),
    code text not null,
    shown_level text not null check (shown_level in ('mean', 'distribution')),
    instrument_code text not null,
    instrument_version text not null,
    respondent_count integer not null,
    mean double precision not null,
    variance double precision not null,
    primary key (release_id, family, code)
);

-- Who could have answered a wave, as counts: the statistics role sees no invitation's person. Not eligible are absent and
-- excused people and addresses that bounced before the wave closed, unless an answer came all the same.
-- plpgsql: ops.mail_stops is made by a later migration.
create function marts.evaluation_population(wave text)
returns table (invited_count integer, eligible_count integer, used_count integer, has_completions boolean)
language plpgsql stable security definer set search_path = ''
as $$
begin
    return query
    with people as (
        select
            invitations.is_used,
            invitations.not_eligible_reason is not null or exists (
                select from core.attendance
                where attendance.session_code = survey_waves.subject_id
                    and attendance.employee_id = invitations.employee_id
                having bool_and(attendance.status in ('absent', 'excused'))
            ) as is_absent,
            exists (
                select from ops.mail_stops
                where mail_stops.recipient_kind = 'employee'
                    and mail_stops.recipient_id = invitations.employee_id
                    and mail_stops.kind = 'bounced'
                    and mail_stops.recorded_at <= coalesce(survey_waves.closed_at, survey_waves.closes_at)
            ) as is_bounced
        from ops.invitations
        join ops.survey_waves using (wave_code)
        where invitations.wave_code = wave and invitations.state = 'invited'
    )
    select
        count(*)::integer,
        (count(*) filter (where is_used or not (is_absent or is_bounced)))::integer,
        (count(*) filter (where is_used))::integer,
        (select survey_waves.has_completions from ops.survey_waves where survey_waves.wave_code = wave)
    from people;
end
$$;
revoke all on function marts.evaluation_population(text) from public;

-- Names and ids of people that occur in the given texts, so that they can be masked by a role that may not read names.
-- Full names and ids of everybody; parts of names (given name, first name) of the people of this class only, because
-- somewhere in a large company every word is somebody's given name.
create function confidential.names_in_texts(session text, texts text[])
returns table (name text)
language sql stable security definer set search_path = ''
as $$
    with everybody as (
        select employees.name, employees.employee_id as person_id from core.employees
        union all
        select trainers.name, trainers.trainer_id from core.trainers
    ),
    class_people as (
        select enrollments.employee_id as person_id from core.enrollments where enrollments.session_code = session
        union
        select unnest(array[class_sessions.trainer_id, class_sessions.class_manager_id])
        from core.class_sessions where class_sessions.session_code = session
    ),
    written as materialized (select lower(array_to_string(texts, E'\n')) as text),
    sought as (
        select everybody.name from everybody
        union all
        select everybody.person_id from everybody where length(everybody.person_id) >= 4
        union all
        select part from everybody
        join class_people using (person_id)
        cross join lateral regexp_split_to_table(everybody.name, '[[:space:]·]+') as part
        where length(part) >= 3
        union all
        select right(everybody.name, 2) from everybody
        join class_people using (person_id)
        where everybody.name ~ '^[\u4e00-\u9fff]{3,4}$'
    )
    select distinct sought.name from sought, written
    where length(sought.name) >= 2 and strpos(written.text, lower(sought.name)) > 0
$$;
revoke all on function confidential.names_in_texts(text, text[]) from public;

create type ops.report_state as enum ('rendered', 'failed');

-- Grain: one PDF for one audience in one language, made once per state of its data.
create table ops.reports (
    report_id bigint generated always as identity primary key,
    kind text not null,
    subject_kind text not null,
    subject_id text not null,
    audience text not null check (audience in ('hr', 'trainer', 'business')),
    locale text not null,
    release_id bigint not null references published.releases,
    revision_number integer not null,
    view_sha256 text not null,
    state ops.report_state not null,
    uri text,
    pdf_sha256 text,
    size_bytes bigint,
    page_count integer,
    failure_reason text,
    rendered_at timestamptz not null,
    purged_at timestamptz,
    unique (kind, subject_kind, subject_id, audience, locale, view_sha256),
    check ((state = 'rendered') = (uri is not null and pdf_sha256 is not null))
);

grant usage on schema marts to trainloop_statistics, trainloop_planner;
grant select, insert, update, delete on all tables in schema marts to trainloop_statistics;
grant select on marts.evaluation_waves, marts.evaluation_figures to trainloop_planner;
grant usage on schema published to trainloop_statistics, trainloop_reporter, trainloop_board, trainloop_planner, trainloop_sender;
grant select, insert, update, delete on all tables in schema published to trainloop_statistics;
grant select on all tables in schema published to trainloop_reporter, trainloop_board, trainloop_planner, trainloop_sender;
grant select, insert, delete on confidential.release_respondents to trainloop_statistics;
grant execute on function marts.evaluation_population(text), confidential.names_in_texts(text, text[]) to trainloop_statistics;
grant select, insert, update on ops.reports to trainloop_reporter;
grant select on ops.reports to trainloop_board, trainloop_planner, trainloop_sender;
-- What a report says about its class: names of course and trainer, times. Published rows carry codes only.
grant usage on schema core to trainloop_reporter;
grant select on core.courses, core.class_sessions, core.trainers to trainloop_reporter;
-- What a person can be asked for besides a course evaluation.

-- Grain: one person's form of a named wave: the person, the line manager and HR L&D see it, as the form says.
create table core.named_responses (
    named_response_id bigint generated always as identity primary key,
    wave_code text not null,
    employee_id text not null,
    state confidential.response_state not null,
    answered_at timestamptz not null,
    answers jsonb not null,
    unique (wave_code, employee_id)
);
create index on core.named_responses (employee_id);

create type ops.commitment_state as enum ('open', 'done', 'expired', 'withdrawn');

-- Grain: one thing one person owes about one subject: an acknowledgement, a review, a comment, a confirmation. The token
-- is the person's own link; it dies when the state leaves open. facts are ids, codes and counts.
create table ops.commitments (
    commitment_id bigint generated always as identity primary key,
    kind text not null,
    subject_kind text not null,
    subject_id text not null,
    person_kind text not null check (person_kind in ('employee', 'trainer', 'contact')),
    person_id text not null,
    token text not null unique default replace(gen_random_uuid()::text, '-', ''),
    facts jsonb not null default '{}',
    asked_at timestamptz not null default ops.business_now(),
    due_on date not null,
    not_after timestamptz,
    state ops.commitment_state not null default 'open',
    done_at timestamptz,
    choice text,
    comment text,
    unique (kind, subject_kind, subject_id, person_kind, person_id),
    check ((state = 'done') = (done_at is not null))
);
-- The daily scan asks what is open and due.
create index on ops.commitments (due_on) where state = 'open';

create type ops.approval_state as enum ('open', 'approved', 'rejected', 'expired', 'withdrawn');

-- Grain: one decision asked of one contact about one revision of one subject. This row is the truth; Airflow's
-- human-in-the-loop task and the signed link are its two doors.
create table ops.approvals (
    approval_id bigint generated always as identity primary key,
    kind text not null,
    subject_kind text not null,
    subject_id text not null,
    revision_number integer not null default 1,
    asked_of text not null,
    token text not null unique default replace(gen_random_uuid()::text, '-', ''),
    facts jsonb not null default '{}',
    asked_at timestamptz not null default ops.business_now(),
    expires_at timestamptz,
    state ops.approval_state not null default 'open',
    decided_at timestamptz,
    decided_by text,
    decided_via text check (decided_via in ('airflow', 'link', 'console')),
    comment text,
    unique (kind, subject_kind, subject_id, revision_number),
    check ((state in ('approved', 'rejected')) = (decided_by is not null and decided_via is not null and decided_at is not null))
);
create index on ops.approvals (asked_at) where state = 'open';

-- Outbox: notices are decisions, messages are frozen bytes. Both survive any crash; only the mailer sends.

-- Grain: one kind of notice. Optional mail stops when a person opts out of it. survey: one digest a person and day;
-- alert: gathered, so that a storm is one mail.
create table ops.notice_kinds (
    kind text primary key,
    family text not null check (family in ('survey', 'report', 'data', 'alert', 'request')),
    is_optional boolean not null
);
insert into ops.notice_kinds (kind, family, is_optional) values
('survey_invitation', 'survey', false),
('survey_reminder', 'survey', false),
('survey_without_attendance', 'data', false),
('evaluation_report', 'report', false),
('quarantined_rows', 'data', false),
('file_refused', 'data', false),
('audit_gaps', 'alert', false),
('mail_backlog_expired', 'alert', false),
('incident_digest', 'alert', false);

-- Transitions: planned → composed (its words are in a message) | dropped (nobody wants it any more, reason says why)
-- | expired (not_after passed first); composed → planned (its digest lost another notice and is composed anew).
create type ops.notice_state as enum ('planned', 'composed', 'dropped', 'expired');

-- Grain: one decision that one recipient be told one thing once. The business key stops repeats.
create table ops.notices (
    notice_id bigint generated always as identity primary key,
    kind text not null references ops.notice_kinds,
    subject_kind text not null,
    subject_id text not null,
    recipient_kind text not null check (recipient_kind in ('employee', 'trainer', 'contact')),
    recipient_id text not null,
    step text not null default '',
    sequence_number integer not null default 1,
    is_optional boolean not null default false,
    is_urgent boolean not null default false,
    not_before timestamptz not null default ops.business_now(),
    not_after timestamptz,
    facts jsonb not null default '{}',
    state ops.notice_state not null default 'planned',
    reason text,
    message_id bigint,
    decided_at timestamptz not null default ops.business_now(),
    settled_at timestamptz,
    constraint told_once unique (kind, subject_kind, subject_id, recipient_kind, recipient_id, step, sequence_number),
    constraint composed_has_message check (state <> 'composed' or message_id is not null),
    constraint dropped_has_reason check ((state = 'dropped') = (reason is not null))
);
-- The composer walks through recipients in order; only what waits is in it.
create index on ops.notices (recipient_kind, recipient_id) where state = 'planned';
create index on ops.notices (message_id);

-- Transitions: composed → claimed → sent; claimed → composed (server asks to come back, or was not reached) or
-- uncertain (the 250 was not seen); uncertain → claimed (same bytes again); composed/uncertain → expired or suppressed;
-- claimed → failed (refused for good) or bounced (the address does not exist).
create type ops.message_state as enum (
    'composed', 'claimed', 'sent', 'uncertain', 'expired', 'suppressed', 'failed', 'bounced'
);

-- Grain: one mail, frozen when composed: a retry sends the same bytes. sending_at is set, and committed, before the
-- bytes leave: after a crash it tells "may have been sent" from "was not". next_attempt_at null: never again.
create table ops.messages (
    message_id bigint generated always as identity primary key,
    environment text not null,
    recipient_kind text not null,
    recipient_id text not null,
    recipient_address text not null,
    template text not null,
    locale text not null,
    timezone text not null,
    calendar_code text not null,
    is_urgent boolean not null,
    subject text not null,
    mime_message_id text not null unique,
    mime_bytes bytea not null,
    mime_sha256 text not null,
    attachment_sha256s text[] not null default '{}',
    state ops.message_state not null default 'composed',
    not_after timestamptz,
    composed_at timestamptz not null,
    next_attempt_at timestamptz,
    first_attempt_at timestamptz,
    attempt_count integer not null default 0,
    uncertain_count integer not null default 0,
    claimed_by text,
    lease_until timestamptz,
    sending_at timestamptz,
    fence_number bigint not null default 0,
    sent_at timestamptz,
    settled_at timestamptz,
    reply_code integer,
    reason text
);
alter table ops.notices add constraint notices_message_fk foreign key (message_id) references ops.messages;
-- The claim takes the oldest that are due.
create index on ops.messages (next_attempt_at, message_id) where state in ('composed', 'claimed', 'uncertain');
-- Cap per person and day, and the order of one person's mails.
create index on ops.messages (recipient_kind, recipient_id, composed_at);

-- Grain: one environment that may send. A restored or cloned database has another identity and no lease.
create table ops.sender_leases (
    environment text primary key,
    database_identity text not null,
    granted_at timestamptz not null,
    granted_by text not null
);

-- Grain: one whole backup. Its own copy of this row is not in it: it is written after the manifest.
create table ops.backups (
    backup_id text primary key,
    uri text not null,
    taken_at timestamptz not null,
    size_bytes bigint not null,
    taken_by text not null
);

-- Which database this is: the cluster, its history since the last restore, the database in it. A copy differs in one.
create function ops.database_identity() returns text
language sql stable security definer set search_path = ''
return (
    select system_identifier::text || '/' || (select timeline_id from pg_catalog.pg_control_checkpoint()) || '/'
        || (select oid from pg_catalog.pg_database where datname = current_database())
    from pg_catalog.pg_control_system()
);

-- Grain: one person that must not get some mail: opted out of optional mail, or the address bounced. A bounce holds for
-- the address it came from: a corrected address gets mail again.
create table ops.mail_stops (
    recipient_kind text not null,
    recipient_id text not null,
    kind text not null check (kind in ('opted_out', 'bounced')),
    address_sha256 text,
    recorded_at timestamptz not null,
    reason text,
    primary key (recipient_kind, recipient_id, kind)
);

-- Grain: one template that HR holds back for now.
create table ops.held_templates (
    template text primary key,
    held_at timestamptz not null,
    held_by text not null
);

-- Grain: one person of the master data that mail can go to. Contacts of the site file are no rows.
create view ops.mail_recipients as
select
    'employee' as recipient_kind, employee_id as recipient_id, name, email, locale, timezone, calendar_code,
    removed_on, left_on
from core.employees
union all
-- Who was erased as a trainer has this address until a file brings another.
select
    'trainer', t.trainer_id, t.name, t.email, t.locale, t.timezone, t.calendar_code,
    case when t.email = 'erased@invalid' then coalesce(e.removed_on, '2000-01-01') else e.removed_on end, e.left_on
from core.trainers as t
left join core.employees as e on e.employee_id = t.employee_id;

-- Grain: one notice; objection is null while it is wanted. The composer asks before it writes, the mailer again before
-- it sends. Objections against a recipient come first, then those against the subject. No CTE: the view melts into the
-- statement that asks, which needs a few rows of it; a bare sub-select reads the clock once.
create view ops.notice_objections as
select
    n.notice_id,
    case
        when n.recipient_kind <> 'contact' and r.recipient_id is null then 'recipient_unknown'
        when r.removed_on is not null or r.left_on <= ((select ops.business_now()) at time zone r.timezone)::date then 'left'
        when n.recipient_kind <> 'contact' and coalesce(r.email, '') = '' then 'address_missing'
        when bounce.address_sha256 = encode(sha256(convert_to(lower(r.email), 'UTF8')), 'hex') then 'bounced'
        when opt_out.recipient_id is not null and (n.is_optional or k.is_optional) then 'opted_out'
        when s.status = 'cancelled' then 'class_cancelled'
        when k.family = 'survey' and (i.state is distinct from 'invited') then 'not_invited'
        when k.family = 'survey' and i.is_used then 'answered'
        when k.family = 'survey' and (w.state <> 'open' or w.closes_at <= (select ops.business_now())) then 'wave_closed'
        when n.subject_kind = 'commitment' and k.family = 'request' and c.state is distinct from 'open' then 'answered'
        when n.subject_kind = 'approval' and k.family = 'request' and a.state is distinct from 'open' then 'answered'
        when n.kind = 'evaluation_report' and n.recipient_kind = 'trainer' and s.trainer_id is distinct from n.recipient_id
            then 'not_concerned'
        when n.kind = 'evaluation_report' and exists (
            select from ops.notices as newer
            where (newer.kind, newer.subject_kind, newer.subject_id, newer.recipient_kind, newer.recipient_id, newer.step)
                = (n.kind, n.subject_kind, n.subject_id, n.recipient_kind, n.recipient_id, n.step)
                and newer.sequence_number > n.sequence_number
        ) then 'superseded'
        when n.kind = 'quarantined_rows' and not exists (
            select from ops.quarantined_rows as q where q.file_id = f.file_id and q.state = 'open'
        ) then 'resolved'
        when n.kind = 'file_refused' and f.state is distinct from 'refused' then 'resolved'
    end as objection
from ops.notices as n
inner join ops.notice_kinds as k on k.kind = n.kind
left join ops.mail_recipients as r on r.recipient_kind = n.recipient_kind and r.recipient_id = n.recipient_id
left join ops.mail_stops as bounce
    on bounce.recipient_kind = n.recipient_kind and bounce.recipient_id = n.recipient_id and bounce.kind = 'bounced'
left join ops.mail_stops as opt_out
    on opt_out.recipient_kind = n.recipient_kind and opt_out.recipient_id = n.recipient_id and opt_out.kind = 'opted_out'
left join ops.survey_waves as w on n.subject_kind = 'survey_wave' and w.wave_code = n.subject_id
left join ops.invitations as i
    on n.subject_kind = 'survey_wave' and n.recipient_kind = 'employee'
        and i.wave_code = n.subject_id and i.employee_id = n.recipient_id
left join core.class_sessions as s
    on s.session_code = case
        when n.subject_kind = 'class_session' then n.subject_id
        when w.subject_kind = 'class_session' then w.subject_id
    end
left join ops.inbox_files as f
    on f.file_id = case when n.subject_kind = 'inbox_file' and n.subject_id ~ '^\d{1,18}$' then n.subject_id::bigint end
left join ops.commitments as c
    on c.commitment_id = case when n.subject_kind = 'commitment' and n.subject_id ~ '^\d{1,18}$' then n.subject_id::bigint end
left join ops.approvals as a
    on a.approval_id = case when n.subject_kind = 'approval' and n.subject_id ~ '^\d{1,18}$' then n.subject_id::bigint end;

-- Grain: one notice and how it stands or ended; every notice has exactly one outcome.
create view ops.notice_outcomes as
select
    n.notice_id,
    n.kind,
    n.recipient_kind,
    n.message_id,
    case
        when n.state = 'composed' then m.state::text
        when n.state = 'dropped' and n.message_id is not null then 'suppressed'
        else n.state::text
    end as outcome,
    coalesce(n.reason, m.reason) as reason
from ops.notices as n
left join ops.messages as m on m.message_id = n.message_id;

grant select on ops.notice_kinds, ops.notice_outcomes to trainloop_intake, trainloop_planner, trainloop_statistics,
    trainloop_reporter, trainloop_sender, trainloop_board;
grant insert, select on ops.notices to trainloop_intake, trainloop_planner, trainloop_statistics, trainloop_reporter;
grant update on ops.notices to trainloop_planner;
grant select, insert, update on ops.notices, ops.messages, ops.mail_stops to trainloop_sender;
grant select on ops.mail_recipients, ops.notice_objections, ops.sender_leases to trainloop_sender;
-- `trainloop status` and the gauges say whether mail may leave.
grant select on ops.backups, ops.sender_leases to trainloop_board, trainloop_planner;
grant select, insert, delete on ops.held_templates to trainloop_sender;
grant select on ops.mail_stops to trainloop_planner;
grant select (message_id, environment, recipient_kind, template, locale, state, not_after, composed_at, next_attempt_at,
    attempt_count, sent_at, settled_at, reply_code, reason) on ops.messages to trainloop_board, trainloop_planner;
-- The board counts and explains; who was asked or has answered is not its business.
grant select (notice_id, kind, subject_kind, subject_id, recipient_kind, step, sequence_number, is_optional, is_urgent,
    not_before, not_after, state, message_id, decided_at, settled_at) on ops.notices to trainloop_board;
grant select on ops.held_templates to trainloop_board;
-- Quality: one check run per file or per audited day, so that judging again after a crash replaces and never repeats.
alter table ops.check_runs
    add column checked_on date,
    -- Rows of a file that waited for a reference and came to the gate again.
    add column is_parked boolean not null default false,
    -- Header text of each column as it stood in the file, in the file's order: the owner's workbook repeats it.
    add column headers jsonb not null default '[]';
create unique index one_verdict_per_file on ops.check_runs (suite, file_id) where file_id is not null and not is_parked;
create unique index one_audit_per_day on ops.check_runs (suite, checked_on) where file_id is null;

alter table ops.check_results
    -- Who has to act on a failure: engineer (data, machinery), hr (the lifecycle) or owner (the file's contents).
    add column audience text not null default 'owner' check (audience in ('owner', 'engineer', 'hr')),
    add column position integer not null default 0;

-- Grain: one thing that a failed audit check found: an id and how many pieces are missing there. Never a value.
create table ops.check_gaps (
    check_run_id bigint not null,
    check_code text not null,
    position integer not null,
    subject_kind text not null,
    subject_id text not null,
    gap_count bigint not null check (gap_count > 0),
    primary key (check_run_id, check_code, position),
    foreign key (check_run_id, check_code) references ops.check_results on delete cascade
);

-- Grain: one step of the lifecycle on one audited day: what was due until then and what became of it.
create table ops.reconciliations (
    check_run_id bigint not null references ops.check_runs on delete cascade,
    step text not null,
    due_count bigint not null,
    done_count bigint not null,
    skipped_count bigint not null,
    expired_count bigint not null,
    gap_count bigint not null,
    primary key (check_run_id, step),
    check (due_count = done_count + skipped_count + expired_count + gap_count)
);

grant select, insert, update, delete on ops.check_results, ops.check_gaps, ops.reconciliations to trainloop_planner;
grant delete on ops.check_results to trainloop_intake;
grant select on ops.check_gaps, ops.reconciliations to trainloop_board, trainloop_reporter, trainloop_sender;
grant select on ops.check_runs, ops.check_results to trainloop_sender;
-- Reporting: which files stand behind a report. Files only: who is in them is none of a report's business.

-- Grain: one export file that brought answers of one wave. Says nothing about whose.
create table ops.survey_wave_files (
    wave_code text not null,
    file_id bigint not null references ops.inbox_files,
    primary key (wave_code, file_id)
);

-- Grain: one file that the current rows of one class came from.
create view core.session_files as
select session_code, 'class_sessions' as dataset, file_id from core.class_sessions
union
select session_code, 'enrollments', file_id from core.enrollments
union
select session_code, 'attendance', file_id from core.attendance
union
select session_code, 'test_results', file_id from core.test_results;

-- Grain: one file that brought answers or completions of one wave.
create view core.wave_files as
select wave_code, 'survey_exports' as dataset, file_id from ops.survey_wave_files
union
select wave_code, 'survey_completions', file_id from core.survey_completions;

grant select, insert on ops.survey_wave_files to trainloop_intake;
grant select on ops.survey_wave_files to trainloop_board, trainloop_planner, trainloop_statistics;
grant select on core.session_files, core.wave_files to trainloop_reporter;

grant select, insert, update on core.named_responses to trainloop_intake;
grant select on core.named_responses to trainloop_planner, trainloop_statistics;
grant select, insert, update on ops.commitments, ops.approvals to trainloop_planner, trainloop_statistics, trainloop_reporter;
grant select on ops.commitments, ops.approvals to trainloop_sender;
-- The board counts and explains; links and words are the person's own.
grant select (commitment_id, kind, subject_kind, subject_id, person_kind, asked_at, due_on, not_after, state, done_at)
    on ops.commitments to trainloop_board;
grant select (approval_id, kind, subject_kind, subject_id, revision_number, asked_of, asked_at, expires_at, state,
    decided_at, decided_by, decided_via) on ops.approvals to trainloop_board;

-- Grain: one person that the plan of a wave names (population listed): raters of a 360, interviewers, a pilot's teams.
create table ops.wave_people (
    wave_code text not null references ops.survey_waves,
    employee_id text not null,
    rater_group text constraint wave_people_rater_group_known
        check (rater_group in ('self', 'manager', 'peer', 'report', 'other')),
    primary key (wave_code, employee_id)
);

-- Grain: one person who is to be asked by one wave on a day. Runs with the caller's rights and is inlined into the
-- statements that use it; each wave has one rule, so the branches never meet in one wave.
create function ops.wave_population(wave_codes text[], on_day date)
returns table (wave_code text, employee_id text, rater_group text)
language sql stable
begin atomic
    select wave.wave_code, person.employee_id, null::text
    from ops.survey_waves as wave
    join core.employees as person
        on person.removed_on is null and (person.hired_on is null or person.hired_on <= on_day)
        and (person.left_on is null or person.left_on > on_day)
    where wave.wave_code = any (wave_codes) and wave.population = 'active_employees'
    union all
    select wave.wave_code, person.employee_id, null
    from ops.survey_waves as wave
    join ops.evaluation_population(array(
        select survey_waves.subject_id from ops.survey_waves
        where survey_waves.wave_code = any (wave_codes) and survey_waves.population = 'attendees'
    )) as person on person.session_code = wave.subject_id
    where wave.wave_code = any (wave_codes) and wave.population = 'attendees' and wave.subject_kind = 'class_session'
    union all
    -- Who led the learner when the class ended; nobody is asked about themselves.
    select distinct wave.wave_code, past.manager_id, null
    from ops.survey_waves as wave
    join core.class_sessions as session on session.session_code = wave.subject_id
    join ops.evaluation_population(array(
        select survey_waves.subject_id from ops.survey_waves
        where survey_waves.wave_code = any (wave_codes) and survey_waves.population = 'managers_of_attendees'
    )) as person on person.session_code = wave.subject_id
    cross join lateral (
        select history.manager_id
        from core.employee_history as history
        where history.employee_id = person.employee_id and (
            history.valid_to is null
            or history.valid_to > (session.ends_at at time zone session.timezone)::date
        )
        order by history.valid_from
        limit 1
    ) as past
    where wave.wave_code = any (wave_codes) and wave.population = 'managers_of_attendees'
        and wave.subject_kind = 'class_session' and past.manager_id is not null
        and past.manager_id <> person.employee_id
    union all
    -- The subject is a quarter, 2026Q1: classes that ended in it where they were held.
    select distinct wave.wave_code, attendance.employee_id, null
    from ops.survey_waves as wave
    join core.class_sessions as session
        on (session.ends_at at time zone session.timezone)::date >= make_date(
            left(wave.subject_id, 4)::integer, right(wave.subject_id, 1)::integer * 3 - 2, 1
        )
        and (session.ends_at at time zone session.timezone)::date < make_date(
            left(wave.subject_id, 4)::integer, right(wave.subject_id, 1)::integer * 3 - 2, 1
        ) + interval '3 months'
    join core.attendance on attendance.session_code = session.session_code
    where wave.wave_code = any (wave_codes) and wave.population = 'attendees_of_quarter'
        and session.status <> 'cancelled' and attendance.status in ('present', 'late', 'early')
    union all
    -- A trainer who is no employee has no address of the company's and no answer that the cap could count.
    select distinct wave.wave_code, trainer.employee_id, null
    from ops.survey_waves as wave
    cross join core.trainers as trainer
    where wave.wave_code = any (wave_codes) and wave.population = 'trainers' and trainer.employee_id is not null
    union all
    select listed.wave_code, listed.employee_id, listed.rater_group
    from ops.survey_waves as wave
    join ops.wave_people as listed on listed.wave_code = wave.wave_code
    where wave.wave_code = any (wave_codes) and wave.population = 'listed';
end;

-- How many answer sheets stand under each combination of coarse groups: counts, no answers. The planner decides by them
-- which combinations are too small to keep.
create function ops.response_groups(wave_codes text[])
returns table (wave_code text, coarse_groups jsonb, response_count bigint)
language sql stable security definer set search_path = ''
begin atomic
    select responses.wave_code, responses.coarse_groups, count(*)
    from confidential.responses
    where responses.wave_code = any (wave_codes)
    group by responses.wave_code, responses.coarse_groups;
end;
revoke execute on function ops.response_groups from public;

-- Replaces combinations of coarse groups of one wave by coarser ones. The caller never sees an answer.
create function ops.coarsen_responses(wave text, old_groups jsonb[], new_groups jsonb[]) returns bigint
language sql security definer set search_path = ''
begin atomic
    with coarsened as (
        update confidential.responses
        set coarse_groups = change.new_group
        from unnest(old_groups, new_groups) as change (old_group, new_group)
        where responses.wave_code = wave and responses.coarse_groups = change.old_group
            and change.old_group <> change.new_group
        returning 1
    )
    select count(*) from coarsened;
end;
revoke execute on function ops.coarsen_responses from public;

grant select, insert, update, delete on ops.wave_people to trainloop_planner;
grant execute on function ops.response_groups, ops.coarsen_responses to trainloop_planner;

-- Who was and who could have been asked by waves, as counts: the statistics role sees no invitation's person. population
-- = invited + held_by_cap + excluded. Of the invited, absentees and addresses that bounced before the close are not
-- eligible unless they answered all the same.
create function marts.wave_population(wave_codes text[])
returns table (
    wave_code text, population_count integer, invited_count integer, eligible_count integer, used_count integer,
    held_count integer, excluded_count integer, complete_count integer, partial_count integer, has_completions boolean
)
language sql stable security definer set search_path = ''
begin atomic
    with people as (
        select
            invitation.wave_code, invitation.state, invitation.is_used,
            invitation.state = 'invited' and (
                invitation.is_used
                or not (
                    invitation.not_eligible_reason is not null
                    or coalesce(absent.is_absent, false)
                    or coalesce(bounced.recorded_at <= coalesce(wave.closed_at, wave.closes_at), false)
                )
            ) as is_eligible
        from ops.invitations as invitation
        join ops.survey_waves as wave on wave.wave_code = invitation.wave_code
        left join ops.mail_stops as bounced
            on bounced.recipient_kind = 'employee' and bounced.recipient_id = invitation.employee_id
            and bounced.kind = 'bounced'
        left join lateral (
            select bool_and(attendance.status in ('absent', 'excused')) as is_absent
            from core.attendance
            where wave.subject_kind = 'class_session' and wave.population = 'attendees'
                and attendance.session_code = wave.subject_id and attendance.employee_id = invitation.employee_id
        ) as absent on true
        where invitation.wave_code = any (wave_codes)
    ),
    asked as (
        select
            people.wave_code, count(*) as population_count,
            count(*) filter (where people.state = 'invited') as invited_count,
            count(*) filter (where people.is_eligible) as eligible_count,
            count(*) filter (where people.is_used and people.state = 'invited') as used_count,
            count(*) filter (where people.state = 'held_by_cap') as held_count,
            count(*) filter (where people.state = 'excluded') as excluded_count
        from people
        group by people.wave_code
    ),
    answered as (
        select
            response.wave_code, count(*) filter (where response.state = 'complete') as complete_count,
            count(*) filter (where response.state = 'partial') as partial_count
        from confidential.responses as response
        where response.wave_code = any (wave_codes)
        group by response.wave_code
    )
    select
        wave.wave_code, coalesce(asked.population_count, 0)::integer, coalesce(asked.invited_count, 0)::integer,
        coalesce(asked.eligible_count, 0)::integer, coalesce(asked.used_count, 0)::integer,
        coalesce(asked.held_count, 0)::integer, coalesce(asked.excluded_count, 0)::integer,
        coalesce(answered.complete_count, 0)::integer, coalesce(answered.partial_count, 0)::integer,
        wave.has_completions
    from ops.survey_waves as wave
    left join asked on asked.wave_code = wave.wave_code
    left join answered on answered.wave_code = wave.wave_code
    where wave.wave_code = any (wave_codes);
end;
revoke all on function marts.wave_population(text[]) from public;

-- How many invited people stand behind each combination of coarse groups of a wave: each for the wave's minimum at least.
create function marts.wave_groups(wave text)
returns table (coarse_groups jsonb, invited_count integer)
language sql stable security definer set search_path = ''
begin atomic
    select invitations.coarse_groups, count(*)::integer
    from ops.invitations
    where invitations.wave_code = wave and invitations.state = 'invited'
    group by invitations.coarse_groups;
end;
revoke all on function marts.wave_groups(text) from public;

grant execute on function marts.wave_population(text[]), marts.wave_groups(text)
    to trainloop_statistics, trainloop_reporter;

-- Needs: what the yearly analysis reads (goals, topics, interviews, results, competencies, confirmations). No foreign keys:
-- intake checks every reference when it merges, and goals, topics and indicators come in any order.
create table core.kpi_definitions (
    kpi_code text primary key,
    name_zh text not null,
    name_en text not null,
    direction text not null check (direction in ('higher', 'lower')),
    unit text,
    rate_basis text,
    unit_value_amount numeric(14, 2),
    file_id bigint not null,
    row_number bigint not null,
    grain text not null default 'month' check (grain in ('day', 'week', 'month')),
    rate_per numeric check (rate_per > 0),
    currency text not null default 'CNY',
    redefined_on date,
    numerator text,
    denominator text,
    relevant_effect numeric check (relevant_effect > 0),
    value_owner text,
    value_source text,
    margin_pct numeric(7, 4) check (margin_pct > 0 and margin_pct <= 100),
    value_confidence_pct numeric(5, 2) check (value_confidence_pct > 0 and value_confidence_pct <= 100)
);

create table core.strategy_goals (
    year integer not null,
    goal_code text not null,
    name_zh text not null,
    name_en text not null,
    kpi_code text,
    target_value numeric,
    weight_pct numeric not null check (weight_pct between 0 and 100),
    owner_name text,
    file_id bigint not null,
    row_number bigint not null,
    primary key (year, goal_code)
);

create table core.training_topics (
    topic_code text primary key,
    name_zh text not null,
    name_en text not null,
    competency_code text,
    goal_code text,
    kpi_code text,
    target_audience text,
    target_families text,
    target_levels text,
    deadline_on date,
    estimated_cost_amount numeric(14, 2),
    file_id bigint not null,
    row_number bigint not null
);

create table core.interview_plan (
    department_code text not null,
    year integer not null,
    interviewee_id text,
    interviewer_id text not null,
    due_on date not null,
    file_id bigint not null,
    row_number bigint not null,
    primary key (department_code, year)
);

create table core.business_interviews (
    interview_id text primary key,
    department_code text not null,
    interviewer_id text,
    interviewed_on date not null,
    pain_point text not null,
    topic_code text,
    severity integer not null check (severity between 1 and 5),
    quote text,
    file_id bigint not null,
    row_number bigint not null
);

create table core.performance_reviews (
    employee_id text not null,
    period text not null,
    kpi_code text not null,
    target_value numeric not null,
    actual_value numeric not null,
    rating text,
    cause text check (cause in ('skill', 'tool', 'process', 'motivation')),
    file_id bigint not null,
    row_number bigint not null,
    primary key (employee_id, period, kpi_code)
);
-- The yearly analysis reads one indicator over four quarters.
create index on core.performance_reviews (kpi_code, period);

create table core.competency_requirements (
    job_family text not null,
    job_level text not null,
    competency_code text not null,
    name_zh text,
    name_en text,
    required_level numeric(2, 1) not null check (required_level between 1 and 5),
    weight numeric(5, 2) not null default 1 check (weight >= 0),
    file_id bigint not null,
    row_number bigint not null,
    primary key (job_family, job_level, competency_code)
);

create table core.competency_assessments (
    employee_id text not null,
    competency_code text not null,
    assessed_on date not null,
    self_level numeric(2, 1),
    manager_level numeric(2, 1),
    test_score numeric(5, 2),
    file_id bigint not null,
    row_number bigint not null,
    primary key (employee_id, competency_code, assessed_on)
);
-- Everybody's last assessment in one competency.
create index on core.competency_assessments (competency_code);

create table core.need_confirmations (
    year integer not null,
    topic_code text not null,
    department_code text not null,
    is_confirmed boolean not null,
    confirmed_by text,
    confirmed_on date,
    cause text check (cause in ('skill', 'tool', 'process', 'motivation')),
    override_verdict text check (override_verdict in ('valid', 'to_clarify', 'rejected')),
    override_reason text,
    override_by text,
    file_id bigint not null,
    row_number bigint not null,
    primary key (year, topic_code, department_code),
    constraint override_is_accounted_for check (
        override_verdict is null or (override_reason is not null and override_by is not null)
    )
);

-- Grain: one rater of one person's 360 assessment.
create table core.rater_nominations (
    employee_id text not null,
    rater_id text not null,
    rater_group text not null check (rater_group in ('self', 'manager', 'peer', 'report', 'other')),
    file_id bigint not null,
    row_number bigint not null,
    primary key (employee_id, rater_id)
);

grant select, insert, update, delete on core.kpi_definitions, core.strategy_goals, core.training_topics,
    core.interview_plan, core.business_interviews, core.performance_reviews, core.competency_requirements,
    core.competency_assessments, core.need_confirmations, core.rater_nominations to trainloop_intake;
grant select on core.kpi_definitions, core.strategy_goals, core.training_topics, core.interview_plan,
    core.business_interviews, core.performance_reviews, core.competency_requirements, core.competency_assessments,
    core.need_confirmations, core.rater_nominations to trainloop_planner, trainloop_statistics;
-- Things only: names of topics, goals and indicators stand in reports and mails; people's results do not.
grant select on core.kpi_definitions, core.strategy_goals, core.training_topics to trainloop_reporter, trainloop_sender;
-- Who is in a target group on the day of the analysis: people who left are in nobody's denominator.
grant select (removed_on, left_on) on core.employees to trainloop_statistics;
-- Facts of indicators: what a person or a team achieved in one day, week or month. Read by the 90-day report.

-- A period is written 2026-03-05, 2026-W10 (ISO week) or 2026-03; anything else has no days.
create function core.period_grain(period text) returns text language sql immutable parallel safe
return case
    when period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$' then 'month'
    when period ~ '^[0-9]{4}-W(0[1-9]|[1-4][0-9]|5[0-3])$' then 'week'
    when period ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' then 'day'
end;
create function core.period_starts_on(period text) returns date language sql immutable parallel safe
return case core.period_grain(period)
    when 'month' then make_date(substr(period, 1, 4)::integer, substr(period, 6, 2)::integer, 1)
    -- The week with 4 January is the first.
    when 'week' then make_date(substr(period, 1, 4)::integer, 1, 4)
        - (extract(isodow from make_date(substr(period, 1, 4)::integer, 1, 4))::integer - 1)
        + 7 * (substr(period, 7, 2)::integer - 1)
    when 'day' then make_date(substr(period, 1, 4)::integer, substr(period, 6, 2)::integer, substr(period, 9, 2)::integer)
end;
create function core.period_ends_on(period text) returns date language sql immutable parallel safe
return case core.period_grain(period)
    when 'month' then (core.period_starts_on(period) + interval '1 month' - interval '1 day')::date
    when 'week' then core.period_starts_on(period) + 6
    when 'day' then core.period_starts_on(period)
end;
-- The grain of a period by its days, which the facts keep: what reads many of them need not take each text apart again.
create function core.grain_of_days(starts_on date, ends_on date) returns text language sql immutable parallel safe
return case ends_on - starts_on when 0 then 'day' when 6 then 'week' else 'month' end;

-- 2026-03, 2026/3, 2026年3月, 202603; 2026-W10, 2026年第10周; days as in staging.iso_day.
create function staging.period_slowly(v text) returns text language sql stable strict parallel safe
return (
    select case
        when coalesce(month[2], month[3])::integer between 1 and 12
            then month[1] || '-' || lpad(coalesce(month[2], month[3]), 2, '0')
        when week[2]::integer between 1 and 53
            and extract(isoyear from core.period_starts_on(week[1] || '-W' || lpad(week[2], 2, '0')))::text = week[1]
            then week[1] || '-W' || lpad(week[2], 2, '0')
        when length(plain) >= 8 then staging.iso_day(plain)
    end
    from (select staging.plain(v) as plain) as cleaned,
        lateral (select
            regexp_match(plain, '^((?:19|20)[0-9]{2})(?:\s*[-/.年]\s*([0-9]{1,2})\s*月?|([0-9]{2}))$'),
            regexp_match(plain, '^((?:19|20)[0-9]{2})\s*[-年]?\s*(?:W|第)\s*([0-9]{1,2})\s*周?$', 'i')
        ) as parts (month, week)
);
create function staging.period_of(v text) returns text language sql stable parallel safe
return case when v ~ '^(19|20)[0-9]{2}-(0[1-9]|1[0-2])$' then v else staging.period_slowly(v) end;

-- Grain: one indicator of one person or team in one period. A rate keeps its exposure (denominator), a level its value.
create table core.kpi_facts (
    unit_kind text not null check (unit_kind in ('employee', 'team')),
    unit_id text not null,
    kpi_code text not null,
    period text not null check (core.period_grain(period) is not null),
    numerator numeric,
    denominator numeric check (denominator > 0),
    value numeric,
    unit text,
    source text,
    file_id bigint not null,
    row_number bigint not null,
    starts_on date generated always as (core.period_starts_on(period)) stored,
    ends_on date generated always as (core.period_ends_on(period)) stored,
    primary key (unit_kind, unit_id, kpi_code, period),
    constraint it_says_something check (num_nonnulls(numerator, value) >= 1)
);
-- The windows of one indicator are read over everybody; the table holds years of all of them.
create index on core.kpi_facts (kpi_code, starts_on);

grant select, insert, update, delete on core.kpi_facts to trainloop_intake;
grant select on core.kpi_facts to trainloop_planner, trainloop_statistics;
-- The yearly analysis of training needs: what was computed (marts) and what may be seen of it (published, suppressed).
-- A release has product annual_needs, subject_kind needs_year and the plan's year as subject; its single numbers are in
-- published.figures, its masked quotes in published.verbatims (item_code quote:<topic_code>).

-- Grain: one plan year, as last computed. population_on fixes whose results count: the day the survey closed.
create table marts.needs_years (
    year integer primary key,
    wave_code text not null,
    population_on date not null,
    data_sha256 text not null,
    site_version text not null,
    computed_at timestamptz not null
);

-- Grain: one figure of one plan year, before suppression.
create table marts.needs_figures (
    year integer not null references marts.needs_years on delete cascade,
    family text not null,
    code text not null,
    statistic text not null,
    value numeric,
    text_value text,
    respondent_count integer,
    refusal text,
    primary key (year, family, code, statistic)
);

-- Grain: one crossing of two attributes in one table of one plan year, before suppression.
create table marts.needs_cells (
    year integer not null references marts.needs_years on delete cascade,
    table_code text not null,
    row_code text not null,
    column_code text not null,
    statistic text not null,
    value numeric,
    respondent_count integer,
    primary key (year, table_code, row_code, column_code, statistic)
);

-- Grain: one topic of one release with its verdict. position: order in the report. rank: among valid needs only.
create table published.needs (
    release_id bigint not null references published.releases on delete cascade,
    topic_code text not null,
    position integer not null,
    rank integer,
    verdict text not null check (verdict in ('valid', 'to_clarify', 'rejected')),
    computed_verdict text not null check (computed_verdict in ('valid', 'to_clarify', 'rejected')),
    override_reason text,
    override_by text,
    priority numeric(4, 1) not null check (priority between 20 and 100),
    urgency_score integer not null check (urgency_score between 1 and 5),
    scope_score integer not null check (scope_score between 1 and 5),
    strategic_score integer not null check (strategic_score between 1 and 5),
    goal_code text,
    competency_code text,
    kpi_code text,
    target_audience text,
    target_count integer not null,
    deadline_on date,
    estimated_cost_amount numeric(14, 2),
    cumulative_cost_amount numeric(14, 2),
    funding text not null check (funding in ('funded', 'below_line', 'cost_missing', 'not_valid')),
    primary key (release_id, topic_code),
    check ((rank is not null) = (verdict = 'valid')),
    check (verdict = computed_verdict or (override_reason is not null and override_by is not null))
);

-- Grain: one layer of one topic: passed or not, by which reason (trainloop.domain.need_reasons), value against threshold.
create table published.need_layers (
    release_id bigint not null,
    topic_code text not null,
    layer text not null check (layer in ('strategy', 'business', 'individual')),
    is_passed boolean not null,
    is_evidence_missing boolean not null,
    reason text not null,
    value numeric,
    threshold numeric,
    respondent_count integer,
    is_hidden boolean not null default false,
    primary key (release_id, topic_code, layer),
    foreign key (release_id, topic_code) references published.needs on delete cascade,
    check (not is_hidden or value is null),
    check (not (is_passed and is_evidence_missing))
);

-- Grain: one piece of evidence of one layer. kind says what code names: goal, kpi, competency, department, wave.
create table published.need_evidence (
    release_id bigint not null,
    topic_code text not null,
    layer text not null,
    position integer not null,
    kind text not null,
    code text not null,
    statistic text not null,
    value numeric,
    text_value text,
    respondent_count integer,
    is_hidden boolean not null default false,
    reason text,
    primary key (release_id, topic_code, layer, position),
    foreign key (release_id, topic_code, layer) references published.need_layers on delete cascade,
    check (not is_hidden or (value is null and text_value is null and reason is not null))
);

-- Grain: one path from a goal over a topic to a course, or what has no such path (finding, both ways); and one finding of
-- last year's training review about such a course (seed_*), with the review's release that it stands in.
create table published.needs_trace (
    release_id bigint not null references published.releases on delete cascade,
    position integer not null,
    goal_code text,
    weight_pct numeric,
    topic_code text,
    competency_code text,
    course_code text,
    finding text check (finding in (
        'goal_without_topic', 'goal_without_weight', 'topic_without_course', 'topic_without_goal',
        'course_without_topic', 'seed_without_topic'
    )),
    seed_kind text,
    seed_code text,
    seed_finding text,
    seed_release_id bigint references published.releases,
    primary key (release_id, position),
    constraint needs_trace_seed_whole
        check (num_nonnulls(seed_kind, seed_code, seed_finding, seed_release_id) in (0, 4))
);

-- Grain: one crossing of one table of a release, after suppression. "total" is a margin.
create table published.needs_cells (
    release_id bigint not null references published.releases on delete cascade,
    table_code text not null,
    row_code text not null,
    column_code text not null,
    statistic text not null,
    value numeric,
    respondent_count integer,
    is_hidden boolean not null default false,
    reason text,
    primary key (release_id, table_code, row_code, column_code, statistic),
    check (not is_hidden or (value is null and reason is not null))
);

-- Grain: one valid need under one variant of the weights, or under the best use of the budget (knapsack).
create table published.needs_sensitivity (
    release_id bigint not null references published.releases on delete cascade,
    variant text not null,
    topic_code text not null,
    priority numeric(4, 1) not null,
    rank integer not null,
    is_funded boolean not null,
    primary key (release_id, variant, topic_code)
);

-- Grain: the name of one code at the time of the release: topic, goal, kpi, competency, department, course.
create table published.needs_labels (
    release_id bigint not null references published.releases on delete cascade,
    kind text not null,
    code text not null,
    name_zh text not null,
    name_en text not null,
    primary key (release_id, kind, code)
);

grant select, insert, update, delete on marts.needs_years, marts.needs_figures, marts.needs_cells to trainloop_statistics;
grant select on marts.needs_years to trainloop_planner;
grant select, insert, update, delete on published.needs, published.need_layers, published.need_evidence,
    published.needs_trace, published.needs_cells, published.needs_sensitivity, published.needs_labels
    to trainloop_statistics;
grant select on published.needs, published.need_layers, published.need_evidence, published.needs_trace,
    published.needs_cells, published.needs_sensitivity, published.needs_labels
    to trainloop_reporter, trainloop_board, trainloop_planner, trainloop_sender;
-- What people owe: when it stopped helping, and what HR has been told of it.

-- overdue_told_on: the day HR first read that it is late. settled_told_on: the day HR read how it ended.
alter table ops.commitments add column expired_at timestamptz;
alter table ops.commitments add column overdue_told_on date;
alter table ops.commitments add column settled_told_on date;
alter table ops.commitments add constraint commitments_expiry_has_a_time
    check ((state = 'expired') = (expired_at is not null));
-- The daily scan asks what ended and was not told yet.
create index commitments_untold_idx on ops.commitments (state) where settled_told_on is null and state <> 'open';

insert into ops.notice_kinds (kind, family, is_optional) values
('commitment_request', 'request', false),
('commitment_reminder', 'request', false),
('commitment_digest', 'data', false);

-- Whose working days count; names and addresses the planner reads in core anyway.
grant select on ops.mail_recipients to trainloop_planner;
-- Quarterly pulse: HR reads every release; who taught is asked in the commit of the release, by the statistics role.
insert into ops.notice_kinds (kind, family, is_optional) values ('pulse_result', 'report', false);

-- Whose working days count; not who they are.
grant select (recipient_kind, recipient_id, calendar_code) on ops.mail_recipients to trainloop_statistics;
-- What the needs analysis may read beside core: who worked here on a day, and names to be masked in interview quotes.
grant select (hired_on) on core.employees to trainloop_statistics;

-- Names and ids of people that occur in quotes of interviews, for a role that may not read names. Full names and ids of
-- everybody; parts of names only of those who were or were to be interviewed, who interviewed, and of heads: in a large
-- company every word is somebody's given name.
create function confidential.names_in_interviews(texts text[])
returns table (name text)
language sql stable security definer set search_path = ''
as $$
    with everybody as (
        select employees.name, employees.employee_id as person_id from core.employees
        union all
        select trainers.name, trainers.trainer_id from core.trainers
    ),
    concerned as (
        select business_interviews.interviewer_id as person_id from core.business_interviews
        union
        select unnest(array[interview_plan.interviewee_id, interview_plan.interviewer_id]) from core.interview_plan
        union
        select departments.head_employee_id from core.departments
    ),
    written as (select array_to_string(texts, E'\n') as text),
    sought as (
        select everybody.name from everybody
        union
        select everybody.person_id from everybody where length(everybody.person_id) >= 4
        union
        select part from everybody
        join concerned using (person_id)
        cross join lateral regexp_split_to_table(everybody.name, '[[:space:]·]+') as part
        where length(part) >= 3
        union
        select right(everybody.name, 2) from everybody
        join concerned using (person_id)
        where everybody.name ~ '^[\u4e00-\u9fff]{3,4}$'
    )
    select sought.name from sought, written
    where length(sought.name) >= 2 and strpos(lower(written.text), lower(sought.name)) > 0
$$;
revoke all on function confidential.names_in_interviews(text[]) from public;
grant execute on function confidential.names_in_interviews(text[]) to trainloop_statistics;
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

-- Without nested loops: the rows of a trigger have no statistics, and every link would be compared with every other.
create function forms.remember_dead_links() returns trigger
language plpgsql security definer set search_path = '' set enable_nestloop = off as $$
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
        'kind', subject_of.kind, 'id', subject_of.id, 'course_zh', course.name_zh, 'course_en', course.name_en,
        'trainer', trainer.name, 'ends_at', session.ends_at, 'timezone', session.timezone,
        'department_zh', department.name_zh, 'department_en', department.name_en, 'person', person.name
    ))
    from (select) as nothing
    left join core.class_sessions as session
        on subject_of.kind = 'class_session' and session.session_code = subject_of.id
    left join core.courses as course on course.course_code = session.course_code
    left join core.trainers as trainer on trainer.trainer_id = session.trainer_id
    left join core.departments as department
        on subject_of.kind = 'department' and department.department_code = subject_of.id
    left join core.employees as person
        on subject_of.kind in ('person', 'employee') and person.employee_id = subject_of.id;
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
-- 360 assessments of newly promoted managers. Who is assessed stands in one table that only those read who must name the
-- person to a rater; waves, answers and results go by the wave's keyed code.

-- Grain: one promotion and the wave that assesses it. The wave's own subject is this code, never the person.
create table ops.assessments (
    wave_code text primary key references ops.survey_waves,
    employee_id text not null,
    promoted_on date not null,
    -- nominated: HR named the raters; rule: the reporting line did.
    raters_from text not null constraint assessments_raters_from_known check (raters_from in ('nominated', 'rule')),
    planned_at timestamptz not null,
    unique (employee_id, promoted_on)
);

-- Grain: one answered item of one rater of a closed 360, with the group but not the person who rated.
create view confidential.assessment_answers as
select
    response.wave_code,
    md5(response.wave_code || ':' || response.external_id_hash)::uuid as rater_key,
    response.coarse_groups ->> 'rater_group' as rater_group,
    answer.item_code,
    answer.score,
    answer.free_text
from confidential.responses as response
join confidential.answers as answer using (response_id)
join ops.survey_waves as wave using (wave_code)
where wave.instrument_code = 'feedback_360' and wave.state = 'closed' and response.state = 'complete';

-- Grain: one assessment whose private result was worked out: once, when its wave had closed. What comes later changes
-- nothing, because a difference of one rater would be that rater's answers.
create table confidential.assessment_results (
    wave_code text primary key references ops.assessments,
    data_sha256 text not null,
    site_version text not null,
    computed_at timestamptz not null,
    rater_count integer not null,
    has_self boolean not null
);

-- Grain: one figure of a private result, after the group minimum: what the person reads, and nobody else.
create table confidential.assessment_figures (
    wave_code text not null references confidential.assessment_results on delete cascade,
    group_code text not null,
    family text not null,
    code text not null,
    statistic text not null,
    value numeric,
    text_value text,
    rater_count integer,
    reason text,
    primary key (wave_code, group_code, family, code, statistic),
    check (num_nonnulls(value, text_value) = 0 or reason is null)
);

-- Grain: one comment of a private result, masked, in random order and without its group.
create table confidential.assessment_comments (
    wave_code text not null references confidential.assessment_results on delete cascade,
    item_code text not null,
    position integer not null,
    masked_text text not null,
    primary key (wave_code, item_code, position)
);

-- Grain: one assessed person's mean over the raters, unsuppressed: what the cohort is pooled from. score_count raters
-- stand behind it; the self rating is a group of its own.
create table marts.assessment_scores (
    wave_code text not null references ops.assessments,
    rater_group text not null check (rater_group in ('self', 'others')),
    family text not null check (family in ('item', 'dimension')),
    code text not null,
    mean double precision not null,
    score_count integer not null,
    primary key (wave_code, rater_group, family, code)
);

insert into ops.notice_kinds (kind, family, is_optional) values
('assessment_feedback', 'report', false),
('cohort_brief', 'report', false),
('raters_missing', 'data', false);

-- Only the role that makes private feedback reads ratings by rater; it sees no name, no token and no other survey.
grant usage on schema confidential, ops, core, marts, published to trainloop_feedback;
grant select on confidential.assessment_answers to trainloop_feedback;
grant select, insert on confidential.assessment_results, confidential.assessment_figures, confidential.assessment_comments
    to trainloop_feedback;
grant select, insert on marts.assessment_scores to trainloop_feedback;
grant select on ops.assessments, ops.survey_waves, ops.clock to trainloop_feedback;
grant select (wave_code, state, is_used, rater_group) on ops.invitations to trainloop_feedback;
grant insert on ops.audit_entries to trainloop_feedback;
grant insert, select on ops.notices to trainloop_feedback;
grant select on ops.notice_kinds to trainloop_feedback;
grant execute on function confidential.names_in_texts(text, text[]) to trainloop_feedback;
grant select, insert on ops.assessments to trainloop_planner;
grant select on ops.assessments to trainloop_sender;
-- The cohort is pooled by wave, not by person.
grant select (wave_code, promoted_on) on ops.assessments to trainloop_statistics;
grant select on confidential.assessment_results, confidential.assessment_answers to trainloop_statistics;

-- What a page says about the subject of a wave, a commitment or an approval; names of things, and of people only where
-- the form is about a person. A rater has to know whom the 360 is about.
create or replace function forms.subject_of(kind text, id text) returns jsonb
language sql stable security definer set search_path = ''
begin atomic
    select jsonb_strip_nulls(jsonb_build_object(
        'kind', case when assessed.wave_code is null then subject_of.kind else 'employee' end,
        'id', coalesce(assessed.employee_id, subject_of.id), 'course_zh', course.name_zh, 'course_en', course.name_en,
        'trainer', trainer.name, 'ends_at', session.ends_at, 'timezone', session.timezone,
        'department_zh', department.name_zh, 'department_en', department.name_en, 'person', person.name
    ))
    from (select) as nothing
    left join core.class_sessions as session
        on subject_of.kind = 'class_session' and session.session_code = subject_of.id
    left join core.courses as course on course.course_code = session.course_code
    left join core.trainers as trainer on trainer.trainer_id = session.trainer_id
    left join core.departments as department
        on department.department_code = case subject_of.kind
            when 'department' then subject_of.id
            -- <year>-<department>
            when 'interview' then substr(subject_of.id, 6)
        end
    left join ops.assessments as assessed on subject_of.kind = 'assessment' and assessed.wave_code = subject_of.id
    left join core.employees as person
        on person.employee_id = case
            when subject_of.kind in ('person', 'employee') then subject_of.id else assessed.employee_id
        end;
end;
-- Approvals: which of them Airflow's human-in-the-loop task holds, and when what was decided took effect.

-- door_run_id: the run whose task waits for the answer in Airflow; door_until: until when it is believed to live. Both are
-- machinery, in wall-clock time: a task that died, or a wiped metadata database, frees the approval for the next run.
alter table ops.approvals add column door_run_id text;
alter table ops.approvals add column door_until timestamptz;
alter table ops.approvals add constraint approvals_door_is_whole check ((door_run_id is null) = (door_until is null));
-- When what was decided was carried out: sent on, or given up.
alter table ops.approvals add column effect_at timestamptz;
alter table ops.approvals add constraint approvals_effect_follows_decision check (effect_at is null or state <> 'open');
-- The scan asks what was decided and not carried out.
create index approvals_without_effect_idx on ops.approvals (kind) where effect_at is null and state <> 'open';

insert into ops.notice_kinds (kind, family, is_optional) values
('approval_request', 'request', false),
('approval_reminder', 'request', false),
('annual_needs_report', 'report', false),
('trainer_needs', 'report', false);
-- The cohort counts people, not promotions; ids, no names.
grant select (employee_id) on ops.assessments to trainloop_statistics;
grant select on marts.assessment_scores to trainloop_statistics;
-- A private report has a reader of its own and no release: nothing of it is published.
alter table ops.reports drop constraint reports_audience_check;
alter table ops.reports add constraint reports_audience_check
    check (audience in ('hr', 'trainer', 'business', 'subject'));
alter table ops.reports alter column release_id drop not null;
alter table ops.reports add constraint only_private_reports_have_no_release
    check ((audience = 'subject') = (release_id is null));

grant select, insert, update on ops.reports to trainloop_feedback;


-- LimeSurvey: which of its surveys asks which wave.

-- Grain: the survey that was made in LimeSurvey for the present opening of one wave. questions: question and answer codes
-- by item and option, as they were when the survey was made; the catalogue of topics may have changed since.
create table ops.limesurvey_surveys (
    wave_code text primary key references ops.survey_waves,
    opening_number integer not null,
    survey_id bigint not null unique,
    questions jsonb not null,
    -- Until when the survey takes answers: LimeSurvey itself refuses later ones.
    closes_at timestamptz not null,
    -- How many complete answers the last pull brought: an anonymous wave is pulled in portions.
    pulled_count integer not null default 0,
    -- Its last answers went through the gate, or its wave was withdrawn: not asked again.
    is_finished boolean not null default false
);

grant select, insert, update on ops.limesurvey_surveys to trainloop_intake;
grant select on ops.limesurvey_surveys to trainloop_sender;
-- The scan that closes waves asks whether LimeSurvey has been emptied; what is asked there it does not learn.
grant select (wave_code, opening_number, is_finished) on ops.limesurvey_surveys to trainloop_planner;
grant select (state) on ops.invitations to trainloop_intake;

-- By the token of a confidential wave: the pseudonym under which one person's answers are linked, and the group of
-- raters. Keyed as `domain.survey.pseudonym` is (HMAC-SHA256 by its two key blocks); the person is told to nobody.
create function ops.respondents(wave_codes text[], inner_key bytea, outer_key bytea)
returns table (wave_code text, token text, pseudonym text, coarse_groups jsonb)
language sql stable security definer set search_path = ''
begin atomic
    select
        invitation.wave_code, invitation.token,
        left(encode(sha256(outer_key || sha256(inner_key || convert_to(invitation.employee_id, 'UTF8'))), 'hex'), 32),
        invitation.coarse_groups || jsonb_strip_nulls(jsonb_build_object('rater_group', invitation.rater_group))
    from ops.invitations as invitation
    join ops.survey_waves as wave using (wave_code)
    where invitation.wave_code = any (wave_codes) and wave.anonymity = 'confidential' and invitation.state = 'invited';
end;
revoke execute on function ops.respondents from public;
grant execute on function ops.respondents to trainloop_intake;
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
-- The annual needs report: which files stand behind it, and who teaches its topics.

-- Grain: one file that current rows of one dataset of the needs analysis came from; year null where rows have none.
create view core.needs_files as
select year, 'strategy_goals' as dataset, file_id from core.strategy_goals
union
select year, 'need_confirmations', file_id from core.need_confirmations
union
select year, 'interview_plan', file_id from core.interview_plan
union
select null, 'business_interviews', file_id from core.business_interviews
union
select null, 'training_topics', file_id from core.training_topics
union
select null, 'performance_reviews', file_id from core.performance_reviews
union
select null, 'competency_requirements', file_id from core.competency_requirements
union
select null, 'competency_assessments', file_id from core.competency_assessments
union
select null, 'courses', file_id from core.courses where topic_code is not null;

grant select on core.needs_files to trainloop_reporter;
-- Resources and delivery: what is bought, kept, booked and spent for classes, and what happens before and in them.
-- No foreign keys: intake checks every reference when it merges.
create table core.vendors (
    vendor_code text primary key,
    name_zh text not null,
    name_en text not null,
    kind text not null check (kind in ('consultancy', 'practitioner', 'academy', 'platform')),
    industries text,
    licence_no text,
    licence_expires_on date,
    file_id bigint not null,
    row_number bigint not null
);

-- Grain: one rater's score of one vendor by one criterion.
create table core.vendor_ratings (
    vendor_code text not null,
    criterion_code text not null,
    rater_id text not null,
    score numeric(4, 1) not null check (score between 0 and 100),
    weight numeric(7, 3) check (weight >= 0),
    evidence text,
    rated_on date,
    file_id bigint not null,
    row_number bigint not null,
    primary key (vendor_code, criterion_code, rater_id)
);

create table core.knowledge_assets (
    asset_code text primary key,
    kind text not null check (kind in ('courseware', 'case', 'process', 'micro_course', 'template', 'prework')),
    title_zh text not null,
    title_en text,
    course_code text,
    owner_id text,
    version text not null,
    licence text,
    licence_expires_on date,
    reviewed_on date,
    uri text,
    checksum text,
    file_id bigint not null,
    row_number bigint not null
);
-- Without it every course pack reads the whole knowledge base.
create index on core.knowledge_assets (course_code);

create table core.budgets (
    budget_code text primary key,
    name text,
    year integer not null,
    department_code text,
    planned_amount numeric(14, 2) not null check (planned_amount >= 0),
    committed_amount numeric(14, 2) not null default 0 check (committed_amount >= 0),
    actual_amount numeric(14, 2) not null default 0 check (actual_amount >= 0),
    currency text not null default 'CNY',
    owner_id text,
    file_id bigint not null,
    row_number bigint not null
);

create table core.session_costs (
    session_code text not null,
    category text not null
        check (category in ('design', 'delivery', 'materials', 'venue', 'travel', 'evaluation', 'other')),
    amount numeric(14, 2) not null check (amount >= 0),
    currency text not null default 'CNY',
    file_id bigint not null,
    row_number bigint not null,
    primary key (session_code, category)
);

-- Grain: one thing a class session needs; item_code '-' where nothing names it (the tea break).
create table core.resource_bookings (
    session_code text not null,
    kind text not null check (
        kind in ('venue', 'smart_classroom', 'equipment', 'live_stream', 'tea_break', 'trainer', 'class_manager')
    ),
    item_code text not null default '-',
    due_on date not null,
    confirmed_on date,
    cost_amount numeric(14, 2),
    owner_id text,
    file_id bigint not null,
    row_number bigint not null,
    primary key (session_code, kind, item_code)
);
-- Who else has this room: double bookings are looked for by item.
create index on core.resource_bookings (kind, item_code);

create table core.prework_events (
    session_code text not null,
    employee_id text not null,
    asset_code text not null,
    event text not null check (event in ('opened', 'finished')),
    happened_at timestamptz,
    file_id bigint not null,
    row_number bigint not null,
    primary key (session_code, employee_id, asset_code, event)
);

create table core.learner_questions (
    question_id text primary key,
    session_code text not null,
    employee_id text,
    question text not null,
    asked_on date,
    file_id bigint not null,
    row_number bigint not null
);
-- The digest reads the questions of the classes that are due.
create index on core.learner_questions (session_code);

create table core.platform_checks (
    session_code text not null,
    checked_at timestamptz not null,
    check_code text not null,
    value text,
    is_ok boolean not null,
    file_id bigint not null,
    row_number bigint not null,
    primary key (session_code, checked_at, check_code)
);

create table core.incidents (
    session_code text not null,
    reported_at timestamptz not null,
    kind text not null check (kind in ('leave', 'venue', 'equipment', 'trainer', 'safety', 'other')),
    severity text not null check (severity in ('minor', 'major', 'critical')),
    employee_id text,
    action text,
    closed_at timestamptz,
    file_id bigint not null,
    row_number bigint not null,
    primary key (session_code, reported_at, kind)
);

create table core.interactions (
    interaction_id text primary key,
    session_code text not null,
    employee_id text not null,
    kind text not null check (kind in ('turn', 'quiz', 'poll', 'chat', 'breakout')),
    item_code text,
    is_correct boolean,
    turn_count integer not null default 1 check (turn_count >= 1),
    duration_seconds numeric(8, 3),
    happened_at timestamptz,
    file_id bigint not null,
    row_number bigint not null
);
-- The class log reads one class; the table holds years of them.
create index on core.interactions (session_code);

grant select, insert, update, delete on core.vendors, core.vendor_ratings, core.knowledge_assets, core.budgets,
    core.session_costs, core.resource_bookings, core.prework_events, core.learner_questions, core.platform_checks,
    core.incidents, core.interactions to trainloop_intake;
grant select on core.vendors, core.vendor_ratings, core.knowledge_assets, core.budgets, core.session_costs,
    core.resource_bookings, core.prework_events, core.learner_questions, core.platform_checks, core.incidents,
    core.interactions to trainloop_planner;
grant select on core.vendors, core.vendor_ratings, core.session_costs, core.interactions to trainloop_statistics;
-- Competency results (R04): a person, and the manager of the day of the assessment, read their own on a page that expires.

-- Who reported to a manager on a past day: without it every page of a manager reads the whole history.
create index on core.employee_history (manager_id);

-- Grain: one assessed competency of one person on one day, by family, level and manager of that day. manager_id is null
-- where nobody may read along: unknown, the person, or not with us any more.
create view core.competency_results as
select
    assessed.employee_id, assessed.assessed_on, assessed.competency_code, assessed.self_level, assessed.manager_level,
    assessed.test_score, required.required_level, required.weight, person.name,
    person.removed_on is null
        and (person.left_on is null or person.left_on > (ops.business_now() at time zone person.timezone)::date)
    as is_active,
    manager.employee_id as manager_id
from core.competency_assessments as assessed
join core.employees as person on person.employee_id = assessed.employee_id
left join lateral (
    select history.job_family, history.job_level, history.manager_id
    from core.employee_history as history
    where history.employee_id = assessed.employee_id
        and (history.valid_to is null or history.valid_to > assessed.assessed_on)
    order by history.valid_from
    limit 1
) as past on true
left join core.competency_requirements as required
    on required.job_family = coalesce(past.job_family, person.job_family)
    and required.job_level = coalesce(past.job_level, person.job_level)
    and required.competency_code = assessed.competency_code
left join core.employees as manager
    on manager.employee_id = case when past.job_family is null then person.manager_id else past.manager_id end
    and manager.employee_id <> person.employee_id and manager.removed_on is null
    and (manager.left_on is null or manager.left_on > (ops.business_now() at time zone manager.timezone)::date)
where num_nonnulls(assessed.self_level, assessed.manager_level, assessed.test_score) > 0;

-- Grain: one page: a reader's own result of one day, or (is_team) those of the people who reported to the reader then. It
-- holds no level: the page reads them from core, so a correction or an erasure shows at once. sheets: a hash of each
-- person's numbers that were told; a number that is new makes the next version, somebody who left makes none.
create table ops.competency_pages (
    page_id bigint generated always as identity primary key,
    reader_id text not null,
    assessed_on date not null,
    is_team boolean not null,
    token text not null unique default replace(gen_random_uuid()::text, '-', ''),
    version_number integer not null default 1,
    sheets text[] not null,
    people_count integer not null check (people_count > 0),
    planned_at timestamptz not null,
    expires_at timestamptz not null,
    unique (reader_id, assessed_on, is_team)
);
-- Pages look links up by hash.
create unique index competency_pages_link_idx on ops.competency_pages (sha256(token::bytea));

-- What one link shows (no row: nobody was given it): the people in the order of their names, each with the lines of the
-- assessment. An ended page, or one whose reader is not with us any more, holds nobody.
create function forms.open_results(link bytea)
returns table (
    state text, assessed_on date, expires_at timestamptz, is_team boolean, locale text, timezone text, reader_name text,
    lines jsonb
)
language sql stable security definer set search_path = ''
begin atomic
    select
        case when shown.is_open then 'open' else 'expired' end,
        page.assessed_on, page.expires_at, page.is_team, reader.locale, reader.timezone, reader.name,
        coalesce((
            select jsonb_agg(
                jsonb_build_object(
                    'person_id', result.employee_id, 'person', result.name, 'code', result.competency_code,
                    'name_zh', label.name_zh, 'name_en', label.name_en, 'required', result.required_level,
                    'weight', result.weight, 'self_rated', result.self_level, 'manager', result.manager_level,
                    'test_pct', result.test_score
                )
                order by result.name, result.employee_id, result.competency_code
            )
            from core.competency_results as result
            cross join lateral (
                select
                    min(coalesce(known.name_zh, known.name_en)) as name_zh,
                    min(coalesce(known.name_en, known.name_zh)) as name_en
                from core.competency_requirements as known
                where known.competency_code = result.competency_code
            ) as label
            where shown.is_open and result.is_active and result.assessed_on = page.assessed_on
                and result.employee_id in (
                    select page.reader_id where not page.is_team
                    union all
                    select history.employee_id from core.employee_history as history
                    where page.is_team and history.manager_id = page.reader_id
                    union all
                    select employees.employee_id from core.employees
                    where page.is_team and employees.manager_id = page.reader_id
                )
                and (not page.is_team or result.manager_id = page.reader_id)
        ), jsonb_build_array())
    from ops.competency_pages as page
    left join core.employees as reader on reader.employee_id = page.reader_id
    cross join lateral (
        select
            page.expires_at > ops.business_now() and reader.employee_id is not null and reader.removed_on is null
            and (reader.left_on is null or reader.left_on > (ops.business_now() at time zone reader.timezone)::date)
        as is_open
    ) as shown
    where sha256(page.token::bytea) = link;
end;
revoke execute on function forms.open_results from public;
grant execute on function forms.open_results to trainloop_forms;

insert into ops.notice_kinds (kind, family, is_optional) values
('competency_result', 'report', false),
('team_competency_results', 'report', false);

-- Private results have their own role, as those of 360s. The mail needs the link and no level.
grant select on core.competency_results to trainloop_feedback;
grant select, insert, update on ops.competency_pages to trainloop_feedback;
grant select (page_id, reader_id, assessed_on, is_team, token, version_number, people_count, expires_at)
    on ops.competency_pages to trainloop_sender;
-- Vendors: what kind of need a topic is, which files stand behind the scores, and HR's mail.
alter table core.training_topics
    add column need_type text check (need_type in ('technical', 'leadership', 'compliance', 'general'));

-- Grain: one file that current rows of vendors or their ratings came from.
create view core.vendor_files as
select 'vendors' as dataset, file_id from core.vendors
union
select 'vendor_ratings', file_id from core.vendor_ratings;

grant select on core.vendors, core.vendor_files to trainloop_reporter;
grant select on core.vendors to trainloop_sender;

insert into ops.notice_kinds (kind, family, is_optional) values ('vendor_scores', 'report', false);

-- Readiness of class sessions: what is wrong with one that is to come, and how many people to expect.

-- open → closed (it recovered, or nothing can be done any more: the reason says which); closed → open (it is back).
create type ops.exception_state as enum ('open', 'closed');

-- Grain: one thing that is wrong with one class session. item_code: the resource, asset or '-'. detail: codes, days and
-- counts. *_told_at: who has read of it as it stands; null again when it comes back or changes.
create table ops.readiness_exceptions (
    exception_id bigint generated always as identity primary key,
    session_code text not null,
    kind text not null check (kind in (
        'confirmation_missing', 'resource_missing', 'double_booking', 'class_manager_missing', 'headcount_over_capacity',
        'over_budget', 'material_missing', 'material_unlicensed', 'material_licence_expired', 'material_changed'
    )),
    item_code text not null default '-',
    detail jsonb not null default '{}',
    state ops.exception_state not null default 'open',
    opened_at timestamptz not null,
    closed_at timestamptz,
    closed_reason text check (closed_reason in ('recovered', 'class_cancelled', 'class_begun', 'class_moved')),
    manager_told_at timestamptz,
    hr_told_at timestamptz,
    constraint readiness_found_once unique (session_code, kind, item_code),
    constraint readiness_closed_with_reason check (
        (state = 'closed') = (closed_at is not null) and (state = 'closed') = (closed_reason is not null)
    )
);
-- Every scan compares what is open with what it finds.
create index readiness_exceptions_open_idx on ops.readiness_exceptions (session_code) where state = 'open';

-- Grain: one class session to come: how many of those confirmed will be there, from comparable classes of the past.
-- Null with the reason where history is too short for a number.
create table marts.headcount_forecasts (
    session_code text primary key,
    confirmed_count integer not null,
    expected_count numeric(8, 1),
    low_count integer,
    high_count integer,
    history_kind text check (history_kind in ('course', 'mode')),
    history_class_count integer not null,
    history_people_count integer not null,
    reason text,
    computed_at timestamptz not null,
    constraint headcount_number_or_reason check (
        num_nonnulls(expected_count, low_count, high_count) in (0, 3) and (expected_count is null) = (reason is not null)
    )
);

insert into ops.notice_kinds (kind, family, is_optional) values
('readiness_problems', 'data', false),
('readiness_digest', 'data', false);

grant select, insert, update on ops.readiness_exceptions to trainloop_planner;
grant select on ops.readiness_exceptions to trainloop_sender, trainloop_reporter, trainloop_board;
grant select, insert, update, delete on marts.headcount_forecasts to trainloop_planner;
grant usage on schema marts to trainloop_sender, trainloop_reporter;
grant select on marts.headcount_forecasts to trainloop_sender, trainloop_reporter;
-- Class days: what people were last told about a class, seats that became free, whose sign-in sheet it is.

-- What happened (description) beside what was done (action); where a class goes on whose room changed.
alter table core.incidents add column description text;
alter table core.incidents add column venue_code text;

-- Grain: one class session as its people were last told. What differs from it is a change; change_number counts them and
-- is the sequence of their notices. file_venue_code and incident_at tell which word about the room is new: the class's
-- file or an incident.
create table ops.class_announcements (
    session_code text primary key,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    timezone text not null,
    mode text not null,
    venue_code text,
    file_venue_code text,
    incident_at timestamptz,
    is_cancelled boolean not null,
    change_number integer not null default 0,
    told_at timestamptz not null
);

-- Grain: one learner's seat in one class as it was last seen; a seat that ended in one class and began in another of
-- the same course is a move. move_number counts the moves into it.
create table ops.told_seats (
    session_code text not null,
    employee_id text not null,
    is_held boolean not null,
    changed_at timestamptz not null,
    move_number integer not null default 0,
    primary key (session_code, employee_id)
);

-- open → accepted | declined (the learner's own word) | expired (nobody answered in time) | withdrawn (the class was
-- cancelled or began, or the seat is gone). A settled offer stays settled: one offer a person and class.
create type ops.offer_state as enum ('open', 'accepted', 'declined', 'expired', 'withdrawn');

-- Grain: one seat offered to one learner of a class's waitlist. The token is the learner's own link.
create table ops.seat_offers (
    offer_id bigint generated always as identity primary key,
    session_code text not null,
    employee_id text not null,
    token text not null default replace(gen_random_uuid()::text, '-', ''),
    offered_at timestamptz not null,
    expires_at timestamptz not null,
    state ops.offer_state not null default 'open',
    settled_at timestamptz,
    constraint seat_offers_once unique (session_code, employee_id),
    constraint seat_offers_settled_has_a_time check ((state = 'open') = (settled_at is null))
);
-- Pages look links up by hash.
create unique index seat_offers_link_idx on ops.seat_offers (sha256(token::bytea));
-- Every scan asks which offers wait.
create index seat_offers_open_idx on ops.seat_offers (expires_at) where state = 'open';

-- Grain: the sign-in sheet of one class session and who holds its link: the class manager, HR where there is none.
create table ops.class_desks (
    session_code text primary key,
    holder_kind text not null check (holder_kind in ('employee', 'contact')),
    holder_id text not null,
    token text not null default replace(gen_random_uuid()::text, '-', ''),
    -- Another holder gets another link; its number is the sequence of the mail.
    link_number integer not null default 1,
    opened_at timestamptz not null
);
create unique index class_desks_link_idx on ops.class_desks (sha256(token::bytea));

-- Grain: one learner in one slot as the sheet says. version counts corrections; what is newer than handed_version is not
-- in a file of the inbox yet.
create table forms.sign_in_entries (
    session_code text not null,
    employee_id text not null,
    slot integer not null check (slot between 1 and 100),
    status text not null check (status in ('present', 'late', 'early', 'absent', 'excused')),
    version integer not null default 1,
    handed_version integer not null default 0,
    primary key (session_code, employee_id, slot)
);
create index sign_in_entries_waiting_idx on forms.sign_in_entries (session_code) where version > handed_version;

-- Grain: one incident as the sheet says.
create table forms.incident_entries (
    incident_id bigint generated always as identity primary key,
    session_code text not null,
    reported_at timestamptz not null,
    kind text not null check (kind in ('leave', 'venue', 'equipment', 'trainer', 'safety', 'other')),
    severity text not null check (severity in ('minor', 'major', 'critical')),
    employee_id text,
    description text not null,
    action text,
    venue_code text,
    closed_at timestamptz,
    version integer not null default 1,
    handed_version integer not null default 0,
    constraint incident_entries_once unique (session_code, reported_at, kind)
);
create index incident_entries_waiting_idx on forms.incident_entries (session_code) where version > handed_version;

-- Grain: one learner who has a seat in a class now: confirmed and not on leave, or accepted an offer that the enrollment
-- has not caught up with.
create view ops.class_seats as
select enrollments.session_code, enrollments.employee_id
from core.enrollments
where enrollments.status = 'confirmed'
    and not exists (
        select from core.incidents as incident
        join core.class_sessions as session on session.session_code = incident.session_code
        where incident.session_code = enrollments.session_code and incident.employee_id = enrollments.employee_id
            and incident.kind = 'leave' and incident.reported_at < session.starts_at
    )
union
select offer.session_code, offer.employee_id
from ops.seat_offers as offer
where offer.state = 'accepted'
    and not exists (
        select from core.enrollments
        where enrollments.session_code = offer.session_code and enrollments.employee_id = offer.employee_id
            and enrollments.status <> 'waitlisted'
    );

insert into ops.notice_kinds (kind, family, is_optional) values
('class_changed', 'data', false),
('class_desk', 'data', false),
('platform_alert', 'data', false),
('login_guide', 'data', false),
('seat_offer', 'data', false),
('class_log', 'report', false);

grant select, insert, update on ops.class_announcements, ops.told_seats, ops.seat_offers, ops.class_desks
    to trainloop_planner;
grant select on ops.class_seats to trainloop_planner;
grant select on ops.class_announcements, ops.seat_offers, ops.class_desks, ops.class_seats, core.incidents,
    core.platform_checks to trainloop_sender;
grant usage on schema forms to trainloop_planner;
grant select, update (handed_version) on forms.sign_in_entries, forms.incident_entries to trainloop_planner;
-- The pages of a class day: the sign-in sheet with its incidents, and an offered seat. As elsewhere in `forms`, the
-- service calls these functions and reads no table.

-- How the link of a class's sheet stands (no row: nobody was given it), with everything its page shows.
create function forms.open_class_desk(link bytea)
returns table (
    state text, session_code text, subject jsonb, starts_at timestamptz, ends_at timestamptz, class_timezone text,
    venue_code text, holder_name text, locale text, timezone text, now timestamptz, learners jsonb, entries jsonb,
    incidents jsonb
)
language sql stable security definer set search_path = ''
begin atomic
    select
        case
            when session.status = 'cancelled' then 'withdrawn'
            when session.ends_at + interval '4 days' <= ops.business_now() then 'closed'
            else 'open'
        end,
        session.session_code, forms.subject_of('class_session', session.session_code), session.starts_at,
        session.ends_at, session.timezone, told.venue_code, holder.name, holder.locale, holder.timezone,
        ops.business_now(),
        (
            select coalesce(jsonb_agg(jsonb_build_object(
                'id', person.employee_id, 'name', person.name, 'is_on_leave', seat.employee_id is null
            ) order by person.name, person.employee_id), '[]')
            from core.employees as person
            left join ops.class_seats as seat
                on seat.session_code = desk.session_code and seat.employee_id = person.employee_id
            where seat.employee_id is not null or exists (
                select from core.incidents as incident
                where incident.session_code = desk.session_code and incident.employee_id = person.employee_id
                    and incident.kind = 'leave'
            )
        ),
        (
            select coalesce(jsonb_agg(jsonb_build_object(
                'employee_id', entry.employee_id, 'slot', entry.slot, 'status', entry.status
            )), '[]')
            from forms.sign_in_entries as entry where entry.session_code = desk.session_code
        ),
        (
            select coalesce(jsonb_agg(jsonb_build_object(
                'id', incident.incident_id, 'kind', incident.kind, 'severity', incident.severity,
                'reported_at', incident.reported_at, 'closed_at', incident.closed_at,
                'description', incident.description, 'action', incident.action
            ) order by incident.reported_at desc), '[]')
            from forms.incident_entries as incident where incident.session_code = desk.session_code
        )
    from ops.class_desks as desk
    join core.class_sessions as session on session.session_code = desk.session_code
    left join ops.class_announcements as told on told.session_code = desk.session_code
    left join core.employees as holder on desk.holder_kind = 'employee' and holder.employee_id = desk.holder_id
    where sha256(desk.token::bytea) = link;
end;

-- Whose sheet may be written now; null when the link is nobody's or its class is over or cancelled.
create function forms.desk_of(link bytea) returns text
language sql stable security definer set search_path = ''
return (
    select session.session_code
    from ops.class_desks as desk
    join core.class_sessions as session on session.session_code = desk.session_code
    where sha256(desk.token::bytea) = link and session.status <> 'cancelled'
        and session.ends_at + interval '4 days' > ops.business_now()
);

-- Writes one portion of a sheet: a status that changed is a new version. Returns how many are new or changed; null when
-- the sheet cannot be written. A name that is not on the sheet is not written.
create function forms.sign_in(link bytea, in_slot integer, people text[], statuses text[]) returns integer
language plpgsql security definer set search_path = '' as $$
declare
    code text := forms.desk_of(link);
    written integer;
begin
    if code is null then
        return null;
    end if;
    insert into forms.sign_in_entries as kept (session_code, employee_id, slot, status)
    select code, said.employee_id, in_slot, said.status
    from unnest(people, statuses) as said (employee_id, status)
    where exists (
            select from ops.class_seats as seat where seat.session_code = code and seat.employee_id = said.employee_id
        ) or exists (
            select from core.incidents as incident
            where incident.session_code = code and incident.employee_id = said.employee_id and incident.kind = 'leave'
        )
    order by said.employee_id
    on conflict (session_code, employee_id, slot) do update
    set status = excluded.status, version = kept.version + 1
    where kept.status <> excluded.status;
    get diagnostics written = row_count;
    return written;
end
$$;

-- Writes one incident; pressing the button twice makes one. false: the sheet cannot be written.
create function forms.report_incident(
    link bytea, what text, how_severe text, whose text, said text, done text, moved_to text, is_closed boolean
) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
    code text := forms.desk_of(link);
    moment timestamptz := date_trunc('second', ops.business_now());
begin
    if code is null then
        return false;
    end if;
    perform pg_advisory_xact_lock(hashtextextended('class_desk/' || code, 0));
    if exists (
        select from forms.incident_entries as same
        where same.session_code = code and same.kind = what and same.description = said
            and same.employee_id is not distinct from nullif(whose, '') and same.reported_at > moment - interval '10 minutes'
    ) then
        return true;
    end if;
    -- The key of the dataset is class, second and kind: two reports of one second stand one second apart.
    select greatest(moment, max(reported_at) + interval '1 second') into moment
    from forms.incident_entries where session_code = code and kind = what;
    insert into forms.incident_entries (
        session_code, reported_at, kind, severity, employee_id, description, action, venue_code, closed_at
    )
    values (
        code, moment, what, how_severe, nullif(whose, ''), said, nullif(done, ''), nullif(moved_to, ''),
        case when is_closed then moment end
    );
    return true;
end
$$;

-- Closes an open incident of the sheet; closing it twice changes nothing. false: the sheet cannot be written.
create function forms.close_incident(link bytea, incident bigint) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
    code text := forms.desk_of(link);
begin
    if code is null then
        return false;
    end if;
    update forms.incident_entries
    set closed_at = greatest(reported_at, date_trunc('second', ops.business_now())), version = version + 1
    where incident_id = incident and session_code = code and closed_at is null;
    return true;
end
$$;

-- How an offered seat stands (no row: nobody was given the link).
create function forms.open_offer(link bytea)
returns table (
    state text, subject jsonb, starts_at timestamptz, class_timezone text, venue_code text, expires_at timestamptz,
    person_name text, locale text, timezone text
)
language sql stable security definer set search_path = ''
begin atomic
    select
        case
            when offer.state = 'open' and (session.status = 'cancelled' or session.starts_at <= ops.business_now())
                then 'withdrawn'
            when offer.state = 'open' and offer.expires_at <= ops.business_now() then 'expired'
            else offer.state::text
        end,
        forms.subject_of('class_session', offer.session_code), session.starts_at, session.timezone,
        coalesce(told.venue_code, session.venue_code), offer.expires_at, person.name, person.locale, person.timezone
    from ops.seat_offers as offer
    join core.class_sessions as session on session.session_code = offer.session_code
    join core.employees as person on person.employee_id = offer.employee_id
    left join ops.class_announcements as told on told.session_code = offer.session_code
    where sha256(offer.token::bytea) = link;
end;

-- Takes a learner's word about an offered seat once. One class's answers queue up, and the seats are counted again: a
-- class that was filled by other means meanwhile is not overbooked. Returns how the offer stands then; null: unknown.
create function forms.answer_offer(link bytea, is_accepted boolean) returns text
language plpgsql security definer set search_path = '' as $$
declare
    offer ops.seat_offers;
    class core.class_sessions;
    taken integer;
    new_state ops.offer_state;
begin
    select * into offer from ops.seat_offers where sha256(token::bytea) = link;
    if offer is null then
        return null;
    end if;
    perform pg_advisory_xact_lock(hashtextextended('seats/' || offer.session_code, 0));
    select * into offer from ops.seat_offers where offer_id = offer.offer_id for update;
    select * into class from core.class_sessions where session_code = offer.session_code;
    if offer.state <> 'open' then
        return offer.state;
    end if;
    if offer.expires_at <= ops.business_now() then
        return 'expired';
    end if;
    select count(*) into taken from ops.class_seats where session_code = offer.session_code;
    new_state := case
        when class.status = 'cancelled' or class.starts_at <= ops.business_now() then 'withdrawn'
        when not is_accepted then 'declined'
        when class.capacity is not null and taken >= class.capacity then 'withdrawn'
        else 'accepted'
    end;
    update ops.seat_offers set state = new_state, settled_at = ops.business_now() where offer_id = offer.offer_id;
    insert into ops.audit_entries (actor, action, subject_kind, subject_id, detail)
    values (
        offer.employee_id, 'seat_offer_' || new_state::text, 'class_session', offer.session_code,
        jsonb_build_object('offer_id', offer.offer_id)
    );
    return new_state;
end
$$;

revoke execute on function forms.open_class_desk, forms.desk_of, forms.sign_in, forms.report_incident,
    forms.close_incident, forms.open_offer, forms.answer_offer from public;
grant execute on function forms.open_class_desk, forms.sign_in, forms.report_incident, forms.close_incident,
    forms.open_offer, forms.answer_offer to trainloop_forms;
-- Budgets: HR's monthly mail, and the planner who looks for overspent ones.
insert into ops.notice_kinds (kind, family, is_optional) values ('budget_status', 'report', false);
grant select on core.budgets to trainloop_sender;
-- A booking that is given up stays known and counts for nothing.
alter table core.resource_bookings add column cancelled_on date;

-- Materials before a class (R19): which files are sound, which pack a class has, whose link leads to it, what was opened
-- and finished; and what learners ask (R20).

-- Grain: the newest check of one asset's file. It is read again when the asset changed or the check is old.
create table ops.asset_checks (
    asset_code text primary key,
    version text not null,
    uri text,
    checksum text,
    outcome text not null check (outcome in (
        'sound', 'no_address', 'no_checksum', 'not_our_store', 'unreachable', 'too_large', 'changed'
    )),
    checked_at timestamptz not null
);

-- Grain: one version of what the learners of one class session get. is_told: it brought something new; a pack that only
-- lost an asset is shown and not mailed.
create table ops.course_packs (
    session_code text not null,
    pack_number integer not null check (pack_number >= 1),
    content_sha256 text not null,
    is_told boolean not null,
    made_at timestamptz not null,
    primary key (session_code, pack_number)
);

create table ops.course_pack_assets (
    session_code text not null,
    pack_number integer not null,
    asset_code text not null,
    kind text not null,
    title_zh text not null,
    title_en text,
    version text not null,
    uri text not null,
    checksum text not null,
    primary key (session_code, pack_number, asset_code),
    foreign key (session_code, pack_number) references ops.course_packs on delete cascade
);

-- Grain: one person's link to the materials of one class session. pack_number: the newest pack they were told of, 0 none.
-- opened_at: when the page's own button was first pressed; looking at the page changes nothing, as scanners do.
create table ops.material_links (
    session_code text not null,
    person_kind text not null check (person_kind in ('employee', 'trainer')),
    person_id text not null,
    token text not null unique default replace(gen_random_uuid()::text, '-', ''),
    pack_number integer not null default 0,
    opened_at timestamptz,
    question_count integer not null default 0,
    made_at timestamptz not null,
    primary key (session_code, person_kind, person_id)
);
-- Pages look links up by hash.
create unique index material_links_hash_idx on ops.material_links (sha256(token::bytea));

-- Grain: one thing a person did with one asset on the page, the first time.
create table ops.material_events (
    session_code text not null,
    person_kind text not null,
    person_id text not null,
    asset_code text not null,
    event text not null check (event in ('opened', 'finished')),
    happened_at timestamptz not null,
    primary key (session_code, person_kind, person_id, asset_code, event)
);

-- Grain: one question asked on the page. Whose it is is not kept.
create table ops.asked_questions (
    question_id text primary key default replace(gen_random_uuid()::text, '-', ''),
    session_code text not null,
    question text not null check (length(question) <= 2000),
    asked_on date not null
);
create index on ops.asked_questions (session_code);

-- Grain: one question that a digest told the trainer, masked, with its place among the alike.
create table ops.digested_questions (
    source text not null check (source in ('file', 'page')),
    question_id text not null,
    session_code text not null,
    digest_number integer not null check (digest_number >= 1),
    cluster_number integer not null,
    masked_text text not null,
    told_at timestamptz not null,
    primary key (source, question_id)
);
create index on ops.digested_questions (session_code, digest_number);

-- Grain: one class session's pack as it is now.
create view ops.current_packs as
select distinct on (session_code) session_code, pack_number, content_sha256, is_told
from ops.course_packs
order by session_code, pack_number desc;

-- Grain: one confirmed learner who has not left, and how much pre-work of the current pack is not finished, by file or page.
create view ops.prework_left as
select
    enrollment.session_code, enrollment.employee_id, count(asset.asset_code)::int as asset_count,
    count(asset.asset_code) filter (where not exists (
        select from core.prework_events as event
        where event.session_code = asset.session_code and event.employee_id = enrollment.employee_id
            and event.asset_code = asset.asset_code and event.event = 'finished'
    ) and not exists (
        select from ops.material_events as event
        where event.session_code = asset.session_code and event.person_kind = 'employee'
            and event.person_id = enrollment.employee_id and event.asset_code = asset.asset_code
            and event.event = 'finished'
    ))::int as left_count
from core.enrollments as enrollment
inner join core.employees as person on person.employee_id = enrollment.employee_id and person.removed_on is null
inner join ops.current_packs as pack on pack.session_code = enrollment.session_code
inner join ops.course_pack_assets as asset
    on asset.session_code = pack.session_code and asset.pack_number = pack.pack_number and asset.kind = 'prework'
where enrollment.status = 'confirmed'
group by enrollment.session_code, enrollment.employee_id;

-- How a link to materials stands (no row: nobody was given it) and what its page shows. For a learner with what they have
-- opened and finished themselves.
create function forms.open_materials(link bytea, link_days integer)
returns table (
    state text, session_code text, subject jsonb, starts_at timestamptz, ends_at timestamptz, session_timezone text,
    venue text, mode text, person_kind text, person_name text, locale text, timezone text, question_count integer, may_ask boolean,
    assets jsonb
)
language sql stable security definer set search_path = ''
begin atomic
    select
        case
            when session.session_code is null or session.status = 'cancelled' then 'cancelled'
            when session.ends_at + make_interval(days => link_days) <= ops.business_now() then 'expired'
            when given.person_kind = 'trainer' and session.trainer_id <> given.person_id then 'not_asked'
            when given.person_kind = 'employee' and enrollment.status is distinct from 'confirmed' then 'not_asked'
            else 'open'
        end,
        given.session_code, forms.subject_of('class_session', given.session_code), session.starts_at, session.ends_at,
        session.timezone, session.venue_code, session.mode, given.person_kind, person.name, person.locale,
        person.timezone, given.question_count,
        given.person_kind = 'employee' and session.starts_at > ops.business_now(),
        coalesce((
            select jsonb_agg(jsonb_build_object(
                'code', asset.asset_code, 'kind', asset.kind, 'title_zh', asset.title_zh, 'title_en', asset.title_en,
                'version', asset.version,
                'is_opened', exists (
                    select from ops.material_events as event
                    where event.session_code = given.session_code and event.person_kind = given.person_kind
                        and event.person_id = given.person_id and event.asset_code = asset.asset_code
                        and event.event = 'opened'
                ),
                'is_finished', exists (
                    select from ops.material_events as event
                    where event.session_code = given.session_code and event.person_kind = given.person_kind
                        and event.person_id = given.person_id and event.asset_code = asset.asset_code
                        and event.event = 'finished'
                ) or (given.person_kind = 'employee' and exists (
                    select from core.prework_events as event
                    where event.session_code = given.session_code and event.employee_id = given.person_id
                        and event.asset_code = asset.asset_code and event.event = 'finished'
                ))
            ) order by asset.kind <> 'prework', asset.asset_code)
            from ops.course_pack_assets as asset
            where asset.session_code = pack.session_code and asset.pack_number = pack.pack_number
        ), '[]')
    from ops.material_links as given
    left join core.class_sessions as session on session.session_code = given.session_code
    left join core.enrollments as enrollment
        on given.person_kind = 'employee' and enrollment.session_code = given.session_code
        and enrollment.employee_id = given.person_id
    left join ops.mail_recipients as person
        on person.recipient_kind = given.person_kind and person.recipient_id = given.person_id
    left join ops.current_packs as pack on pack.session_code = given.session_code
    where sha256(given.token::bytea) = link;
end;

-- Where the file of an asset of the current pack is and what it must hash to; is_noted: and that the person of the link
-- opened or finished it. No row when the link is not open or the asset is not in the pack.
create function forms.use_material(link bytea, link_days integer, asset text, what text, is_noted boolean)
returns table (uri text, checksum text, title_zh text, version text)
language plpgsql security definer set search_path = '' as $$
declare
    given ops.material_links;
begin
    select links.* into given
    from ops.material_links as links
    where sha256(links.token::bytea) = link
        and (select page.state from forms.open_materials(link, link_days) as page) = 'open';
    if given is null or (what = 'finished' and given.person_kind <> 'employee') then
        return;
    end if;
    if is_noted then
        insert into ops.material_events (session_code, person_kind, person_id, asset_code, event, happened_at)
        select given.session_code, given.person_kind, given.person_id, assets.asset_code, what, ops.business_now()
        from ops.course_pack_assets as assets
        join ops.current_packs as pack using (session_code, pack_number)
        where assets.session_code = given.session_code and assets.asset_code = asset
            and (what = 'opened' or assets.kind = 'prework')
        on conflict do nothing;
        update ops.material_links as links
        set opened_at = ops.business_now()
        where sha256(links.token::bytea) = link and links.opened_at is null;
    end if;
    return query
    select assets.uri, assets.checksum, assets.title_zh, assets.version
    from ops.course_pack_assets as assets
    join ops.current_packs as pack using (session_code, pack_number)
    where assets.session_code = given.session_code and assets.asset_code = asset
        and (what = 'opened' or assets.kind = 'prework');
end
$$;

-- Keeps a learner's question without the learner; false when the link is not open, the class has begun or they asked
-- enough.
create function forms.ask_question(link bytea, link_days integer, words text, most integer) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
    about text;
begin
    update ops.material_links as links
    set question_count = links.question_count + 1
    from core.class_sessions as session
    where sha256(links.token::bytea) = link and links.person_kind = 'employee' and links.question_count < most
        and session.session_code = links.session_code and session.starts_at > ops.business_now()
        and (select page.state from forms.open_materials(link, link_days) as page) = 'open'
    returning links.session_code into about;
    if about is null then
        return false;
    end if;
    insert into ops.asked_questions (session_code, question, asked_on)
    select about, words, (ops.business_now() at time zone session.timezone)::date
    from core.class_sessions as session
    where session.session_code = about;
    return true;
end
$$;

insert into ops.notice_kinds (kind, family, is_optional) values
('course_materials', 'data', false),
('prework_reminder', 'request', false),
('question_digest', 'data', false);

grant select, insert, update, delete on ops.asset_checks to trainloop_planner;
grant select, insert on ops.course_packs, ops.course_pack_assets, ops.digested_questions to trainloop_planner;
grant select, insert, update on ops.material_links to trainloop_planner;
grant select on ops.material_events, ops.asked_questions, ops.current_packs, ops.prework_left to trainloop_planner;
grant select on ops.course_packs, ops.course_pack_assets, ops.current_packs, ops.material_links, ops.prework_left,
    ops.digested_questions to trainloop_sender;
grant select (session_code, person_kind, person_id, opened_at) on ops.material_links to trainloop_reporter;
grant select on ops.prework_left, ops.current_packs to trainloop_reporter;
grant execute on function forms.open_materials, forms.use_material, forms.ask_question to trainloop_forms;
revoke execute on function forms.open_materials, forms.use_material, forms.ask_question from public;
-- Interactions that were taken back: a voiding statement may come before, with or after the one it voids.

alter table core.interactions alter column session_code drop not null;
alter table core.interactions alter column employee_id drop not null;
alter table core.interactions drop constraint interactions_kind_check;
alter table core.interactions add constraint interactions_kind_check
    check (kind in ('turn', 'quiz', 'poll', 'chat', 'breakout', 'void'));
alter table core.interactions add constraint interactions_belong_somewhere
    check (kind = 'void' or (session_code is not null and employee_id is not null));
-- Every reading asks which statements are taken back.
create index interactions_voids_idx on core.interactions (item_code) where kind = 'void';

-- Grain: one interaction that counts.
create view core.valid_interactions as
select *
from core.interactions as said
where said.kind <> 'void'
    and not exists (
        select from core.interactions as taken_back
        where taken_back.kind = 'void' and taken_back.item_code = said.interaction_id
    );

grant select on core.valid_interactions to trainloop_planner, trainloop_statistics;

-- Internal trainers in the making (R15): how far each came in a topic, and what assessors saw.

-- Grain: one stage that one employee reached in one topic. A later date of the same stage is a new start of it.
create table core.trainer_candidates (
    employee_id text not null,
    topic_code text not null,
    stage text not null check (stage in ('nominated', 'mentored', 'micro_course', 'trial', 'certified', 'lapsed')),
    reached_on date not null,
    mentor_id text,
    certificate_no text,
    certificate_expires_on date,
    file_id bigint not null,
    row_number bigint not null,
    primary key (employee_id, topic_code, stage)
);

-- Grain: one assessor's mark of one candidate by one criterion in one stage.
create table core.trainer_assessments (
    employee_id text not null,
    topic_code text not null,
    stage text not null check (stage in ('micro_course', 'trial')),
    criterion_code text not null,
    assessor_id text not null,
    score numeric(3, 1) not null check (score between 1 and 5),
    assessed_on date,
    file_id bigint not null,
    row_number bigint not null,
    primary key (employee_id, topic_code, stage, criterion_code, assessor_id)
);

grant select, insert, update, delete on core.trainer_candidates, core.trainer_assessments to trainloop_intake;
grant select on core.trainer_candidates, core.trainer_assessments to trainloop_planner;
grant select on core.trainer_candidates to trainloop_sender;

-- What is wrong with the knowledge base (R14) and in the making of internal trainers (R15), and who has read of it.

-- Grain: one thing that is wrong with one item: an asset, a course, a candidate in a topic, a topic, a trainer. detail:
-- codes and dates; when it changes it is another state. amount: a figure that is shown and does not count as a change.
-- person_ids: the employees who can do something about it. told_at: when they and HR were told; null again when it comes
-- back or changes.
create table ops.resource_findings (
    kind text not null check (kind in (
        'asset_stale', 'asset_duplicate', 'asset_unlicensed', 'asset_licence_expired', 'asset_licence_ending',
        'asset_ownerless', 'asset_file_missing', 'asset_file_changed', 'course_uncovered', 'stage_due', 'stage_overdue',
        'mentor_missing', 'rubric_incomplete', 'rubric_failed', 'certificate_ending', 'certificate_ended', 'bench_thin',
        'trainer_overloaded'
    )),
    item_code text not null,
    detail jsonb not null default '{}',
    amount numeric(10, 1),
    person_ids text[] not null default '{}',
    opened_at timestamptz not null,
    closed_at timestamptz,
    told_at timestamptz,
    primary key (kind, item_code)
);
-- Every scan compares what is open with what it finds; every mail lists what is open.
create index resource_findings_open_idx on ops.resource_findings (kind) where closed_at is null;

-- Grain: one asset of the knowledge base as the last weekly scan saw it. is_usable: licensed today, its file as
-- registered or not looked at yet. Usage counts packs of classes and what learners opened on their page.
create table marts.knowledge_index (
    asset_code text primary key,
    kind text not null,
    course_code text,
    owner_id text,
    has_owner boolean not null,
    version text not null,
    licence_state text not null check (licence_state in ('valid', 'ending', 'expired', 'missing')),
    licence_expires_on date,
    reviewed_on date,
    is_stale boolean not null,
    file_state text not null check (file_state in (
        'sound', 'not_checked', 'no_address', 'no_checksum', 'not_our_store', 'unreachable', 'too_large', 'changed'
    )),
    twin_codes text[] not null,
    is_usable boolean not null,
    class_count integer not null,
    opened_count integer not null,
    last_class_on date,
    computed_at timestamptz not null
);

insert into ops.notice_kinds (kind, family, is_optional) values
('asset_tasks', 'data', false),
('knowledge_digest', 'data', false),
('trainer_steps', 'data', false),
('trainer_pipeline', 'data', false);

grant select, insert, update on ops.resource_findings to trainloop_planner;
grant select on ops.resource_findings to trainloop_sender, trainloop_board;
grant select, insert, update, delete on marts.knowledge_index to trainloop_planner;
grant usage on schema marts to trainloop_sender;
grant select on marts.knowledge_index to trainloop_sender;

-- Mails about the knowledge base and internal trainers name assets.
grant select on core.knowledge_assets to trainloop_sender;
-- Learner groups (R18) and run sheets (R21).

-- Grain: how the learners of one class session are grouped, or why they are not. *_spread: the most by which groups differ in
-- people of one department or level, and in their mean pre-test. conflicts: who could not be kept apart, as pairs of ids.
create table ops.session_groupings (
    session_code text primary key,
    seed text not null,
    learners_sha256 text not null,
    group_count integer not null,
    department_spread integer,
    level_spread integer,
    score_spread numeric(8, 2),
    refusal text check (refusal in ('nobody_confirmed', 'cannot_be_kept_apart')),
    conflicts jsonb not null default '[]',
    made_at timestamptz not null,
    constraint grouping_or_refusal check ((refusal is null) = (group_count > 0))
);

-- Grain: one learner of one class session and their group.
create table ops.learner_groups (
    session_code text not null references ops.session_groupings on delete cascade,
    employee_id text not null,
    group_number integer not null check (group_number >= 1),
    primary key (session_code, employee_id)
);

-- What is no publication has no release: private feedback, and papers of one class day.
alter table ops.reports drop constraint reports_audience_check;
alter table ops.reports add constraint reports_audience_check
    check (audience in ('hr', 'trainer', 'business', 'subject', 'class_manager'));
alter table ops.reports drop constraint only_private_reports_have_no_release;
alter table ops.reports add constraint only_private_reports_have_no_release
    check ((release_id is null) = (kind in ('assessment_feedback', 'run_sheet', 'class_log')));

insert into ops.notice_kinds (kind, family, is_optional) values ('run_sheet', 'report', false);

grant select, insert, update, delete on ops.session_groupings, ops.learner_groups to trainloop_planner;
grant insert, update on ops.reports to trainloop_planner;
-- The log of a class day: work data of the class's own people, for its trainer and HR. Nothing of it is published.

-- What happened on class days whose log is due: one row a class and day. A class may be signed in by half days: its
-- slots are spread over its days. Names leave core here and go into the log only; the reporter reads no people.
create function ops.class_days_to_log(at timestamptz, zone text, wait_days integer)
returns table (
    session_code text, step text, day_number integer, day_count integer, held_on date, course_zh text, course_en text,
    course_hours numeric, trainer_id text, trainer_name text, manager_name text, starts_at timestamptz,
    ends_at timestamptz, timezone text, mode text, venue_code text, learners jsonb, incidents jsonb, checks jsonb,
    uses jsonb, has_attendance boolean
)
language sql stable security definer set search_path = ''
begin atomic
    with due as (
        select
            step.subject_id as session_code, step.step, step.due_on,
            coalesce(nullif(regexp_replace(step.step, '^class_log_?', ''), '')::integer, 1) as day_number,
            (
                select count(*)::integer from ops.milestones as each
                where each.subject_kind = 'class_session' and each.subject_id = step.subject_id
                    and each.step ~ '^class_log(_\d+)?$' and each.reason is distinct from 'day_dropped'
            ) as day_count
        from ops.milestones as step
        where step.subject_kind = 'class_session' and step.step ~ '^class_log(_\d+)?$' and step.state = 'pending'
            and step.due_on <= (class_days_to_log.at at time zone class_days_to_log.zone)::date
    ),
    slots as (
        select attendance.session_code, greatest(max(attendance.slot), max(due.day_count)) as slot_count
        from core.attendance
        join due on due.session_code = attendance.session_code
        group by attendance.session_code
    ),
    signed_in as (
        select
            due.session_code, due.step, attendance.employee_id,
            case
                when not bool_or(attendance.status in ('present', 'late', 'early'))
                    then case when bool_or(attendance.status = 'excused') then 'excused' else 'absent' end
                when bool_or(attendance.status = 'late') then 'late'
                when bool_or(attendance.status = 'early') then 'early'
                else 'present'
            end as status
        from due
        join slots on slots.session_code = due.session_code
        join core.attendance on attendance.session_code = due.session_code
            and ceil(attendance.slot * due.day_count / slots.slot_count::numeric) = due.day_number
        group by due.session_code, due.step, attendance.employee_id
    ),
    people as (
        select due.session_code, due.step, seat.employee_id
        from due join ops.class_seats as seat on seat.session_code = due.session_code
        union
        select signed_in.session_code, signed_in.step, signed_in.employee_id from signed_in
    )
    select
        due.session_code, due.step, due.day_number, due.day_count, due.due_on, course.name_zh, course.name_en,
        course.hours, trainer.trainer_id, trainer.name, manager.name, session.starts_at, session.ends_at,
        session.timezone, session.mode, coalesce(told.venue_code, session.venue_code),
        (
            select coalesce(jsonb_agg(jsonb_build_object('name', person.name, 'status', signed_in.status)
                order by person.name, person.employee_id), '[]')
            from people
            join core.employees as person on person.employee_id = people.employee_id
            left join signed_in on signed_in.session_code = people.session_code and signed_in.step = people.step
                and signed_in.employee_id = people.employee_id
            where people.session_code = due.session_code and people.step = due.step
        ),
        (
            select coalesce(jsonb_agg(jsonb_build_object(
                'reported_at', incident.reported_at, 'kind', incident.kind, 'severity', incident.severity,
                'person', person.name, 'text', concat_ws(' — ', incident.description, incident.action),
                'closed_at', incident.closed_at
            ) order by incident.reported_at), '[]')
            from core.incidents as incident
            left join core.employees as person on person.employee_id = incident.employee_id
            where incident.session_code = due.session_code
                and (
                    (incident.reported_at at time zone class_days_to_log.zone)::date = due.due_on
                    or (due.day_number = 1 and incident.reported_at < session.starts_at)
                )
        ),
        (
            select coalesce(jsonb_agg(jsonb_build_object('check', latest.check_code, 'is_ok', latest.is_ok)
                order by latest.check_code), '[]')
            from (
                select distinct on (done.check_code) done.check_code, done.is_ok
                from core.platform_checks as done
                where done.session_code = due.session_code and done.checked_at <= class_days_to_log.at
                order by done.check_code, done.checked_at desc
            ) as latest
        ),
        (
            select coalesce(jsonb_object_agg(used.kind, used.use_count), '{}')
            from (
                select said.kind, sum(said.turn_count) as use_count
                from core.valid_interactions as said
                where said.session_code = due.session_code
                    and (said.happened_at is null or (said.happened_at at time zone class_days_to_log.zone)::date = due.due_on)
                group by said.kind
            ) as used
        ),
        exists (
            select from signed_in where signed_in.session_code = due.session_code and signed_in.step = due.step
        )
    from due
    join core.class_sessions as session on session.session_code = due.session_code and session.status <> 'cancelled'
    join core.courses as course on course.course_code = session.course_code
    join core.trainers as trainer on trainer.trainer_id = session.trainer_id
    left join core.employees as manager on manager.employee_id = session.class_manager_id
    left join ops.class_announcements as told on told.session_code = due.session_code
    where exists (
            select from signed_in where signed_in.session_code = due.session_code and signed_in.step = due.step
        )
        or due.due_on + class_days_to_log.wait_days
            <= (class_days_to_log.at at time zone class_days_to_log.zone)::date
    order by due.session_code, due.day_number;
end;
revoke execute on function ops.class_days_to_log from public;
grant execute on function ops.class_days_to_log to trainloop_reporter;

-- Whether a trial was passed is HR's: the board, which everybody in HR's system sees, has no business with findings.
revoke select on ops.resource_findings from trainloop_board;

-- The 90-day performance report: how a class was designed, and what was found.
-- Grain: one indicator a course is meant to move, beside the course's key one.
create table core.course_kpis (
    course_code text not null,
    kpi_code text not null,
    file_id bigint not null,
    row_number bigint not null,
    primary key (course_code, kpi_code)
);

-- Grain: one class session: how its learners were chosen and whom they are compared with, said before it began.
create table core.class_designs (
    session_code text primary key,
    registered_on date not null,
    drawn_by text check (drawn_by in ('person', 'team')),
    is_selected_on_results boolean not null default false,
    is_comparison_untouched boolean not null default true,
    comparison_department_code text,
    registered_by text,
    file_id bigint not null,
    row_number bigint not null
);

-- Grain: one indicator of one course, the key one and the others.
create view core.measured_kpis as
select courses.course_code, courses.key_kpi_code as kpi_code, true as is_key
from core.courses
join core.kpi_definitions on kpi_definitions.kpi_code = courses.key_kpi_code
union all
select course_kpis.course_code, course_kpis.kpi_code, false
from core.course_kpis
join core.courses using (course_code)
join core.kpi_definitions on kpi_definitions.kpi_code = course_kpis.kpi_code
where course_kpis.kpi_code is distinct from courses.key_kpi_code;

-- Grain: one indicator of one class session, as the newest release that is not withheld says. Effects are learners minus
-- comparison in the indicator's unit; direction says which way is better.
create table marts.performance_findings (
    session_code text not null,
    kpi_code text not null,
    is_key boolean not null,
    release_id bigint not null references published.releases,
    revision_number integer not null,
    known_until date,
    grade text not null check (grade in ('A', 'B', 'C', 'D', 'E')),
    sentence_code text not null,
    outcome text not null check (outcome in ('improved', 'worsened', 'no_clear_change', 'not_measured')),
    comparison_source text,
    inference text not null,
    is_selected_on_results boolean not null,
    learner_count integer not null,
    comparison_count integer not null,
    learner_team_count integer not null,
    comparison_team_count integer not null,
    effect double precision,
    effect_low double precision,
    effect_high double precision,
    p_value double precision,
    detectable_effect double precision,
    relevant_effect double precision not null,
    trend text not null,
    largest_smd double precision,
    weaknesses text[] not null,
    cautions text[] not null,
    currency text,
    cost_amount numeric(16, 2),
    benefit_amount numeric(18, 2),
    benefit_low_amount numeric(18, 2),
    benefit_high_amount numeric(18, 2),
    benefit_cost_ratio numeric(14, 2),
    return_pct numeric(14, 1),
    return_low_pct numeric(14, 1),
    return_high_pct numeric(14, 1),
    return_refusal text,
    primary key (session_code, kpi_code)
);

-- Grain: one indicator of one class session, for whoever judges courses by results (L4) and return (L5). Below grade C an
-- effect stands for nothing and is not there; below A to C there is no return either.
create view marts.performance_results as
select
    found.session_code,
    sessions.course_code,
    found.kpi_code,
    definitions.name_zh as kpi_name_zh,
    definitions.name_en as kpi_name_en,
    definitions.direction,
    definitions.unit,
    found.is_key,
    found.grade,
    found.outcome,
    found.sentence_code,
    found.learner_count,
    found.comparison_count,
    case when found.grade in ('A', 'B', 'C') then found.effect end as effect,
    case when found.grade in ('A', 'B', 'C') then found.effect_low end as effect_low,
    case when found.grade in ('A', 'B', 'C') then found.effect_high end as effect_high,
    found.currency,
    found.cost_amount,
    found.benefit_cost_ratio,
    found.return_pct,
    found.return_low_pct,
    found.return_high_pct,
    found.return_refusal,
    found.release_id,
    found.revision_number
from marts.performance_findings as found
join core.class_sessions as sessions using (session_code)
join core.kpi_definitions as definitions using (kpi_code);

-- Grain: one file whose rows one class session's newest figures came from. The report names them and their verdicts.
create table ops.performance_files (
    session_code text not null,
    file_id bigint not null references ops.inbox_files,
    primary key (session_code, file_id)
);

grant select, insert, update, delete on core.course_kpis, core.class_designs to trainloop_intake;
grant select on core.course_kpis, core.class_designs, core.measured_kpis to trainloop_planner, trainloop_statistics;
grant select, insert, update, delete on marts.performance_findings to trainloop_statistics;
grant select on marts.performance_findings, marts.performance_results to trainloop_planner;
grant select on marts.performance_results to trainloop_statistics;
grant select, insert, delete on ops.performance_files to trainloop_statistics;
grant select on ops.performance_files to trainloop_reporter;
insert into ops.notice_kinds (kind, family, is_optional) values ('performance_report', 'report', false);

-- Who measures a class after 90 days, who hears of it.

-- People hired after the class can stand for nobody.
grant select (hired_on) on core.employees to trainloop_statistics;

-- Grain: one head of a department that so many learners of a class came from (else of the one that most came from). Ids
-- only: the reporter reads no people.
create function ops.business_heads(session text, people_min integer) returns table (employee_id text)
language sql stable security definer set search_path = ''
begin atomic
    with came as (
        select past.department_code, count(*) as learner_count
        from core.class_sessions as sessions
        cross join lateral ops.evaluation_population(array[sessions.session_code]) as seen
        join core.employees_as_of((sessions.ends_at at time zone sessions.timezone)::date) as past
            on past.employee_id = seen.employee_id
        where sessions.session_code = session
        group by past.department_code
    )
    select distinct departments.head_employee_id
    from came
    join core.departments using (department_code)
    where departments.head_employee_id is not null
        and came.learner_count >= least(business_heads.people_min, (select max(learner_count) from came));
end;
revoke execute on function ops.business_heads from public;
grant execute on function ops.business_heads to trainloop_reporter;

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

-- Action learning plans: what a learner changes at work within 30 days, week by week, and the manager's word on it.

-- on_track, at_risk, late: open, as the learner said last (late also: the day has passed). done: the learner says so.
-- verified: done, with evidence, and confirmed by the manager. withdrawn: given up, or the learner left.
-- Transitions: on_track, at_risk and late change into each other, into done and into withdrawn; done → verified |
-- late (the manager does not confirm). verified and withdrawn are ends.
create type ops.plan_state as enum ('on_track', 'at_risk', 'late', 'done', 'verified', 'withdrawn');

-- Grain: one learner's plan after one class. Seen by learner, manager and HR L&D, as the form says; a class report
-- counts. The token opens the learner's own page until the plan has ended.
create table ops.action_plans (
    plan_id text primary key,
    session_code text not null,
    employee_id text not null,
    -- Who leads the learner now; null: nobody, or the learner's own id stood there, so HR stands in.
    manager_id text,
    goal text not null,
    metric text not null,
    baseline_value numeric,
    target_value numeric not null,
    due_on date not null,
    first_step text not null,
    support_needed text,
    state ops.plan_state not null default 'on_track',
    token text not null unique default replace(gen_random_uuid()::text, '-', ''),
    made_at timestamptz not null,
    -- The last word of the learner; red, amber and green are counted from it.
    updated_at timestamptz not null,
    current_value numeric,
    blocker text check (blocker in ('none', 'time', 'manager_support', 'tool', 'unclear', 'not_relevant')),
    acknowledgement text,
    check_in_due_on date not null,
    checked_in_at timestamptz,
    evidence text,
    story text,
    confirmation text check (confirmation in ('confirmed', 'confirmed_partly', 'not_confirmed')),
    settled_at timestamptz,
    settled_reason text check (settled_reason in ('learner', 'left', 'no_check_in', 'class_cancelled')),
    unique (session_code, employee_id),
    constraint verified_has_evidence_and_a_word check (
        state <> 'verified' or (evidence is not null and confirmation in ('confirmed', 'confirmed_partly'))
    )
);
create unique index action_plans_link_idx on ops.action_plans (sha256(token::bytea));
-- The daily scan looks at open plans only, and so do the digests of one learner and one manager.
create index on ops.action_plans (employee_id) where settled_at is null;
create index on ops.action_plans (manager_id) where settled_at is null;

-- Grain: one word about one plan: the weekly update or the check-in of the learner.
create table ops.plan_updates (
    plan_id text not null references ops.action_plans on delete cascade,
    number integer not null,
    kind text not null check (kind in ('action_update', 'check_in_30d')),
    said_at timestamptz not null,
    state ops.plan_state not null,
    current_value numeric,
    blocker text,
    note text,
    primary key (plan_id, number)
);

-- Grain: one form that a learner sent from the plan's page and that waits to be taken in.
create table forms.plan_entries (
    entry_id bigint generated always as identity primary key,
    plan_id text not null,
    instrument_code text not null check (instrument_code in ('action_update', 'check_in_30d')),
    answers jsonb not null,
    sent_at timestamptz not null
);

-- Grain: one class session with learners who were to plan; individual plans are nobody's business there.
create view marts.action_plan_results as
with asked as (
    select wave.subject_id as session_code, count(*) as asked_count
    from ops.survey_waves as wave
    join ops.invitations as invitation on invitation.wave_code = wave.wave_code
    where wave.instrument_code = 'action_plan' and wave.subject_kind = 'class_session' and wave.state <> 'cancelled'
        and invitation.state = 'invited'
    group by wave.subject_id
),
planned as (
    select
        session_code, count(*) as plan_count, count(*) filter (where settled_at is null) as open_count,
        count(*) filter (where state in ('done', 'verified')) as done_count,
        count(*) filter (where state = 'verified') as verified_count,
        count(*) filter (where state = 'late') as late_count,
        count(*) filter (where state = 'withdrawn') as withdrawn_count,
        count(checked_in_at) as checked_in_count, max(check_in_due_on) as last_check_in_due_on
    from ops.action_plans
    group by session_code
)
select
    asked.session_code, asked.asked_count::integer, coalesce(planned.plan_count, 0)::integer as plan_count,
    coalesce(planned.open_count, 0)::integer as open_count, coalesce(planned.done_count, 0)::integer as done_count,
    coalesce(planned.verified_count, 0)::integer as verified_count,
    coalesce(planned.late_count, 0)::integer as late_count,
    coalesce(planned.withdrawn_count, 0)::integer as withdrawn_count,
    coalesce(planned.checked_in_count, 0)::integer as checked_in_count, planned.last_check_in_due_on
from asked
left join planned on planned.session_code = asked.session_code;

-- What a page about a plan says of it; everything else as before.
create or replace function forms.subject_of(kind text, id text) returns jsonb
language sql stable security definer set search_path = ''
begin atomic
    select jsonb_strip_nulls(jsonb_build_object(
        'kind', case when assessed.wave_code is null then subject_of.kind else 'employee' end,
        'id', coalesce(assessed.employee_id, subject_of.id), 'course_zh', course.name_zh, 'course_en', course.name_en,
        'trainer', trainer.name, 'ends_at', session.ends_at, 'timezone', session.timezone,
        'department_zh', department.name_zh, 'department_en', department.name_en, 'person', person.name,
        'goal', plan.goal, 'metric', plan.metric, 'baseline', plan.baseline_value, 'target', plan.target_value,
        'due_on', plan.due_on, 'first_step', plan.first_step, 'support_needed', plan.support_needed,
        'current', plan.current_value, 'evidence', plan.evidence
    ))
    from (select) as nothing
    left join ops.action_plans as plan on subject_of.kind = 'action_plan' and plan.plan_id = subject_of.id
    left join core.class_sessions as session
        on session.session_code = case subject_of.kind
            when 'class_session' then subject_of.id when 'action_plan' then plan.session_code
        end
    left join core.courses as course on course.course_code = session.course_code
    left join core.trainers as trainer on trainer.trainer_id = session.trainer_id
    left join core.departments as department
        on department.department_code = case subject_of.kind
            when 'department' then subject_of.id
            -- <year>-<department>
            when 'interview' then substr(subject_of.id, 6)
        end
    left join ops.assessments as assessed on subject_of.kind = 'assessment' and assessed.wave_code = subject_of.id
    left join core.employees as person
        on person.employee_id = case
            when subject_of.kind in ('person', 'employee') then subject_of.id
            when subject_of.kind = 'action_plan' then plan.employee_id else assessed.employee_id
        end;
end;

-- How the link of a plan stands and which form its page has: the check-in from its day on until it was sent, the weekly
-- update before and after. A form that waits to be taken in is counted as said.
create function forms.open_plan(link bytea)
returns table (
    state text, plan_id text, instrument_code text, plan_state text, subject jsonb, history jsonb, others jsonb,
    person_name text, locale text, timezone text, check_in_due_on date
)
language sql stable security definer set search_path = ''
begin atomic
    select
        case when plan.settled_at is not null then 'ended' else 'open' end,
        plan.plan_id,
        case
            when plan.checked_in_at is null
                and plan.check_in_due_on <= (ops.business_now() at time zone person.timezone)::date
                and not exists (
                    select from forms.plan_entries as waiting
                    where waiting.plan_id = plan.plan_id and waiting.instrument_code = 'check_in_30d'
                )
            then 'check_in_30d' else 'action_update'
        end,
        plan.state::text, forms.subject_of('action_plan', plan.plan_id),
        coalesce((
            select jsonb_agg(jsonb_build_object(
                'said_at', word.said_at, 'state', word.state, 'value', word.current_value, 'note', word.note
            ) order by word.number desc)
            from ops.plan_updates as word
            where word.plan_id = plan.plan_id
        ), '[]'),
        -- Monday's mail has one button: the other plans of the same person are found from the page it opens.
        coalesce((
            select jsonb_agg(jsonb_build_object('token', other.token, 'goal', other.goal) order by other.due_on)
            from ops.action_plans as other
            where other.employee_id = plan.employee_id and other.plan_id <> plan.plan_id and other.settled_at is null
        ), '[]'),
        person.name, person.locale, person.timezone, plan.check_in_due_on
    from ops.action_plans as plan
    join core.employees as person on person.employee_id = plan.employee_id
    where sha256(plan.token::bytea) = link;
end;

-- Keeps one form of a plan's page until it is taken in; false when the plan has ended.
create function forms.update_plan(link bytea, instrument text, said jsonb) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
    plan ops.action_plans;
begin
    select * into plan from ops.action_plans where sha256(token::bytea) = link for update;
    if plan is null or plan.settled_at is not null then
        return false;
    end if;
    insert into forms.plan_entries (plan_id, instrument_code, answers, sent_at)
    values (plan.plan_id, instrument, said, ops.business_now());
    return true;
end
$$;

-- What the form of an action plan is judged by: the class, today there, and in whose working days its due day is counted.
create function forms.plan_days(link bytea) returns table (ended_on date, today date, calendar_code text)
language sql stable security definer set search_path = ''
begin atomic
    select
        (session.ends_at at time zone session.timezone)::date,
        (ops.business_now() at time zone session.timezone)::date,
        person.calendar_code
    from ops.invitations as invitation
    join ops.survey_waves as wave on wave.wave_code = invitation.wave_code
    join core.class_sessions as session on session.session_code = wave.subject_id
    left join core.employees as person on person.employee_id = invitation.employee_id
    where sha256(invitation.token::bytea) = link and wave.instrument_code = 'action_plan';
end;

insert into ops.notice_kinds (kind, family, is_optional) values
('plan_digest', 'data', false),
('plan_check_in', 'request', false),
('team_plan_digest', 'data', false);

grant select, insert, update on ops.action_plans to trainloop_planner;
grant select, insert on ops.plan_updates to trainloop_planner;
grant select, delete on forms.plan_entries to trainloop_planner;
grant usage on schema forms to trainloop_sender;
grant select on ops.action_plans, ops.plan_updates, forms.plan_entries to trainloop_sender;
grant select on marts.action_plan_results to trainloop_statistics, trainloop_planner;
grant select on ops.action_plans to trainloop_statistics;
grant select (plan_id, session_code, state, check_in_due_on, checked_in_at, settled_at) on ops.action_plans
    to trainloop_board;
grant execute on function forms.open_plan, forms.update_plan, forms.plan_days to trainloop_forms;
revoke execute on function forms.open_plan, forms.update_plan, forms.plan_days from public;

-- The lifecycle board: what role board may read of classes beside `ops` and `published`, and what HR may change there.

-- Grain: one class session with the names the board shows. Nobody but the trainer is named.
create view marts.lifecycle_sessions as
select
    sessions.session_code, sessions.course_code, courses.name_zh as course_zh, courses.name_en as course_en,
    courses.topic_code, courses.hours, sessions.trainer_id, trainers.name as trainer_name, sessions.starts_at,
    sessions.ends_at, sessions.timezone, sessions.mode, sessions.status, sessions.is_pilot
from core.class_sessions as sessions
join core.courses as courses on courses.course_code = sessions.course_code
join core.trainers as trainers on trainers.trainer_id = sessions.trainer_id;

-- Grain: one class session and one department that has a seat in it: for the filter, without a count.
create view marts.lifecycle_departments as
select distinct enrollments.session_code, employees.department_code
from core.enrollments as enrollments
join core.employees as employees on employees.employee_id = enrollments.employee_id
where enrollments.status in ('invited', 'confirmed', 'waitlisted');

-- Grain: one department in use.
create view marts.lifecycle_department_names as
select department_code, name_zh, name_en
from core.departments
where removed_on is null;

-- Grain: one trainer and what the board says of them; no address, no rate.
create view marts.lifecycle_trainers as
select trainer_id, name, kind, trainer_level from core.trainers;

-- Grain: one class session with an enrolment: seats by status.
create view marts.lifecycle_seats as
select
    session_code,
    count(*) filter (where status = 'confirmed') as confirmed_count,
    count(*) filter (where status = 'waitlisted') as waitlisted_count
from core.enrollments
group by session_code;

-- A new first attempt for mails that failed for good: four days of patience begin again, what may have arrived stays known.
-- The board may ask for it without reading a mail.
create function ops.retry_messages(message_ids bigint[]) returns table (message_id bigint, attempt_count integer)
language sql security definer set search_path = ''
begin atomic
    update ops.messages
    set state = case when uncertain_count > 0 then 'uncertain' else 'composed' end::ops.message_state,
        next_attempt_at = ops.business_now(), first_attempt_at = null, attempt_count = 0, settled_at = null,
        reason = null, not_after = case when state = 'expired' then null else not_after end
    where messages.message_id = any (message_ids)
        and (state in ('failed', 'expired', 'bounced') or (state = 'uncertain' and next_attempt_at is null))
    returning messages.message_id, messages.attempt_count;
end;
revoke execute on function ops.retry_messages from public;
grant execute on function ops.retry_messages to trainloop_sender, trainloop_board;

grant usage on schema marts to trainloop_board;
grant select on marts.lifecycle_sessions, marts.lifecycle_departments, marts.lifecycle_department_names,
    marts.lifecycle_trainers, marts.lifecycle_seats to trainloop_board;
grant insert, delete on ops.held_templates to trainloop_board;

-- The page of a class asks for its reports; without it every page reads all reports of all classes.
create index reports_subject_idx on ops.reports (subject_kind, subject_id);

-- Reports about action plans: the class after 30 days, the company month by month; who hears of them.

insert into ops.notice_kinds (kind, family, is_optional) values
('action_plan_report', 'report', false),
('monthly_results', 'report', false);

-- Which classes' plans fall into a month is what their milestone says.
grant select on core.departments to trainloop_reporter;

-- Grain: one department and who answers for it: its head, else that of the nearest department above. Ids only: the
-- reporter reads no people.
create function ops.department_heads(codes text[]) returns table (department_code text, employee_id text)
language sql stable security definer set search_path = ''
begin atomic
    with recursive above as (
        select departments.department_code, departments.head_employee_id, departments.parent_code, 1 as step
        from core.departments
        where departments.department_code = any (codes)
        union all
        select above.department_code, parent.head_employee_id, parent.parent_code, above.step + 1
        from above
        join core.departments as parent on parent.department_code = above.parent_code
        where above.head_employee_id is null and above.step < 20
    )
    select above.department_code, above.head_employee_id from above where above.head_employee_id is not null;
end;
revoke execute on function ops.department_heads from public;
grant execute on function ops.department_heads to trainloop_reporter;

-- What the award and the workshops are judged by, and which files stand behind the committee's pack.

-- Grain: one evaluated class and scale item or dimension, as the newest release that is not withheld shows it.
create view marts.shown_class_means as
with newest as (
    select distinct on (releases.subject_id) releases.subject_id as session_code, releases.release_id
    from published.releases
    where releases.product = 'course_evaluation' and releases.subject_kind = 'class_session'
        and not releases.is_withheld
    order by releases.subject_id, releases.revision_number desc
)
select
    newest.session_code, sessions.trainer_id, sessions.course_code, sessions.mode,
    (sessions.ends_at at time zone sessions.timezone)::date as class_on,
    figures.family, figures.code, figures.value as mean, figures.respondent_count as answer_count
from newest
join core.class_sessions as sessions using (session_code)
join published.figures as figures using (release_id)
where figures.family in ('item', 'dimension') and figures.statistic = 'mean' and not figures.is_hidden
    and figures.value is not null and figures.respondent_count is not null and sessions.status <> 'cancelled';

-- Grain: one file behind trainers, their classes and their contributions.
create view core.trainer_files as
select 'trainers' as dataset, file_id from core.trainers
union
select 'class_sessions', file_id from core.class_sessions
union
select 'knowledge_assets', file_id from core.knowledge_assets;

grant select on marts.shown_class_means to trainloop_statistics, trainloop_planner;
grant select on core.trainer_files to trainloop_reporter;
grant select on core.knowledge_assets to trainloop_statistics;

-- The annual training review (R39): what it seeds into next year's needs, and one view of files with the gate's verdict.

-- Grain: one file with the gate's newest verdict about it (null: none, and no report is made from it).
create view ops.checked_files as
select
    files.dataset,
    files.file_id,
    files.name,
    files.row_count,
    files.accepted_count,
    files.unchanged_count,
    files.quarantined_count,
    files.parked_count,
    files.refused_count,
    verdict.checked_at,
    verdict.gate_decision
from ops.inbox_files as files
left join lateral (
    select checked_at, gate_decision
    from ops.check_runs
    where check_runs.file_id = files.file_id
        and not check_runs.is_parked
    order by checked_at desc, check_run_id desc
    limit 1
) as verdict on true;

-- Grain: one finding of a year's review that is evidence for one topic of the next plan year. It follows the newest
-- revision of that review; HR drops a row with a reason, and dropped it stays.
create table ops.need_seeds (
    year integer not null,
    topic_code text not null,
    source_kind text not null check (source_kind in ('course', 'item', 'barrier')),
    -- The course, or <course>:<item or blocker>.
    source_code text not null,
    finding text not null check (finding in (
        'keep', 'fix', 'stop', 'scale', 'weak', 'time', 'manager_support', 'tool', 'unclear', 'not_relevant'
    )),
    release_id bigint not null references published.releases,
    seeded_at timestamptz not null,
    dropped_at timestamptz,
    dropped_reason text,
    primary key (year, topic_code, source_kind, source_code),
    check ((dropped_at is null) = (dropped_reason is null))
);

insert into ops.notice_kinds (kind, family, is_optional) values ('training_review', 'report', false);

grant select on ops.checked_files to trainloop_reporter;
grant select, insert, update, delete on ops.need_seeds to trainloop_statistics;
grant select, update on ops.need_seeds to trainloop_planner;
grant select on ops.need_seeds to trainloop_board, trainloop_reporter;
grant select on core.departments to trainloop_reporter, trainloop_sender;
grant select on core.budgets, core.session_costs to trainloop_statistics;

-- HR's weekly digest: what happened, what is late, what waits for a decision, in one mail.
insert into ops.notice_kinds (kind, family, is_optional) values ('weekly_digest', 'report', false);

-- How long data are kept, and people whose data were erased. Everything that purges and erases is the role purge.

-- Grain: one person whose data were erased (request) or whose records lead nowhere since they left (left). The id is a
-- keyed hash; the same fact stands as a file beside the archive, so that a restored database erases them again.
create table ops.erased_people (
    person_hash bytea primary key,
    alias text not null unique,
    reason text not null check (reason in ('request', 'left')),
    requested_by text not null,
    erased_at timestamptz not null
);

-- Grain: one rule and one place of one purge or erasure: the proof. Zero says that it was looked at.
create table ops.purge_counts (
    purged_at timestamptz not null,
    rule text not null,
    holding text not null,
    row_count bigint not null,
    primary key (purged_at, rule, holding)
);

grant select on ops.erased_people to trainloop_intake;
grant usage on schema core, marts, forms to trainloop_purge;
grant select, insert, update, delete on ops.erased_people to trainloop_purge;
grant select, insert, update (row_count) on ops.purge_counts to trainloop_purge;
grant select on ops.purge_counts to trainloop_board;
grant select on ops.quarantine_reasons, ops.survey_waves, core.kpi_definitions to trainloop_purge;
grant select, update, delete on ops.action_plans, ops.plan_updates, forms.plan_entries to trainloop_purge;
-- The ledger only grows: of a booking nothing may change but whose it is called.
grant select, update (employee_id) on ops.point_entries to trainloop_purge;
grant select, update, delete on
    confidential.answers, confidential.assessment_comments, confidential.assessment_figures,
    confidential.assessment_results, confidential.release_respondents, confidential.responses, core.attendance,
    core.budgets, core.business_interviews, core.class_designs, core.class_sessions,
    core.competency_assessments, core.departments, core.employee_history, core.employees, core.enrollments,
    core.incidents, core.interactions, core.interview_plan, core.knowledge_assets, core.kpi_facts,
    core.learner_questions, core.named_responses, core.need_confirmations, core.performance_reviews,
    core.prework_events, core.rater_nominations, core.resource_bookings, core.survey_completions,
    core.test_results, core.trainer_assessments, core.trainer_candidates, core.trainers, core.vendor_ratings,
    forms.dead_links, forms.incident_entries, forms.sign_in_entries, forms.submissions, marts.assessment_scores,
    marts.knowledge_index, ops.approvals, ops.asked_questions, ops.assessments, ops.audit_entries,
    ops.class_desks, ops.commitments, ops.competency_pages, ops.digested_questions, ops.inbox_files,
    ops.invitations, ops.learner_groups, ops.mail_stops, ops.material_events, ops.material_links, ops.messages,
    ops.notices, ops.parked_rows, ops.quarantined_rows, ops.readiness_exceptions, ops.reports,
    ops.resource_findings, ops.seat_offers, ops.session_groupings, ops.told_seats, ops.wave_people
    to trainloop_purge;
-- Approvals about money: two different Airflow logins that belong to different employees decide, nobody else, by no link.

-- logins_needed: 0 = one answer by any door. barred_employee_ids: who may not decide because it is about themselves.
alter table ops.approvals add column logins_needed integer not null default 0 check (logins_needed >= 0);
alter table ops.approvals add column barred_employee_ids text[] not null default '{}';
alter table ops.approvals add constraint approvals_by_login
    check (logins_needed = 0 or decided_via is null or decided_via = 'airflow');

-- Grain: one employee's yes to one approval, given by one Airflow login. Neither signs twice. Never changed, never deleted.
create table ops.approval_signatures (
    approval_id bigint not null references ops.approvals,
    employee_id text not null,
    login text not null,
    signed_at timestamptz not null,
    primary key (approval_id, employee_id),
    constraint one_signature_a_login unique (approval_id, login)
);

-- The last word about money is the database's: whatever code says so, nothing is approved with too few signatures.
create function ops.require_signatures() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    if new.state = 'approved' and old.state <> 'approved' and new.logins_needed > (
        select count(*) from ops.approval_signatures as signed
        where signed.approval_id = new.approval_id and signed.employee_id <> all (new.barred_employee_ids)
    ) then
        raise exception 'approval % needs % signatures', new.approval_id, new.logins_needed;
    end if;
    return new;
end
$$;
create trigger approvals_are_signed before update on ops.approvals
for each row when (new.logins_needed > 0) execute function ops.require_signatures();

-- How something behind a link stands; money is decided in Airflow, so its link only says so.
create or replace function forms.open_action(link bytea)
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
            when asked.state = 'open' and asked.logins_needed > 0 then 'login_needed'
            when asked.state in ('approved', 'rejected') then 'done'
            else asked.state::text
        end,
        asked.kind, forms.subject_of(asked.subject_kind, asked.subject_id), asked.facts,
        (asked.expires_at at time zone 'UTC')::date, 'contact', asked.asked_of, null, null, null,
        case asked.state when 'approved' then 'approve' when 'rejected' then 'reject' end, asked.comment
    from ops.approvals as asked
    where sha256(asked.token::bytea) = link;
end;

-- Writes the answer of a link once; false when it is not open any more, or when a link may not decide it.
create or replace function forms.answer_action(link bytea, chosen text, said text) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
    answered record;
begin
    update ops.commitments
    set state = 'done', done_at = ops.business_now(), choice = chosen, comment = nullif(said, '')
    where sha256(token::bytea) = link and state = 'open' and (not_after is null or not_after > ops.business_now())
    returning person_id as actor, kind, subject_kind, subject_id into answered;
    if answered is null and chosen in ('approve', 'reject') then
        insert into ops.audit_entries (actor, action, subject_kind, subject_id, detail)
        select
            asked_of, 'approval_refused', subject_kind, subject_id,
            jsonb_build_object('approval_id', approval_id, 'via', 'link', 'reason', 'door_closed')
        from ops.approvals
        where sha256(token::bytea) = link and state = 'open' and logins_needed > 0;
        update ops.approvals
        set state = case chosen when 'approve' then 'approved' else 'rejected' end::ops.approval_state,
            decided_at = ops.business_now(), decided_by = asked_of, decided_via = 'link', comment = nullif(said, '')
        where sha256(token::bytea) = link and state = 'open' and logins_needed = 0
            and (expires_at is null or expires_at > ops.business_now())
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

grant select, insert on ops.approval_signatures to trainloop_planner;
grant select on ops.approval_signatures to trainloop_sender;
-- Erasure puts an alias in the place of a person; everything else stays.
grant select, update (employee_id) on ops.approval_signatures to trainloop_purge;
-- What trainers are paid by and how they grow: rates, events, who took part; hours of a class that differ from its course's.
alter table core.class_sessions add column hours numeric(6, 2) check (hours > 0);

-- Grain: one rate or factor over a range of days, both ends included. kind base: an amount for an hour; the others are
-- factors. code: trainer kind (base), trainer level, course ('*' any), lowest headcount of a band, lowest mean of a band.
create table core.allowance_rates (
    kind text not null check (kind in ('base', 'level', 'difficulty', 'class_size', 'quality')),
    code text not null,
    valid_from date not null,
    valid_until date check (valid_until >= valid_from),
    rate_value numeric(12, 4) not null check (rate_value >= 0),
    currency text,
    removed_on date,
    file_id bigint not null,
    row_number bigint not null,
    primary key (kind, code, valid_from),
    check (kind <> 'base' or currency is not null)
);

-- Grain: one workshop, expert's talk or exchange for trainers. Times are those of its time zone.
create table core.trainer_events (
    event_id text primary key,
    kind text not null check (kind in ('workshop', 'expert', 'exchange')),
    workshop_code text,
    title_zh text not null,
    title_en text not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    timezone text not null default 'Asia/Shanghai',
    place text,
    host text,
    capacity integer check (capacity > 0),
    status text not null default 'planned' check (status in ('planned', 'confirmed', 'cancelled')),
    file_id bigint not null,
    row_number bigint not null,
    check (ends_at > starts_at)
);

-- Grain: one trainer at one event.
create table core.trainer_event_attendance (
    event_id text not null,
    trainer_id text not null,
    status text not null check (status in ('attended', 'absent', 'excused')),
    file_id bigint not null,
    row_number bigint not null,
    primary key (event_id, trainer_id)
);

grant select, insert, update, delete on core.allowance_rates, core.trainer_events, core.trainer_event_attendance
    to trainloop_intake;
grant select on core.allowance_rates, core.trainer_events, core.trainer_event_attendance
    to trainloop_planner, trainloop_statistics;
grant select on core.trainer_events, core.trainer_event_attendance to trainloop_sender, trainloop_reporter;
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
-- The yearly award, thank-you mails and the quarterly workshops of trainers.

-- Grain: one trainer whom the committee gave the award of a year.
create table ops.trainer_awards (
    year integer not null,
    trainer_id text not null,
    approval_id bigint not null references ops.approvals,
    release_id bigint not null references published.releases,
    decided_at timestamptz not null,
    primary key (year, trainer_id)
);

-- Grain: one workshop suggested to one trainer in one quarter, and the items that suggest it: pooled published means.
create table ops.workshop_suggestions (
    quarter text not null,
    trainer_id text not null,
    workshop_code text not null,
    item_codes text[] not null,
    item_means numeric(3, 2)[] not null,
    session_count integer not null,
    answer_count integer not null,
    suggested_at timestamptz not null,
    primary key (quarter, trainer_id, workshop_code)
);

-- Grain: one kept calendar file of an event as it stood when people were invited.
create table ops.event_files (
    event_id text not null,
    file_sha256 text not null,
    uri text not null,
    kept_at timestamptz not null,
    primary key (event_id, file_sha256)
);

insert into ops.notice_kinds (kind, family, is_optional) values
('trainer_award', 'report', false),
('trainer_thanks', 'report', true),
('trainer_workshops', 'report', true),
('growth_digest', 'report', false),
('trainer_pulse_result', 'report', false);

grant select, insert on ops.trainer_awards to trainloop_planner;
grant select, insert, delete on ops.workshop_suggestions to trainloop_planner;
grant select, insert on ops.event_files to trainloop_planner;
grant select on ops.trainer_awards, ops.workshop_suggestions, ops.event_files to trainloop_sender;
-- Disputes about a course between HR, trainer and business head, from the opening to three signatures (R47–R52).

-- opened → statements (both sides are asked) → clarification (what divides them is known, a meeting is called)
-- → design_agreed (shares are 100 %, all three agreed) → pilot_registered (criterion and teams are locked)
-- → pilot_running (the class began) → pilot_reported → decided (adopt, adjust or drop) → signed (by all three).
-- A refusal to sign brings decided back to pilot_reported; until it is signed, a dispute may become withdrawn.
-- The table stands in trainloop.domain.dispute, too.
create type ops.dispute_state as enum (
    'opened', 'statements', 'clarification', 'design_agreed', 'pilot_registered', 'pilot_running', 'pilot_reported',
    'decided', 'signed', 'withdrawn'
);

-- Grain: one dispute about one course between one trainer and one business head. round_number counts the designs and the
-- decisions that were asked for: a refusal begins the next.
create table ops.disputes (
    dispute_id text primary key,
    course_code text not null references core.courses,
    topic_code text,
    trainer_id text not null,
    business_head_id text not null,
    hr_contact text not null,
    reason_code text not null constraint disputes_reason_known
        check (reason_code in ('content', 'level', 'practice', 'results', 'time', 'other')),
    opened_by text not null check (opened_by in ('hr', 'trainer', 'business')),
    opened_at timestamptz not null,
    state ops.dispute_state not null default 'opened',
    state_at timestamptz not null,
    meeting_on date,
    core_target text,
    framework_pct numeric(5, 2),
    tools_pct numeric(5, 2),
    simulation_pct numeric(5, 2),
    design_round integer not null default 1,
    decision text check (decision in ('adopt', 'adjust', 'drop')),
    decision_reason text,
    decision_round integer not null default 1,
    withdrawn_reason text,
    constraint disputes_shares_are_whole check (framework_pct + tools_pct + simulation_pct = 100),
    constraint disputes_withdrawal_has_a_reason check ((state = 'withdrawn') = (withdrawn_reason is not null)),
    constraint disputes_decided_has_a_decision check (state not in ('decided', 'signed') or decision is not null)
);
-- The same quarrel is not opened twice while it is under way.
create unique index disputes_open_once_idx on ops.disputes (course_code, trainer_id, business_head_id)
    where state not in ('signed', 'withdrawn');

-- Grain: what one party wrote at one step of a dispute. Nothing is written over: another round is another row.
create table ops.dispute_answers (
    dispute_id text not null references ops.disputes,
    step text not null check (step in ('statement', 'design', 'design_ack', 'pilot', 'decision', 'signature')),
    round_number integer not null check (round_number >= 1),
    party text not null check (party in ('hr', 'trainer', 'business')),
    person_kind text not null,
    person_id text not null,
    answers jsonb not null,
    answered_at timestamptz not null default ops.business_now(),
    primary key (dispute_id, step, round_number, party)
);

-- Grain: one pre-registration of one pilot, with the text that was hashed. The newest version counts.
create table ops.pilot_registrations (
    dispute_id text not null references ops.disputes,
    version integer not null check (version >= 1),
    session_code text not null,
    kpi_code text not null,
    direction text not null check (direction in ('higher', 'lower')),
    threshold numeric not null check (threshold > 0),
    pilot_department_code text not null,
    comparison_department_code text not null,
    class_ends_on date not null,
    window_days integer not null check (window_days between 14 and 180),
    pre_starts_on date not null,
    pre_ends_on date not null,
    post_starts_on date not null,
    post_ends_on date not null,
    canonical text not null,
    registration_sha256 text not null,
    registered_by text not null,
    registered_at timestamptz not null default ops.business_now(),
    primary key (dispute_id, version),
    constraint pilot_registrations_two_teams check (pilot_department_code <> comparison_department_code),
    constraint pilot_registrations_windows check (
        pre_starts_on < pre_ends_on and pre_ends_on < post_starts_on and post_starts_on < post_ends_on
    ),
    constraint pilot_registrations_hash check (registration_sha256 = encode(sha256(convert_to(canonical, 'UTF8')), 'hex'))
);
-- Whoever measures a class asks for its registration.
create index pilot_registrations_session_idx on ops.pilot_registrations (session_code);

-- Departments below one, itself included.
create function core.departments_below(top text) returns table (department_code text)
language sql stable
begin atomic
    with recursive below as (
        select departments.department_code from core.departments where departments.department_code = top
        union
        select departments.department_code
        from core.departments
        join below on departments.parent_code = below.department_code
    )
    select below.department_code from below;
end;

-- Which data of a pilot are there already, null while there are none: the class began, somebody signed in or wrote a
-- test, or the indicator is known for a member of either team after the class.
create function ops.pilot_data_arrived(session text, kpi text, teams text[], after_on date) returns text
language sql stable
return case
    when exists (
        select from core.class_sessions as class
        where class.session_code = session and class.starts_at <= ops.business_now()
    ) then 'class_began'
    when exists (select from core.attendance as seen where seen.session_code = session)
        or exists (select from core.test_results as test where test.session_code = session) then 'class_data'
    when exists (
        select from core.kpi_facts as fact
        where fact.kpi_code = kpi and fact.starts_on >= after_on and fact.unit_id in (
            select below.department_code from unnest(teams) as team, core.departments_below(team) as below
            union all
            select person.employee_id from core.employees as person
            where person.department_code in (
                select below.department_code from unnest(teams) as team, core.departments_below(team) as below
            )
        )
    ) then 'kpi_facts'
end;

create function ops.guard_registration() returns trigger
language plpgsql set search_path = '' as $$
declare
    arrived text;
begin
    if tg_op <> 'INSERT' then
        raise exception 'a pilot registration is never changed or deleted' using errcode = 'restrict_violation';
    end if;
    select ops.pilot_data_arrived(
        one.session_code, one.kpi_code, array[one.pilot_department_code, one.comparison_department_code], one.post_starts_on
    )
    into arrived
    from (
        select new.session_code, new.kpi_code, new.pilot_department_code, new.comparison_department_code, new.post_starts_on
        union all
        select known.session_code, known.kpi_code, known.pilot_department_code, known.comparison_department_code,
            known.post_starts_on
        from ops.pilot_registrations as known where known.dispute_id = new.dispute_id
    ) as one
    where ops.pilot_data_arrived(
        one.session_code, one.kpi_code, array[one.pilot_department_code, one.comparison_department_code], one.post_starts_on
    ) is not null
    limit 1;
    if arrived is not null then
        raise exception 'data of the pilot are there already: %', arrived using errcode = 'restrict_violation';
    end if;
    return new;
end
$$;
create trigger pilot_registrations_are_locked before insert or update or delete on ops.pilot_registrations
for each row execute function ops.guard_registration();

-- Grain: the registration that counts for one class session: whom its learners are compared with, fixed before data.
create view ops.registered_pilots as
select distinct on (registered.session_code)
    registered.session_code, registered.dispute_id, registered.version, registered.kpi_code,
    registered.pilot_department_code, registered.comparison_department_code, registered.registration_sha256,
    registered.registered_at
from ops.pilot_registrations as registered
join ops.disputes as dispute using (dispute_id)
where dispute.state <> 'withdrawn' and not exists (
    select from ops.pilot_registrations as newer
    where newer.dispute_id = registered.dispute_id and newer.version > registered.version
)
order by registered.session_code, registered.registered_at;

-- Grain: one paper of a dispute, frozen when it was made: its release, and everything that its PDF prints in words.
create table ops.dispute_papers (
    dispute_id text not null references ops.disputes,
    kind text not null check (kind in ('dispute_pack', 'pilot_report', 'agreed_plan')),
    revision_number integer not null check (revision_number >= 1),
    release_id bigint not null references published.releases,
    content jsonb not null,
    made_at timestamptz not null,
    primary key (dispute_id, kind, revision_number)
);

insert into ops.notice_kinds (kind, family, is_optional) values
('dispute_news', 'data', false),
('dispute_pack', 'report', false),
('pilot_report', 'report', false),
('agreed_plan', 'report', false);

grant select, insert, update on ops.disputes to trainloop_planner;
grant select on ops.dispute_answers, ops.pilot_registrations, ops.registered_pilots, ops.dispute_papers to trainloop_planner;
grant select on ops.disputes, ops.dispute_answers, ops.pilot_registrations, ops.registered_pilots to trainloop_statistics;
grant select, insert on ops.dispute_papers to trainloop_statistics;
grant select on ops.disputes, ops.dispute_papers to trainloop_reporter, trainloop_sender;
-- The board counts and explains; what people wrote is for the three.
grant select (dispute_id, course_code, topic_code, trainer_id, business_head_id, reason_code, opened_by, opened_at, state,
    state_at, meeting_on, framework_pct, tools_pct, simulation_pct, decision) on ops.disputes to trainloop_board;
grant select on ops.pilot_registrations, ops.registered_pilots to trainloop_board;
grant execute on function core.departments_below, ops.pilot_data_arrived to trainloop_planner, trainloop_statistics;
grant select, update on ops.disputes, ops.dispute_papers to trainloop_purge;
grant select, update, delete on ops.dispute_answers to trainloop_purge;
-- The pages of a dispute: statements, design, registration, decision, signature, and the door by which it is opened. As
-- elsewhere in `forms`, the service calls these functions and reads no table.

-- The person who stands for a party of a dispute.
create function ops.dispute_person(dispute ops.disputes, party text) returns text
language sql immutable
return case party
    when 'trainer' then (dispute).trainer_id when 'business' then (dispute).business_head_id else (dispute).hr_contact
end;

-- How the link of one party's step stands (no row: nobody was given it), with everything its page shows.
create function forms.open_dispute(link bytea)
returns table (
    state text, kind text, dispute_id text, round_number integer, party text, person_kind text, person_id text,
    person_name text, locale text, timezone text, due_on date, course_zh text, course_en text, trainer text,
    business_head text, meeting_on date, core_target text, framework_pct numeric, tools_pct numeric,
    simulation_pct numeric, decision text, registration jsonb, arrived text, answers jsonb, sessions jsonb, kpis jsonb,
    departments jsonb
)
language sql stable security definer set search_path = ''
begin atomic
    select
        case
            when dispute.state = 'withdrawn' then 'withdrawn'
            when owed.state = 'open' and owed.not_after <= ops.business_now() then 'expired'
            else owed.state::text
        end,
        owed.kind, dispute.dispute_id, (owed.facts ->> 'round')::integer, owed.facts ->> 'party', owed.person_kind,
        owed.person_id, person.name, person.locale, person.timezone, owed.due_on, course.name_zh, course.name_en,
        trainer.name, head.name, dispute.meeting_on, dispute.core_target, dispute.framework_pct, dispute.tools_pct,
        dispute.simulation_pct, dispute.decision,
        to_jsonb(registered) - 'canonical' || jsonb_build_object(
            'kpi_zh', indicator.name_zh, 'kpi_en', indicator.name_en, 'unit', indicator.unit
        ),
        ops.pilot_data_arrived(
            registered.session_code, registered.kpi_code,
            array[registered.pilot_department_code, registered.comparison_department_code], registered.post_starts_on
        ),
        known.answers,
        (
            select coalesce(jsonb_agg(jsonb_build_object(
                'code', class.session_code, 'ends_on', (class.ends_at at time zone class.timezone)::date
            ) order by class.starts_at, class.session_code), '[]')
            from core.class_sessions as class
            where owed.kind = 'dispute_pilot' and class.course_code = dispute.course_code and class.status <> 'cancelled'
                and (class.starts_at > ops.business_now() or class.session_code = registered.session_code)
        ),
        (
            select coalesce(jsonb_agg(jsonb_build_object(
                'code', definition.kpi_code, 'zh', definition.name_zh, 'en', definition.name_en, 'grain', definition.grain,
                'direction', definition.direction, 'unit', definition.unit
            ) order by not measured.is_key, definition.kpi_code), '[]')
            from core.measured_kpis as measured
            join core.kpi_definitions as definition using (kpi_code)
            where owed.kind = 'dispute_pilot' and measured.course_code = dispute.course_code
        ),
        (
            select coalesce(jsonb_agg(jsonb_build_object(
                'code', team.department_code, 'zh', team.name_zh, 'en', team.name_en
            ) order by team.department_code), '[]')
            from core.departments as team
            where owed.kind = 'dispute_pilot' and team.removed_on is null and exists (
                select from core.employees as member
                where member.department_code = team.department_code and member.removed_on is null
            )
        )
    from ops.commitments as owed
    join ops.disputes as dispute on dispute.dispute_id = owed.facts ->> 'dispute_id'
    join core.courses as course using (course_code)
    left join ops.mail_recipients as person
        on person.recipient_kind = owed.person_kind and person.recipient_id = owed.person_id
    left join core.trainers as trainer on trainer.trainer_id = dispute.trainer_id
    left join core.employees as head on head.employee_id = dispute.business_head_id
    left join ops.dispute_answers as known
        on known.dispute_id = dispute.dispute_id and known.round_number = (owed.facts ->> 'round')::integer
        and known.party = owed.facts ->> 'party' and known.step = owed.facts ->> 'step'
    left join lateral (
        select newest.* from ops.pilot_registrations as newest
        where newest.dispute_id = dispute.dispute_id order by newest.version desc limit 1
    ) as registered on true
    left join core.kpi_definitions as indicator on indicator.kpi_code = registered.kpi_code
    where owed.subject_kind = 'dispute' and sha256(owed.token::bytea) = link;
end;

-- Writes one party's words once. A signature wants the identity of the person the link was made for: an employee's
-- number (a trainer without one: the trainer's), what a contact is known by says the service. Returns ok, closed
-- or wrong_person; a refusal is on record, and the link stays open for the right person.
create function forms.answer_dispute(link bytea, said jsonb, identity text, is_contact_known boolean) returns text
language plpgsql security definer set search_path = '' as $$
declare
    owed ops.commitments;
    dispute ops.disputes;
    expected text;
begin
    select * into owed from ops.commitments
    where sha256(token::bytea) = link and subject_kind = 'dispute' for update;
    select * into dispute from ops.disputes where dispute_id = owed.facts ->> 'dispute_id' for update;
    if owed is null or dispute is null or owed.state <> 'open' or owed.not_after <= ops.business_now()
        or dispute.state in ('signed', 'withdrawn') or owed.kind = 'dispute_pilot' then
        return 'closed';
    end if;
    if owed.kind = 'sign_agreed_plan' then
        expected := case owed.person_kind
            when 'employee' then owed.person_id
            when 'trainer' then (
                select coalesce(trainer.employee_id, trainer.trainer_id)
                from core.trainers as trainer where trainer.trainer_id = owed.person_id
            )
        end;
        if owed.person_id <> ops.dispute_person(dispute, owed.facts ->> 'party')
            or not coalesce(
                (owed.person_kind = 'contact' and is_contact_known)
                or (owed.person_kind <> 'contact' and lower(identity) = lower(expected)),
                false
            ) then
            insert into ops.audit_entries (actor, action, subject_kind, subject_id, detail)
            values (
                'link', 'dispute_signature_refused', 'dispute', dispute.dispute_id,
                jsonb_build_object('party', owed.facts ->> 'party', 'commitment_id', owed.commitment_id)
            );
            return 'wrong_person';
        end if;
    end if;
    insert into ops.dispute_answers (dispute_id, step, round_number, party, person_kind, person_id, answers)
    values (
        dispute.dispute_id, owed.facts ->> 'step', (owed.facts ->> 'round')::integer, owed.facts ->> 'party',
        owed.person_kind, owed.person_id, said
    );
    update ops.commitments
    set state = 'done', done_at = ops.business_now(), choice = coalesce(said ->> 'choice', 'answered'),
        comment = said ->> 'comment'
    where commitment_id = owed.commitment_id;
    insert into ops.audit_entries (actor, action, subject_kind, subject_id, detail)
    values (
        owed.person_id, 'dispute_' || (owed.facts ->> 'step'), 'dispute', dispute.dispute_id,
        jsonb_build_object('party', owed.facts ->> 'party', 'round', owed.facts -> 'round', 'choice', said ->> 'choice')
    );
    return 'ok';
end
$$;

-- Locks criterion, teams and windows of a pilot; until its data begin to arrive a newer version may take its place.
-- Returns ok, closed, or why it is refused; a refusal is on record and what was registered stays as it was.
create function forms.register_pilot(link bytea, wanted text, said jsonb) returns text
language plpgsql security definer set search_path = '' as $$
declare
    owed ops.commitments;
    dispute ops.disputes;
    fixed jsonb := wanted::jsonb;
    refusal text;
begin
    select * into owed from ops.commitments
    where sha256(token::bytea) = link and subject_kind = 'dispute' and kind = 'dispute_pilot' for update;
    select * into dispute from ops.disputes where dispute_id = owed.facts ->> 'dispute_id' for update;
    if owed is null or dispute is null or owed.state not in ('open', 'done') or fixed ->> 'dispute_id' <> dispute.dispute_id
        or dispute.state not in ('design_agreed', 'pilot_registered', 'pilot_running') then
        return 'closed';
    end if;
    select ops.pilot_data_arrived(
        one.session_code, one.kpi_code, array[one.pilot_department_code, one.comparison_department_code], one.post_starts_on
    )
    into refusal
    from (
        select fixed ->> 'session_code' as session_code, fixed ->> 'kpi_code' as kpi_code,
            fixed ->> 'pilot_department_code' as pilot_department_code,
            fixed ->> 'comparison_department_code' as comparison_department_code,
            (fixed ->> 'post_starts_on')::date as post_starts_on
        union all
        select known.session_code, known.kpi_code, known.pilot_department_code, known.comparison_department_code,
            known.post_starts_on
        from ops.pilot_registrations as known where known.dispute_id = dispute.dispute_id
    ) as one
    order by 1 nulls last
    limit 1;
    refusal := case
        when refusal is not null then refusal
        when fixed ->> 'pilot_department_code' = fixed ->> 'comparison_department_code' then 'same_team'
        when not exists (
            select from core.class_sessions as class
            where class.session_code = fixed ->> 'session_code' and class.course_code = dispute.course_code
                and class.status <> 'cancelled'
        ) then 'class_unknown'
        when not exists (
            select from core.measured_kpis as measured
            where measured.course_code = dispute.course_code and measured.kpi_code = fixed ->> 'kpi_code'
        ) then 'kpi_unknown'
    end;
    if refusal is not null then
        insert into ops.audit_entries (actor, action, subject_kind, subject_id, detail)
        values (
            owed.person_id, 'pilot_registration_refused', 'dispute', dispute.dispute_id,
            jsonb_build_object('reason', refusal, 'sha256', encode(sha256(convert_to(wanted, 'UTF8')), 'hex'))
        );
        return refusal;
    end if;
    insert into ops.pilot_registrations (
        dispute_id, version, session_code, kpi_code, direction, threshold, pilot_department_code,
        comparison_department_code, class_ends_on, window_days, pre_starts_on, pre_ends_on, post_starts_on, post_ends_on,
        canonical, registration_sha256, registered_by
    )
    values (
        dispute.dispute_id, (fixed ->> 'version')::integer, fixed ->> 'session_code', fixed ->> 'kpi_code',
        fixed ->> 'direction', (fixed ->> 'threshold')::numeric, fixed ->> 'pilot_department_code',
        fixed ->> 'comparison_department_code', (fixed ->> 'class_ends_on')::date, (fixed ->> 'window_days')::integer,
        (fixed ->> 'pre_starts_on')::date, (fixed ->> 'pre_ends_on')::date, (fixed ->> 'post_starts_on')::date,
        (fixed ->> 'post_ends_on')::date, wanted, encode(sha256(convert_to(wanted, 'UTF8')), 'hex'), owed.person_id
    )
    on conflict (dispute_id, version) do nothing;
    if not found then
        return 'stale';
    end if;
    insert into ops.dispute_answers (dispute_id, step, round_number, party, person_kind, person_id, answers)
    values (
        dispute.dispute_id, 'pilot', (fixed ->> 'version')::integer, owed.facts ->> 'party', owed.person_kind,
        owed.person_id, said
    );
    update ops.commitments set state = 'done', done_at = ops.business_now(), choice = 'registered'
    where commitment_id = owed.commitment_id;
    insert into ops.audit_entries (actor, action, subject_kind, subject_id, detail)
    values (
        owed.person_id, 'pilot_registered', 'dispute', dispute.dispute_id,
        jsonb_build_object(
            'version', fixed -> 'version', 'sha256', encode(sha256(convert_to(wanted, 'UTF8')), 'hex')
        )
    );
    return 'ok';
end
$$;

-- Who may open a dispute from the report of a class, and with whom: its trainer, or the head of a learner's department.
-- No row: nobody, or the class is too long ago. dispute_id: what is under way already.
create function forms.open_dispute_door(who_kind text, who_id text, session text, days integer)
returns table (
    person_name text, locale text, timezone text, session_code text, course_zh text, course_en text, trainer text,
    heads jsonb, dispute_id text
)
language sql stable security definer set search_path = ''
begin atomic
    with heads as (
        select distinct head.employee_id, head.name, team.name_zh, team.name_en
        from core.enrollments as seat
        join core.employees as learner using (employee_id)
        join core.departments as team on team.department_code = learner.department_code
        join core.employees as head on head.employee_id = team.head_employee_id
        where seat.session_code = session and seat.status = 'confirmed' and head.removed_on is null
    )
    select
        person.name, person.locale, person.timezone, class.session_code, course.name_zh, course.name_en, trainer.name,
        (
            select coalesce(jsonb_agg(jsonb_build_object(
                'id', heads.employee_id, 'name', heads.name, 'zh', heads.name_zh, 'en', heads.name_en
            ) order by heads.employee_id), '[]')
            from heads where who_kind = 'trainer' or heads.employee_id = who_id
        ),
        (
            select open.dispute_id from ops.disputes as open
            where open.course_code = class.course_code and open.trainer_id = class.trainer_id
                and open.state not in ('signed', 'withdrawn')
                and (who_kind = 'trainer' or open.business_head_id = who_id)
            order by open.opened_at desc limit 1
        )
    from core.class_sessions as class
    join core.courses as course using (course_code)
    join core.trainers as trainer on trainer.trainer_id = class.trainer_id
    join ops.mail_recipients as person on person.recipient_kind = who_kind and person.recipient_id = who_id
    where class.session_code = session and class.status <> 'cancelled'
        and class.ends_at between ops.business_now() - make_interval(days => days) and ops.business_now()
        and (
            (who_kind = 'trainer' and class.trainer_id = who_id)
            or (who_kind = 'employee' and exists (select from heads where heads.employee_id = who_id))
        );
end;

-- Opens a dispute from that door. Returns its id, the one under way where there is one; null where nobody may.
create function forms.begin_dispute(
    who_kind text, who_id text, session text, days integer, head text, reason text, hr_contact text
) returns text
language plpgsql security definer set search_path = '' as $$
declare
    door record;
    class core.class_sessions;
    known text;
begin
    select * into door from forms.open_dispute_door(who_kind, who_id, session, days);
    if door is null or not door.heads @> jsonb_build_array(jsonb_build_object('id', head)) then
        return null;
    end if;
    select * into class from core.class_sessions where session_code = session;
    known := ops.open_dispute(
        class.course_code, null, class.trainer_id, head, hr_contact, reason,
        case who_kind when 'trainer' then 'trainer' else 'business' end, who_id
    );
    return known;
end
$$;

-- Opens a dispute, or returns the one of the same three that is under way. Ids of one year count up.
create function ops.open_dispute(
    course text, topic text, trainer text, head text, contact text, reason text, party text, actor text
) returns text
language plpgsql security definer set search_path = '' as $$
declare
    known text;
    moment timestamptz := ops.business_now();
    year text := to_char(moment at time zone 'UTC', 'YYYY');
begin
    perform pg_advisory_xact_lock(hashtextextended('open_dispute', 0));
    select dispute_id into known from ops.disputes
    where course_code = course and trainer_id = trainer and business_head_id = head
        and state not in ('signed', 'withdrawn');
    if known is not null then
        return known;
    end if;
    select 'D-' || year || '-' || lpad((count(*) + 1)::text, 3, '0') into known
    from ops.disputes where dispute_id like 'D-' || year || '-%';
    insert into ops.disputes (
        dispute_id, course_code, topic_code, trainer_id, business_head_id, hr_contact, reason_code, opened_by, opened_at,
        state_at
    )
    values (known, course, topic, trainer, head, contact, reason, party, moment, moment);
    insert into ops.audit_entries (actor, action, subject_kind, subject_id, detail)
    values (
        actor, 'dispute_opened', 'dispute', known,
        jsonb_build_object('course_code', course, 'party', party, 'reason', reason)
    );
    return known;
end
$$;

revoke execute on function forms.open_dispute, forms.answer_dispute, forms.register_pilot, forms.open_dispute_door,
    forms.begin_dispute, ops.open_dispute, ops.dispute_person from public;
grant execute on function forms.open_dispute, forms.answer_dispute, forms.register_pilot, forms.open_dispute_door,
    forms.begin_dispute to trainloop_forms;
grant execute on function ops.open_dispute to trainloop_planner;
-- What the papers of a dispute are made of: design logic, teams, what was done when.

grant select on core.knowledge_assets, core.departments to trainloop_statistics;
grant select (recorded_at, action, subject_kind, subject_id, detail, audit_entry_id) on ops.audit_entries to trainloop_statistics;
-- Certificates and promotion (R35): what people passed, what the next level asks for, who is on the advisory list.

-- Grain: one certificate the company accepts.
create table core.certificates (
    certificate_code text primary key,
    name_zh text not null,
    name_en text,
    issuer text,
    file_id bigint not null,
    row_number bigint not null
);

-- Grain: one certificate one employee passed on one day; a renewal is a later day.
create table core.certifications (
    employee_id text not null,
    certificate_code text not null,
    passed_on date not null,
    expires_on date check (expires_on >= passed_on),
    certificate_no text,
    is_revoked boolean not null default false,
    file_id bigint not null,
    row_number bigint not null,
    primary key (employee_id, certificate_code, passed_on)
);

-- Grain: what one family and level needs for the next level, from a day on. The newest row that has begun holds.
create table core.promotion_rules (
    job_family text not null,
    job_level text not null,
    valid_from date not null,
    next_level text not null,
    certificate_code text,
    required_points numeric(10, 2) not null default 0 check (required_points >= 0),
    months_in_level integer not null default 0 check (months_in_level >= 0),
    file_id bigint not null,
    row_number bigint not null,
    primary key (job_family, job_level, valid_from)
);

-- Grain: one certificate that counts: not revoked, and its number stands in no other person's name.
create view core.valid_certifications as
select
    certifications.employee_id, certifications.certificate_code, certifications.passed_on, certifications.expires_on,
    certifications.certificate_no
from core.certifications
where not certifications.is_revoked and not exists (
    select from core.certifications as other
    where other.certificate_no = certifications.certificate_no and other.employee_id <> certifications.employee_id
        and not other.is_revoked
);
-- Whose number a certificate is: without it the view compares everybody with everybody.
create index certifications_number_idx on core.certifications (certificate_no) where certificate_no is not null;

-- Grain: one piece of evidence that earns points by itself: a certificate passed for the first time, a verified action
-- plan, a class taught by an employee and attended by somebody. Withdrawn rows are gone from here, so that their bookings can be taken back.
create view ops.point_evidence as
select
    passed.employee_id, 'certificate'::text as evidence_kind, passed.certificate_code as evidence_id,
    min(passed.passed_on) as earned_on, 1::numeric as quantity
from core.valid_certifications as passed
group by passed.employee_id, passed.certificate_code
union all
select
    plans.employee_id, 'action_plan', plans.plan_id, (plans.settled_at at time zone person.timezone)::date, 1
from ops.action_plans as plans
join core.employees as person using (employee_id)
where plans.state = 'verified' and plans.settled_at is not null
union all
select
    trainers.employee_id, 'class_session', sessions.session_code,
    (sessions.ends_at at time zone sessions.timezone)::date, courses.hours
from core.class_sessions as sessions
join core.courses using (course_code)
join core.trainers using (trainer_id)
where trainers.employee_id is not null and sessions.status <> 'cancelled' and sessions.ends_at < ops.business_now()
    and exists (
        select from core.attendance
        where attendance.session_code = sessions.session_code and attendance.status in ('present', 'late', 'early')
    );

-- Grain: one employee on the advisory list of one month. A snapshot: what the list said stays readable while its PDF is.
create table ops.promotion_candidates (
    list_month text not null check (list_month ~ '^\d{4}-\d{2}$'),
    employee_id text not null,
    job_level text not null,
    next_level text not null,
    rule_valid_from date not null,
    verdict text not null check (verdict in ('met', 'one_open')),
    open_condition text check (open_condition in ('certificate', 'points', 'months', 'appraisal')),
    certificate_code text,
    certificate_state text not null check (
        certificate_state in ('not_asked', 'valid', 'ending', 'expired', 'missing', 'unclear')
    ),
    certificate_until date,
    points numeric(10, 2) not null,
    required_points numeric(10, 2) not null,
    months_in_level integer,
    required_months integer not null,
    ratings text[] not null,
    primary key (list_month, employee_id),
    check ((verdict = 'one_open') = (open_condition is not null))
);

-- Grain: one month's list: on which day it was judged, and how many people. content_sha256: what its lines said; the same
-- lines make no revision.
create table ops.promotion_lists (
    list_month text primary key check (list_month ~ '^\d{4}-\d{2}$'),
    revision_number integer not null default 1,
    content_sha256 text not null,
    judged_on date not null,
    made_at timestamptz not null,
    judged_count integer not null,
    met_count integer not null,
    one_open_count integer not null
);

-- Grain: one person on a month's list with their name. For the printing role alone: it reads no master data of people.
create function ops.promotion_list(month text)
returns table (
    employee_id text, person_name text, department_zh text, department_en text, job_level text, next_level text,
    rule_valid_from date, verdict text, open_condition text, certificate_zh text, certificate_en text,
    certificate_state text, certificate_until date, points numeric, required_points numeric, months_in_level integer,
    required_months integer, ratings text[]
)
language sql stable security definer set search_path = ''
begin atomic
    select
        listed.employee_id, person.name, department.name_zh, department.name_en, listed.job_level, listed.next_level,
        listed.rule_valid_from, listed.verdict, listed.open_condition, certificate.name_zh,
        coalesce(certificate.name_en, certificate.name_zh), listed.certificate_state, listed.certificate_until,
        listed.points, listed.required_points, listed.months_in_level, listed.required_months, listed.ratings
    from ops.promotion_candidates as listed
    join core.employees as person on person.employee_id = listed.employee_id
    left join core.departments as department on department.department_code = person.department_code
    left join core.certificates as certificate on certificate.certificate_code = listed.certificate_code
    where listed.list_month = promotion_list.month
    order by listed.verdict, department.department_code, person.name, listed.employee_id;
end;
revoke execute on function ops.promotion_list from public;
grant execute on function ops.promotion_list to trainloop_reporter;

-- Grain: one file that current rows behind the advisory list came from.
create view core.promotion_files as
select 'certificates' as dataset, file_id from core.certificates
union
select 'certifications', file_id from core.certifications
union
select 'promotion_rules', file_id from core.promotion_rules
union
select 'performance_reviews', file_id from core.performance_reviews;

-- Grain: one person's private page of points: its link, and the newest entry they were told of.
create table ops.point_pages (
    employee_id text primary key,
    token text not null unique default replace(gen_random_uuid()::text, '-', ''),
    told_entry_id bigint not null,
    version_number integer not null default 1,
    planned_at timestamptz not null
);
-- Pages look links up by hash.
create unique index point_pages_link_idx on ops.point_pages (sha256(token::bytea));

alter table ops.reports drop constraint reports_audience_check;
alter table ops.reports add constraint reports_audience_check
    check (audience in ('hr', 'trainer', 'business', 'subject', 'class_manager', 'hrbp'));
alter table ops.reports drop constraint only_private_reports_have_no_release;
alter table ops.reports add constraint only_private_reports_have_no_release
    check ((release_id is null) = (kind in ('assessment_feedback', 'run_sheet', 'class_log', 'promotion_list')));

insert into ops.notice_kinds (kind, family, is_optional) values
('promotion_list', 'report', false),
('promotion_points', 'report', true),
('certificate_ending', 'data', false);

grant select on core.promotion_files to trainloop_reporter;
grant select, insert, update on ops.point_pages to trainloop_planner;
grant select on ops.point_pages, core.certifications to trainloop_sender;
grant select, insert, update, delete on core.certificates, core.certifications, core.promotion_rules to trainloop_intake;
grant select on core.certificates, core.certifications, core.promotion_rules, core.valid_certifications,
    ops.point_evidence to trainloop_planner;
grant select on core.certificates, core.valid_certifications to trainloop_sender;
grant select, insert, update, delete on ops.promotion_candidates, ops.promotion_lists to trainloop_planner;
grant select on ops.promotion_lists to trainloop_sender, trainloop_reporter;
grant select, update, delete on core.certifications, ops.promotion_candidates, ops.point_pages to trainloop_purge;
-- A person's own points (R45): the private page, and the appeal that is opened on it and answered by the HRBP.

-- Transitions: open → upheld (the ledger was put right in the same commit) | declined. Both carry the HRBP's words, which
-- stand in the commitment `answer_appeal` about it.
create type ops.appeal_state as enum ('open', 'upheld', 'declined');

-- Grain: one thing a person wants put right: an entry (entry_id) with its true day and quantity, or one that is missing.
create table ops.point_appeals (
    appeal_id bigint generated always as identity primary key,
    employee_id text not null,
    rule_code text not null,
    entry_id bigint references ops.point_entries,
    happened_on date not null,
    quantity numeric(8, 2) not null check (quantity > 0),
    words text not null check (words <> ''),
    opened_at timestamptz not null,
    state ops.appeal_state not null default 'open',
    answered_at timestamptz,
    check ((state = 'open') = (answered_at is null))
);
-- Pressing the button twice is one appeal; the first column also finds a person's own.
create unique index point_appeals_once_idx on ops.point_appeals (employee_id, rule_code, happened_on, entry_id)
    nulls not distinct where state = 'open';

-- What one link shows (no row: nobody was given it). Leavers and erased people have no page.
create function forms.open_points(link bytea)
returns table (
    state text, person_name text, locale text, timezone text, promoted_on date, entries jsonb, appeals jsonb
)
language sql stable security definer set search_path = ''
begin atomic
    select
        case when shown.is_open then 'open' else 'expired' end, person.name, person.locale, person.timezone,
        person.promoted_on,
        coalesce((
            select jsonb_agg(
                jsonb_build_object(
                    'entry_id', entry.entry_id, 'rule_code', entry.rule_code, 'earned_on', entry.earned_on,
                    'quantity', entry.quantity, 'points', entry.points, 'reason', entry.reason,
                    'is_counter', entry.corrects_entry_id is not null,
                    'is_standing', standing.entry_id is not null,
                    'about_zh', coalesce(certificate.name_zh, course.name_zh),
                    'about_en', coalesce(certificate.name_en, certificate.name_zh, course.name_en)
                )
                order by entry.entry_id desc
            )
            from ops.point_entries as entry
            left join ops.points as standing on standing.entry_id = entry.entry_id
            left join core.certificates as certificate
                on entry.evidence_kind = 'certificate' and certificate.certificate_code = entry.evidence_id
            left join core.class_sessions as session
                on entry.evidence_kind = 'class_session' and session.session_code = entry.evidence_id
            left join core.courses as course on course.course_code = session.course_code
            where shown.is_open and entry.employee_id = page.employee_id
        ), jsonb_build_array()),
        coalesce((
            select jsonb_agg(
                jsonb_build_object(
                    'rule_code', appeal.rule_code, 'happened_on', appeal.happened_on, 'state', appeal.state,
                    'opened_at', appeal.opened_at, 'answer', case when appeal.state <> 'open' then answered.comment end
                )
                order by appeal.appeal_id desc
            )
            from ops.point_appeals as appeal
            left join ops.commitments as answered
                on answered.kind = 'answer_appeal' and answered.subject_kind = 'point_appeal'
                and answered.subject_id = appeal.appeal_id::text
            where shown.is_open and appeal.employee_id = page.employee_id
        ), jsonb_build_array())
    from ops.point_pages as page
    left join core.employees as person on person.employee_id = page.employee_id
    cross join lateral (
        select
            person.employee_id is not null and person.removed_on is null
            and (person.left_on is null or person.left_on > (ops.business_now() at time zone person.timezone)::date)
        as is_open
    ) as shown
    where sha256(page.token::bytea) = link;
end;

-- Opens an appeal; false when the link may not, the entry is not the person's own or does not stand, or too many are open.
create function forms.appeal_points(
    link bytea, rule text, entry bigint, day date, amount numeric, said text, most integer
) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
    person text;
begin
    select page.employee_id into person
    from ops.point_pages as page
    where sha256(page.token::bytea) = link and exists (select from forms.open_points(link) as shown where shown.state = 'open')
    for update;
    if person is null or day > (ops.business_now() + interval '1 day')::date then
        return false;
    end if;
    if entry is not null and not exists (
        select from ops.points as standing
        where standing.entry_id = entry and standing.employee_id = person and standing.rule_code = rule
    ) then
        return false;
    end if;
    if (select count(*) from ops.point_appeals as known where known.employee_id = person and known.state = 'open') >= most
    then
        return false;
    end if;
    insert into ops.point_appeals (employee_id, rule_code, entry_id, happened_on, quantity, words, opened_at)
    values (person, rule, entry, day, amount, said, ops.business_now())
    on conflict (employee_id, rule_code, happened_on, entry_id) where state = 'open' do nothing;
    if found then
        insert into ops.audit_entries (actor, action, subject_kind, subject_id, detail)
        values (person, 'points_appealed', 'employee', person, jsonb_build_object('rule', rule));
    end if;
    return true;
end
$$;
revoke execute on function forms.open_points, forms.appeal_points from public;
grant execute on function forms.open_points, forms.appeal_points to trainloop_forms;

-- What stands behind a request to answer an appeal, for the page of whoever answers it.
create function forms.appeal_details(appeal text) returns jsonb
language sql stable security definer set search_path = ''
begin atomic
    select jsonb_build_object(
        'person', person.name, 'rule_code', opened.rule_code, 'happened_on', opened.happened_on,
        'quantity', opened.quantity, 'words', opened.words, 'entry_points', entry.points,
        'entry_earned_on', entry.earned_on
    )
    from ops.point_appeals as opened
    join core.employees as person on person.employee_id = opened.employee_id
    left join ops.point_entries as entry on entry.entry_id = opened.entry_id
    where opened.appeal_id::text = appeal;
end;
revoke execute on function forms.appeal_details from public;
grant execute on function forms.appeal_details to trainloop_forms;

insert into ops.notice_kinds (kind, family, is_optional) values ('appeal_answered', 'report', false);

grant select, update on ops.point_appeals to trainloop_planner;
grant select on ops.point_appeals to trainloop_sender;
grant select, update, delete on ops.point_appeals to trainloop_purge;
-- Practice cases (R36) 实践案例: what learners did with a plan, well or not so well, from the invitation to the knowledge base.

-- Transitions: invited → written (the learner's form, with consent) | expired; written → commented (the trainer's word) |
-- withdrawn; commented → published (HR approved) | rejected | withdrawn; published → withdrawn (consent taken back).
create type ops.case_state as enum ('invited', 'written', 'commented', 'published', 'rejected', 'withdrawn', 'expired');

-- Grain: one learner asked for one case of one action plan. The token opens the author's own page, which takes the case
-- and takes the consent back. asset_code: what it is called in the knowledge base; removed_at: when it left it again.
create table ops.practice_cases (
    case_id bigint generated always as identity primary key,
    plan_id text not null unique,
    session_code text not null,
    employee_id text not null,
    is_success boolean not null,
    token text not null unique default replace(gen_random_uuid()::text, '-', ''),
    invited_at timestamptz not null,
    invited_until timestamptz not null,
    state ops.case_state not null default 'invited',
    title text,
    situation text,
    action text,
    result text,
    lesson text,
    is_named boolean,
    written_at timestamptz,
    trainer_comment text,
    asset_code text unique,
    published_at timestamptz,
    withdrawn_at timestamptz,
    removed_at timestamptz,
    constraint written_whole check (
        state in ('invited', 'expired', 'withdrawn')
        or num_nulls(title, situation, action, result, lesson, is_named, written_at) = 0
    ),
    constraint published_has_an_asset check (state <> 'published' or num_nulls(asset_code, published_at) = 0)
);
create unique index practice_cases_link_idx on ops.practice_cases (sha256(token::bytea));
-- How long ago a person was asked last: nobody is asked twice in the period of the cap.
create index practice_cases_person_idx on ops.practice_cases (employee_id, invited_at);

-- What the author's link shows (no row: nobody was given it).
create function forms.open_case(link bytea)
returns table (
    state text, is_success boolean, person_name text, locale text, timezone text, goal text, course_zh text,
    course_en text, invited_until timestamptz, title text, situation text, action text, result text, lesson text,
    is_named boolean, trainer_comment text
)
language sql stable security definer set search_path = ''
begin atomic
    select
        case
            when person.employee_id is null or person.removed_on is not null
                or person.left_on <= (ops.business_now() at time zone person.timezone)::date then 'left'
            when story.state = 'invited' and story.invited_until <= ops.business_now() then 'expired'
            else story.state::text
        end,
        story.is_success, person.name, person.locale, person.timezone, plan.goal, course.name_zh, course.name_en,
        story.invited_until, story.title, story.situation, story.action, story.result, story.lesson, story.is_named,
        story.trainer_comment
    from ops.practice_cases as story
    left join core.employees as person on person.employee_id = story.employee_id
    left join ops.action_plans as plan on plan.plan_id = story.plan_id
    left join core.class_sessions as session on session.session_code = story.session_code
    left join core.courses as course on course.course_code = session.course_code
    where sha256(story.token::bytea) = link;
end;

-- Takes a case once, with its author's consent; false when it is not open any more.
create function forms.write_case(
    link bytea, said_title text, said_situation text, said_action text, said_result text, said_lesson text,
    wants_name boolean
) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
    written record;
begin
    update ops.practice_cases
    set state = 'written', title = said_title, situation = said_situation, action = said_action, result = said_result,
        lesson = said_lesson, is_named = wants_name, written_at = ops.business_now()
    where sha256(token::bytea) = link and state = 'invited' and invited_until > ops.business_now()
    returning case_id, employee_id into written;
    if written is null then
        return false;
    end if;
    insert into ops.audit_entries (actor, action, subject_kind, subject_id, detail)
    values (written.employee_id, 'case_written', 'practice_case', written.case_id::text,
        jsonb_build_object('is_named', wants_name));
    return true;
end
$$;

-- Takes the consent back, at any time; what is in the knowledge base leaves it with the next scan.
create function forms.withdraw_case(link bytea) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
    gone record;
begin
    update ops.practice_cases
    set state = 'withdrawn', withdrawn_at = ops.business_now()
    where sha256(token::bytea) = link and state in ('written', 'commented', 'published')
    returning case_id, employee_id into gone;
    if gone is null then
        return false;
    end if;
    insert into ops.audit_entries (actor, action, subject_kind, subject_id)
    values (gone.employee_id, 'case_withdrawn', 'practice_case', gone.case_id::text);
    return true;
end
$$;

-- What a case says, for the page of the trainer or of whoever approves it. Without a name where the author wants none.
create function forms.case_details(story_id text) returns jsonb
language sql stable security definer set search_path = ''
begin atomic
    select jsonb_build_object(
        'author', case when story.is_named then person.name end, 'is_success', story.is_success, 'title', story.title,
        'situation', story.situation, 'action', story.action, 'result', story.result, 'lesson', story.lesson,
        'trainer_comment', story.trainer_comment
    )
    from ops.practice_cases as story
    left join core.employees as person on person.employee_id = story.employee_id
    where story.case_id::text = story_id and story.state in ('written', 'commented');
end;
revoke execute on function forms.open_case, forms.write_case, forms.withdraw_case, forms.case_details from public;
grant execute on function forms.open_case, forms.write_case, forms.withdraw_case, forms.case_details to trainloop_forms;

-- As before, and points for a case in the knowledge base.
create or replace view ops.point_evidence as
select
    passed.employee_id, 'certificate'::text as evidence_kind, passed.certificate_code as evidence_id,
    min(passed.passed_on) as earned_on, 1::numeric as quantity
from core.valid_certifications as passed
group by passed.employee_id, passed.certificate_code
union all
select
    plans.employee_id, 'action_plan', plans.plan_id, (plans.settled_at at time zone person.timezone)::date, 1
from ops.action_plans as plans
join core.employees as person using (employee_id)
where plans.state = 'verified' and plans.settled_at is not null
union all
select
    trainers.employee_id, 'class_session', sessions.session_code,
    (sessions.ends_at at time zone sessions.timezone)::date, courses.hours
from core.class_sessions as sessions
join core.courses using (course_code)
join core.trainers using (trainer_id)
where trainers.employee_id is not null and sessions.status <> 'cancelled' and sessions.ends_at < ops.business_now()
    and exists (
        select from core.attendance
        where attendance.session_code = sessions.session_code and attendance.status in ('present', 'late', 'early')
    )
union all
-- A case that was published earned its points, also when its author takes the consent back later.
select
    story.employee_id, 'practice_case', story.case_id::text, (story.published_at at time zone person.timezone)::date, 1
from ops.practice_cases as story
join core.employees as person using (employee_id)
where story.published_at is not null;

insert into ops.notice_kinds (kind, family, is_optional) values
('case_invitation', 'request', true),
('case_decided', 'report', false);

grant select, insert, update on ops.practice_cases to trainloop_planner;
grant select on ops.practice_cases to trainloop_sender;
grant select, update, delete on ops.practice_cases to trainloop_purge;

grant select on core.trainer_event_attendance, ops.allowance_refusals, ops.trainer_awards, ops.workshop_suggestions
    to trainloop_purge;

-- A forms service of the release before, still running while this one is rolled out, asks for a plan's days by the wave.
-- To be dropped by a migration of the release after this one.
create function forms.plan_days(wave text) returns table (ended_on date, today date)
language sql stable security definer set search_path = ''
begin atomic
    select
        (session.ends_at at time zone session.timezone)::date,
        (ops.business_now() at time zone session.timezone)::date
    from ops.survey_waves
    join core.class_sessions as session on session.session_code = survey_waves.subject_id
    where survey_waves.wave_code = wave and survey_waves.instrument_code = 'action_plan';
end;
revoke execute on function forms.plan_days(text) from public;
grant execute on function forms.plan_days(text) to trainloop_forms;

-- The annual training review says which files its figures came from: budgets, costs and people, too.

-- Grain: one file that current rows came from, of one year, of one class, or (both null) of everything.
create view core.review_files as
select year, null::text as session_code, 'budgets' as dataset, file_id from core.budgets
union
select null, session_code, 'session_costs', file_id from core.session_costs
union
select null, null, 'courses', file_id from core.courses
union
select null, null, 'trainers', file_id from core.trainers
union
select null, null, 'departments', file_id from core.departments
union
select null, null, 'employees', file_id from core.employees;

grant select on core.review_files to trainloop_reporter;

-- Heads of business get an extract of the training review: their own department's figures, not the executives' edition.

insert into ops.notice_kinds (kind, family, is_optional) values ('department_review', 'report', false);

-- Whether a mail's reader is the head of the department it is about is asked again when it is composed.
grant execute on function ops.department_heads to trainloop_sender;
