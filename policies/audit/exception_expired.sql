-- An exception past its day silences nothing any more. Nor does one for more than a year from today, made on a later day, or for
-- many objects, which somebody wrote past the trigger that signs them; and none silences this.
select
  'exception_expired' as lint,
  case when e.expires_on <= current_date then 'warning' else 'error' end as severity,
  e.object,
  format('the exception from %s, made on %s, %s on %s (%s)', e.lint, e.made_on, case when e.expires_on <= current_date then 'ended' else 'would end' end, e.expires_on, e.reason)
    as detail,
  format('delete from tenancy.audit_exceptions where (lint, object) = (%L, %L) /* or mend the finding, or give the exception another day and reason */', e.lint, e.object) as remedy
from tenancy.audit_exceptions e
where e.expires_on <= current_date
  or e.expires_on > current_date + 366
  or e.made_on > current_date
  or e.object ~ '%'
