-- PostgreSQL calls an immutable function when it plans: a cached plan then serves the next customer the
-- previous one's answer.
select
  'immutable_reads_session' as lint,
  'error' as severity,
  f.signature as object,
  'is immutable and reads the session' as detail,
  format('alter function %s stable', f.signature) as remedy
from tenancy.written_functions f
cross join tenancy.audited a
where f.volatility = 'i'
  and regexp_replace(f.body, '''[^'']*''', '', 'g') ~* ('\m(current_setting\(|current_user|session_user|(' || a.reader_names || ')\(\))')
