package cli

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"contractor-portal/db/embedded"
	"contractor-portal/db/install"
	"contractor-portal/schema"
	"contractor-portal/server/auth"
	"contractor-portal/server/demo"
)

type upCommand struct {
	Listen string `default:"127.0.0.1:8080" env:"PORTAL_LISTEN" help:"Address to serve on."`
	Data   string `default:".portal" help:"Directory of the database and the secrets; /var/lib/portal where the database's user may not enter it."`
}

// Run brings up everything in order, each step with a line, and serves until Ctrl-C.
func (c upCommand) Run(ctx context.Context, cfg config) (err error) {
	at, err := openFront(ctx, c.Listen, cfg.OldPages)
	if err != nil {
		return err
	}
	defer at.close()

	if cfg.DatabaseURL != "" {
		say("using the database of DATABASE_URL")
		if err := os.MkdirAll(c.Data, 0o700); err != nil {
			return err
		}
		return up(ctx, cfg, string(cfg.DatabaseURL), c.Data, at)
	}
	pg, dir, err := startEmbedded(ctx, c.Data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pg.Err(), pg.Stop()) }()
	running, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go func() { <-pg.Done(); stop(pg.Err()) }()
	return up(running, cfg, pg.URL("postgres"), dir, at)
}

// up installs the portal in a database, with secrets of the data directory, and serves it.
func up(ctx context.Context, cfg config, installer, dir string, at front) error {
	keys, err := ownKeys(cfg.Keys, dir)
	if err != nil {
		return err
	}
	roles, err := ownRoles(cfg.Roles, installer, dir)
	if err != nil {
		return err
	}
	say("schema, walls and grants")
	if err := install.Up(ctx, schema.Source(), install.Options{URL: installer, Roles: roles.given(), Say: say}); err != nil {
		return err
	}
	logins, password, err := loadDemo(ctx, installer)
	if err != nil {
		return fmt.Errorf("demo data: %w", err)
	}
	address := "http://" + strings.Replace(at.Addr().String(), "[::]", "127.0.0.1", 1)
	cfg.PublicURL = cmp.Or(cfg.PublicURL, publicURL(address))
	return serve(ctx, cfg, roles, keys, at, func() { welcome(address, logins, password) })
}

func startEmbedded(ctx context.Context, data string) (pg *embedded.Server, dir string, err error) {
	if dir, err = embedded.DataDir(data); err != nil {
		return nil, "", err
	}
	binaries, err := embedded.FindFor(ctx, dir)
	if errors.Is(err, embedded.ErrNotInstalled) {
		if err := embedded.Install(ctx, say); err != nil {
			return nil, "", err
		}
		// The package brought a user of its own, who may be the one to run the database.
		if dir, err = embedded.DataDir(data); err != nil {
			return nil, "", err
		}
		binaries, err = embedded.FindFor(ctx, dir)
	}
	if err != nil {
		return nil, "", err
	}
	say(fmt.Sprintf("PostgreSQL %d in %s", binaries.Major, dir))
	pg, err = embedded.Start(ctx, binaries, embedded.Config{Data: dir, Say: say})
	return pg, dir, err
}

// ownKeys reads the secrets that the environment names, or else those of the data directory, made at the
// first start.
func ownKeys(store keyStore, dir string) (*auth.Keys, error) {
	if store.named() {
		return store.read()
	}
	store = keysIn(dir)
	if _, err := os.Stat(store.File); errors.Is(err, fs.ErrNotExist) {
		text, err := newKeys()
		if err != nil {
			return nil, err
		}
		say("new keys in " + store.File)
		if err := auth.SaveKeys(store.File, text); err != nil {
			return nil, err
		}
	}
	keys, err := store.read()
	if err != nil || len(keys.Vault()) > 0 {
		return keys, err
	}
	// The file is from before the vault.
	if err := (target{}).changeVault(config{Keys: store}, addKey); err != nil {
		return nil, err
	}
	return store.read()
}

// ownRoles completes the connections of the API's roles: the installer's server and database, with passwords
// of the data directory, made at the first start.
func ownRoles(roles roleURLs, installer, dir string) (roleURLs, error) {
	passwords, err := rolePasswords(filepath.Join(dir, "roles.json"))
	if err != nil {
		return roles, fmt.Errorf("passwords of the API's roles: %w", err)
	}
	for role, own := range map[string]*secret{"portal_app": &roles.App, "portal_auth": &roles.Auth, "portal_platform": &roles.Platform, "portal_worker": &roles.Worker} {
		if *own != "" {
			continue
		}
		u, err := url.Parse(installer)
		if err != nil {
			return roles, errors.New("DATABASE_URL is not a URL")
		}
		u.User = url.UserPassword(role, passwords[role])
		*own = secret(u.String())
	}
	return roles, nil
}

func rolePasswords(file string) (map[string]string, error) {
	passwords := map[string]string{}
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &passwords)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	// The file may be from before a role.
	known := len(passwords)
	for _, role := range []string{"portal_app", "portal_auth", "portal_platform", "portal_worker"} {
		passwords[role] = cmp.Or(passwords[role], rand.Text())
	}
	if len(passwords) == known {
		return passwords, nil
	}
	if text, err = json.Marshal(passwords); err != nil {
		return nil, err
	}
	return passwords, os.WriteFile(file, text, 0o600)
}

// demoOperator keeps the customers of the demo data.
var demoOperator = demo.Login{CustomerID: auth.PlatformID, Name: "Olivia Park", Email: "olivia.park@example.com", Role: auth.SuperAdmin}

// loadDemo fills an empty database, and returns who can log in with the password.
func loadDemo(ctx context.Context, url string) (logins []demo.Login, password string, err error) {
	password, hash, err := newPassword(ctx)
	if err != nil {
		return nil, "", err
	}
	err = install.Transaction(ctx, url, func(ctx context.Context, tx pgx.Tx) (err error) {
		people, ok, err := demo.Load(ctx, tx, hash, say)
		if err != nil || !ok {
			return err
		}
		logins = append([]demo.Login{demoOperator}, people...)
		_, err = tx.Exec(ctx, createOperatorSQL, demoOperator.Email, demoOperator.Name, hash)
		return err
	})
	return logins, password, err
}

func welcome(address string, logins []demo.Login, password string) {
	fmt.Printf("\nThe portal is ready.\n\n  Pages     %s\n  Document  %s/docs\n", address, address)
	if len(logins) == 0 {
		fmt.Println("\nThe data is that of an earlier start; its passwords are not printed again.")
	} else {
		fmt.Printf("\nLog in with the password  %s  (printed this once):\n\n", password)
		for _, l := range logins {
			fmt.Printf("  %-9s  %-13s  %s\n", l.CustomerID, l.Role, l.Email)
		}
		admin := logins[slices.IndexFunc(logins, func(l demo.Login) bool { return l.Role == auth.Admin })]
		fmt.Printf("\n  curl -s %s/api/login/ -d username=%s --data-urlencode password=%s\n", address, admin.Email, password)
	}
	fmt.Println("\nAnother super admin is made by `portal admin create`. Ctrl-C stops everything.")
}
