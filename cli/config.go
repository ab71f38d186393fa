package cli

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/login"
)

// config is all that the environment says. There are no defaults for secrets.
type config struct {
	DatabaseURL     secret `env:"DATABASE_URL"` // the installer's: migrate, up
	Roles           roleURLs
	Keys            keyStore
	OldPages        oldPages
	Workers         int32         `env:"PORTAL_WORKERS" envDefault:"12"` // connections of this process's workers; 0: it works no jobs
	AppConns        int32         `env:"PORTAL_APP_CONNECTIONS" envDefault:"10"`
	CustomerConns   int32         `env:"PORTAL_CUSTOMER_CONNECTIONS"`    // of one customer at once; half of them by default
	CustomerStarts  int32         `env:"PORTAL_CUSTOMER_STARTS"`         // of its units of work in their first 50 ms; half of the processors by default
	MaxLag          time.Duration `env:"PORTAL_MAX_LAG" envDefault:"1s"` // how far the standby that it reads from may be behind
	Origins         []string      `env:"PORTAL_CORS_ORIGINS"`            // comma-separated; none by default
	PublicURL       publicURL     `env:"PORTAL_PUBLIC_URL"`              // scheme and host at which people reach the portal, for links
	TrustProxy      bool          `env:"PORTAL_TRUST_PROXY"`             // take the client's address from X-Forwarded-For
	AccessLifetime  time.Duration `env:"PORTAL_ACCESS_LIFETIME" envDefault:"12h"`
	SessionLifetime time.Duration `env:"PORTAL_SESSION_LIFETIME" envDefault:"720h"`
	SwitchLifetime  time.Duration `env:"PORTAL_SWITCH_LIFETIME" envDefault:"1h"` // of an operator inside a customer; an hour at most
	RefusalTime     time.Duration `env:"PORTAL_REFUSAL_TIME" envDefault:"750ms"` // of every refused log-in
	RequestTimeout  time.Duration `env:"PORTAL_REQUEST_TIMEOUT" envDefault:"30s"`
	JobTimeout      time.Duration `env:"PORTAL_JOB_TIMEOUT" envDefault:"1m"` // of one job; one that was cut off runs again after twice that
	OutboundProxy   proxyURL      `env:"PORTAL_OUTBOUND_PROXY"`              // calls to other companies go through it
	OpenAIModel     string        `env:"PORTAL_OPENAI_MODEL"`                // answers in the chat, where OpenAI's key is there; a model that is usual by default
	AnthropicModel  string        `env:"PORTAL_ANTHROPIC_MODEL"`             // the same of Anthropic
	DailyTokens     int64         `env:"PORTAL_ASSISTANT_DAILY_TOKENS"`      // that a company may use of models in a day; 200,000 by default
	SMTPHost        smtpHost      `env:"PORTAL_SMTP_HOST"`                   // takes the mails of the operator's account; Gmail by default
	SMTPSender      sender        `env:"PORTAL_SMTP_SENDER"`                 // the address that they come from; the account's own by default
	GoogleID        string        `env:"PORTAL_GOOGLE_CLIENT_ID"`            // the portal's account at Google, for signing on
	GoogleSecret    secret        `env:"PORTAL_GOOGLE_CLIENT_SECRET"`
	MicrosoftID     string        `env:"PORTAL_MICROSOFT_CLIENT_ID"` // the same at Microsoft
	MicrosoftSecret secret        `env:"PORTAL_MICROSOFT_CLIENT_SECRET"`
	AttackReport    string        `env:"PORTAL_ATTACK_REPORT"`          // the summary that task attack writes, for operators
	MetricsListen   string        `env:"PORTAL_METRICS_LISTEN"`         // the address of /metrics, which the public must not reach; none by default
	Tiles           tiles         `env:"PORTAL_MAP_TILES"`              // where the pages' map has its tiles; without them it shows pins alone
	QuickBooks      environment   `env:"PORTAL_QUICKBOOKS_ENVIRONMENT"` // production by default, or sandbox
}

// An environment is which of its two a company at which invoices are made is asked for: false, where they count.
type environment bool

