package legacy

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"contractor-portal/server/auth"
	"contractor-portal/server/field"
)

var roles = []string{auth.Admin, auth.Manager, auth.Contractor, auth.Subcontractor, auth.User}

const peopleHereSQL = `select email, id from portal.users`

var people = step{
	from: []string{"users"}, into: "portal.users", keeps: true, whole: true,
	columns: []string{
		"name", "username", "email", "phone", "sms_notifications_enabled", "address", "role", "contractor_id", "default_equipment",
		"available_for_assignment", "status", "display_name", "avatar_url", "last_login_at", "created_at", "updated_at",
	},
	// A log-in here stamps it.
	free:   []string{"last_login_at"},
	before: meetPeople,
	make:   person,
	once: &once{
		here: peopleHereSQL,
		key:  func(v []any) string { return v[2].(string) },
	},
}

// meetPeople says who will have which id, so that each can name a contractor who comes later. Who has an e-mail that
// somebody has already is that one.
func meetPeople(ctx context.Context, p *pass) error {
	t := p.source.tables["users"]
	owners, _ := p.source.of(t, p.owner, p.alone)
	if err := p.lookHere(ctx, peopleHereSQL); err != nil {
		return err
	}
	n := p.ids["users"]
	r := &row{table: t, zone: p.Zone}
	return p.source.rows(ctx, t, owners, func(v []sql.RawBytes) (err error) {
		r.values, r.notes, r.refuse = v, r.notes[:0], ""
		text, _ := r.raw("id")
		if r.key, err = strconv.ParseInt(text, 10, 64); err != nil {
			return nil //nolint:nilerr // a table without ids is refused row by row
		}
		email := p.email(r)
		if r.refuse != "" {
			return nil
		}
		if id, ok := n.before.id(r.key); ok {
			p.seen[email] = id
			return nil
		}
		if id, ok := p.seen[email]; ok {
			n.same[r.key] = id
			return nil
		}
		id, err := n.draw(r.key)
		n.pending[r.key], p.seen[email] = id, id
		return err
	})
}

// email is an address by which nobody else goes. Who has none gets one that reaches nobody, so that what names him stays.
func (p *pass) email(r *row) string {
	text, _ := r.raw("email")
	email, err := field.ParseEmail(r.mended("email", text))
	for _, b := range p.BackDoors {
		if strings.EqualFold(field.Tidy(b), string(email)) && email != "" {
			r.refused("the back door of the old portal")
		}
	}
	if err == nil && len([]rune(email)) <= 255 {
		return string(email)
	}
	if strings.TrimSpace(text) == "" {
		r.change("email: none, now one that reaches nobody")
	} else {
		r.change("email: ‹%s› is none, now one that reaches nobody", shown(text))
	}
	return fmt.Sprintf("user-%d@imported.invalid", r.key)
}

func person(p *pass, r *row) []any {
	email := p.email(r)
	name := r.line("name", 255)
	username := r.line("username", 100)
	if username == nil {
		before, _, _ := strings.Cut(email, "@")
		username = r.cut("username", before, 100)
	}
	status := "active"
	if r.has("status") {
		status = r.choice("status", "active", "pending", "active", "suspended")
	}
	boss := r.ref("contractor_id", "users")
	if text, _ := r.raw("contractor_id"); boss != nil && text == strconv.FormatInt(r.key, 10) {
		r.change("contractor_id: nobody is his own, now none")
		boss = nil
	}
	// It tells also whether the password has to be set anew.
	_ = password(r)
	return []any{
		name, username, email, r.phone(), r.flag("sms_notifications_enabled", true), r.text("address", 1000),
		r.choice("role", auth.User, roles...), boss, r.line("default_equipment", 255), r.flag("available_for_assignment", true), status,
		r.line("display_name", 255), r.line("avatar_url", 512), r.at("last_login_at"),
		r.since(p.now, "created_at"), r.since(p.now, "updated_at", "created_at"),
	}
}

