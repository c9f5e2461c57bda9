-- Brings the tests' shared database back to what the migrations made: no rows but the seeds, numbers from 1 again.
do $$
declare
    name text;
    filled text[] := array[]::text[];
    has_rows boolean;
begin
    -- Without triggers: the points ledger refuses to be emptied.
    set local session_replication_role = replica;
    for name in
        select format('%I.%I', schemaname, tablename) from pg_tables where schemaname in ('raw', 'staging')
    loop
        execute 'drop table ' || name || ' cascade';
    end loop;
    for name in
        select format('%I.%I', schemaname, tablename) from pg_tables
        where schemaname in ('core', 'confidential', 'marts', 'published', 'forms', 'ops')
    loop
        execute 'select exists (select from ' || name || ')' into has_rows;
        if has_rows then
            filled := filled || name;
        end if;
    end loop;
    execute 'truncate ' || array_to_string(filled || array['ops.clock'], ', ') || ' restart identity cascade';
    for name in
        select format('%I.%I', schemaname, sequencename) from pg_sequences
        where schemaname in ('core', 'confidential', 'marts', 'published', 'forms', 'ops') and last_value is not null
    loop
        execute 'alter sequence ' || name || ' restart';
    end loop;
    for name in select tablename from pg_tables where schemaname = 'seed' loop
        execute format('insert into ops.%I select * from seed.%I on conflict do nothing', name, name);
    end loop;
end
$$;
