-- The log of a class day.

-- name: days
-- Grain: one class day whose log is due.
select * from ops.class_days_to_log(%(now)s, %(zone)s, %(wait_days)s)
