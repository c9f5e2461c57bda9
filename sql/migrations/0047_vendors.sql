-- Vendors: what kind of need a topic is, which files stand behind the scores, and HR's mail.
alter table core.training_topics
    add column need_type text check (need_type in ('technical', 'leadership', 'compliance', 'general'));

-- Grain: one file that current rows of vendors or their ratings came from.
create view core.vendor_files as
select 'vendors' as dataset, file_id from core.vendors
union
select 'vendor_ratings', file_id from core.vendor_ratings;

grant select on core.vendors, core.vendor_files to trainloop_reporter;
grant select on core.vendors to trainloop_sender;

insert into ops.notice_kinds (kind, family, is_optional) values ('vendor_scores', 'report', false);
