-- Who reads an inheriting table itself is held by that table's own policies.
select
  'inherit_child_open' as lint,
  'error' as severity,
  format('%I.%I', n.nspname, c.relname) as object,
  format('inherits from %s, is granted to others, and row security is not enabled and forced', t.name) as detail,
  format('alter table %I.%I enable row level security, force row level security', n.nspname, c.relname) as remedy
from tenancy.our_tables t
join pg_inherits i on i.inhparent = t.oid
join pg_class c on c.oid = i.inhrelid and not c.relispartition
join pg_namespace n on n.oid = c.relnamespace
where not (c.relrowsecurity and c.relforcerowsecurity)
  and exists (select from aclexplode(c.relacl) a where a.grantee <> c.relowner)
