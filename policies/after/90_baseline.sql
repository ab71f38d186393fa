-- The posture as it is now, written down for the audit; nothing is written where it is the same.
with now as materialized (
  select * from tenancy.posture_facts('{table,policy,grant,key,trigger,view,function}')
),
gone as (
  delete from tenancy.baseline b
  where not exists (select from now n where (n.kind, n.object, n.fact) = (b.kind, b.object, b.fact))
)
insert into tenancy.baseline (kind, object, fact)
select kind, object, fact from now
except
select kind, object, fact from tenancy.baseline;
