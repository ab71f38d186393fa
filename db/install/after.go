package install

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"contractor-portal/db/audit"
)

// after installs what needs tables, and audits it, in one transaction.
func (in *installer) after(ctx context.Context) error {
	err := pgx.BeginFunc(ctx, in.conn, func(tx pgx.Tx) error {
		// At once, not at the end: the audit's severity depends on it.
		_, err := tx.Exec(ctx, `insert into tenancy.installation (by_superuser) values ($1)
			on conflict (only_row) do update set by_superuser = excluded.by_superuser
			where installation.by_superuser <> excluded.by_superuser`, in.superuser)
		if err != nil {
			return err
		}
		if err := in.run(ctx, in.source.After); err != nil {
			return err
		}
		return in.audit(ctx, tx)
	})
	if err != nil {
		return err
	}
	return in.logins(ctx)
}

// audit refuses what has an error. It is the last word in the transaction of policies/after.
func (in *installer) audit(ctx context.Context, tx pgx.Tx) error {
	if err := in.checkReferences(ctx, tx); err != nil {
		return err
	}
	findings, err := audit.Findings(ctx, tx)
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	for _, f := range findings {
		if f.Severity != audit.Error {
			in.Say("audit: " + f.String())
		}
	}
	return refuse(findings)
}

func refuse(findings []audit.Finding) error {
	var refused []string
	for _, f := range findings {
		if f.Severity == audit.Error {
			refused = append(refused, f.String())
		}
	}
	if len(refused) == 0 {
		return nil
	}
	return errors.New("the audit refuses this schema, and policies/ is as it was; a migration is taken back before it is mended " +
		"(portal migrate down, or an empty database):\n  " + strings.Join(refused, "\n  "))
}

const uncheckedSQL = `
select i.references_checked is distinct from v.version
from tenancy.installation i, tenancy.schema_version v`

const referencesCheckedSQL = `
update tenancy.installation
set references_checked = (select version from tenancy.schema_version)`

// checkReferences looks for rows whose foreign key points at nothing, and notes the version at which
// there was none. A superuser sees all rows, and the audit looks by itself. For another installer FORCE
// is lifted meanwhile, but only where a migration ran since: the tables are locked by it.
func (in *installer) checkReferences(ctx context.Context, tx pgx.Tx) error {
	var unchecked bool
	if err := tx.QueryRow(ctx, uncheckedSQL).Scan(&unchecked); err != nil || !unchecked {
		return err
	}
	if !in.superuser {
		if err := in.force(ctx, false); err != nil {
			return err
		}
		rows, _ := tx.Query(ctx, `select lint, severity, object, detail, remedy from tenancy.audit('error') where lint = 'orphan'`)
		orphans, err := pgx.CollectRows(rows, pgx.RowToStructByPos[audit.Finding])
		if err != nil {
			return err
		}
		if err := refuse(orphans); err != nil {
			return err
		}
		if err := in.force(ctx, true); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, referencesCheckedSQL)
	return err
}

// Audit runs the audit of an installed database, as whoever the URL names, and compares it with what the program carries.
func Audit(ctx context.Context, url string, own ...audit.Definition) (r audit.Report, err error) {
	in, err := connect(ctx, Source{}, Options{URL: url})
	if err != nil {
		return r, err
	}
	defer in.close(ctx)
	// First: what was replaced may answer anything, or nothing.
	tampered, err := audit.Own(ctx, in.conn, own)
	if err != nil {
		return r, err
	}
	if r, err = audit.Run(ctx, in.conn); err != nil && len(tampered) == 0 {
		return r, err
	}
	r.Lints = append(r.Lints, audit.Tampered)
	r.Findings = append(tampered, r.Findings...)
	return r, nil
}
