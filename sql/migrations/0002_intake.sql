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
create function staging.number_text(v text) returns text language sql immutable strict parallel safe
return (
    select case
        when plain ~ '^[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?$' then replace(plain, ',', '')
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
