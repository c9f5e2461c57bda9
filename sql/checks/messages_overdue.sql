-- Mails that are written and do not leave: the server refuses them, or nobody sends. Grain: one template.
-- severity: stop
-- audience: engineer
-- zh: 写好的邮件都已按时发出
-- en: Mails that are written leave in time
-- gap_zh: {count} 封邮件写好后一直未发出
-- gap_en: Mails written that have not left: {count}
select 'template' as subject_kind, template as subject_id, count(*) as gap_count
from ops.messages
where
    state in ('composed', 'claimed', 'uncertain')
    and composed_at < %(now)s - make_interval(hours => %(message_overdue_hours)s)
group by template
