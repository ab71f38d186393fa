-- Where the customer is null, PostgreSQL does not look at the whole foreign key.
select
  'fk_match_simple_nullable' as lint,
  'error' as severity,
  r.child_name as object,
  format('%s is not checked where customer_id is null', r.name) as detail,
  'alter table ' || r.child_name || ' alter customer_id set not null' as remedy
from tenancy.tenant_references r
where r.child_schema = 'portal'
  and r.carried
  and r.width > 1
  and r.match_type = 's'
  and not r.customer_not_null
