package cli

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"contractor-portal/db"
	"contractor-portal/server/auth"
)

// config is all that the environment says. There are no defaults for secrets.
type config struct {
	DatabaseURL     secret `env:"DATABASE_URL"` // the installer's: migrate, up
	Roles           roleURLs
	Keys            keyStore
	AppConns        int32         `env:"PORTAL_APP_CONNECTIONS" envDefault:"10"`
	CustomerConns   int32         `env:"PORTAL_CUSTOMER_CONNECTIONS"` // of one customer at once; half of them by default
	CustomerStarts  int32         `env:"PORTAL_CUSTOMER_STARTS"`      // of its units of work in their first 50 ms; half of the processors by default
	Origins         []string      `env:"PORTAL_CORS_ORIGINS"`         // comma-separated; none by default
	PublicURL       publicURL     `env:"PORTAL_PUBLIC_URL"`           // scheme and host at which people reach the portal, for links
	TrustProxy      bool          `env:"PORTAL_TRUST_PROXY"`          // take the client's address from X-Forwarded-For
	AccessLifetime  time.Duration `env:"PORTAL_ACCESS_LIFETIME" envDefault:"12h"`
	SessionLifetime time.Duration `env:"PORTAL_SESSION_LIFETIME" envDefault:"720h"`
	SwitchLifetime  time.Duration `env:"PORTAL_SWITCH_LIFETIME" envDefault:"1h"` // of an operator inside a customer; an hour at most
	RefusalTime     time.Duration `env:"PORTAL_REFUSAL_TIME" envDefault:"750ms"` // of every refused log-in
	RequestTimeout  time.Duration `env:"PORTAL_REQUEST_TIMEOUT" envDefault:"30s"`
	OutboundProxy   proxyURL      `env:"PORTAL_OUTBOUND_PROXY"` // calls to other companies go through it
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
	return db.Config{
		App: string(roles.App), Auth: string(roles.Auth), Platform: string(roles.Platform),
		AppConns: c.AppConns, CustomerConns: c.CustomerConns, CustomerStarts: c.CustomerStarts,
	}
}

func (c config) auth() auth.Config {
	return auth.Config{AccessLifetime: c.AccessLifetime, SessionLifetime: c.SessionLifetime, SwitchLifetime: c.SwitchLifetime, RefusalTime: c.RefusalTime}
}
