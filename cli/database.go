package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"contractor-portal/db"
	"contractor-portal/db/audit"
	"contractor-portal/db/embedded"
	"contractor-portal/db/install"
	"contractor-portal/schema"
	"contractor-portal/server/auth"
)

// A target is the database of a command: DATABASE_URL, or else the one that `portal up` runs.
type target struct {
	Data string `default:".portal" help:"Directory of the database that portal up runs, where DATABASE_URL is not set."`
}

func (t target) url(cfg *config) (string, error) {
	if cfg.DatabaseURL != "" {
		return string(cfg.DatabaseURL), nil
	}
	url, err := embedded.URLIn(t.Data, "postgres")
	if err != nil {
		return "", fmt.Errorf("DATABASE_URL is not set, and %w", err)
	}
	return url, nil
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

type dbURLCommand struct{ target }

func (c dbURLCommand) Run(cfg *config) error {
	url, err := c.url(cfg)
	if err == nil {
		fmt.Println(url)
	}
	return err
}

type migrateCommand struct {
	Up     migrateUp     `cmd:"" default:"1" help:"To the newest version, with walls, grants and audit."`
	Down   migrateDown   `cmd:"" help:"Take the newest migration back."`
	To     migrateTo     `cmd:"" help:"To one version. Below the newest one the API is locked out."`
	Status migrateStatus `cmd:"" help:"Say which version the database has."`
}

type migrateUp struct{ target }

func (c migrateUp) Run(ctx context.Context, cfg *config) error {
	o, err := c.options(cfg)
	if err != nil {
		return err
	}
	if err := install.Up(ctx, schema.Source(), o); err != nil {
		return err
	}
	say(fmt.Sprintf("the schema is at version %d, the audit is clean of errors", schema.Version()))
	return nil
}

type migrateDown struct{ target }

func (c migrateDown) Run(ctx context.Context, cfg *config) error {
	o, err := c.options(cfg)
	if err != nil {
		return err
	}
	return install.Down(ctx, schema.Source(), o)
}

type migrateTo struct {
	target
	Version int32 `arg:"" help:"The number of the last migration to stand."`
}

func (c migrateTo) Run(ctx context.Context, cfg *config) error {
	o, err := c.options(cfg)
	if err != nil {
		return err
	}
	return install.To(ctx, schema.Source(), o, c.Version)
}

type migrateStatus struct{ target }

func (c migrateStatus) Run(ctx context.Context, cfg *config) error {
	o, err := c.options(cfg)
	if err != nil {
		return err
	}
	s, err := install.Read(ctx, schema.Source(), o)
	if err != nil {
		return err
	}
	fmt.Printf("version %d of %d\n", s.Version, s.Newest)
	return nil
}

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

type auditCommand struct {
	target
	Format string `default:"table" enum:"table,json,sarif" help:"table for people, json or sarif (2.1.0) for programs."`
	Strict bool   `help:"Count a warning as an error."`
}

func (c auditCommand) Run(ctx context.Context, cfg *config) error {
	url, err := c.url(cfg)
	if err != nil {
		return err
	}
	report, err := install.Audit(ctx, url)
	if err != nil {
		return err
	}
	if err := report.Write(os.Stdout, c.Format); err != nil {
		return err
	}
	bad := report.Count(audit.Error)
	if c.Strict {
		bad += report.Count(audit.Warning)
	}
	if bad > 0 {
		return fmt.Errorf("the audit has %d findings that must be mended", bad)
	}
	return nil
}

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
	Kind string `arg:"" enum:"mac,token" help:"mac: signs entries into a tenant. token: signs access tokens."`
}

// Run makes the new key known to every verifier before it signs: the database learns a MAC key before
// the file does; servers read a token key from the file, at the latest when they see a token of it.
func (c keysRotate) Run(ctx context.Context, cfg *config) error {
	if cfg.Keys == "" && cfg.KeysFile == "" {
		dir, err := embedded.DataDir(c.Data)
		if err != nil {
			return err
		}
		cfg.KeysFile = filepath.Join(dir, "keys.json")
	}
	keys, err := cfg.keys()
	if err != nil {
		return err
	}
	text, err := keys.Rotate(c.Kind)
	if err != nil {
		return err
	}
	if c.Kind == "mac" {
		next, err := auth.ParseKeys(string(text))
		if err != nil {
			return err
		}
		url, err := c.url(cfg)
		if err != nil {
			return err
		}
		if err := install.SetPads(ctx, url, pads(next)); err != nil {
			return err
		}
	}
	if cfg.KeysFile == "" {
		fmt.Println(string(text))
		fmt.Fprintln(os.Stderr, "Set this as PORTAL_KEYS and restart the servers one by one; the previous key stays valid.")
		return nil
	}
	if err := auth.SaveKeys(cfg.KeysFile, text); err != nil {
		return err
	}
	say("rotated; running servers take the new key within a second, the previous one stays valid until the next rotation")
	return nil
}

type adminCommand struct {
	Create adminCreate `cmd:"" help:"Make a super admin; the password is printed once."`
}

type adminCreate struct {
	target
	Email string `required:"" help:"What the person logs in with."`
	Name  string `required:"" help:"The person's name, for the audit log."`
}

const createOperatorSQL = `
insert into platform.operators (email, name, password_hash) values ($1, $2, $3)
on conflict (email) do nothing
returning id`

func (c adminCreate) Run(ctx context.Context, cfg *config) error {
	url, err := c.url(cfg)
	if err != nil {
		return err
	}
	password, hash, err := newPassword(ctx)
	if err != nil {
		return err
	}
	err = install.Transaction(ctx, url, func(ctx context.Context, tx pgx.Tx) error {
		var id int64
		err := tx.QueryRow(ctx, createOperatorSQL, strings.ToLower(strings.TrimSpace(c.Email)), c.Name, hash).Scan(&id)
		if errors.Is(err, pgx.ErrNoRows) {
			return errors.New("there is a super admin with this e-mail already")
		}
		if err != nil {
			return err
		}
		return recordHere(ctx, db.Adopt(tx), auth.Deed{
			Action: "operator.created", ObjectType: "operator", ObjectID: strconv.FormatInt(id, 10), Detail: map[string]any{"name": c.Name},
		})
	})
	if err != nil {
		return err
	}
	fmt.Printf("super admin %s, password (printed this once): %s\n", c.Email, password)
	return nil
}
