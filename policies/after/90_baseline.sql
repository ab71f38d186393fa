-- What this installation made, written down for the audit to compare with. A part that it changed is from now on as it is; what was
-- changed by hand before, and is still so, stays a finding. Where facts are told otherwise than by the version before, all is
-- written anew, and what was changed by hand until then is said here for the last time.
do $$
declare
  kinds constant text[] := '{table,grant,key,trigger,view,function,column,check,index,identity,sequence,statistics,rule,type,event trigger}';
  form constant text := (select md5(p.prosrc) from pg_proc p where p.oid = 'tenancy.posture_facts(text[])'::regprocedure);
  d record;
begin
  if exists (select from tenancy.baseline where (kind, fact) = ('form', form)) then
    create temporary table now on commit drop as
    select f.kind, f.object, f.fact, split_part(f.fact, ': ', 1) as part from tenancy.posture_facts(kinds) f;

    create temporary table changed on commit drop as
    select distinct coalesce(n.kind, b.kind) as kind, coalesce(n.object, b.object) as object, split_part(coalesce(n.fact, b.fact), ': ', 1) as part
    from pg_temp.now n
    full join (select distinct * from tenancy.facts_before) b on (n.kind, n.object, n.fact) = (b.kind, b.object, b.fact)
    where n.kind is null
      or b.kind is null;

    -- An object that somebody made by hand stays one, whatever is put around it.
    delete from pg_temp.changed c
    where c.kind in ('table', 'view', 'function', 'sequence', 'type')
      and exists (select from tenancy.facts_before f where (f.kind, f.object) = (c.kind, c.object))
      and exists (select from pg_temp.now n where (n.kind, n.object) = (c.kind, c.object))
      and not exists (select from tenancy.baseline b where (b.kind, b.object) = (c.kind, c.object));

    delete from tenancy.baseline b
    using pg_temp.changed c
    where (b.kind, b.object, split_part(b.fact, ': ', 1)) = (c.kind, c.object, c.part);

    insert into tenancy.baseline (kind, object, fact)
    select n.kind, n.object, n.fact
    from pg_temp.now n
    join pg_temp.changed c on (c.kind, c.object, c.part) = (n.kind, n.object, n.part);
  else
    for d in
      select coalesce(f.kind, b.kind) as kind, coalesce(f.object, b.object) as object, coalesce(f.fact, b.fact) as fact,
        case when b.kind is null then 'was made by hand' else 'was installed, and changed by hand' end as what
      from tenancy.facts_before f
      full join (select distinct * from tenancy.baseline where kind <> 'form') b on (f.kind, f.object, f.fact) = (b.kind, b.object, b.fact)
      where exists (select from tenancy.facts_before)
        and coalesce(f.object, b.object) <> 'tenancy.facts_before'
        and (f.kind is null or b.kind is null)
      order by 1, 2, 3
    loop
      raise warning 'baseline: % %: % %; this is not told again', d.kind, d.object, d.fact, d.what;
    end loop;
    delete from tenancy.baseline;
    insert into tenancy.baseline (kind, object, fact)
    select f.kind, f.object, f.fact from tenancy.posture_facts(kinds) f
    union all
    select 'form', 'tenancy.posture_facts', form;
  end if;
  delete from tenancy.facts_before;
end
$$;
