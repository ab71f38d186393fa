-- A device that has logged in before has a count of its own: the session that it had. No foreign key, for an attempt
-- outlives what it names. Of IPv6 addresses the /64 is kept.
alter table platform.login_attempts
  add column device uuid,
  drop constraint outcome_is_known,
  add constraint outcome_is_known check (outcome in ('refused', 'admitted', 'partly', 'requested'));

---- create above / drop below ----

delete from platform.login_attempts where outcome = 'partly';

alter table platform.login_attempts
  drop column device,
  drop constraint outcome_is_known,
  add constraint outcome_is_known check (outcome in ('refused', 'admitted', 'requested'));
