-- customer_id and id are the row's identity: nobody of the API writes them. A row that moves in brings its id along.
select
  'tenant_col_updatable' as lint,
  'error' as severity,
  t.name as object,
  format('%s may %s %s', r.name, lower(p.privilege), a.attname) as detail,
  tenancy.revocation(r.name, t.oid, p.privilege, case when r.name = 'portal_mover' and p.privilege = 'INSERT' then array['customer_id'] else array['customer_id', 'id'] end) as remedy
from tenancy.tenant_tables t
join pg_attribute a on a.attrelid = t.oid and a.attname in ('customer_id', 'id') and not a.attisdropped
cross join (values ('INSERT'), ('UPDATE')) as p (privilege)
cross join tenancy.walled_roles r
where has_column_privilege(r.oid, t.oid, a.attnum, p.privilege)
  and not (r.name = 'portal_mover' and a.attname = 'id' and p.privilege = 'INSERT')
