-- An e-mail address is given up and given to somebody else, and belongs to several companies.
select
  'email_as_identity' as lint,
  'warning' as severity,
  e.table_name as object,
  format('policy %s (%s): %s', e.name, e.clause, e.expression) as detail,
  tenancy.policy_remedy(e.table_name, e.name) || ' /* or compare the id of the user */' as remedy
from tenancy.policy_texts x
join tenancy.policy_expressions e using (text_id)
where x.code ~* '\memail\M'
