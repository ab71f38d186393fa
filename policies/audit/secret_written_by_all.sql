-- A secret that everybody in a customer, or every operator, may write: who writes another person's can be that person.
-- A bar of tenancy.bars or a narrow door says who may. Log-in, where nobody acts yet, writes whose turn it is; and nobody
-- logs in as portal_mover, which brings a whole customer.
select
  'secret_written_by_all' as lint,
  'error' as severity,
  s.table_name as object,
  format('%s may %s %s of everybody', w.name, lower(c.privilege), s.column_name) as detail,
  case
    when exists (select from tenancy.wanted_policies b where b.table_name = s.table_name and b.command in (lower(c.privilege), 'all') and w.name = any (b.roles)
        and coalesce(b.check_expr, b.using_expr) not in (tenancy.wall(), 'true'))
      then 'run portal migrate, which puts back who may'
    else tenancy.revocation(w.name, t.oid, c.privilege, array[s.column_name]) || ' /* or register a bar in policies/after/15_registers.sql */'
  end as remedy
from tenancy.secret_columns s
join tenancy.our_tables t on t.name = s.table_name
join pg_attribute a on a.attrelid = t.oid and a.attname = s.column_name
cross join tenancy.walled_roles w
cross join (values ('INSERT', 'a'), ('UPDATE', 'w')) as c (privilege, command)
where s.is_credential
  and w.name not in ('portal_auth', 'portal_mover')
  and has_column_privilege(w.oid, t.oid, a.attnum, c.privilege)
  and not exists (
    select
    from tenancy.policies p
    where p.table_oid = t.oid
      and p.command in (c.command, '*')
      and w.oid = any (p.roles)
      and coalesce(p.check_expr, p.using_expr) not in (tenancy.wall(), 'true'))
