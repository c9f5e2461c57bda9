-- Decisions that somebody be told something, which never became a mail: the composer does not run, or the moment passed.
-- Quiet hours and holidays hold a notice back for days, hence the long patience. Grain: one kind of notice.
-- severity: stop
-- audience: engineer
-- zh: 决定通知的事项都已写成邮件
-- en: Every decided notice became a mail
-- gap_zh: {count} 个通知一直没有写成邮件
-- gap_en: Notices that have not become a mail: {count}
select 'notice_kind' as subject_kind, kind as subject_id, count(*) as gap_count
from ops.notices
where
    state = 'planned'
    and (not_after < %(now)s or not_before < %(now)s - make_interval(days => %(notice_overdue_days)s))
group by kind
