-- An exception past its day silences nothing any more.
select
  'exception_expired' as lint,
  'warning' as severity,
  e.object,
  format('the exception from %s ended on %s (%s)', e.lint, e.expires_on, e.reason) as detail,
  'mend the finding, or give the exception another day and reason; then delete this row of tenancy.audit_exceptions' as remedy
from tenancy.audit_exceptions e
where e.expires_on <= current_date
