-- A number with separators has as many digits as one without: beyond that no calculation can hold it.
create or replace function staging.number_text(v text) returns text language sql immutable strict parallel safe
return (
    select case
        when plain ~ '^[+-]?[0-9]{1,3}(,[0-9]{3}){1,13}(\.[0-9]{0,40})?$' then replace(plain, ',', '')
        when plain ~ '^[+-]?([0-9]{1,40}(\.[0-9]{0,40})?|\.[0-9]{1,40})([eE][+-]?[0-9]{1,2})?$' then plain
    end
    from (select staging.plain(v) as plain) as cleaned
);