// phone is the number for text messages where there is one, else the other.
func (r *row) phone() *string {
	column := r.either("phone_number", "phone")
	text, _ := r.raw(column)
	if text = strings.TrimSpace(text); text == "" {
		return nil
	}
	number := phone(text)
	if number == nil {
		r.change("%s: ‹%s› is no telephone number, now none", column, shown(text))
	}
	return number
}

// bcryptForm is a hash of the old portal. One that costs a server minutes is none that it made.
var bcryptForm = regexp.MustCompile(`^\$2[aby]\$(0[4-9]|1[0-5])\$[./A-Za-z0-9]{53}$`)

// password is the hash that a person logs in with, in whichever column it is; nil where there is none.
func password(r *row) *string {
	for _, column := range []string{"password_hash", "password"} {
		if text, _ := r.raw(column); bcryptForm.MatchString(text) {
			return &text
		}
	}
	r.change("password: no hash of bcrypt, so it must be set anew")
	return nil
}

var loginColumns = []string{"user_id", "email", "role", "status", "password_hash", "password_set_at", "created_at", "updated_at"}

// logins are made of the same rows as the people.
var logins = step{
	from: []string{"users"}, into: "platform.logins", columns: loginColumns, noID: true, silent: true, with: "users", by: "id",
	make: func(p *pass, r *row) []any {
		id, _ := p.ids["users"].now.id(r.rowKey())
		r.key, r.id = r.rowKey(), id
		made := person(p, r)
		hash := password(r)
		var set any
		if hash != nil {
			set = made[15] // when the row was last changed
		}
		return []any{id, made[2], made[6], made[10], hash, set, made[14], made[15]}
	},
}

func (r *row) rowKey() int64 {
	text, _ := r.raw("id")
	key, _ := strconv.ParseInt(text, 10, 64)
	return key
}

// requests of the first generation are people who wait for an Admin.
var requests = step{
	from: []string{"signup_requests"}, into: "portal.users", whole: true, columns: requestColumns,
	make: func(p *pass, r *row) []any {
		text, _ := r.raw("email")
		email, err := field.ParseEmail(r.mended("email", text))
		if err != nil || len([]rune(email)) > 255 {
			r.refused("email: ‹%s› is none", shown(text))
		}
		asked := r.since(p.now, "request_date", "created_at")
		return []any{r.line("name", 255), string(email), r.phone(), auth.User, r.choice("role", auth.User, roles...), "pending", asked, asked}
	},
	once: &once{
		here: peopleHereSQL,
		key:  func(v []any) string { return v[1].(string) },
	},
}

var requestColumns = []string{"name", "email", "phone", "role", "requested_role", "status", "created_at", "updated_at"}

var requestLogins = step{
	from: []string{"signup_requests"}, into: "platform.logins", columns: loginColumns, noID: true, silent: true, with: "signup_requests", by: "id",
	make: func(p *pass, r *row) []any {
		id, _ := p.ids["signup_requests"].now.id(r.rowKey())
		v := requests.make(p, r)
		return []any{id, v[1], v[3], v[5], nil, nil, v[6], v[7]}
	},
}

var identities = step{
	from: []string{"identities"}, into: "platform.identities", keeps: true,
	columns: []string{"user_id", "provider", "subject", "email", "email_verified", "created_at", "updated_at"},
	make: func(p *pass, r *row) []any {
		provider := strings.ToLower(stringOr(r.line("provider", 50)))
		if !slices.Contains([]string{"google", "microsoft"}, provider) {
			r.refused("provider: nobody signs on with ‹%s› here", shown(provider))
		}
		subject := r.line(r.either("subject", "provider_user_id"), 255)
		if subject == nil {
			r.refused("subject: none")
		}
		return []any{
			r.must("user_id", "users"), provider, subject, r.line("email", 255), r.flag("email_verified", false),
			r.since(p.now, "created_at"), r.since(p.now, "updated_at", "created_at"),
		}
	},
	once: &once{
		here: `select provider || ' ' || subject, id from platform.identities`,
		key:  func(v []any) string { return v[1].(string) + " " + stringOr(v[2].(*string)) },
	},
}

func stringOr(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
