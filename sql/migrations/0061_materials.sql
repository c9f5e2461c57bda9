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
