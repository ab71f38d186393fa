package cli

import (
	"fmt"
	"os"

	"contractor-portal/db/embedded"
	"contractor-portal/server/auth"
)

type keysCommand struct {
	New    keysNew    `cmd:"" help:"Print fresh secrets for PORTAL_KEYS or PORTAL_KEYS_FILE."`
	Rotate keysRotate `cmd:"" help:"Put a new signing key before the present one, which stays valid."`
}

type keysNew struct{}

func (keysNew) Run() error {
	text, err := auth.NewKeys()
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
	store := cfg.Keys
	if !store.named() {
		dir, err := embedded.DataDir(c.Data)
		if err != nil {
			return err
		}
		store = keysIn(dir)
	}
	keys, err := store.read()
	if err != nil {
		return err
	}
	text, err := keys.Rotate()
	if err != nil {
		return err
	}
	if store.File == "" {
		fmt.Println(string(text))
		fmt.Fprintln(os.Stderr, "Set this as PORTAL_KEYS and restart the servers one by one; the previous key stays valid.")
		return nil
	}
	if err := auth.SaveKeys(store.File, text); err != nil {
		return err
	}
	say("rotated; running servers take the new key within a second, the previous one stays valid until the next rotation")
	return nil
}
