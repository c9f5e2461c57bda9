-- Questions with several answers and with numbers: a multi item has one row per chosen option, a number is a score.
alter table confidential.answers drop constraint answers_pkey;
alter table confidential.answers alter column score type numeric(14, 2);
-- One row per item, and per option where several may be chosen.
create unique index answers_said_once_idx on confidential.answers (response_id, item_code, choice) nulls not distinct;
