package customers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
	"contractor-portal/server/jobs"
)

// A Mailer sends the links of invitations. Each of the two tells whether a mail is on its way; none is where mail is not
// set up.
type Mailer interface {
	// Invitation is for a member's unit of work.
	Invitation(ctx context.Context, tx db.Tx, id int64, email, link, role string, until time.Time) (mailed bool, err error)
	// GuestInvitation is for a guest's, who sees no company's account: it goes by the operator's, if at all.
	GuestInvitation(ctx context.Context, tx db.Tx, id int64, email, link, role string, until time.Time) (mailed bool, err error)
}

// invitations registers what has to do with invitations. The link goes by mail to the person and to nobody else; where
// mail is not set up, or the portal does not know its own address, whoever invites gets it, once, and hands it on.
func invitations(api endpoint.API, h handlers) {
	admins := endpoint.Only(auth.Admin)
	endpoint.PlatformThen(api, http.MethodPost, "/api/customers/{customer_id}/users", "inviteCustomerUser", "Invite a person into a customer", invite, h.mailAsGuest, endpoint.Operators,
		endpoint.Audited("invitation.made"), endpoint.Secret, endpoint.Describe(linkGoes))
	endpoint.Post(api, "/api/invitations/", "createInvitation", "Invite a person into the own company", h.inviteOwn, admins, endpoint.Audited("invitation.made"), endpoint.Secret,
		endpoint.Describe("An earlier invitation of the same person is withdrawn. "+linkGoes))
	endpoint.List(api, "/api/invitations/", "listInvitations", "List the invitations, newest first", listInvitations, admins)
	endpoint.Delete(api, "/api/invitations/{invitation_id}", "withdrawInvitation", "Withdraw an invitation", revoke, admins, endpoint.Audited("invitation.withdrawn"))
	endpoint.Direct(api, http.MethodPost, "/api/invitations/accept", "acceptInvitation", "Accept an invitation: choose a password and log in", h.accept, endpoint.Public,
		endpoint.Limited(20, 3*time.Second))
}

const linkGoes = "Where mail is set up the link goes by mail, to the person invited alone, and mailed is true. Else token and link are shown this once."

// InvitationFields say who is invited, and as what.
type InvitationFields struct {
	Email field.Email `json:"email"`
	Name  *field.Line `json:"name,omitempty" nullable:"true" maxLength:"255" example:"Pat Doyle"`
	Role  field.Role  `json:"role,omitempty" default:"Admin"`
}

// InvitationMade is the answer to who invites. The token is in no other answer.
type InvitationMade struct {
	InvitationID int64      `json:"invitation_id" db:"id"`
	CustomerID   string     `json:"customer_id" db:"customer_id"`
	Email        string     `json:"email" db:"email"`
	Role         string     `json:"role" db:"role"`
	ExpiresAt    field.Time `json:"expires_at" db:"expires_at"`
	Mailed       bool       `json:"mailed" db:"-" doc:"The link is on its way by mail, and not here."`
	Token        string     `json:"token,omitempty" db:"-" doc:"Whoever has it can become this user: hand it to nobody else."`
	Link         string     `json:"link,omitempty" db:"-" doc:"The same, as an address of a page that accepts it; without scheme and host where the portal was not told its own (PORTAL_PUBLIC_URL)."`
}

// handOut completes the answer, and notes for the audit log who was invited.
func (m *InvitationMade) handOut(ctx context.Context, token string) {
	m.Token = token
	m.Link = endpoint.PublicURL(ctx) + "/#/accept-invitation?token=" + url.QueryEscape(token)
	endpoint.Note(ctx, "invitation", m.InvitationID, map[string]any{"email": m.Email, "role": m.Role})
}

// mailedBy hands the link to a mailer instead, which can use it where it has a host.
func (m *InvitationMade) mailedBy(ctx context.Context, tx db.Tx, send func(ctx context.Context, tx db.Tx, id int64, email, link, role string, until time.Time) (bool, error)) (err error) {
	if endpoint.PublicURL(ctx) == "" {
		return nil
	}
	if m.Mailed, err = send(ctx, tx, m.InvitationID, m.Email, m.Link, m.Role, m.ExpiresAt.Time); m.Mailed {
		m.Token, m.Link = "", ""
	}
	return err
}

