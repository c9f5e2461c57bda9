-- Both tables of evaluated figures are replaced by one function in one transaction; checking each of 600 rows a class
-- against its wave was half of the time of writing them.
alter table marts.evaluation_figures drop constraint evaluation_figures_wave_code_fkey;
