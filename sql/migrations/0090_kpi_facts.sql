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

alter table core.kpi_definitions
    add column grain text not null default 'month' check (grain in ('day', 'week', 'month')),
    add column rate_per numeric check (rate_per > 0),
    add column currency text not null default 'CNY',
    add column redefined_on date;

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
