-- Earlier quarters and indicators without a definition (no direction, no sign) are left out.
insert into core.kpi_definitions (kpi_code, name_zh, name_en, direction, file_id, row_number)
values ('defects', '缺陷', 'Defects', 'lower', 1, 2);
insert into core.performance_reviews
    (employee_id, period, kpi_code, target_value, actual_value, cause, file_id, row_number)
values ('E1', '2026Q3', 'defects', 2, 3, 'skill', 1, 2), ('E1', '2025Q3', 'defects', 2, 9, null, 1, 3),
    ('E2', '2026Q2', 'defects', 0, 1, null, 1, 4), ('E2', '2026Q2', 'unknown', 1, 1, null, 1, 5);
