// Package stage is what the benches share: a PostgreSQL, the portal's program, servers, and who calls
// them.
package stage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"

	"contractor-portal/db/embedded"
	"contractor-portal/server/auth"
)

const (
	password     = "correct horse battery" // of every person that is let in
	rolePassword = "bench"
)

// Main runs a bench until it ends or is interrupted, and ends the program with status 1 where it fails.
func Main(name string, bench func(context.Context) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := bench(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, name+":", err)
		os.Exit(1)
	}
}

// A Stage is a directory with the portal's program in it, and a PostgreSQL.
type Stage struct {
	Dir    string   // for further programs
	Super  *url.URL // a superuser's
	Keys   string   // of all servers
	Portal string   // the program

	postgres *embedded.Server
}

// New builds the portal, and starts an embedded PostgreSQL with these settings unless dsn names another
// one.
func New(ctx context.Context, dsn string, settings map[string]string) (_ *Stage, err error) {
	s := &Stage{}
	if s.Dir, err = os.MkdirTemp("", "portal-bench-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err := os.Chmod(s.Dir, 0o755); err != nil { //nolint:gosec // the database's user must enter it
		return nil, err
	}
	if s.Portal, err = s.Build("portal", "contractor-portal"); err != nil {
		return nil, err
	}
	if s.Keys, err = Run(nil, s.Portal, "keys", "new"); err != nil {
		return nil, err
	}
	if dsn == "" {
		binaries, err := embedded.Find(ctx)
		if err != nil {
			return nil, err
		}
		s.postgres, err = embedded.Start(ctx, binaries, embedded.Config{Data: filepath.Join(s.Dir, "data"), Settings: settings})
		if err != nil {
			return nil, err
		}
		dsn = s.postgres.URL("postgres")
	}
	if s.Super, err = url.Parse(dsn); err != nil {
		return nil, errors.New("the URL cannot be read")
	}
	return s, nil
}

// Close stops the PostgreSQL and removes everything.
func (s *Stage) Close() (err error) {
	if s.postgres != nil {
		err = s.postgres.Stop()
	}
	return errors.Join(err, os.RemoveAll(s.Dir))
}

// Build compiles a package of this module, with these flags.
func (s *Stage) Build(name, pkg string, flags ...string) (program string, err error) {
	program = filepath.Join(s.Dir, name)
	args := append([]string{"build", "-o", program}, flags...)
	_, err = Run(nil, "go", append(args, pkg)...)
	return program, err
}

// Install makes the schema in a database as `portal migrate` does, and returns what a server of it has
// in its environment.
func (s *Stage) Install(super *url.URL) (env []string, err error) {
	env = s.Env(super)
	_, err = Run(append(env, "DATABASE_URL="+super.String()), s.Portal, "migrate")
	return env, err
}

// Env is what a server of a database has in its environment.
func (s *Stage) Env(super *url.URL) []string {
	return []string{
		"PORTAL_KEYS=" + s.Keys, "DATABASE_URL_APP=" + As(super, "portal_app"),
		"DATABASE_URL_AUTH=" + As(super, "portal_auth"), "DATABASE_URL_PLATFORM=" + As(super, "portal_platform"),
		// Other work would be measured too.
		"PORTAL_WORKERS=0",
	}
}

// As is the URL of a role in the superuser's database.
func As(super *url.URL, role string) string {
	u := *super
	u.User = url.UserPassword(role, rolePassword)
	return u.String()
}

// LetIn lets people log in.
func LetIn(ctx context.Context, conn *pgx.Conn, emails ...string) error {
	chosen, err := auth.HashPassword(ctx, password)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "update platform.logins set password_hash = $1, confirmed_at = now() where email = any($2)", chosen.Hash, emails)
	return err
}

// Run runs a program to its end, in its environment more than in ours.
func Run(env []string, program string, args ...string) (string, error) {
	cmd := exec.Command(program, args...) //nolint:gosec,noctx // our own programs
	cmd.Env = append(os.Environ(), env...)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", filepath.Base(program), strings.Join(args, " "), err, complaint.Bytes())
	}
	return strings.TrimSpace(string(out)), nil
}

// WriteJSON writes figures into a file, for everybody.
func WriteJSON(file string, figures any) error {
	text, err := json.MarshalIndent(figures, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644) //nolint:gosec // see above
}
