-- PostgreSQL runs a leakproof function before the wall: its word is that it tells nothing.
select
  'leakproof_user_function' as lint,
  'error' as severity,
  f.signature as object,
  'is called before row security has taken foreign rows away' as detail,
  format('alter function %s not leakproof', f.signature) as remedy
from tenancy.written_functions f
where f.leakproof
