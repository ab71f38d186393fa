package features

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// What is no new password although its field is called one.
var oldPasswords = map[string]bool{"login password": true, "changePassword current_password": true}

// newPasswords are the fields of the document in which a new password is chosen: operation → field.
func newPasswords(t *testing.T, p *portal) map[*harness.Operation]string {
	t.Helper()
	fields := map[*harness.Operation]string{}
	for _, op := range harness.ReadDocument(t, p.Portal) {
		for _, name := range op.Fields() {
			if strings.Contains(strings.ToLower(name), "password") && !oldPasswords[op.OperationID+" "+name] {
				fields[op] = name
			}
		}
	}
	return fields
}

// Wherever a password is chosen, what nobody may choose is refused, and the field is named. The fields are those of the
// document.
func TestNewPasswords_RefusedWhereverOneIsChosen(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	callers := p.Callers()
	for op, field := range newPasswords(t, p) {
		i := slices.IndexFunc(callers, op.Admits)
		token := ""
		if !op.Public() {
			token = callers[i].Token
		}
		for kind, secret := range map[string]string{
			"7 characters": "sn0wplo", "4 letters of 8 bytes": "éééé", "1,025 bytes": strings.Repeat("x", 1025), "513 letters of 1,026 bytes": strings.Repeat("é", 513),
			"common": "password1", "common, in capitals": "BASEBALL1", "digits": "12345678", "a control character": "with a\ttab",
		} {
			r := harness.Request{Op: op}
			body, _ := r.Body().(map[string]any)
			body = harness.Changed(body, map[string]any{field: secret})
			problem := p.Do(op.Method, r.Target(), token, body).Problem(t, http.StatusUnprocessableEntity)
			if !slices.ContainsFunc(problem.Errors, func(e struct{ Location, Message string }) bool { return e.Location == "body."+field }) {
				t.Errorf("%s with a password of %s: %s, %v", op, kind, problem.Detail, problem.Errors)
			}
		}
	}
}

