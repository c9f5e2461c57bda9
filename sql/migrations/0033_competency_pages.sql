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
