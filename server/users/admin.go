package users

import (
	"context"
	"slices"
	"strings"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// adminRoutes registers what the pages of the administration send as forms.
func adminRoutes(api endpoint.API, h handlers, admin endpoint.Roles) {
	endpoint.Post(api, "/admin/create-user/", "createUser", "Add an active person by form", create, admin, endpoint.Form, endpoint.Audited("user.added"))
	endpoint.List(api, "/admin/pending-users/", "listPendingUsers", "List who waits for approval", listPending, admin)
	endpoint.Post(api, "/admin/approve-user/{user_id}", "approveUser", "Approve a pending person", h.approveOne, admin, endpoint.Form, endpoint.Audited("user.approved"))
	endpoint.Post(api, "/admin/reject-user/{user_id}", "rejectUser", "Reject and delete a pending person", rejectOne, admin, endpoint.Audited("user.rejected"))
	endpoint.Post(api, "/admin/suspend-user/{user_id}", "suspendUser", "Suspend a person, whose sessions end", suspendOne, admin, endpoint.Audited("user.suspended"))
	endpoint.Post(api, "/admin/reactivate-user/{user_id}", "reactivateUser", "Let a suspended person in again", reactivateOne, admin, endpoint.Audited("user.reactivated"))
	endpoint.Post(api, "/admin/change-user-role/{user_id}", "changeUserRole", "Give a person another role", giveRole, admin, endpoint.Form, endpoint.Audited("user.role_changed"))
}

// NewUserForm is what the page for a new person sends.
type NewUserForm struct {
	Name     field.Text        `json:"name" maxLength:"255" example:"Pat Doyle"`
	Email    field.Email       `json:"email"`
	Phone    field.Phone       `json:"phone"`
	Role     field.Role        `json:"role" example:"User"`
	Password field.NewPassword `json:"password"`
}

type newcomerForm struct {
	Body     NewUserForm
	newcomer newcomer
}

func (in *newcomerForm) Prepare(ctx context.Context) error {
	b := in.Body
	in.newcomer.Body = NewUser{UserFields: UserFields{Name: b.Name, Email: b.Email, Phone: &b.Phone, Role: b.Role}, Password: b.Password}
	return in.newcomer.Prepare(ctx)
}

func create(ctx context.Context, tx db.Tx, in *newcomerForm) (endpoint.Done, error) {
	_, err := insert(ctx, tx, in.newcomer.Body.UserFields, in.newcomer.password)
	return endpoint.Done{OK: true, Message: "User created"}, err
}

// A PendingPerson waits for an Admin's approval.
type PendingPerson struct {
	ID            int64      `json:"id" db:"id"`
	Email         string     `json:"email" db:"email"`
	DisplayName   *string    `json:"display_name" db:"display_name" doc:"From Google or Microsoft; else the name."`
	AvatarURL     *string    `json:"avatar_url" db:"avatar_url"`
	CreatedAt     field.Time `json:"created_at" db:"created_at"`
	Status        string     `json:"status" db:"status"`
	Name          *string    `json:"name" db:"name"`
	Phone         string     `json:"phone" db:"phone"`
	RequestedRole *string    `json:"requested_role" db:"requested_role" doc:"What the person asked for; nobody has it yet."`
	Identities    string     `json:"identities" db:"identities" example:"google:pat.doyle@example.com" doc:"provider:email of each sign-on, separated by commas."`
}

const pendingSQL = `
select u.id, u.email, coalesce(u.display_name, u.name) as display_name, u.avatar_url, u.created_at, u.status, u.name, coalesce(u.phone, '') as phone, u.requested_role,
  (
    select coalesce(string_agg(i.provider || ':' || coalesce(i.email, ''), ', ' order by i.provider, i.id), '')
    from platform.identities i
    where (i.customer_id, i.user_id) = (u.customer_id, u.id)
  ) as identities,
  count(*) over () as total
from users u
where u.status = 'pending'
order by u.created_at desc, u.id desc
limit @limit offset @offset`

func listPending(ctx context.Context, tx db.Tx, in *endpoint.Window) ([]PendingPerson, int64, error) {
	return db.Page[PendingPerson](ctx, tx, pendingSQL, db.Struct(in))
}

// ApprovalForm says as what a person is approved.
type ApprovalForm struct {
	Role string `json:"role,omitempty" example:"User" doc:"Admin, Manager, Contractor, Subcontractor or User; User if absent."`
}

const approveSQL = `update users set status = @status, role = @role where id = @id`

func (h handlers) approveOne(ctx context.Context, tx db.Tx, in *struct {
	PersonID
	Body ApprovalForm
},
) (out endpoint.Done, err error) {
	if in.Body.Role == "" {
		in.Body.Role = auth.User
	}
	if err := isRole(in.Body.Role); err != nil {
		return out, err
	}
	p, to, err := step(ctx, tx, in.UserID, approve)
	if err != nil {
		return out, err
	}
	endpoint.Note(ctx, "user", p.ID, map[string]any{"email": p.Email, "role": in.Body.Role})
	if err := db.Touch(ctx, tx, approveSQL, db.Args{"id": p.ID, "status": to, "role": in.Body.Role}); err != nil {
		return out, err
	}
	return endpoint.Done{OK: true, Message: "User approved as " + in.Body.Role}, h.mail.Approved(ctx, tx, map[string]string{p.Email: in.Body.Role})
}

func rejectOne(ctx context.Context, tx db.Tx, in *PersonID) (out endpoint.Done, err error) {
	p, _, err := step(ctx, tx, in.UserID, reject)
	if err != nil {
		return out, err
	}
	endpoint.Note(ctx, "user", p.ID, map[string]any{"email": p.Email, "name": p.Name})
	return endpoint.Done{OK: true, Message: "User rejected"}, db.Touch(ctx, tx, removeSQL, db.Args{"id": p.ID})
}

func suspendOne(ctx context.Context, tx db.Tx, in *PersonID) (out endpoint.Done, err error) {
	if isSelf(ctx, in.UserID) {
		return out, endpoint.Forbidden("nobody suspends himself; another Admin can")
	}
	return endpoint.Done{OK: true, Message: "User suspended"}, move(ctx, tx, in.UserID, suspend)
}

func reactivateOne(ctx context.Context, tx db.Tx, in *PersonID) (endpoint.Done, error) {
	return endpoint.Done{OK: true, Message: "User reactivated"}, move(ctx, tx, in.UserID, reactivate)
}

const moveSQL = `update users set status = @status where id = @id`

// move takes a person to the status that the action leads to.
func move(ctx context.Context, tx db.Tx, id int64, a action) error {
	p, to, err := step(ctx, tx, id, a)
	if err != nil {
		return err
	}
	endpoint.Note(ctx, "user", p.ID, map[string]any{"email": p.Email})
	return db.Touch(ctx, tx, moveSQL, db.Args{"id": p.ID, "status": to})
}

// RoleForm names a role.
type RoleForm struct {
	Role string `json:"role" example:"Manager" doc:"Admin, Manager, Contractor, Subcontractor or User."`
}

const giveRoleSQL = `update users set role = @role where id = @id`

func giveRole(ctx context.Context, tx db.Tx, in *struct {
	PersonID
	Body RoleForm
},
) (out endpoint.Done, err error) {
	if err := isRole(in.Body.Role); err != nil {
		return out, err
	}
	if isSelf(ctx, in.UserID) {
		return out, errOwnRole
	}
	p, _, err := step(ctx, tx, in.UserID, changeRole)
	if err != nil {
		return out, err
	}
	endpoint.Note(ctx, "user", p.ID, map[string]any{"email": p.Email, "role": in.Body.Role, "role_before": p.Role})
	return endpoint.Done{OK: true, Message: "Role changed to " + in.Body.Role}, db.Touch(ctx, tx, giveRoleSQL, db.Args{"id": p.ID, "role": in.Body.Role})
}

// PasswordReset is a new password for whoever has the e-mail.
type PasswordReset struct {
	Email       field.Email       `json:"email"`
	NewPassword field.NewPassword `json:"new_password"`
}

type reset struct {
	Body     PasswordReset
	password auth.Password
}

func (in *reset) Prepare(ctx context.Context) (err error) {
	in.password, err = auth.HashPassword(ctx, string(in.Body.NewPassword))
	return err
}

const lockByEmailSQL = `
select u.id, u.name, u.email, u.role, u.status
from users u
where u.email = @email
for update`

func (h handlers) resetPassword(ctx context.Context, tx db.Tx, in *reset) (out endpoint.Message, err error) {
	p, err := db.One[person](ctx, tx, lockByEmailSQL, db.Args{"email": in.Body.Email})
	if err != nil {
		return out, endpoint.Missing(err, "user")
	}
	endpoint.Note(ctx, "user", p.ID, map[string]any{"email": p.Email})
	return endpoint.Message{Message: "Password reset"}, h.setPassword(ctx, tx, p, in.password)
}

// isRole refuses what is none of the five roles; here it is 400, which the old page expects.
func isRole(role string) error {
	if slices.Contains(auth.Roles, role) {
		return nil
	}
	return endpoint.Invalid("role: expected one of " + strings.Join(auth.Roles, ", "))
}