// And so is what everybody knows of whose password it is. Each operation of the document that takes one says here whose
// that is, and how it is called.
func TestNewPasswords_AreNotWhatIsKnownOfTheirOwner(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	admin := p.Token(harness.CompanyA, auth.Admin)
	user := p.Session("user@a.example").AccessToken
	id := p.person(harness.CompanyA, auth.Contractor)
	const email, name, company = "robin.frost@a.example", "Robin Frost-Hale", "Alder Grounds"
	form := func(secret string) map[string]any {
		return map[string]any{"name": name, "email": email, "phone": "", "role": "User", "password": secret, "customer_id": harness.CompanyA}
	}
	token := p.invite(harness.CompanyA, email, auth.User).Token
	p.Exec(`update platform.invitations set name = $1`, name)
	p.Exec(`insert into platform.login_states (state, purpose, customer_id, user_id, email, expires_at)
		select encode(sha256('a-link'), 'hex'), 'forgotten_password', customer_id, id, email, now() + interval '1 hour' from portal.users where email = 'manager@a.example'`)
	known := []string{email, "Robin.Frost", "robinfrost", name, "robin frost hale", company, "aldergrounds"}
	users := []string{"user@a.example", "User One", company}
	calls := map[string]struct {
		call  func(op *harness.Operation, secret string) harness.Answer
		known []string
	}{
		"addUser":       {func(op *harness.Operation, s string) harness.Answer { return p.Do(op.Method, op.Path, admin, form(s)) }, known},
		"createUser":    {func(op *harness.Operation, s string) harness.Answer { return p.Do(op.Method, op.Path, admin, form(s)) }, known},
		"requestSignup": {func(op *harness.Operation, s string) harness.Answer { return p.Do(op.Method, op.Path, "", form(s)) }, known},
		"requestUser":   {func(op *harness.Operation, s string) harness.Answer { return p.Do(op.Method, op.Path, "", form(s)) }, known},
		"acceptInvitation": {func(op *harness.Operation, s string) harness.Answer {
			return p.Do(op.Method, op.Path, "", map[string]any{"token": token, "password": s})
		}, known},
		"resetForgottenPassword": {func(op *harness.Operation, s string) harness.Answer {
			return p.Do(op.Method, op.Path, "", map[string]any{"token": "a-link", "password": s})
		}, []string{"manager@a.example", "Manager One", company}},
		"updateUser": {func(op *harness.Operation, s string) harness.Answer {
			return p.Do(op.Method, userPath("update-user", id), admin, form(s))
		}, known},
		"resetPassword": {func(op *harness.Operation, s string) harness.Answer {
			return p.Do(op.Method, op.Path, admin, map[string]any{"email": "user@a.example", "new_password": s})
		}, users},
		"changePassword": {func(op *harness.Operation, s string) harness.Answer {
			return p.changePassword(user, harness.Password, s)
		}, users},
	}
	before := harness.Query[string](p.Portal, `select md5(string_agg(l::text, ' ' order by l.user_id)) from platform.logins l`)
	fields := newPasswords(t, p)
	for op, field := range fields {
		c, said := calls[op.OperationID]
		if !said {
			t.Errorf("%s takes a new password: say here whose it is", op)
			continue
		}
		for _, secret := range c.known {
			problem := c.call(op, secret).Problem(t, http.StatusUnprocessableEntity)
			if len(problem.Errors) != 1 || problem.Errors[0].Location != "body."+field {
				t.Errorf("%s with %q: %s, %v", op, secret, problem.Detail, problem.Errors)
			}
		}
	}
	if len(fields) != len(calls) {
		t.Errorf("%d operations take a new password, and %d are tried: %v", len(fields), len(calls), slices.Sorted(maps.Keys(calls)))
	}
	if after := harness.Query[string](p.Portal, `select md5(string_agg(l::text, ' ' order by l.user_id)) from platform.logins l`); after != before {
		t.Error("a refused password changed somebody")
	}

	// The other side: with another password each call works, in an order in which nobody is there already.
	ops := slices.SortedFunc(maps.Keys(fields), func(a, b *harness.Operation) int { return cmp.Compare(a.OperationID, b.OperationID) })
	for _, op := range ops {
		if op.OperationID == "changePassword" || op.OperationID == "resetPassword" {
			calls[op.OperationID].call(op, "staple correct horse").Want(t, http.StatusOK)
			continue
		}
		calls[op.OperationID].call(op, "Robin Frost-Hale likes snow").Want(t, http.StatusOK)
		p.Exec(`delete from portal.users where email = $1 and id <> $2`, email, id)
		p.Exec(`update portal.users set email = 'contractor@a.example' where id = $1`, id)
	}
	operator := p.Token("", auth.SuperAdmin)
	for _, secret := range []string{harness.Operator, "operator", "Olive Operator"} {
		if problem := p.changePassword(operator, harness.Password, secret).Problem(t, http.StatusUnprocessableEntity); problem.Errors[0].Location != "body.new_password" {
			t.Errorf("an operator's with %q: %v", secret, problem.Errors)
		}
	}
	p.changePassword(operator, harness.Password, "staple correct horse").Want(t, http.StatusOK)
}

// Whichever keyboard a password was typed in with, it is the same; and what was hashed as it was typed in long ago still
// opens the account, and is then hashed anew.
func TestNewPasswords_AreTheSameFromEveryKeyboard(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	const composed, decomposed = "caf\u00e9\u00a0au lait", "cafe\u0301 au lait"
	s := p.Session("user@a.example")
	p.changePassword(s.AccessToken, harness.Password, composed).Want(t, http.StatusOK)
	p.LoginWith("user@a.example", composed).Want(t, http.StatusOK)
	p.LoginWith("user@a.example", decomposed).Want(t, http.StatusOK)
	p.LoginWith("user@a.example", "cafe au lait").Problem(t, http.StatusUnauthorized)
	p.changePassword(s.AccessToken, decomposed, harness.Password).Want(t, http.StatusOK)

	p.Exec(`update platform.logins set password_hash = $1 where email = 'user@a.example'`, oldHash(t, decomposed))
	p.LoginWith("user@a.example", composed).Problem(t, http.StatusUnauthorized)
	p.LoginWith("user@a.example", decomposed).Want(t, http.StatusOK)
	p.LoginWith("user@a.example", composed).Want(t, http.StatusOK)
}
