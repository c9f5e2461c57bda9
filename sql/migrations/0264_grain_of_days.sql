-- The grain of a period by its days, which the facts keep: what reads many of them need not take each text apart again.
create function core.grain_of_days(starts_on date, ends_on date) returns text language sql immutable parallel safe
return case ends_on - starts_on when 0 then 'day' when 6 then 'week' else 'month' end;
