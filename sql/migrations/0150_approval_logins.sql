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
