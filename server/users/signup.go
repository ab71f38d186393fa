package users

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// signUpRoutes registers how strangers ask for an account, and the older page that answers them.
func signUpRoutes(api endpoint.API, office handlers, a *auth.Auth, admin endpoint.Roles) {
	h := signUps{a, office.mail}
	describe := endpoint.Describe("Names the company by the token of an invitation link, its subdomain or its customer id. " +
		"The answer is the same for an e-mail that the company knows. The role is only noted: an Admin grants one.")
	endpoint.Direct(api, http.MethodPost, "/signup-request/", "requestSignup", "Ask for an account", h.request, endpoint.Public, endpoint.Form, describe)
	endpoint.Direct(api, http.MethodPost, "/request-user/", "requestUser", "Ask for an account (older name)", h.request, endpoint.Public, endpoint.Form, describe)
	endpoint.List(api, "/signup-requests/", "listSignupRequests", "List the requests, newest first", requests, admin)
	endpoint.Post(api, "/approve-signup-requests/", "approveSignupRequests", "Approve several requests", office.approveMany, admin, endpoint.Audited("user.approved"))
	endpoint.Put(api, "/update-signup-email/", "updateSignupEmail", "Say who is told of new requests", setSignUpEmail, admin, endpoint.Form, endpoint.Audited("setting.changed"))
}

type signUps struct {
	auth *auth.Auth
	mail Mailer
}

// SignUpForm is a stranger's request.
type SignUpForm struct {
	Name       field.Text        `json:"name" maxLength:"255" example:"Rae Doyle"`
	Email      field.Email       `json:"email"`
	Phone      field.Phone       `json:"phone"`
	Role       field.Role        `json:"role" example:"User" doc:"What is asked for."`
	Password   field.NewPassword `json:"password"`
	Invitation string            `json:"invitation,omitempty" maxLength:"100" doc:"The token of an invitation link."`
	Subdomain  string            `json:"subdomain,omitempty" maxLength:"100" example:"legacy"`
	CustomerID string            `json:"customer_id,omitempty" maxLength:"9" example:"LEGACY001"`
}

// What a guest inserts is pending and of the role User: the columns' defaults say so.
const requestSQL = `
insert into portal.users (name, username, email, phone, requested_role)
values (@name, ` + username + `, @email, nullif(@phone, ''), @role)
on conflict (customer_id, email) do nothing
returning id`

func (h signUps) request(ctx context.Context, in *struct{ Body SignUpForm }) (out endpoint.Message, err error) {
	f := in.Body
	if f.Invitation+f.Subdomain+f.CustomerID == "" {
		return out, endpoint.InvalidField("customer_id", "expected the company: an invitation, its subdomain, or its customer id")
	}
	err = h.auth.SignUp(ctx, auth.SignUp{
		Name: string(f.Name), Email: string(f.Email), Password: string(f.Password), Address: endpoint.ClientAddress(ctx),
		Invitation: f.Invitation, Subdomain: f.Subdomain, CustomerID: f.CustomerID,
	}, func(ctx context.Context, tx db.Tx, password auth.Password) error {
		id, err := db.Value[int64](ctx, tx, requestSQL, db.Args{"name": f.Name, "email": f.Email, "phone": f.Phone, "role": f.Role})
		if errors.Is(err, db.ErrNotFound) {
			return nil // known already, which is nobody's business
		}
		if err != nil {
			return err
		}
		if err := auth.SetPassword(ctx, tx, id, password); err != nil {
			return err
		}
		if err := h.mail.SignUpRequested(ctx, tx, string(f.Name), string(f.Email), string(f.Phone), string(f.Role)); err != nil {
			return err
		}
		return auth.Record(ctx, tx, auth.Deed{
			Action: "user.requested", ObjectType: "user", ObjectID: strconv.FormatInt(id, 10),
			Detail: map[string]any{"email": f.Email, "requested_role": f.Role},
		})
	})
	if errors.Is(err, auth.ErrCompany) {
		return out, endpoint.NotFound("company, or it takes no requests")
	}
	return endpoint.Message{Message: "Request received; an Admin of the company decides on it"}, err
}

// A name is not asked for, and may be missing.
const newcomerSQL = `
insert into portal.users (name, username, email, display_name, avatar_url)
values (nullif(@name, ''), ` + username + `, @email, nullif(@name, ''), nullif(@picture, ''))
on conflict (customer_id, email) do nothing
returning id`

// Newcomer makes a pending member of the role User of somebody who signed on and whom nobody knows, in the unit of work
// of a guest. Errors of what it returns: 400 where the provider tells no e-mail.
func Newcomer(mail Mailer) auth.Newcomer {
	return func(ctx context.Context, tx db.Tx, p auth.Proof) (int64, error) {
		if p.Email == "" {
			return 0, endpoint.Invalid("the provider tells no e-mail of this account; ask for an account by the form, and link the sign-on from your profile")
		}
		id, err := db.Value[int64](ctx, tx, newcomerSQL, db.Args{"name": p.Name, "email": p.Email, "picture": p.Picture})
		if errors.Is(err, db.ErrNotFound) {
			return 0, nil // known already, which is nobody's business
		}
		if err != nil {
			return 0, err
		}
		if err := mail.SignUpRequested(ctx, tx, p.Name, p.Email, "", auth.User); err != nil {
			return 0, err
		}
		return id, auth.Record(ctx, tx, auth.Deed{
			Action: "user.requested", ObjectType: "user", ObjectID: strconv.FormatInt(id, 10),
			Detail: map[string]any{"email": p.Email, "provider": p.Provider},
		})
	}
}

