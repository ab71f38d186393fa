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
}

// complete names every variable that is not set.
func (r roleURLs) complete() error {
	var missing []string
	for _, v := range []struct {
		name string
		url  secret
	}{{"DATABASE_URL_APP", r.App}, {"DATABASE_URL_AUTH", r.Auth}, {"DATABASE_URL_PLATFORM", r.Platform}} {
		if v.url == "" {
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
	for _, url := range []secret{r.App, r.Auth, r.Platform} {
		if url != "" {
			urls = append(urls, string(url))
		}
	}
	return urls
}
