-- A function of a policy runs with the caller's search_path, unless its body was parsed when it was made.
select
  'policy_function_not_pinned' as lint,
  'error' as severity,
  f.signature as object,
  format('policy %s on %s calls it, and %s', p.name, p.table_name,
    case when r.name is null then 'it has no search_path of its own' else 'it belongs to ' || r.name end) as detail,
  concat_ws('; ', case when r.name is not null then format('alter routine %s owner to %I', f.signature, s.owner) end,
    case when a.prosqlbody is null and not exists (select from unnest(f.config) as c where c like 'search_path=%')
      then format('alter routine %s set search_path = pg_catalog, pg_temp', f.signature) end) as remedy
from tenancy.policy_functions p
join tenancy.written_functions f on f.oid = p.function_oid
join pg_proc a on a.oid = f.oid
left join tenancy.walled_roles r on r.oid = f.owner
cross join tenancy.audited s
where r.name is not null
  or (a.prosqlbody is null and not exists (select from unnest(f.config) as c where c like 'search_path=%'))
