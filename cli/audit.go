package cli

import (
	"context"
	"fmt"
	"os"

	"contractor-portal/db/audit"
	"contractor-portal/db/install"
)

type auditCommand struct {
	target
	Format string `default:"table" enum:"table,json,sarif" help:"table for people, json or sarif (2.1.0) for programs."`
	Strict bool   `help:"Count a warning as an error."`
}

// An unaskedError is why the audit could not ask: whoever takes its end for a finding, or for none, would err.
type unaskedError struct{ error }

func (unaskedError) Status() int     { return 2 }
func (e unaskedError) Unwrap() error { return e.error }

func (c auditCommand) Run(ctx context.Context, cfg config) error {
	url, err := c.url(cfg)
	if err != nil {
		return unaskedError{err}
	}
	report, err := install.Audit(ctx, url)
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
