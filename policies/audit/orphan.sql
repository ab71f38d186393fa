-- A row whose foreign key points at nothing: a key added under FORCE by an owner who saw no row was
-- validated over nothing. Only portal migrate sees all rows; elsewhere this says what it last found.
select
  'orphan' as lint,
  case when o.found then 'error' when i.references_checked = v.version then 'info' else 'warning' end as severity,
  o.object,
  case
    when o.found then o.detail
    when i.references_checked is null then 'not checked'
    else format('not checked here; portal migrate found none at version %s of the schema', i.references_checked)
  end as detail,
  case when o.found then 'no statement does: mend or delete the rows' else 'run portal migrate, which sees all rows' end as remedy
from tenancy.orphans() o
cross join tenancy.installation i
left join tenancy.schema_version v on true
