-- EXISTS of a row that has to do neither with this one nor with who acts: as soon as one is there, the condition holds for everybody
-- and for every row.
select
  'exists_of_anybody' as lint,
  case when e.permissive and e.table_oid not in (select w.table_oid from tenancy.walls w) then 'error' else 'warning' end as severity,
  e.table_name as object,
  format('policy (?:[^()]|\((?:[^()]|\((?:[^()]|\((?:[^()]|\((?:[^()]|\((?:[^()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*\))*\))*\))*\))*\)) ((?:[^()]|\((?:[^()]|\((?:[^()]|\((?:[^()]|\((?:[^()]|\((?:[^()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*\))*\))*\))*\))*\))) asks for a row of anybody: (?:[^()]|\((?:[^()]|\((?:[^()]|\((?:[^()]|\((?:[^()]|\((?:[^()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*\))*\))*\))*\))*\))', e.name, e.clause, e.expression) as detail,
  tenancy.policy_remedy(e.table_name, e.name) || ' /* or let EXISTS ask for the row of who acts */' as remedy
from tenancy.policy_texts x
join tenancy.policy_expressions e using (text_id)
join pg_class c on c.oid = e.table_oid
cross join tenancy.audited a
where x.code ~ '\mEXISTS \('
  -- Up to eight parentheses deep.
  and exists (
    select
    from regexp_matches(x.code, '\mEXISTS \((?:[^()]|\((?:[^()]|\((?:[^()]|\((?:[^()]|\((?:[^()]|\((?:[^()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*\))*\))*\))*\))*\))*\)', 'g') as m (found)
    where m.found[1] !~ ('(current_setting|' || a.readers || ')\(|\m(CURRENT_USER|SESSION_USER)\M')
      and position(quote_ident(c.relname) || '.' in m.found[1]) = 0)
