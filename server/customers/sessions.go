package customers

import (
	"context"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// sessions registers how a company's Admin sees who is logged in, and puts somebody out.
func sessions(api endpoint.API) {
	admin := endpoint.Only(auth.Admin)
	endpoint.List(api, "/api/my-customer/sessions", "listMyCustomerSessions", "Who is logged in to the own company, newest first", listSessions, admin,
		endpoint.Describe("Sessions that live, of members, of services by their keys, and of operators who act inside the company."))
	endpoint.Delete(api, "/api/my-customer/sessions/{session_id}", "endMyCustomerSession", "End a session of the own company", endSession, admin, endpoint.Audited("session.ended"),
		endpoint.Describe("Its tokens are over from the next statement on. Whoever knows his password logs in again: suspend him, or revoke the key, to keep him out."))
}

// A SessionOfCustomer is a session of the own company that lives.
type SessionOfCustomer struct {
	ID          string     `json:"id" db:"id" format:"uuid"`
	Kind        string     `json:"kind" db:"kind" enum:"member,operator,service" doc:"A member's log-in, an operator of the portal who acts inside the company, or a service."`
	UserID      *int64     `json:"user_id" db:"user_id" doc:"Null but for members."`
	Name        *string    `json:"name" db:"name" doc:"Of the member, or of the service's key."`
	Email       *string    `json:"email" db:"email"`
	Role        string     `json:"role" db:"role"`
	Since       field.Time `json:"since" db:"created_at" doc:"When it began."`
	RefreshedAt field.Time `json:"refreshed_at" db:"refreshed_at" doc:"When it got its last tokens."`
	ExpiresAt   field.Time `json:"expires_at" db:"expires_at"`
	Current     bool       `json:"current" db:"is_current" doc:"The caller's own, in which he asks."`
}

const listSessionsSQL = `
select s.id::text, s.kind, s.user_id, coalesce(u.name, k.name) as name, u.email, s.role, s.created_at, s.refreshed_at, s.expires_at, s.id = @session::uuid as is_current,
  count(*) over () as total
from tenancy.sessions() s
left join users u on (u.customer_id, u.id) = (s.customer_id, s.user_id)
left join platform.service_tokens k on (k.customer_id, k.id) = (s.customer_id, s.service_token_id)
order by s.created_at desc, s.id
limit @limit offset @offset`

func listSessions(ctx context.Context, tx db.Tx, in *endpoint.Window) ([]SessionOfCustomer, int64, error) {
	args := db.Struct(in)
	args["session"] = endpoint.Caller(ctx).SessionID()
	return db.Page[SessionOfCustomer](ctx, tx, listSessionsSQL, args)
}

const endSessionSQL = `select e.kind, e.user_id from tenancy.end_session(@id::uuid) e`

func endSession(ctx context.Context, tx db.Tx, in *struct {
	SessionID string `path:"session_id" ref:"-" format:"uuid" example:"00000000-0000-4000-8000-000000000000" doc:"The session."`
},
) (out endpoint.Message, err error) {
	ended, err := db.One[struct {
		Kind   string `db:"kind"`
		UserID *int64 `db:"user_id"`
	}](ctx, tx, endSessionSQL, db.Args{"id": in.SessionID})
	endpoint.Note(ctx, "session", in.SessionID, map[string]any{"kind": ended.Kind, "user_id": ended.UserID})
	return endpoint.Message{Message: "Session ended"}, endpoint.Missing(err, "session")
}
