-- An id that rows of two customers have. Each table has one sequence for all customers, so that another customer's id is one
-- that nobody has; a row that came with its id, from elsewhere or by hand, may break that. The wall stands all the same.
select
  'id_in_two_customers' as lint,
  case when s.found then 'warning' else 'info' end as severity,
  s.object,
  case when s.found then s.detail else 'not checked here; portal migrate looks, where it is a superuser' end as detail,
  case when s.found then 'no statement does: give one of the rows an id of its own, and what names it' else 'run portal migrate as a superuser, who sees all rows' end as remedy
from tenancy.shared_ids() s
