package auth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"contractor-portal/db"
)

// Config is what an operator may set.
type Config struct {
	AccessLifetime  time.Duration // of an access token; 0: 12 h
	SessionLifetime time.Duration // of a log-in that is refreshed; 0: 30 days
	SwitchLifetime  time.Duration // of an operator's token inside a customer; 0 or more than MaxSwitch: MaxSwitch
	RefusalTime     time.Duration // every refused log-in takes at least this long; 0: 750 ms; negative: as long as it takes
	Attempts        int           // wrong passwords of one e-mail from one network address, or from one known device, in Window; 0: 10; negative: no limits
	AddressAttempts int           // the same from one network address, of any e-mail; 0: 100
	DayAttempts     int           // the same of one e-mail from anywhere, or from one known device, in a day; 0: 300
	SignUps         int           // requests for an account in Window, per address of a person and per network address; 0: 10; negative: no limit
	Window          time.Duration // 0: 15 min
}

// Auth logs people in and out. It is safe for concurrent use.
type Auth struct {
	db    *db.DB
	keys  *Keys
	cfg   Config
	lines lines
}

// New returns an Auth on a database and its keys.
func New(d *db.DB, keys *Keys, cfg Config) *Auth {
	cfg.AccessLifetime = cmp.Or(cfg.AccessLifetime, 12*time.Hour)
	cfg.SessionLifetime = cmp.Or(cfg.SessionLifetime, 30*24*time.Hour)
	cfg.SwitchLifetime = min(cmp.Or(cfg.SwitchLifetime, MaxSwitch), MaxSwitch)
	cfg.RefusalTime = cmp.Or(cfg.RefusalTime, 750*time.Millisecond)
	cfg.Window = cmp.Or(cfg.Window, 15*time.Minute)
	cfg.Attempts = cmp.Or(cfg.Attempts, 10)
	cfg.AddressAttempts = cmp.Or(cfg.AddressAttempts, 100)
	cfg.DayAttempts = cmp.Or(cfg.DayAttempts, 300)
	cfg.SignUps = cmp.Or(cfg.SignUps, 10)
	return &Auth{db: d, keys: keys, cfg: cfg, lines: lines{named: map[string]*line{}}}
}

// Keys returns the secrets, which also verify tokens.
func (a *Auth) Keys() *Keys { return a.keys }

// ErrRefused says nothing about the reason: unknown person, wrong password, person or company not
// active.
var ErrRefused = errors.New("e-mail or password is not right")

// A TooManyError means too many attempts for one account or from one address.
type TooManyError struct{ RetryAfter time.Duration }

func (e *TooManyError) Error() string {
	return fmt.Sprintf("too many attempts; wait %s", e.RetryAfter)
}

// PlatformID is what a log-in form names as customer_id for the operator's account, where a person is
// a member of customers too. It is reserved: no customer has it.
const PlatformID = "PLATFORM"

// A Credentials form is what a person logs in with.
type Credentials struct {
	Email      string
	Password   string
	CustomerID string     // empty, or the one company meant
	Device     string     // what shows the device: a refresh token that it was given, or DeviceOf one; may be empty
	Address    netip.Addr // where the request came from; may be invalid
}

// A Company is one that a person can choose at log-in.
type Company struct {
	CustomerID  string `json:"customer_id" db:"customer_id" example:"LEGACY001" doc:"Name it as customer_id in the next try."`
	CompanyName string `json:"company_name" db:"company_name" example:"Legacy Grounds Care" doc:"Name of the company."`
}

// SeveralError means that the password fits in several companies, and none was named.
type SeveralError struct {
	Companies []Company `json:"companies" nullable:"false" doc:"The companies that the log-in fits."`
}

// Extension makes an endpoint.Extended of a SeveralError: the answer names the companies.
func (e *SeveralError) Extension() any { return e }

func (e *SeveralError) Error() string {
	names := make([]string, len(e.Companies))
	for i, c := range e.Companies {
		names[i] = c.CompanyName + " (" + c.CustomerID + ")"
	}
	return "this log-in fits several companies; repeat it with customer_id: " + strings.Join(names, ", ")
}

// Tokens are the result of a log-in or a refresh.
type Tokens struct {
	Access    string
	Refresh   string
	ExpiresIn time.Duration // of the access token
}

// wait sleeps until a refusal has taken its fixed time since start, so that its duration tells
// nothing about its reason.
func (a *Auth) wait(ctx context.Context, start time.Time) {
	timer := time.NewTimer(a.cfg.RefusalTime - time.Since(start))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func isNotFound(err error) bool { return errors.Is(err, db.ErrNotFound) }
