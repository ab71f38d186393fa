package cli

import (
	"fmt"

	"contractor-portal/server/vault"
)

type keysCommand struct {
	New     keysNew     `cmd:"" help:"Print fresh secrets for PORTAL_KEYS or PORTAL_KEYS_FILE."`
	Archive keysArchive `cmd:"" help:"Print a fresh keyset for the secrets of an archive (portal customers export --with-secrets)."`
	Rotate  keysRotate  `cmd:"" help:"Put a new signing key before the present one, which stays valid."`

	Add     keysAdd     `cmd:"" help:"Add a key to the vault, which does not seal yet."`
	Promote keysPromote `cmd:"" help:"Seal with another key of the vault from now on; first let /readyz of every server list it."`
	Reseal  keysReseal  `cmd:"" help:"Seal anew what older keys of the vault have sealed, while servers run."`
	Retire  keysRetire  `cmd:"" help:"Take a key out of the vault, with which nothing is sealed any more."`
}

type keysNew struct{}

func (keysNew) Run() error {
	text, err := newKeys()
	if err == nil {
		fmt.Println(string(text))
	}
	return err
}

type keysArchive struct{}

func (keysArchive) Run() error {
	text, err := vault.NewKeyset()
	if err == nil {
		fmt.Println(string(text))
	}
	return err
}

type keysRotate struct {
	target
	Kind string `arg:"" enum:"token" help:"token: signs access tokens."`
}

// Run lets servers read the new key from the file, at the latest when they see a token of it.
func (c keysRotate) Run(cfg config) error {
	store, keys, err := c.secrets(cfg)
	if err != nil {
		return err
	}
	text, err := keys.Rotate()
	if err != nil {
		return err
	}
	if err := store.keep(text); err != nil || store.File == "" {
		return err
	}
	say("rotated; running servers take the new key within a second, the previous one stays valid until the next rotation")
	return nil
}
