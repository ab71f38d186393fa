package harness

// An AuditEntry is one row of the audit log, as the API answers it.
type AuditEntry struct {
	CustomerID, Actor, Role, Action, ObjectType *string
	UserID, OperatorID                          *int64
	HasRequest                                  bool
}

// Entries are those of an action.
func (p *Portal) Entries(action string) []AuditEntry { return p.AuditLog("action = $1", action) }

// AuditLog are the entries that fit a condition, oldest first, seen from outside of row security.
func (p *Portal) AuditLog(condition string, args ...any) (all []AuditEntry) {
	p.T.Helper()
	rows, err := p.Super.Query(p.T.Context(), `
		select customer_id, actor_name, actor_role, action, object_type, actor_user_id, actor_operator_id, request_id is not null
		from platform.audit_log where `+condition+` order by id`, args...)
	if err != nil {
		p.T.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var e AuditEntry
		if err := rows.Scan(&e.CustomerID, &e.Actor, &e.Role, &e.Action, &e.ObjectType, &e.UserID, &e.OperatorID, &e.HasRequest); err != nil {
			p.T.Fatal(err)
		}
		all = append(all, e)
	}
	if err := rows.Err(); err != nil {
		p.T.Fatal(err)
	}
	return all
}
