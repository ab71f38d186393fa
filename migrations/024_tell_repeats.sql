-- What was submitted, as a hash of it and of who did: a log that is sent again is the log that is there. The rows of
-- before have none.
alter table portal.winter_ops_logs
  add column submission_hash bytea
    constraint submission_hash_is_32_bytes check (octet_length(submission_hash) = 32);
alter table portal.green_services_logs
  add column submission_hash bytea
    constraint submission_hash_is_32_bytes check (octet_length(submission_hash) = 32);

create unique index one_winter_log_per_submission on portal.winter_ops_logs (customer_id, submission_hash);
create unique index one_green_log_per_submission on portal.green_services_logs (customer_id, submission_hash);

-- The secret that the last refresh has used up, until it is used a second time.
alter table platform.sessions
  add column previous_hash bytea
    constraint previous_hash_is_32_bytes check (octet_length(previous_hash) = 32);

---- create above / drop below ----

alter table platform.sessions drop column previous_hash;
alter table portal.green_services_logs drop column submission_hash;
alter table portal.winter_ops_logs drop column submission_hash;