// mailAsGuest mails the link of an invitation that an operator has made, who is outside of the company. Where that is
// not possible the link stays in the answer, such as for a company that is suspended.
func (h handlers) mailAsGuest(ctx context.Context, m *InvitationMade) {
	made := *m
	err := h.auth.Invited(ctx, m.Token, func(ctx context.Context, tx db.Tx) error {
		made = *m // a unit of work may be done twice
		return made.mailedBy(ctx, tx, h.mail.GuestInvitation)
	})
	if err == nil {
		*m = made
	}
}

func invitationArgs(f InvitationFields, hash []byte) db.Args {
	return db.Args{"email": f.Email, "name": f.Name, "role": f.Role, "hash": hash, "lifetime": auth.InvitationLifetime.Seconds()}
}

const inviteSQL = `
with withdrawn as (
  update platform.invitations
  set revoked_at = now()
  where customer_id = @customer_id
    and email = @email
    and accepted_at is null
    and revoked_at is null
)
insert into platform.invitations (customer_id, email, name, role, token_hash, invited_by_operator, expires_at)
values (@customer_id, @email, @name, @role, @hash, tenancy.acting_as(), now() + make_interval(secs => @lifetime))
returning id, customer_id, email, role, expires_at`

// Invite makes an invitation into a customer. Errors: 404; 409 for a cancelled customer.
func Invite(ctx context.Context, tx db.Tx, id string, f InvitationFields) (m InvitationMade, err error) {
	c, err := lock(ctx, tx, id)
	if err != nil {
		return m, err
	}
	if c.Status == cancelled {
		return m, endpoint.Conflict("the customer is cancelled; activate it before you invite anybody")
	}
	token, hash, err := auth.NewInvitation()
	if err != nil {
		return m, err
	}
	args := invitationArgs(f, hash)
	args["customer_id"] = c.CustomerID
	if m, err = db.One[InvitationMade](ctx, tx, inviteSQL, args); err != nil {
		return m, err
	}
	zone, err := location(c.Timezone)
	if err != nil {
		return m, err
	}
	m.ExpiresAt.Time = m.ExpiresAt.In(zone)
	endpoint.NoteCustomer(ctx, c.CustomerID)
	m.handOut(ctx, token)
	return m, nil
}

func invite(ctx context.Context, tx db.Tx, in *struct {
	CustomerRef
	Body InvitationFields
},
) (m InvitationMade, err error) {
	id, err := in.id()
	if err != nil {
		return m, err
	}
	return Invite(ctx, tx, id, in.Body)
}

// Who is a user already is not invited: the statement then makes nothing.
const inviteOwnSQL = `
with withdrawn as (
  update platform.invitations
  set revoked_at = now()
  where email = @email
    and accepted_at is null
    and revoked_at is null
)
insert into platform.invitations (email, name, role, token_hash, invited_by, expires_at)
select @email, @name, @role, @hash, tenancy.user_id(), now() + make_interval(secs => @lifetime)
where not exists (select from users u where u.email = @email)
returning id, customer_id, email, role, expires_at`

func (h handlers) inviteOwn(ctx context.Context, tx db.Tx, in *struct{ Body InvitationFields }) (m InvitationMade, err error) {
	token, hash, err := auth.NewInvitation()
	if err != nil {
		return m, err
	}
	m, err = db.One[InvitationMade](ctx, tx, inviteOwnSQL, invitationArgs(in.Body, hash))
	if errors.Is(err, db.ErrNotFound) {
		return m, endpoint.Conflict("there is a user with this e-mail already")
	}
	if err != nil {
		return m, err
	}
	m.handOut(ctx, token)
	return m, m.mailedBy(ctx, tx, h.mail.Invitation)
}

