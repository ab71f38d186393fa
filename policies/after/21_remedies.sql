-- What the remedies of the findings are written with: statements that a superuser can run as they stand, past the gate. The aliases
-- of a function of one expression are its own: portal audit --database writes it where a lint calls it.

-- A policy of our own is put back by portal migrate, and any other one has to go.
create or replace function tenancy.policy_remedy(p_table text, p_policy text) returns text
language sql stable parallel safe
return case
  when exists (select from tenancy.wanted_policies wanted where (wanted.table_name, wanted.name) = (p_table, p_policy))
    then format('run portal migrate, which puts policy %s back', p_policy)
  else format('drop policy %I on %s', p_policy, p_table)
end;

-- Takes a privilege on some columns from a role. One on the whole table, or everybody's, reaches them too: so it goes as a
-- whole, and the role gets it again for each of its other columns.
create or replace function tenancy.revocation(p_role text, p_table oid, p_privilege text, p_columns text[]) returns text
language sql stable parallel safe
return (
  select format('revoke %s on %s from public, %I', lower(p_privilege), target.name, p_role)
    || coalesce(format('; grant %s (', lower(p_privilege)) || coalesce(again.by_column, again.by_table) || format(') on %s to %I', target.name, p_role), '')
  from (
    select format('%I.%I', target_schema.nspname, target_class.relname) as name, target_class.relacl
    from pg_class target_class
    join pg_namespace target_schema on target_schema.oid = target_class.relnamespace
    where target_class.oid = p_table
  ) as target
  cross join lateral (
    select
      string_agg(quote_ident(target_column.attname), ', ' order by target_column.attnum) filter (where target_column.attacl is not null and exists (
        select from aclexplode(target_column.attacl) acl where acl.grantee::regrole::text = quote_ident(p_role) and acl.privilege_type = p_privilege)) as by_column,
      string_agg(quote_ident(target_column.attname), ', ' order by target_column.attnum) filter (where target.relacl is not null and exists (
        select from aclexplode(target.relacl) acl where acl.grantee::regrole::text = quote_ident(p_role) and acl.privilege_type = p_privilege)) as by_table
    from pg_attribute target_column
    where target_column.attrelid = p_table
      and target_column.attnum > 0
      and not target_column.attisdropped
      and target_column.attname <> all (p_columns)
  ) as again
);

-- Takes a role out of whatever makes it a member of another one.
create or replace function tenancy.membership_remedy(p_member oid, p_role oid) returns text
language sql stable parallel safe
return (
  select string_agg(format('revoke %I from %I granted by %I', of_role.rolname, of_member.rolname, grantor.rolname), '; ' order by of_role.rolname)
  from pg_auth_members membership
  join pg_roles of_role on of_role.oid = membership.roleid
  join pg_roles of_member on of_member.oid = membership.member
  join pg_roles grantor on grantor.oid = membership.grantor
  where membership.member = p_member
    and (membership.roleid = p_role or pg_has_role(membership.roleid, p_role, 'member'))
);

-- Puts a setting back where the row of pg_settings says that it comes from.
create or replace function tenancy.setting_reset(p_setting text, p_source text) returns text
language sql stable parallel safe
return case p_source
  when 'database' then format('alter database %I reset %I', current_database(), p_setting)
  when 'user' then format('alter role %I reset %I', session_user, p_setting)
  when 'database user' then format('alter role %I in database %I reset %I', session_user, current_database(), p_setting)
  when 'configuration file' then format('alter system reset %I', p_setting)
  else format('reset %I', p_setting)
end;

-- Drops an index, or the constraint that it is of.
create or replace function tenancy.index_dropped(p_index oid) returns text
language sql stable parallel safe
return (
  select coalesce(
    format('alter table %I.%I drop constraint ', its_schema.nspname, its_table.relname) || quote_ident(its_constraint.conname),
    format('drop index %I.%I', dropped_schema.nspname, dropped_class.relname))
  from pg_index dropped
  join pg_class dropped_class on dropped_class.oid = dropped.indexrelid
  join pg_namespace dropped_schema on dropped_schema.oid = dropped_class.relnamespace
  join pg_class its_table on its_table.oid = dropped.indrelid
  join pg_namespace its_schema on its_schema.oid = its_table.relnamespace
  left join pg_constraint its_constraint on its_constraint.conindid = dropped.indexrelid and its_constraint.conrelid = dropped.indrelid and its_constraint.contype in ('p', 'u', 'x')
  where dropped.indexrelid = p_index
);

