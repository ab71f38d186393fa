package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"contractor-portal/db/audit"
	"contractor-portal/policies"
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
	Secret       []string `sep:"none" placeholder:"TABLE.COLUMN[=ROLE,…]" help:"A column with a secret, and the roles that may read it beside the owner of the table; may be repeated."`
}

// elsewhere audits a database that is not the portal's.
func (c auditCommand) elsewhere(ctx context.Context, _ config) (report audit.Report, err error) {
	if c.TenantColumn == "" || len(c.Context) == 0 || len(c.AppRole) == 0 {
		return report, errors.New("--database needs --tenant-column, --context and --app-role")
	}
	asked, others := policies.Portable()
	var questions []audit.Question
	for _, l := range asked {
		if l.Name == "column_grant_leak" && len(c.Secret) == 0 {
			others = append(others, policies.Unasked{Name: l.Name, Reason: "no --secret names a column"})
			continue
		}
		questions = append(questions, audit.Question(l))
	}
	unasked := make([]audit.Unasked, len(others))
	for i, u := range others {
		unasked[i] = audit.Unasked(u)
	}
	secrets := make([]audit.Secret, len(c.Secret))
	for i, s := range c.Secret {
		column, readers, _ := strings.Cut(s, "=")
		secrets[i] = audit.Secret{Column: column, Readers: strings.FieldsFunc(readers, func(r rune) bool { return r == ',' })}
	}
	report, err = audit.Elsewhere(ctx, audit.Subject{
		URL: c.Database, Schemas: c.Schema, TenantColumn: c.TenantColumn, Contexts: c.Context, Roles: c.AppRole, Secrets: secrets,
	}, questions, unasked)
	report.By = lintsOf() // no other script has anything to say there
	return report, err
}

// portals audits the portal's database.
func (c auditCommand) portals(ctx context.Context, cfg config) (audit.Report, error) {
	if c.TenantColumn != "" || len(c.Context) > 0 || len(c.AppRole) > 0 || len(c.Secret) > 0 {
		return audit.Report{}, errors.New("--tenant-column, --context, --app-role and --secret go with --database")
	}
	url, err := c.url(cfg)
	if err != nil {
		return audit.Report{}, err
	}
	return askPortal(ctx, url)
}

// An unaskedError is why the audit could not ask: whoever takes its end for a finding, or for none, would err.
type unaskedError struct{ error }

func (unaskedError) Status() int     { return 2 }
func (e unaskedError) Unwrap() error { return e.error }

func (c auditCommand) Run(ctx context.Context, cfg config) error {
	ask := c.portals
	if c.Database != "" {
		ask = c.elsewhere
	}
	report, err := ask(ctx, cfg)
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
