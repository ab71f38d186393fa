-- Whoever is a member of a role of ours may become it, or make himself so by ADMIN: of the owners and the mover, of those that
-- the API logs in as, and of the one that sees every row.
select
  'unregistered_member' as lint,
  'error' as severity,
  m.member as object,
  format('is a member of %s%s', m.role, case when m.admin_option then ', and may give it to others' else '' end) as detail,
  format('revoke %I from %I', m.role, m.member) as remedy
from tenancy.unregistered_members m