// An Invitation is one that was made. The token is not in it; only its hash is stored.
type Invitation struct {
	ID            int64       `json:"id" db:"id"`
	Email         string      `json:"email" db:"email"`
	Name          *string     `json:"name" db:"name"`
	Role          string      `json:"role" db:"role"`
	Status        string      `json:"status" db:"status" enum:"open,accepted,withdrawn,expired"`
	InvitedBy     *int64      `json:"invited_by" db:"invited_by" doc:"The user who invited; null for an operator."`
	InvitedByName *string     `json:"invited_by_name" db:"invited_by_name"`
	ExpiresAt     field.Time  `json:"expires_at" db:"expires_at"`
	AcceptedAt    *field.Time `json:"accepted_at" db:"accepted_at" nullable:"true"`
	CreatedAt     field.Time  `json:"created_at" db:"created_at"`
	Mail          *string     `json:"mail" db:"mail" nullable:"true" example:"sent" doc:"What became of the mail with the link: waiting, sent or failed; null where there was none lately."`
	MailError     *string     `json:"mail_error" db:"mail_failure" nullable:"true" doc:"Why the last try failed." example:"The provider says that it cannot be delivered to this recipient."`
}

// An invitation has one mail at the most, and that is kept for as long as messages are.
const listInvitationsSQL = `
select i.id, i.email, i.name, i.role,
  case
    when i.accepted_at is not null then 'accepted'
    when i.revoked_at is not null then 'withdrawn'
    when i.expires_at <= now() then 'expired'
    else 'open'
  end as status,
  i.invited_by, u.name as invited_by_name, i.expires_at, i.accepted_at, i.created_at,
  case o.status when 'sent' then 'sent' when 'failed' then 'failed' when 'queued' then 'waiting' when 'sending' then 'waiting' end as mail,
  o.failure as mail_failure,
  count(*) over () as total
from platform.invitations i
left join users u on (u.customer_id, u.id) = (i.customer_id, i.invited_by)
left join outbox o on (o.customer_id, o.reference) = (i.customer_id, i.id) and o.channel = 'mail' and o.kind = 'invitation'
order by i.created_at desc, i.id desc
limit @limit offset @offset`

func listInvitations(ctx context.Context, tx db.Tx, in *endpoint.Window) ([]Invitation, int64, error) {
	list, total, err := db.Page[Invitation](ctx, tx, listInvitationsSQL, db.Struct(in))
	for i, made := range list {
		if made.MailError != nil {
			list[i].MailError = new(jobs.Code(*made.MailError).Sentence())
		}
	}
	return list, total, err
}

type invitationRef struct {
	InvitationID int64 `path:"invitation_id" ref:"invitations" minimum:"1" doc:"The invitation."`
}

const revokeSQL = `
update platform.invitations
set revoked_at = coalesce(revoked_at, now())
where id = @id
  and accepted_at is null`

const invitationExistsSQL = `select id from platform.invitations where id = @id`

func revoke(ctx context.Context, tx db.Tx, in *invitationRef) (out endpoint.Message, err error) {
	touched, err := db.Exec(ctx, tx, revokeSQL, db.Args{"id": in.InvitationID})
	if err == nil && touched == 0 {
		if _, err = db.Value[int64](ctx, tx, invitationExistsSQL, db.Args{"id": in.InvitationID}); err == nil {
			err = endpoint.Conflict("the invitation was accepted; the person is a user now")
		}
	}
	return endpoint.Message{Message: "Invitation withdrawn"}, endpoint.Missing(err, "invitation")
}

// Acceptance is what a person who was invited sends.
type Acceptance struct {
	Token    string            `json:"token" maxLength:"100" doc:"From the link."`
	Password field.NewPassword `json:"password"`
	endpoint.Session
}

// Accepted is the log-in of the new user.
type Accepted struct {
	AccessToken  string `json:"access_token" doc:"Send it as a bearer token."`
	TokenType    string `json:"token_type" example:"bearer"`
	ExpiresIn    int64  `json:"expires_in" doc:"Seconds until the access token is over."`
	RefreshToken string `json:"refresh_token" doc:"Works once, at /api/refresh/."`
}

func (h handlers) accept(ctx context.Context, in *struct{ Body Acceptance }) (out Accepted, err error) {
	if err := in.Body.Check(ctx); err != nil {
		return out, err
	}
	t, err := h.auth.AcceptInvitation(ctx, in.Body.Token, string(in.Body.Password), h.join)
	if db.Violates(err, "one_user_per_email") {
		return out, endpoint.Conflict("the company has a user with this e-mail already; log in instead")
	}
	if err == nil {
		t = in.Body.Keep(ctx, t)
	}
	return Accepted{AccessToken: t.Access, TokenType: "bearer", ExpiresIn: int64(t.ExpiresIn.Seconds()), RefreshToken: t.Refresh}, err
}
