package cli

import (
	"errors"
	"strings"
)

// roleURLs are the connections of the API's roles.
type roleURLs struct {
	App      secret `env:"DATABASE_URL_APP"`      // role portal_app
	Auth     secret `env:"DATABASE_URL_AUTH"`     // role portal_auth
	Platform secret `env:"DATABASE_URL_PLATFORM"` // role portal_platform
	Worker   secret `env:"DATABASE_URL_WORKER"`   // role portal_worker, always on the primary
}

// complete names every variable of a role that is needed and not set.
func (c config) complete() error {
	var missing []string
	for _, v := range []struct {
		name   string
		url    secret
		needed bool
	}{
		{"DATABASE_URL_APP", c.Roles.App, true},
		{"DATABASE_URL_AUTH", c.Roles.Auth, true},
		{"DATABASE_URL_PLATFORM", c.Roles.Platform, true},
		{"DATABASE_URL_WORKER (or PORTAL_WORKERS=0, where another process works)", c.Roles.Worker, c.Workers > 0},
	} {
		if v.needed && v.url == "" {
			missing = append(missing, v.name)
		}
	}
	if missing == nil {
		return nil
	}
	return errors.New("not set in the environment: " + strings.Join(missing, ", "))
}

// given are those that are set.
func (r roleURLs) given() (urls []string) {
	for _, url := range []secret{r.App, r.Auth, r.Platform, r.Worker} {
		if url != "" {
			urls = append(urls, string(url))
		}
	}
	return urls
}
