-- Interactions that were taken back: a voiding statement may come before, with or after the one it voids.

alter table core.interactions alter column session_code drop not null;
alter table core.interactions alter column employee_id drop not null;
alter table core.interactions drop constraint interactions_kind_check;
alter table core.interactions add constraint interactions_kind_check
    check (kind in ('turn', 'quiz', 'poll', 'chat', 'breakout', 'void'));
alter table core.interactions add constraint interactions_belong_somewhere
    check (kind = 'void' or (session_code is not null and employee_id is not null));
-- Every reading asks which statements are taken back.
create index interactions_voids_idx on core.interactions (item_code) where kind = 'void';

-- Grain: one interaction that counts.
create view core.valid_interactions as
select *
from core.interactions as said
where said.kind <> 'void'
    and not exists (
        select from core.interactions as taken_back
        where taken_back.kind = 'void' and taken_back.item_code = said.interaction_id
    );

grant select on core.valid_interactions to trainloop_planner, trainloop_statistics;
