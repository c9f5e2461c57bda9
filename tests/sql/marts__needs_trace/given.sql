-- T1 is taught, T2 not; T3 serves last year's goal, T4 none; G2 has no topic, G3 no weight; C9's topic does not exist.
-- Last year's review: three findings about C1, one that HR dropped, one about a topic that is gone, one for another year.
insert into core.strategy_goals (year, goal_code, name_zh, name_en, weight_pct, file_id, row_number)
values (2027, 'G1', '一', 'One', 60, 1, 2), (2027, 'G2', '二', 'Two', 40, 1, 3), (2027, 'G3', '三', 'Three', 0, 1, 4),
    (2026, 'G9', '旧', 'Old', 100, 1, 5);
insert into core.training_topics (topic_code, name_zh, name_en, competency_code, goal_code, file_id, row_number)
values ('T1', '甲', 'A', 'negotiation', 'G1', 1, 2), ('T2', '乙', 'B', null, 'G1', 1, 3), ('T3', '丙', 'C', null, 'G9', 1, 4),
    ('T4', '丁', 'D', null, null, 1, 5), ('T5', '戊', 'E', null, 'G3', 1, 6);
insert into core.courses (course_code, name_zh, name_en, topic_code, mode, hours, file_id, row_number)
values ('C1', 'a', 'a', 'T1', 'online', 1, 1, 2), ('C2', 'b', 'b', 'T4', 'online', 1, 1, 3),
    ('C8', 'c', 'c', null, 'online', 1, 1, 4), ('C9', 'd', 'd', 'T99', 'online', 1, 1, 5);
insert into ops.need_seeds (year, topic_code, source_kind, source_code, finding, release_id, seeded_at, dropped_at, dropped_reason)
values (2027, 'T1', 'course', 'C1', 'fix', 7, now(), null, null), (2027, 'T1', 'item', 'C1:case_practice', 'weak', 7, now(), null, null),
    (2027, 'T1', 'barrier', 'C1:tool', 'tool', 7, now(), null, null), (2027, 'T2', 'course', 'C3', 'stop', 7, now(), now(), '已改版'),
    (2027, 'T7', 'course', 'C5', 'stop', 7, now(), null, null), (2026, 'T1', 'course', 'C1', 'scale', 6, now(), null, null);
