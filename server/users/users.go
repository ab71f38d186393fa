// Package users keeps the people of a company: who they are, which role they have, whether they may log
// in, and how strangers and those who are invited become one of them. The table is portal.users; package
// auth stamps log-ins there, and package login what people say of themselves. What a person logs in with
// is package auth's; PostgreSQL holds the two equal.
package users

import (
	"context"
	"errors"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// A Mailer tells people by mail what has happened, where mail is set up.
type Mailer interface {
	// SignUpRequested tells whoever the company wants to be told of requests. It is for a guest's unit of work.
	SignUpRequested(ctx context.Context, tx db.Tx, name, email, phone, role string) error
	// Approved tells people that they may log in, each with the role that he has.
	Approved(ctx context.Context, tx db.Tx, roles map[string]string) error
	// PasswordSet tells a person that somebody else has set a password for him, and not which.
	PasswordSet(ctx context.Context, tx db.Tx, email string) error
}

type handlers struct{ mail Mailer }

// Routes registers the operations of this package: those on people, and those around them.
func Routes(people, around endpoint.API, a *auth.Auth, mail Mailer) {
	h := handlers{mail}
	admin := endpoint.Only(auth.Admin)
	endpoint.List(people, "/users/", "listUsers", "List the people, pending requests excepted", list, admin)
	endpoint.List(people, "/contractors/", "listContractors", "List the active people, who can be assigned", assignable, endpoint.Members)
	endpoint.Post(people, "/add-user/", "addUser", "Add an active person", add, admin, endpoint.Audited("user.added"))
	endpoint.Put(people, "/update-user/{user_id}", "updateUser", "Replace a person's record", h.update, admin, endpoint.Audited("user.updated"))
	endpoint.Delete(people, "/delete-user/{user_id}", "deleteUser", "Delete a person who has no logs", remove, admin, endpoint.Audited("user.deleted"))
	adminRoutes(people, h, admin)
	signUpRoutes(around, h, a, admin)
	endpoint.Put(around, "/reset-password/", "resetPassword", "Set a person's password, whose sessions end", h.resetPassword, admin, endpoint.Form, endpoint.Audited("password.reset"))
}

// A Person is a row of portal.users as the administration shows it.
type Person struct {
	ID               int64   `json:"id" db:"id"`
	Name             *string `json:"name" db:"name"`
	Phone            string  `json:"phone" db:"phone"`
	Address          string  `json:"address" db:"address"`
	Email            string  `json:"email" db:"email"`
	Role             string  `json:"role" db:"role"`
	Status           string  `json:"status" db:"status" doc:"active or suspended."`
	ContractorID     *int64  `json:"contractor_id" db:"contractor_id" doc:"Whom a subcontractor works for."`
	DefaultEquipment string  `json:"default_equipment" db:"default_equipment"`
	ContractorName   *string `json:"contractor_name" db:"contractor_name"`
}

const listSQL = `
select u.id, u.name, coalesce(u.phone, '') as phone, coalesce(u.address, '') as address, u.email, u.role, u.status, u.contractor_id,
  coalesce(u.default_equipment, '') as default_equipment, c.name as contractor_name,
  count(*) over () as total
from users u
left join users c on (c.customer_id, c.id) = (u.customer_id, u.contractor_id)
where u.status <> 'pending'
order by u.name, u.id
limit @limit offset @offset`

func list(ctx context.Context, tx db.Tx, in *endpoint.Window) ([]Person, int64, error) {
	return db.Page[Person](ctx, tx, listSQL, db.Struct(in))
}

// An AssignablePerson is somebody who can be sent to a property. Anyone can plow, whatever the role.
type AssignablePerson struct {
	ID               int64   `json:"id" db:"id"`
	Name             *string `json:"name" db:"name"`
	Phone            string  `json:"phone" db:"phone"`
	Email            string  `json:"email" db:"email"`
	Role             string  `json:"role" db:"role"`
	DefaultEquipment string  `json:"default_equipment" db:"default_equipment"`
}

const assignableSQL = `
select u.id, u.name, coalesce(u.phone, '') as phone, u.email, u.role, coalesce(u.default_equipment, '') as default_equipment,
  count(*) over () as total
from users u
where u.status = 'active'
order by u.name, u.id
limit @limit offset @offset`

func assignable(ctx context.Context, tx db.Tx, in *endpoint.Window) ([]AssignablePerson, int64, error) {
	return db.Page[AssignablePerson](ctx, tx, assignableSQL, db.Struct(in))
}

// UserFields are what an Admin says of a person, but for the password.
type UserFields struct {
	Name             field.Text   `json:"name" db:"name" maxLength:"255" example:"Pat Doyle"`
	Phone            *field.Phone `json:"phone" db:"phone" nullable:"true"`
	Email            field.Email  `json:"email" db:"email"`
	Role             field.Role   `json:"role" db:"role" example:"User"`
	ContractorID     *int64       `json:"contractor_id,omitempty" db:"contractor_id" ref:"users" nullable:"true" minimum:"1" doc:"Whom a subcontractor works for."`
	Address          *field.Line  `json:"address,omitempty" db:"address" nullable:"true" maxLength:"1000"`
	DefaultEquipment *field.Line  `json:"default_equipment,omitempty" db:"default_equipment" nullable:"true" maxLength:"255" example:"Plow truck"`
}

// NewUser is a person with the first password.
type NewUser struct {
	UserFields
	Password field.NewPassword `json:"password"`
}

// A newcomer is somebody to be added; the password is hashed before a connection is taken.
type newcomer struct {
	Body     NewUser
	password auth.Password
}

func (in *newcomer) Prepare(ctx context.Context) (err error) {
	in.password, err = auth.HashPassword(ctx, string(in.Body.Password))
	return err
}

// username is the name that a person begins with.
const username = `left(split_part(@email, '@', 1), 100)`

const addSQL = `
insert into users (name, username, email, phone, role, contractor_id, address, default_equipment, status)
values (@name, ` + username + `, @email, nullif(@phone, ''), @role, @contractor_id,
  @address, @default_equipment, 'active')
on conflict (customer_id, email) do nothing
returning id`

// UserAdded is the answer to a new person.
type UserAdded struct {
	Message string `json:"message"`
	UserID  int64  `json:"user_id"`
}

func add(ctx context.Context, tx db.Tx, in *newcomer) (out UserAdded, err error) {
	id, err := insert(ctx, tx, in.Body.UserFields, in.password)
	return UserAdded{Message: "User added", UserID: id}, err
}

// insert adds an active person with a password; the company's limit is PostgreSQL's to hold.
func insert(ctx context.Context, tx db.Tx, f UserFields, password auth.Password) (id int64, err error) {
	id, err = db.Value[int64](ctx, tx, addSQL, db.Struct(f))
	if errors.Is(err, db.ErrNotFound) {
		return 0, errTaken
	}
	if err != nil {
		return 0, refused(err)
	}
	endpoint.Note(ctx, "user", id, map[string]any{"email": f.Email, "role": f.Role})
	return id, auth.SetPassword(ctx, tx, id, password)
}

// UserReplacement is what an Admin says of somebody who is there already.
type UserReplacement struct {
	UserFields
	Password *field.NewPassword `json:"password,omitempty" nullable:"true" minLength:"0" doc:"Absent, null or empty: unchanged. Else a new one, and the person's sessions end."`
}

type replacement struct {
	PersonID
	Body     UserReplacement
	password auth.Password
}

// PersonID names a person in a path.
type PersonID struct {
	UserID int64 `path:"user_id" ref:"users" minimum:"1" doc:"The person."`
}

func (in *replacement) Prepare(ctx context.Context) (err error) {
	if password := in.Body.Password; password != nil && *password != "" {
		in.password, err = auth.HashPassword(ctx, string(*password))
	}
	return err
}

const updateSQL = `
update users
set name = @name, email = @email, phone = nullif(@phone, ''), role = @role, contractor_id = @contractor_id,
  address = @address, default_equipment = @default_equipment
where id = @id`

func (h handlers) update(ctx context.Context, tx db.Tx, in *replacement) (out endpoint.Message, err error) {
	p, _, err := step(ctx, tx, in.UserID, edit)
	if err != nil {
		return out, err
	}
	if string(in.Body.Role) != p.Role {
		if isSelf(ctx, p.ID) {
			return out, errOwnRole
		}
		if _, err := next(p.Status, changeRole); err != nil {
			return out, err
		}
	}
	args := db.Struct(in.Body.UserFields)
	args["id"] = p.ID
	if err := db.Touch(ctx, tx, updateSQL, args); err != nil {
		return out, refused(err)
	}
	if in.password.Hash != "" {
		if err := h.setPassword(ctx, tx, p, in.password); err != nil {
			return out, err
		}
	}
	endpoint.Note(ctx, "user", p.ID, map[string]any{
		"email": in.Body.Email, "email_before": p.Email, "role": in.Body.Role, "role_before": p.Role, "new_password": in.password.Hash != "",
	})
	return endpoint.Message{Message: "User updated"}, nil
}

// setPassword sets a person's password, and has him told, unless it is the caller's own. Whoever is told is the one whose
// account it was: a new address is nobody's proof.
func (h handlers) setPassword(ctx context.Context, tx db.Tx, p person, password auth.Password) error {
	if err := auth.SetPassword(ctx, tx, p.ID, password); err != nil || isSelf(ctx, p.ID) {
		return err
	}
	return h.mail.PasswordSet(ctx, tx, p.Email)
}

// The lists and routes of somebody who goes are other people's too: the Admin who deletes takes them
// over, or where an operator acts the first other Admin.
const handOverSQL = `
with heir as (
  select coalesce(tenancy.user_id(), min(a.id)) as id
  from users a
  where a.role = 'Admin' and a.status = 'active' and a.id <> @id
),
lists as (
  update property_lists l
  set user_id = heir.id
  from heir
  where l.user_id = @id and heir.id is not null
)
update routes r
set user_id = heir.id
from heir
where r.user_id = @id and heir.id is not null`

const removeSQL = `delete from users where id = @id`

func remove(ctx context.Context, tx db.Tx, in *PersonID) (out endpoint.Message, err error) {
	if isSelf(ctx, in.UserID) {
		return out, endpoint.Forbidden("nobody deletes himself; another Admin can")
	}
	p, _, err := step(ctx, tx, in.UserID, del)
	if err != nil {
		return out, err
	}
	if _, err := db.Exec(ctx, tx, handOverSQL, db.Args{"id": p.ID}); err != nil {
		return out, err
	}
	err = endpoint.Kept(db.Touch(ctx, tx, removeSQL, db.Args{"id": p.ID}), "person", "suspend him instead")
	endpoint.Note(ctx, "user", p.ID, map[string]any{"email": p.Email, "name": p.Name, "role": p.Role})
	return endpoint.Message{Message: "User deleted"}, err
}

var errTaken = endpoint.Conflict("the e-mail belongs to somebody of the company already, perhaps to one whose request is pending")

// refused names what is wrong with a person's record.
func refused(err error) error {
	switch {
	case db.Violates(err, "one_user_per_email"):
		return errTaken
	case db.Violates(err, "contractor_is_of_the_same_customer"):
		return endpoint.NotFound("contractor")
	}
	return endpoint.Missing(err, "user")
}
