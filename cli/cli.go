// Package cli is the command line of the portal.
package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

type commands struct {
	Up        upCommand        `cmd:"" help:"Run the portal with everything it needs: a database of its own, unless DATABASE_URL is set, and demo data when that is empty."`
	Serve     serveCommand     `cmd:"" help:"Serve the API on an installed database (DATABASE_URL_APP, _AUTH, _PLATFORM, _WORKER and PORTAL_KEYS or PORTAL_KEYS_FILE)."`
	Work      workCommand      `cmd:"" help:"Work jobs and serve nothing; serve and up work them too, unless PORTAL_WORKERS is 0."`
	Migrate   migrateCommand   `cmd:"" help:"Install or change the schema, walls and grants (DATABASE_URL, the installer's)."`
	Audit     auditCommand     `cmd:"" help:"Look for holes in tenant isolation; exit status 1 for an error-level finding, 2 where it could not ask."`
	Evidence  evidenceCommand  `cmd:"" help:"Write what shows an auditor that no company sees another's rows: findings, policies, roles, operations, reports, with sums."`
	Keys      keysCommand      `cmd:"" help:"Make or rotate the server's secrets."`
	Admin     adminCommand     `cmd:"" help:"Manage super admins."`
	Import    importCommand    `cmd:"" help:"Bring data from elsewhere in."`
	Customers customersCommand `cmd:"" help:"Manage customers."`
	Clone     cloneCommand     `cmd:"" help:"Copy customers into another database for tests: people replaced by fakes, and no key, token or webhook copied."`
	OpenAPI   openapiCommand   `cmd:"" name:"openapi" help:"Print the OpenAPI document."`
	Health    healthCommand    `cmd:"" help:"Ask a running portal whether it is ready; exit status 0 if so."`
	DBURL     dbURLCommand     "cmd:\"\" name:\"db-url\" help:\"Print the superuser's connection URL of the database that `portal up` runs.\""
}

// Status is the exit status of the program that ends with an error: 1, or what the error says.
func Status(err error) int {
	var s interface{ Status() int }
	if errors.As(err, &s) {
		return s.Status()
	}
	return 1
}

// Run does what the program's arguments ask for, until it is done or Ctrl-C.
func Run() error {
	var c commands
	parsed := kong.Parse(&c, kong.Name("portal"), kong.Description("A contractor portal that many companies share."), kong.UsageOnError())

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second Ctrl-C ends the process at once, but not one that comes with the first.
	context.AfterFunc(ctx, func() { time.AfterFunc(2*time.Second, stop) })
	parsed.BindTo(ctx, (*context.Context)(nil))

	cfg, err := readConfig()
	if err != nil {
		return err
	}
	return parsed.Run(cfg)
}