func (e *environment) UnmarshalText(text []byte) error {
	if string(text) != "production" && string(text) != "sandbox" {
		return errors.New("expected production or sandbox")
	}
	*e = string(text) == "sandbox"
	return nil
}

// A publicURL is scheme and host, and a port if need be.
type publicURL string

func (p *publicURL) UnmarshalText(text []byte) error {
	u, err := url.Parse(strings.TrimSuffix(string(text), "/"))
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.Scheme+"://"+u.Host != u.String() {
		return errors.New("expected scheme and host and nothing else, such as https://portal.example.com")
	}
	*p = publicURL(u.String())
	return nil
}

// tiles is the address of a map's tiles. Its host goes into the policy of the pages, and so it is a plain one.
type tiles string

var tilesForm = regexp.MustCompile(`^https://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?/[!-~]*$`)

func (t *tiles) UnmarshalText(text []byte) error {
	template := string(text)
	once := !slices.ContainsFunc([]string{"{z}", "{x}", "{y}"}, func(part string) bool { return strings.Count(template, part) != 1 })
	if !once || strings.Count(template, "{") != 3 || !tilesForm.MatchString(template) {
		return errors.New("expected an https address with {z}, {x} and {y} in its path, such as https://tiles.example.com/{z}/{x}/{y}.png")
	}
	*t = tiles(template)
	return nil
}

// A smtpHost is where mails are taken under TLS from the first byte on: a host, and a port if it is not 465.
type smtpHost string

func (h *smtpHost) UnmarshalText(text []byte) error {
	address := string(text)
	if !strings.Contains(address, ":") {
		address += ":465"
	}
	host, port, err := net.SplitHostPort(address)
	if number, bad := strconv.ParseUint(port, 10, 16); err != nil || host == "" || bad != nil || number == 0 {
		return errors.New("expected a host, and a port if it is not 465, such as smtp.example.com:465")
	}
	*h = smtpHost(address)
	return nil
}

// A sender is the address that a mail comes from.
type sender string

func (s *sender) UnmarshalText(text []byte) error {
	a, err := mail.ParseAddress(string(text))
	if err != nil || a.Address != string(text) {
		return errors.New("expected an e-mail address and nothing else, such as portal@example.com")
	}
	*s = sender(text)
	return nil
}

// A proxyURL is where a proxy is, and how to be let in there, which is not to be printed.
type proxyURL struct{ url *url.URL }

func (p *proxyURL) UnmarshalText(text []byte) error {
	u, err := url.Parse(string(text))
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" && u.Scheme != "socks5" {
		return errors.New("expected the address of a proxy, such as http://proxy.example.com:3128")
	}
	p.url = u
	return nil
}

func (proxyURL) String() string { return "***" }

// readConfig reads the environment and names all faults at once.
func readConfig() (c config, err error) {
	err = env.Parse(&c)
	var all env.AggregateError
	if errors.As(err, &all) {
		return c, fmt.Errorf("the environment has faults:\n  %s", strings.ReplaceAll(errors.Join(all.Errors...).Error(), "\n", "\n  "))
	}
	return c, err
}

func (c config) database(roles roleURLs) db.Config {
	worker := string(roles.Worker)
	if c.Workers == 0 {
		worker = ""
	}
	return db.Config{
		Worker: worker, WorkerConns: c.Workers,
		App: string(roles.App), Auth: string(roles.Auth), Platform: string(roles.Platform),
		AppConns: c.AppConns, CustomerConns: c.CustomerConns, CustomerStarts: c.CustomerStarts, MaxLag: c.MaxLag,
	}
}

func (c config) signOn() login.SignOn {
	return login.SignOn{
		Google:    login.Client{ID: c.GoogleID, Secret: string(c.GoogleSecret)},
		Microsoft: login.Client{ID: c.MicrosoftID, Secret: string(c.MicrosoftSecret)},
	}
}

func (c config) auth() auth.Config {
	return auth.Config{AccessLifetime: c.AccessLifetime, SessionLifetime: c.SessionLifetime, SwitchLifetime: c.SwitchLifetime, RefusalTime: c.RefusalTime}
}
