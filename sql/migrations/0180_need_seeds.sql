-- The year's review reaches next year's needs (R39 → R01–R11): more kinds of findings, and each of them in the trace.

-- item: a weak item that the course's last evaluated class left; keep: a course that works is evidence, too.
alter table ops.need_seeds
    drop constraint need_seeds_source_kind_check,
    drop constraint need_seeds_finding_check,
    add constraint need_seeds_source_kind_check check (source_kind in ('course', 'item', 'barrier')),
    add constraint need_seeds_finding_check check (finding in (
        'keep', 'fix', 'stop', 'scale', 'weak', 'time', 'manager_support', 'tool', 'unclear', 'not_relevant'
    ));

alter table published.needs_trace
    add column seed_kind text,
    add column seed_code text,
    add column seed_finding text,
    -- The review's release that the finding stands in.
    add column seed_release_id bigint references published.releases,
    drop constraint needs_trace_finding_check,
    add constraint needs_trace_finding_check check (finding in (
        'goal_without_topic', 'goal_without_weight', 'topic_without_course', 'topic_without_goal',
        'course_without_topic', 'seed_without_topic'
    )),
    add constraint needs_trace_seed_whole
        check (num_nonnulls(seed_kind, seed_code, seed_finding, seed_release_id) in (0, 4));

-- A finding that a later revision of the review corrects is corrected; what HR dropped stays dropped.
grant update, delete on ops.need_seeds to trainloop_statistics;
