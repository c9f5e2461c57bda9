-- Figures of a class are written, replaced and mostly read together. As 690 rows with their names they were half of the
-- time of making them, and finding a class's rows again was most of the time of replacing it. Now a class has an array for
-- each kind of figure, and analysts read the same rows through a view of the same name.

-- Grain: one name of a figure. Two runs that meet a new one at once may both write it: its rows read the same.
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
grant select, insert, update, delete on marts.figure_names, marts.evaluation_arrays to trainloop_statistics;

insert into marts.figure_names (family, code, statistic)
select distinct family, code, statistic from marts.evaluation_figures;

insert into marts.evaluation_arrays (wave_code, kind, figure_ids, respondent_counts, numbers, words)
select
    wave_code, kind, array_agg(figure_id), array_agg(coalesce(respondent_count, -1)),
    case kind when 'number' then array_agg(value::float8) end,
    case when kind <> 'number' then array_agg(coalesce(text_value, refusal)) end
from (
    select *, case when refusal is not null then 'refusal' when text_value is not null then 'word' else 'number' end as kind
    from marts.evaluation_figures
) as figures
join marts.figure_names using (family, code, statistic)
group by wave_code, kind;

drop table marts.evaluation_figures;

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
grant select, insert, update, delete on marts.evaluation_figures to trainloop_statistics;
grant select on marts.evaluation_figures to trainloop_planner;

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
