-- A wave can be planned before it opens. Alone in its migration: a new enum value is usable only after its commit.
alter type ops.wave_state add value 'planned' before 'open';
