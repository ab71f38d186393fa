-- customer_id: present, text, never null.
select
  'tenant_column' as lint,
  'error' as severity,
  t.name as object,
  case
    when a.attnum is null then 'there is no column customer_id'
    when not a.attnotnull then 'customer_id may be null'
    else 'customer_id is ' || format_type(a.atttypid, a.atttypmod) || ', not text'
  end as detail,
  'customer_id text not null default tenancy.customer_id() references platform.customers' as remedy
from tenancy.tenant_tables t
left join pg_attribute a on a.attrelid = t.oid and a.attname = 'customer_id' and not a.attisdropped
where a.attnum is null
  or not a.attnotnull
  or a.atttypid <> 'text'::regtype
