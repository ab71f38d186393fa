-- Signing on by another company's proof of who somebody is. Whom it proved waits as a row of his own for the browser that
-- fetches the tokens, which is the one in which he began.
alter table platform.login_states
  add column provider text
    constraint provider_is_known check (provider in ('google', 'microsoft')),
  add column subject text
    constraint subject_has_1_to_255_characters check (char_length(subject) between 1 and 255),
  -- Only where the provider answers for it.
  add column email text
    constraint email_is_at_most_255_characters check (char_length(email) <= 255),
  drop constraint purpose_is_known,
  add constraint purpose_is_known check (purpose in ('google', 'microsoft', 'signed_on', 'jobber', 'quickbooks')),
  add constraint signed_on_says_who check (case when purpose = 'signed_on' then num_nulls(provider, subject, browser_hash) = 0 else num_nonnulls(provider, subject, email) = 0 end);

-- A company that takes no passwords.
alter table platform.customers add column sign_on_only boolean not null default false;

---- create above / drop below ----

alter table platform.customers drop column sign_on_only;

delete from platform.login_states where purpose = 'signed_on';
alter table platform.login_states
  drop constraint signed_on_says_who,
  drop column email,
  drop column subject,
  drop column provider,
  drop constraint purpose_is_known,
  add constraint purpose_is_known check (purpose in ('google', 'microsoft', 'jobber', 'quickbooks'));