const joinSQL = `
insert into portal.users (name, username, email, role, status, last_login_at)
values (nullif(@name, ''), ` + username + `, @email, @role, 'active', now())
returning id`

// Join makes an active member of a person who was invited, in the unit of work of a guest; the company's
// limit is PostgreSQL's to hold. Errors: db.ErrConflict where the company has a person with that e-mail
// meanwhile; db.ErrLimit.
func Join(ctx context.Context, tx db.Tx, i auth.Invitation) (id int64, err error) {
	return db.Value[int64](ctx, tx, joinSQL, db.Args{"name": i.Name, "email": i.Email, "role": i.Role})
}

// A SignUpRequest waits for approval.
type SignUpRequest struct {
	ID          int64      `json:"id" db:"id"`
	Name        *string    `json:"name" db:"name"`
	Phone       string     `json:"phone" db:"phone"`
	Email       string     `json:"email" db:"email"`
	Role        string     `json:"role" db:"role" doc:"What was asked for; nobody has it yet."`
	RequestDate field.Time `json:"request_date" db:"request_date"`
	Timestamp   field.Time `json:"timestamp" db:"timestamp" doc:"request_date under the name that the page reads."`
}

const requestsSQL = `
select u.id, u.name, coalesce(u.phone, '') as phone, u.email, coalesce(u.requested_role, u.role) as role,
  u.created_at as request_date, u.created_at as timestamp,
  count(*) over () as total
from users u
where u.status = 'pending'
order by u.created_at desc, u.id desc
limit @limit offset @offset`

func requests(ctx context.Context, tx db.Tx, in *endpoint.Window) ([]SignUpRequest, int64, error) {
	return db.Page[SignUpRequest](ctx, tx, requestsSQL, db.Struct(in))
}

// SignUpsApproved is the answer to several approvals.
type SignUpsApproved struct {
	Message string `json:"message"`
	Count   int    `json:"count" doc:"How many were pending and are active now."`
}

// What is not pending (any more) is passed over. The rows are locked in one order, so that two Admins
// who approve the same requests wait for each other and do not lock each other out.
const approveManySQL = `
with chosen as (
  select u.customer_id, u.id, case when @confirm then coalesce(u.requested_role, 'User') else 'User' end as role
  from users u
  where u.id = any (@ids)
    and u.status = 'pending'
  order by u.id
  for update
)
update users u
set status = 'active', role = chosen.role
from chosen
where (u.customer_id, u.id) = (chosen.customer_id, chosen.id)
returning u.id, u.email, u.role`

func (h handlers) approveMany(ctx context.Context, tx db.Tx, in *struct {
	ConfirmRequestedRole bool    `query:"confirm_requested_role" doc:"Grant what each asked for; else all become User."`
	Body                 []int64 `ref:"users" nullable:"true" maxItems:"1000" doc:"The requests."`
},
) (out SignUpsApproved, err error) {
	if len(in.Body) == 0 {
		return out, endpoint.Invalid("expected at least one request")
	}
	approved, err := db.All[struct {
		ID    int64  `db:"id" json:"id"`
		Email string `db:"email" json:"email"`
		Role  string `db:"role" json:"role"`
	}](ctx, tx, approveManySQL, db.Args{"ids": in.Body, "confirm": in.ConfirmRequestedRole})
	if err != nil {
		return out, err
	}
	endpoint.Note(ctx, "user", "", map[string]any{"approved": approved})
	roles := map[string]string{}
	for _, p := range approved {
		roles[p.Email] = p.Role
	}
	return SignUpsApproved{Message: endpoint.Count(len(approved), "request", "requests") + " approved", Count: len(approved)}, h.mail.Approved(ctx, tx, roles)
}

// SignUpEmail is the address that is told of new requests.
type SignUpEmail struct {
	NewEmail field.Email `json:"new_email"`
}

const setSignUpEmailSQL = `
insert into admin_settings (setting, value)
values ('signup_notification_email', @email)
on conflict (customer_id, setting) do update
  set value = excluded.value`

func setSignUpEmail(ctx context.Context, tx db.Tx, in *struct{ Body SignUpEmail }) (endpoint.Message, error) {
	endpoint.Note(ctx, "setting", "signup_notification_email", map[string]any{"value": in.Body.NewEmail})
	_, err := db.Exec(ctx, tx, setSignUpEmailSQL, db.Args{"email": in.Body.NewEmail})
	return endpoint.Message{Message: "Notification address set"}, err
}
