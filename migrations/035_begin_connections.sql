-- Connections with other companies' systems. A state is known by its hash, and holds for the browser alone in which it
-- began.
alter table platform.login_states
  add column browser_hash bytea
    constraint browser_hash_is_32_bytes check (octet_length(browser_hash) = 32);

-- One refreshes a token that works once; one that the other side refuses is broken until somebody connects again.
alter table portal.jobber_auth
  add column refreshing_until timestamptz
    constraint refreshing_until_is_a_time check (isfinite(refreshing_until)),
  add column broken_at timestamptz
    constraint broken_at_is_a_time check (isfinite(broken_at));
alter table portal.quickbooks_auth
  add column refreshing_until timestamptz
    constraint refreshing_until_is_a_time check (isfinite(refreshing_until)),
  add column broken_at timestamptz
    constraint broken_at_is_a_time check (isfinite(broken_at));

---- create above / drop below ----

alter table portal.quickbooks_auth drop column broken_at, drop column refreshing_until;
alter table portal.jobber_auth drop column broken_at, drop column refreshing_until;
alter table platform.login_states drop column browser_hash;
