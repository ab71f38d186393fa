package cli

import (
	"contractor-portal/db/install"
	"contractor-portal/server/auth"
)

// options are those of an installation, with the keys of the environment where there are any.
func (t target) options(cfg *config) (o install.Options, err error) {
	url, err := t.url(cfg)
	if err != nil {
		return o, err
	}
	cfg.DatabaseURL = secret(url)
	var keys *auth.Keys
	if cfg.Keys != "" || cfg.KeysFile != "" {
		if keys, err = cfg.keys(); err != nil {
			return o, err
		}
	}
	return cfg.installOptions(keys), nil
}

func (c *config) installOptions(keys *auth.Keys) install.Options {
	o := install.Options{URL: string(c.DatabaseURL), Say: say}
	if keys != nil {
		o.Pads = pads(keys)
	}
	for _, url := range []secret{c.App, c.Auth, c.Platform} {
		if url != "" {
			o.Roles = append(o.Roles, string(url))
		}
	}
	return o
}

func pads(keys *auth.Keys) (all []install.Pad) {
	for _, p := range keys.Pads() {
		all = append(all, install.Pad(p))
	}
	return all
}
