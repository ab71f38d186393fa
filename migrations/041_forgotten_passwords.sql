-- Whoever has forgotten his password gets a link by mail: a state of one login, at the address that it had then.
alter table platform.login_states
  drop constraint purpose_is_known,
  drop constraint signed_on_says_who,
  add constraint purpose_is_known check (purpose in ('google', 'microsoft', 'signed_on', 'jobber', 'quickbooks', 'forgotten_password')),
  add constraint state_says_who check (case purpose
    when 'signed_on' then num_nulls(provider, subject, browser_hash) = 0
    when 'forgotten_password' then num_nulls(customer_id, user_id, email) = 0 and num_nonnulls(provider, subject, browser_hash) = 0
    else num_nonnulls(provider, subject, email) = 0
  end);

---- create above / drop below ----

delete from platform.login_states where purpose = 'forgotten_password';
alter table platform.login_states
  drop constraint state_says_who,
  drop constraint purpose_is_known,
  add constraint purpose_is_known check (purpose in ('google', 'microsoft', 'signed_on', 'jobber', 'quickbooks')),
  add constraint signed_on_says_who check (case when purpose = 'signed_on' then num_nulls(provider, subject, browser_hash) = 0 else num_nonnulls(provider, subject, email) = 0 end);
