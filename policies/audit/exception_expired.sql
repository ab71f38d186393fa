-- An exception past its day silences nothing any more.
select
  'exception_expired' as lint,
  'warning' as severity,
  e.object,
  format('the exception from %s ended on %s (%s)', e.lint, e.expires_on, e.reason) as detail,
  format('delete from tenancy.audit_exceptions where (lint, object) = (%L, %L) /* or mend the finding, or give the exception another day and reason */', e.lint, e.object) as remedy
from tenancy.audit_exceptions e
where e.expires_on <= current_date