-- Makes an index, or the constraint that it is of, anew with the customer as its first column; null: there is no such column.
create or replace function tenancy.tenant_first(p_index oid) returns text
language sql stable parallel safe
return (
  select tenancy.index_dropped(p_index) || coalesce(
    ', add constraint ' || quote_ident(remade_constraint.conname) || ' ' || regexp_replace(remade_as.definition, '\(', format('(%I%s, ', tenant.attname, case remade_constraint.contype when 'x' then ' WITH =' end)),
    '; ' || regexp_replace(remade_as.definition, ' USING (\w+) \(', format(' USING \1 (%I, ', tenant.attname)))
  from pg_index remade
  cross join tenancy.audited its_audited
  join pg_attribute tenant on tenant.attrelid = remade.indrelid and tenant.attname = its_audited.tenant_column and not tenant.attisdropped
  left join pg_constraint remade_constraint on remade_constraint.conindid = remade.indexrelid and remade_constraint.conrelid = remade.indrelid and remade_constraint.contype in ('p', 'u', 'x')
  cross join lateral (
    select regexp_replace(coalesce(pg_get_constraintdef(remade_constraint.oid), pg_get_indexdef(remade.indexrelid)), format(', %I(?=[,) ])', tenant.attname), '') as definition) as remade_as
  where remade.indexrelid = p_index
);

-- Makes a foreign key anew with the customer on both sides; where its target has no key for that, it only drops it.
create or replace function tenancy.tenant_paired(p_reference oid) returns text
language sql stable parallel safe
return (
  select format('alter table %s drop constraint %I', sides.child, reference.conname) || case
    when cardinality(sides.child_columns) = cardinality(sides.parent_columns) and exists (
      select
      from pg_index target_key
      where target_key.indrelid = reference.confrelid
        and target_key.indisunique
        and target_key.indpred is null
        and target_key.indexprs is null
        and (select array_agg(key order by key) from unnest(target_key.indkey[0:target_key.indnkeyatts - 1]) as key) = sides.parent_key)
    then format(', add constraint %I foreign key (%I, %s) references %s (%I, %s)%s%s', reference.conname, its_audited.tenant_column,
      array_to_string(sides.child_columns, ', '), sides.parent, its_audited.tenant_column, array_to_string(sides.parent_columns, ', '),
      case reference.confdeltype when 'c' then ' on delete cascade' when 'r' then ' on delete restrict'
        when 'n' then format(' on delete set null (%s)', array_to_string(sides.child_columns, ', '))
        when 'd' then format(' on delete set default (%s)', array_to_string(sides.child_columns, ', ')) end,
      case reference.confupdtype when 'c' then ' on update cascade' when 'r' then ' on update restrict' end)
    else ''
  end
  from pg_constraint reference
  cross join tenancy.audited its_audited
  cross join lateral (
    select
      (select format('%I.%I', side_schema.nspname, side.relname) from pg_class side join pg_namespace side_schema on side_schema.oid = side.relnamespace where side.oid = reference.conrelid) as child,
      (select format('%I.%I', side_schema.nspname, side.relname) from pg_class side join pg_namespace side_schema on side_schema.oid = side.relnamespace where side.oid = reference.confrelid) as parent,
      (select array_agg(quote_ident(side_column.attname) order by key.place)
        from unnest(reference.conkey) with ordinality as key (attnum, place)
        join pg_attribute side_column on side_column.attrelid = reference.conrelid and side_column.attnum = key.attnum
        where side_column.attname <> its_audited.tenant_column) as child_columns,
      (select array_agg(quote_ident(side_column.attname) order by key.place)
        from unnest(reference.confkey) with ordinality as key (attnum, place)
        join pg_attribute side_column on side_column.attrelid = reference.confrelid and side_column.attnum = key.attnum
        where side_column.attname <> its_audited.tenant_column) as parent_columns,
      (select array_agg(side_column.attnum order by side_column.attnum)
        from pg_attribute side_column
        where side_column.attrelid = reference.confrelid and not side_column.attisdropped and (side_column.attname = its_audited.tenant_column or side_column.attnum = any (reference.confkey))) as parent_key
  ) as sides
  where reference.oid = p_reference
);

-- Puts back what tenancy.drift tells of.
create or replace function tenancy.drift_remedy(kind text, object text, part text, now text[], installed text[]) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  schema constant text := substring(object from '^("[^"]*"|[^".]*)\.');
  is_index constant boolean := coalesce(now[1], installed[1]) ~ '^CREATE ';
  gone constant text := 'no statement does: what was in it is gone; restore it from a backup';
  was text := installed[1];
  statements text[] := '{}';
