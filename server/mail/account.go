package mail

import (
	"cmp"
	"context"
	"strings"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
)

// usualHost is where Gmail takes mails, under TLS from the first byte.
const usualHost = "smtp.gmail.com:465"

// accountKeys are the names of the keys that make an account: its address and its password.
var accountKeys = []string{"gmail_address", "gmail_app_password"}

// An account is what mails of a company are sent by.
type account struct {
	host           string // and port
	user, password string
	from           string
	company        bool // the company's own; else the portal operator's
}

// account finds the company's, or else the operator's; nil where neither is set up. The company's is at Gmail, whatever
// the operator's is: its password goes to nobody else.
func (s *Service) account(ctx context.Context, tx db.Tx) (*account, error) {
	secrets, company, err := s.cfg.Accounts.Account(ctx, tx, accountKeys...)
	if err != nil || secrets == nil {
		return nil, err
	}
	a := &account{host: cmp.Or(s.cfg.Gmail, usualHost), user: secrets[0], password: secrets[1], from: secrets[0], company: company}
	if !company {
		a.host, a.from = cmp.Or(s.cfg.Host, a.host), cmp.Or(s.cfg.Sender, a.from)
	}
	return a, nil
}

// needed is account for what cannot be done without.
func (s *Service) needed(ctx context.Context, tx db.Tx) (*account, error) {
	a, err := s.account(ctx, tx)
	if err == nil && a == nil {
		err = endpoint.Unavailable("mail is not set up: an Admin stores gmail_address and gmail_app_password under settings").After(time.Minute)
	}
	return a, err
}

// masked is an address of which no more is shown than its owner needs to know it again.
func masked(address string) string {
	name, domain, _ := strings.Cut(address, "@")
	first := ""
	for _, r := range name {
		first = string(r)
		break
	}
	return first + "****@" + domain
}
