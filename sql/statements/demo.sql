-- The demo company asks these as owner: how far the year is, what still waits, and what the product found.

-- name: waves_of_tokens
-- What the outside survey tool knows of its own links.
select token, wave_code from ops.invitations where token = any (%(tokens)s)

-- name: frozen_at
select frozen_at from ops.clock

-- name: waiting
-- What the present moment still owes: reports that were announced, notices and mails that are due.
select
    (
        select count(*) from ops.milestones
        where step = 'evaluation_report' and state = 'pending' and emitted_at is not null
    ) as reports,
    (
        select count(*) from ops.notices
        where state = 'planned' and not_before <= ops.business_now()
            and (not_after is null or not_after > ops.business_now())
    ) as notices,
    (select count(*) from ops.messages where state in ('composed', 'claimed')) as messages
