-- What the remedies of the findings are written with: statements that a superuser can run as they stand, past the gate.

-- A policy of our own is put back by portal migrate, and any other one has to go.
create or replace function tenancy.policy_remedy(p_table text, p_policy text) returns text
language sql stable parallel safe
return case
  when exists (select from tenancy.wanted_policies w where (w.table_name, w.name) = (p_table, p_policy))
    then format('run portal migrate, which puts policy %s back', p_policy)
  else format('drop policy %I on %s', p_policy, p_table)
end;

-- Takes a privilege on some columns from a role. One on the whole table, or everybody's, reaches them too: so it goes as a
-- whole, and the role gets it again for each of its other columns.
create or replace function tenancy.revocation(p_role text, p_table oid, p_privilege text, p_columns text[]) returns text
language sql stable parallel safe
return (
  select format('revoke %s on %s from public, %I', lower(p_privilege), t.name, p_role)
    || coalesce(format('; grant %s (', lower(p_privilege)) || coalesce(g.by_column, g.by_table) || format(') on %s to %I', t.name, p_role), '')
  from (
    select format('%I.%I', n.nspname, c.relname) as name, c.relacl
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where c.oid = p_table
  ) as t
  cross join lateral (
    select
      string_agg(quote_ident(a.attname), ', ' order by a.attnum) filter (where a.attacl is not null and exists (
        select from aclexplode(a.attacl) x where x.grantee::regrole::text = quote_ident(p_role) and x.privilege_type = p_privilege)) as by_column,
      string_agg(quote_ident(a.attname), ', ' order by a.attnum) filter (where t.relacl is not null and exists (
        select from aclexplode(t.relacl) x where x.grantee::regrole::text = quote_ident(p_role) and x.privilege_type = p_privilege)) as by_table
    from pg_attribute a
    where a.attrelid = p_table
      and a.attnum > 0
      and not a.attisdropped
      and a.attname <> all (p_columns)
  ) as g
);

-- Takes a role out of whatever makes it a member of another one.
create or replace function tenancy.membership_remedy(p_member oid, p_role oid) returns text
language sql stable parallel safe
return (
  select string_agg(format('revoke %I from %I granted by %I', g.rolname, m.rolname, grantor.rolname), '; ' order by g.rolname)
  from pg_auth_members a
  join pg_roles g on g.oid = a.roleid
  join pg_roles m on m.oid = a.member
  join pg_roles grantor on grantor.oid = a.grantor
  where a.member = p_member
    and (a.roleid = p_role or pg_has_role(a.roleid, p_role, 'member'))
);

-- Drops an index, or the constraint that it is of.
create or replace function tenancy.index_dropped(p_index oid) returns text
language sql stable parallel safe
return (
  select coalesce(
    format('alter table %I.%I drop constraint ', tn.nspname, t.relname) || quote_ident(k.conname),
    format('drop index %I.%I', xn.nspname, x.relname))
  from pg_index i
  join pg_class x on x.oid = i.indexrelid
  join pg_namespace xn on xn.oid = x.relnamespace
  join pg_class t on t.oid = i.indrelid
  join pg_namespace tn on tn.oid = t.relnamespace
  left join pg_constraint k on k.conindid = i.indexrelid and k.conrelid = i.indrelid and k.contype in ('p', 'u', 'x')
  where i.indexrelid = p_index
);

-- Makes an index, or the constraint that it is of, anew with the customer as its first column; null: there is no such column.
create or replace function tenancy.tenant_first(p_index oid) returns text
language sql stable parallel safe
return (
  select tenancy.index_dropped(p_index) || coalesce(
    ', add constraint ' || quote_ident(k.conname) || ' ' || regexp_replace(d.definition, '\(', format('(%I%s, ', a.attname, case k.contype when 'x' then ' WITH =' end)),
    '; ' || regexp_replace(d.definition, ' USING (\w+) \(', format(' USING \1 (%I, ', a.attname)))
  from pg_index i
  cross join tenancy.audited t
  join pg_attribute a on a.attrelid = i.indrelid and a.attname = t.tenant_column and not a.attisdropped
  left join pg_constraint k on k.conindid = i.indexrelid and k.conrelid = i.indrelid and k.contype in ('p', 'u', 'x')
  cross join lateral (
    select regexp_replace(coalesce(pg_get_constraintdef(k.oid), pg_get_indexdef(i.indexrelid)), format(', %I(?=[,) ])', a.attname), '') as definition) as d
  where i.indexrelid = p_index
);

-- Makes a foreign key anew with the customer on both sides; where its target has no key for that, it only drops it.
create or replace function tenancy.tenant_paired(p_reference oid) returns text
language sql stable parallel safe
return (
  select format('alter table %s drop constraint %I', n.child, k.conname) || case
    when cardinality(n.child_columns) = cardinality(n.parent_columns) and exists (
      select
      from pg_index i
      where i.indrelid = k.confrelid
        and i.indisunique
        and i.indpred is null
        and i.indexprs is null
        and (select array_agg(key order by key) from unnest(i.indkey[0:i.indnkeyatts - 1]) as key) = n.parent_key)
    then format(', add constraint %I foreign key (%I, %s) references %s (%I, %s)%s%s', k.conname, t.tenant_column,
      array_to_string(n.child_columns, ', '), n.parent, t.tenant_column, array_to_string(n.parent_columns, ', '),
      case k.confdeltype when 'c' then ' on delete cascade' when 'r' then ' on delete restrict'
        when 'n' then format(' on delete set null (%s)', array_to_string(n.child_columns, ', '))
        when 'd' then format(' on delete set default (%s)', array_to_string(n.child_columns, ', ')) end,
      case k.confupdtype when 'c' then ' on update cascade' when 'r' then ' on update restrict' end)
    else ''
  end
  from pg_constraint k
  cross join tenancy.audited t
  cross join lateral (
    select
      (select format('%I.%I', s.nspname, c.relname) from pg_class c join pg_namespace s on s.oid = c.relnamespace where c.oid = k.conrelid) as child,
      (select format('%I.%I', s.nspname, c.relname) from pg_class c join pg_namespace s on s.oid = c.relnamespace where c.oid = k.confrelid) as parent,
      (select array_agg(quote_ident(a.attname) order by key.place)
        from unnest(k.conkey) with ordinality as key (attnum, place)
        join pg_attribute a on a.attrelid = k.conrelid and a.attnum = key.attnum
        where a.attname <> t.tenant_column) as child_columns,
      (select array_agg(quote_ident(a.attname) order by key.place)
        from unnest(k.confkey) with ordinality as key (attnum, place)
        join pg_attribute a on a.attrelid = k.confrelid and a.attnum = key.attnum
        where a.attname <> t.tenant_column) as parent_columns,
      (select array_agg(a.attnum order by a.attnum)
        from pg_attribute a
        where a.attrelid = k.confrelid and not a.attisdropped and (a.attname = t.tenant_column or a.attnum = any (k.confkey))) as parent_key
  ) as n
  where k.oid = p_reference
);
