-- A booking that is given up stays known and counts for nothing.
alter table core.resource_bookings add column cancelled_on date;
