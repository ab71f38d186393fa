package cli

import (
	"context"
	"fmt"
	"os"
	"strings"

	"contractor-portal/db"
	"contractor-portal/moving"
	"contractor-portal/server/auth"
	"contractor-portal/server/customers"
	"contractor-portal/server/vault"
)

// packed is how the name of an archive ends that is one file.
const packed = ".tar.zst"

type customersExport struct {
	target
	ID          string `arg:"" help:"The customer's id."`
	To          string `required:"" help:"What to make: a directory, or a file that ends in .tar.zst. It must not be there yet."`
	WithSecrets string `placeholder:"KEYSET" help:"Take passwords, tokens and keys of other services along, sealed for the keyset in this file (portal keys archive makes one)."`
}

func (c customersExport) Run(ctx context.Context, cfg config) error {
	id, err := customers.ParseID(c.ID)
	if err != nil {
		return err
	}
	url, err := c.url(cfg)
	if err != nil {
		return err
	}
	o := moving.ExportOptions{Progress: func(f moving.File) { say(fmt.Sprintf("%s: %d rows", f.Table, f.Rows)) }}
	if o.Secrets, err = c.secretsBetween(cfg, c.WithSecrets, func(here, archive *vault.Vault) moving.Secrets { return moving.Secrets{Open: here, Seal: archive} }); err != nil {
		return err
	}
	noted := func(m moving.Manifest) error {
		return c.change(ctx, cfg, func(context.Context, db.Tx) (auth.Deed, error) {
			return auth.Deed{Action: "customer.exported", ObjectID: id, Detail: map[string]any{"rows": m.Rows(), "secrets": len(m.SecretsFor) > 0}}, nil
		})
	}
	m, err := makeArchive(c.To, func(dir string) (moving.Manifest, error) { return moving.ExportCustomer(ctx, url, id, dir, o) }, noted)
	if err != nil {
		return err
	}
	for _, name := range m.Omitted() {
		say(fmt.Sprintf("not in the archive: %s, %s", name, m.LeftOut[name]))
	}
	say(fmt.Sprintf("customer %s: %d rows are in %s", id, m.Rows(), c.To))
	return nil
}

// makeArchive makes an archive that is there as a whole or not at all, and not before it is noted.
func makeArchive(to string, fill func(dir string) (moving.Manifest, error), noted func(moving.Manifest) error) (m moving.Manifest, err error) {
	err = makeWhole(to, packed, moving.Pack, func(dir string) (err error) {
		m, err = fill(dir)
		return err
	}, func() error { return noted(m) })
	return m, err
}

// opened hands an archive's directory to fn; a packed one is unpacked meanwhile.
func opened(archive string, fn func(dir string) error) error {
	if !strings.HasSuffix(archive, packed) {
		return fn(archive)
	}
	file, err := os.Open(archive) //nolint:gosec // named by whoever sits there
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	dir, err := os.MkdirTemp("", "portal-archive-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := moving.Unpack(file, dir); err != nil {
		return err
	}
	return fn(dir)
}

// secretsBetween are the two vaults of a move, this installation's and that of the keyset in a file; nil without a file.
func (t target) secretsBetween(cfg config, file string, put func(here, archive *vault.Vault) moving.Secrets) (*moving.Secrets, error) {
	if file == "" {
		return nil, nil
	}
	keyset, err := os.ReadFile(file) //nolint:gosec // named by whoever sits there
	if err != nil {
		return nil, err
	}
	if err := vault.Check(keyset); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	_, keys, err := t.secrets(cfg)
	if err != nil {
		return nil, err
	}
	between := put(vault.New(keys.Vault), vault.New(func() []byte { return keyset }))
	return &between, nil
}

type customersRestore struct {
	target
	Archive     string `arg:"" help:"The directory or .tar.zst that portal customers export made."`
	As          string `help:"Another id for the customer, which is then another customer."`
	WithSecrets string `placeholder:"KEYSET" help:"The keyset that the archive's secrets are sealed for."`
}

func (c customersRestore) Run(ctx context.Context, cfg config) error {
	url, err := c.url(cfg)
	if err != nil {
		return err
	}
	o := moving.RestoreOptions{}
	if c.As != "" {
		if o.As, err = customers.ParseID(c.As); err != nil {
			return fmt.Errorf("--as: %w", err)
		}
	}
	if o.Secrets, err = c.secretsBetween(cfg, c.WithSecrets, func(here, archive *vault.Vault) moving.Secrets { return moving.Secrets{Open: archive, Seal: here} }); err != nil {
		return err
	}
	return opened(c.Archive, func(dir string) error {
		m, err := moving.ReadManifest(dir)
		if err != nil {
			return err
		}
		o.Deed = &auth.Deed{Action: "customer.restored", ObjectType: "customer", ObjectID: m.Customer, Detail: atCommandLine(map[string]any{"rows": m.Rows(), "taken_at": m.At})}
		if o.As != "" {
			o.Deed.ObjectID = o.As
		}
		o.Progress = func(table string, rows int64) { say(fmt.Sprintf("%s: %d rows", table, rows)) }
		r, err := moving.Restore(ctx, url, dir, o)
		if err != nil {
			return err
		}
		for _, note := range r.Notes {
			say(note)
		}
		say(fmt.Sprintf("customer %s is here, with %d rows; %d of them have another id than before", r.Customer, m.Rows(), r.Renamed))
		return nil
	})
}

type customersErase struct {
	target
	ID      string `arg:"" help:"The customer's id; it must be cancelled."`
	Archive string `xor:"archive" required:"" help:"An archive of the customer, which must hold what there is."`
	NoCopy  bool   `xor:"archive" required:"" name:"without-archive" help:"Erase without an archive."`
}

func (c customersErase) Run(ctx context.Context, cfg config) error {
	id, err := customers.ParseID(c.ID)
	if err != nil {
		return err
	}
	url, err := c.url(cfg)
	if err != nil {
		return err
	}
	o := moving.EraseOptions{Deed: auth.Deed{Action: "customer.erased", ObjectType: "customer", ObjectID: id, Detail: atCommandLine(nil)}}
	erase := func(dir string) error {
		o.Archive = dir
		e, err := moving.Erase(ctx, url, id, o)
		if err != nil {
			return err
		}
		for _, t := range e.Tables() {
			say(fmt.Sprintf("%s: %d rows erased", t, e.Rows[t]))
		}
		say(fmt.Sprintf("no table of any schema has a row of customer %s; %d entries of the platform's audit log keep its id, who did what and when, and nothing else", id, e.Kept))
		return nil
	}
	if c.NoCopy {
		return erase("")
	}
	return opened(c.Archive, erase)
}
