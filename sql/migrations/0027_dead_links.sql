-- As before, and never by comparing every link with every other: the rows of a trigger have no statistics, and a wave of
-- 100,000 links would take half an hour to close.
alter function forms.remember_dead_links() set enable_nestloop = off;
