-- Sales were reported by day and are defined by month now: two facts of three are out of step. Visits are as defined.
insert into core.kpi_definitions (kpi_code, name_zh, name_en, direction, grain, file_id, row_number)
values ('sales', '销售额', 'Sales', 'higher', 'month', 1, 2), ('visits', '拜访', 'Visits', 'higher', 'week', 1, 3);
insert into core.kpi_facts (unit_kind, unit_id, kpi_code, period, value, file_id, row_number)
values ('employee', 'E1', 'sales', '2026-01-05', 1, 1, 2), ('employee', 'E1', 'sales', '2026-01-06', 1, 1, 3),
    ('employee', 'E1', 'sales', '2026-02', 1, 1, 4), ('employee', 'E1', 'visits', '2026-W02', 1, 1, 5);
