-- 2026 closed a week ago and nobody analysed it; 2027 was; 2028 closed yesterday evening; 2029 is open.
insert into ops.survey_waves (wave_code, instrument_code, instrument_version, subject_kind, subject_id, anonymity, state,
    opened_at, closes_at, closed_at, minimum_count)
values ('NEEDS-2026', 'annual_needs', '1', 'needs_year', '2026', 'anonymous', 'closed', '2026-02-16', '2026-03-09', '2026-03-09', 5),
    ('NEEDS-2027', 'annual_needs', '1', 'needs_year', '2027', 'anonymous', 'closed', '2026-02-16', '2026-03-09', '2026-03-09', 5),
    ('NEEDS-2028', 'annual_needs', '1', 'needs_year', '2028', 'anonymous', 'closed', '2026-02-16', '2026-03-15', '2026-03-15', 5),
    ('NEEDS-2029', 'annual_needs', '1', 'needs_year', '2029', 'anonymous', 'open', '2026-03-10', '2026-03-31', null, 5);
insert into published.releases (product, subject_kind, subject_id, revision_number, data_sha256, site_version, released_at)
values ('annual_needs', 'needs_year', '2027', 1, 'x', '1', now());
