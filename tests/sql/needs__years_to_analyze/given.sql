-- Closed and watched; still open; closed too long ago; another instrument.
insert into ops.survey_waves (wave_code, instrument_code, instrument_version, subject_kind, subject_id, anonymity, state,
    opened_at, closes_at, closed_at, minimum_count)
values ('NEEDS-2026', 'annual_needs', '1', 'needs_year', '2026', 'anonymous', 'closed', '2025-11-01', '2025-11-22', '2025-11-22', 5),
    ('NEEDS-2027', 'annual_needs', '1', 'needs_year', '2027', 'anonymous', 'open', '2026-03-01', '2026-03-22', null, 5),
    ('NEEDS-2025', 'annual_needs', '1', 'needs_year', '2025', 'anonymous', 'closed', '2024-11-01', '2024-11-22', '2024-11-22', 5),
    ('PULSE-2025Q4', 'quarterly_pulse', '1', 'quarter', '2025', 'anonymous', 'closed', '2026-01-08', '2026-01-18', '2026-01-18', 5);
