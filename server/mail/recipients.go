package mail

import (
	"context"
	"fmt"
	netmail "net/mail"
	"strings"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// strangersSQL numbers, from 1 on, the addresses that are neither of an active person of the company nor of one of its
// contacts.
const strangersSQL = `
select a.place
from unnest(@emails::text[]) with ordinality as a (email, place)
where not exists (select from users u where u.email = a.email and u.status = 'active')
  and not exists (select from platform.customers c where a.email in (lower(c.contact_email), lower(c.billing_email)))
  and not exists (select from admin_settings s where s.setting = 'signup_notification_email' and lower(s.value) = a.email)
order by a.place
limit 1`

// mayReach refuses a field with an address that no mail can be sent to, or that the caller may not write to: only an
// Admin writes to strangers, on behalf of the company.
func mayReach(ctx context.Context, tx db.Tx, name string, emails []string) error {
	for i, email := range emails {
		if a, err := netmail.ParseAddress(email); err != nil || a.Name != "" || a.Address != email {
			return endpoint.InvalidField(nth(name, i), "expected an e-mail address that mail can be sent to")
		}
	}
	if len(emails) == 0 || endpoint.Caller(ctx).Role() == auth.Admin {
		return nil
	}
	strangers, err := db.All[struct {
		Place int `db:"place"`
	}](ctx, tx, strangersSQL, db.Args{"emails": emails})
	if err != nil || len(strangers) == 0 {
		return err
	}
	return endpoint.Forbidden(nth(name, strangers[0].Place-1) + ": only an Admin writes to others than the company's active people and contacts")
}

// nth names one address of a field, which holds one or several.
func nth(name string, i int) string {
	if !strings.HasSuffix(name, "s") {
		return name
	}
	return fmt.Sprintf("%s[%d]", name, i)
}

// oneLine is a text as a subject has it. It refuses one that would go on in another header of the mail: whoever sends that
// means something else than blanks.
func oneLine(name, text string) (string, error) {
	if strings.ContainsAny(text, "\x00\n\v\f\r\u0085\u2028\u2029") {
		return "", endpoint.InvalidField(name, "expected one line")
	}
	tidy := field.Tidy(text)
	if tidy == "" {
		return "", endpoint.InvalidField(name, "expected a text that is not blank")
	}
	return tidy, nil
}

func texts(emails []field.Email) []string {
	list := make([]string, len(emails))
	for i, email := range emails {
		list[i] = string(email)
	}
	return list
}
