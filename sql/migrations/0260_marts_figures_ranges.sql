-- A class's figures are written together and read together, wave by wave. Their key of four texts was seven tenths of the
-- time of writing them; where rows of a wave lie is all that a range index keeps. No figure is there twice: one function
-- replaces a wave's rows in one transaction under the class's lock, and refuses to write a figure a second time.
alter table marts.evaluation_figures drop constraint evaluation_figures_pkey;
-- Prevents a scan of all waves when one is replaced or read; 16 pages are about two classes.
create index evaluation_figures_waves on marts.evaluation_figures using brin (wave_code)
with (pages_per_range = 16, autosummarize = on);
