package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"contractor-portal/db/audit"
	"contractor-portal/db/install"
	"contractor-portal/policies"
	"contractor-portal/schema"
	"contractor-portal/server"
)

type auditCommand struct {
	target
	Format string `default:"table" enum:"table,json,sarif" help:"table for people, json or sarif (2.1.0) for programs."`
	Strict bool   `help:"Count a warning as an error."`

	Database     string   `placeholder:"URL" help:"Audit a database that is not the portal's, as whoever the URL names; it is only read. With it go the flags below."`
	TenantColumn string   `placeholder:"NAME" help:"The column by which a row names its tenant, such as tenant_id."`
	Context      []string `placeholder:"SETTING" help:"The setting with the tenant of a session, such as app.tenant_id; after it other settings that policies read."`
	AppRole      []string `placeholder:"ROLE" help:"A role of the application, which row security must hold; may be repeated."`
	Schema       []string `default:"public" placeholder:"NAME" help:"A schema with tables of tenants; may be repeated."`
}

// elsewhere audits a database that is not the portal's.
func (c auditCommand) elsewhere(ctx context.Context) (audit.Report, error) {
	if c.TenantColumn == "" || len(c.Context) == 0 || len(c.AppRole) == 0 {
		return audit.Report{}, errors.New("--database needs --tenant-column, --context and --app-role")
	}
	asked, others := policies.Portable()
	questions := make([]audit.Question, len(asked))
	for i, l := range asked {
		questions[i] = audit.Question(l)
	}
	unasked := make([]audit.Unasked, len(others))
	for i, u := range others {
		unasked[i] = audit.Unasked(u)
	}
	return audit.Elsewhere(ctx, audit.Subject{
		URL: c.Database, Schemas: c.Schema, TenantColumn: c.TenantColumn, Contexts: c.Context, Roles: c.AppRole,
	}, questions, unasked)
}

// portals audits the portal's database.
func (c auditCommand) portals(ctx context.Context, cfg config) (audit.Report, error) {
	if c.TenantColumn != "" || len(c.Context) > 0 || len(c.AppRole) > 0 {
		return audit.Report{}, errors.New("--tenant-column, --context and --app-role go with --database")
	}
	url, err := c.url(cfg)
	if err != nil {
		return audit.Report{}, err
	}
	var own []audit.Definition
	for _, d := range policies.Definitions() {
		own = append(own, audit.Definition(d))
	}
	return install.Audit(ctx, url, own...)
}

// An unaskedError is why the audit could not ask: whoever takes its end for a finding, or for none, would err.
type unaskedError struct{ error }

func (unaskedError) Status() int     { return 2 }
func (e unaskedError) Unwrap() error { return e.error }

// program is what asks. Of a database that is not the portal's no script but the lints has anything to say.
func (c auditCommand) program() audit.Program {
	p := audit.Program{Version: server.Version()}
	for _, l := range policies.Lints() {
		p.Scripts = append(p.Scripts, audit.Script{Name: "policies/audit/" + l.Name + ".sql", SQL: l.SQL})
	}
	if c.Database != "" {
		return p
	}
	source := schema.Source()
	for _, s := range source.Before {
		p.Scripts = append(p.Scripts, audit.Script(s))
	}
	files, _ := fs.Glob(source.Migrations, "*.sql") // embedded, and so readable
	for _, name := range files {
		sql, _ := fs.ReadFile(source.Migrations, name)
		p.Scripts = append(p.Scripts, audit.Script{Name: "migrations/" + name, SQL: string(sql)})
	}
	for _, s := range source.After {
		if path.Ext(s.Name) == ".sql" { // not what is made of a template, whose lines are others
			p.Scripts = append(p.Scripts, audit.Script(s))
		}
	}
	return p
}

// ask runs the audit.
func (c auditCommand) ask(ctx context.Context, cfg config) (report audit.Report, err error) {
	if c.Database != "" {
		report, err = c.elsewhere(ctx)
	} else {
		report, err = c.portals(ctx, cfg)
	}
	report.By = c.program()
	return report, err
}

func (c auditCommand) Run(ctx context.Context, cfg config) error {
	report, err := c.ask(ctx, cfg)
	if err != nil {
		return unaskedError{err}
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