begin
  case
    when kind = 'grant' and now is not null and (part !~ '^(portal_|public$)' or exists (
      select from pg_class c join pg_namespace n on n.oid = c.relnamespace where format('%I.%I', n.nspname, c.relname) = object and c.relkind = 'S'))
    then
      return format('revoke %s on %s from %s', array_to_string(now, ', '), object, case part when 'public' then part else quote_ident(part) end);
    when part = '' and now is not null then
      return format('drop %s %s%s', case kind when 'function' then 'routine' else kind end, object,
        case when kind = 'table' then ' /* or make it by a migration */' else '' end);
    when part = '' and kind in ('table', 'sequence', 'type') then
      return gone;
    when kind in ('key', 'check', 'index') then
      if now is not null then
        statements := statements || case when is_index then format('drop index %s.%I', schema, part) else format('alter table %s drop constraint %I', object, part) end;
      end if;
      if installed is not null then
        was := regexp_replace(was, ' invalid$', '');
        statements := statements || case when is_index then was else format('alter table %s add constraint %I %s', object, part, was) end;
      end if;
    when kind = 'trigger' then
      if now is not null then
        statements := statements || format('drop trigger %I on %s', part, object);
      end if;
      if installed is not null then
        statements := statements || left(was, -2);
        if right(was, 1) <> 'O' then
          statements := statements || format('alter table %s %s trigger %I', object, case right(was, 1) when 'A' then 'enable always' when 'R' then 'enable replica' else 'disable' end, part);
        end if;
      end if;
    when kind = 'table' and part = 'owner' then
      return format('alter table %s owner to %s', object, was);
    when kind = 'table' and part = 'persistence' then
      return format('alter table %s set %s', object, case was when 'u' then 'unlogged' else 'logged' end);
    when kind = 'table' and part = 'row security' then
      return format('alter table %s %s row level security', object, case was when 'true' then 'enable' else 'disable' end);
    when kind = 'table' and part = 'forced' then
      return format('alter table %s %sforce row level security', object, case was when 'true' then '' else 'no ' end);
    when kind = 'table' and part = 'customer_id' then
      if now is null then
        return gone;
      elsif installed is null then
        return format('alter table %s drop column customer_id', object);
      end if;
      return concat_ws('; ',
        format('alter table %s alter customer_id drop default', object),
        case when regexp_replace(now[1], '( not null)?( default .*)?$', '') <> regexp_replace(was, '( not null)?( default .*)?$', '')
          then format('alter table %s alter customer_id type %s', object, regexp_replace(was, '( not null)?( default .*)?$', '')) end,
        format('alter table %s alter customer_id %s not null', object, case when was ~ ' not null' then 'set' else 'drop' end),
        format('alter table %s alter customer_id set default ', object) || substring(was from ' default (.*)$'));
    when kind = 'column' then
      if not exists (select from unnest(installed) as i where i ~ '^type ') and exists (select from unnest(now) as n where n ~ '^type ') then
        return format('alter table %s drop column %I', object, part);
      elsif not exists (select from unnest(now) as n where n ~ '^type ') and exists (select from unnest(installed) as i where i ~ '^type ') then
        return gone;
      end if;
      if exists (select from unnest(installed) as i where i ~ '^generated always as \(')
        or (select count(*) from unnest(installed) as i where i ~ '^type ') > 0 and exists (select from unnest(now) as n where n ~ '^generated always as \(')
      then
        return 'no statement does: drop the column and add it as it was: ' || array_to_string(installed, ' ');
      end if;
      select array_agg(format('alter table %s alter %I ', object, part) || s.what order by s.place) into statements
      from (
        select 1 as place, 'drop default' as what where exists (select from unnest(now) as n where n ~ '^default ')
        union all
        select 1, 'drop expression' where exists (select from unnest(now) as n where n ~ '^generated always as \(')
        union all
        select 1, 'drop identity' where exists (select from unnest(now) as n where n ~ ' as identity$')
        union all
        select 2, i from unnest(installed) as i where i ~ '^type '
        union all
        select 3, 'set not null' where 'not null' = any (installed)
        union all
        select 3, 'drop not null' where 'not null' = any (now)
        union all
        select 4, 'set ' || i from unnest(installed) as i where i ~ '^default '
        union all
        select 4, 'add ' || i from unnest(installed) as i where i ~ ' as identity$'
      ) as s;
    when kind = 'identity' then
      return format('alter table %s replica identity ', object)
        || case when was ~ '^index ' then 'using ' || was when was = 'nothing' then 'nothing' else 'default' end;
    when kind = 'sequence' then
      return format('alter sequence %s %s%s', object, case part when 'owned by' then 'owned by ' end, coalesce(was, 'none'));
    when kind = 'statistics' then
      statements := case when now is not null then array[format('drop statistics %s.%I', schema, part)] end || was;
    when kind = 'rule' then
      statements := case when now is not null then array[format('drop rule %I on %s', part, object)] end || left(was, -2);
    when kind = 'event trigger' then
      return case when now is not null then format('drop event trigger %I', part) else 'no statement does: make it again: ' || was end;
    when kind = 'view' and part = 'options' and installed is null then
      return format('alter view %s reset (%s)', object, (select string_agg(split_part(o, '=', 1), ', ') from unnest(now[1]::text[]) as o));
    when kind = 'type' then
      return 'no statement does: make the type as it was: ' || array_to_string(installed, ', ');
    else
      return 'run portal migrate, which puts it back';
  end case;
  return array_to_string(statements, '; ');
end
$$;
