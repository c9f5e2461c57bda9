-- A private report has a reader of its own and no release: nothing of it is published.
alter table ops.reports drop constraint reports_audience_check;
alter table ops.reports add constraint reports_audience_check
    check (audience in ('hr', 'trainer', 'business', 'subject'));
alter table ops.reports alter column release_id drop not null;
alter table ops.reports add constraint only_private_reports_have_no_release
    check ((audience = 'subject') = (release_id is null));

grant select, insert, update on ops.reports to trainloop_feedback;
