-- 1 approved and 2 sent back two days ago, without effect; 3 was carried out; 4 was decided an hour ago; 5 is open; 6 expired
-- and 7 was withdrawn without anybody's decision.
insert into ops.approvals (approval_id, kind, subject_kind, subject_id, asked_of, state, decided_at, decided_by, decided_via, comment, effect_at)
overriding system value
values (1, 'annual_needs_report', 'needs_year', '2021', 'hr_lead', 'approved', '2026-03-14 09:00+08', 'lin', 'airflow', null, null),
    (2, 'annual_needs_report', 'needs_year', '2022', 'hr_lead', 'rejected', '2026-03-14 09:00+08', 'hr_lead', 'link', '预算', null),
    (3, 'annual_needs_report', 'needs_year', '2023', 'hr_lead', 'approved', '2026-03-14 09:00+08', 'lin', 'console', null, '2026-03-14'),
    (4, 'annual_needs_report', 'needs_year', '2024', 'hr_lead', 'approved', '2026-03-16 09:00+08', 'lin', 'airflow', null, null),
    (5, 'annual_needs_report', 'needs_year', '2025', 'hr_lead', 'open', null, null, null, null, null),
    (6, 'annual_needs_report', 'needs_year', '2026', 'hr_lead', 'expired', null, null, null, null, null),
    (7, 'annual_needs_report', 'needs_year', '2027', 'hr_lead', 'withdrawn', null, null, null, null, null);
