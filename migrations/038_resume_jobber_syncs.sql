-- A sync goes on where it stopped: after the last page that it stored, or from the beginning where there is none. The empty
-- cursor says that all pages are stored.
alter table portal.jobber_sync_logs
  add column cursor text
    constraint cursor_is_at_most_1000_characters check (char_length(cursor) <= 1000);

-- Nothing runs a sync yet, whatever a row says.
update portal.jobber_sync_logs set status = 'failed', error_message = 'interrupted' where status = 'started';

create unique index one_jobber_sync_at_a_time on portal.jobber_sync_logs (customer_id) where status = 'started';

---- create above / drop below ----

drop index portal.one_jobber_sync_at_a_time;
alter table portal.jobber_sync_logs drop column cursor;
