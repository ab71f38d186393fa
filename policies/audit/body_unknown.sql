-- A definer function whose body is a string, for PostgreSQL to read when it is called: nobody knows from the catalogue what it
-- does with the rights of its owner. Its finding bears the beginning of the body's hash, so that an exception for it ends
-- when the body changes. Those of tenancy.definer_functions are compared with what portal migrate left.
select
  'body_unknown' as lint,
  'warning' as severity,
  format('%s #%s', f.signature, left(encode(sha256(convert_to(f.body, 'UTF8')), 'hex'), 12)) as object,
  format('%s may do by it whatever %s may', string_agg(distinct r.role, ', '), f.owner::regrole) as detail,
  format('alter routine %s security invoker /* or write its body as begin atomic ... end, whose reach is known */', f.signature) as remedy
from tenancy.reach r
join tenancy.written_functions f on f.signature = r.through
cross join tenancy.audited a
where r.how = 'function'
  and not r.certain
  and not (f.schema = 'tenancy' and f.owner::regrole::text = a.definer and exists (select from tenancy.definer_functions d where d.name = f.name))
group by f.signature, f.body, f.owner
