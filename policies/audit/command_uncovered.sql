-- A granted command that no permissive policy lets through: it finds no row, or is refused.
select
  'command_uncovered' as lint,
  'warning' as severity,
  t.name as object,
  format('%s may %s, and no door lets it in', r.name, c.privilege) as detail,
  format('revoke %s on %s from public, %I', lower(c.privilege), t.name, r.name) as remedy
from tenancy.our_tables t
cross join (
  select w.oid, w.name from tenancy.walled_roles w
  union all
  select d.oid, d.rolname::text from pg_roles d where d.rolname = 'portal_definer'
) as r
cross join (values ('SELECT', 'r'), ('INSERT', 'a'), ('UPDATE', 'w'), ('DELETE', 'd')) as c (privilege, command)
where case c.command
    when 'd' then has_table_privilege(r.oid, t.oid, c.privilege)
    else has_any_column_privilege(r.oid, t.oid, c.privilege)
  end
  and not exists (
    select
    from pg_policy p
    where p.polrelid = t.oid
      and p.polpermissive
      and p.polcmd in (c.command, '*')
      and (p.polroles = '{0}' or r.oid = any (p.polroles)))
