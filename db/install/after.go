package install

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// A Pad is a MAC key as the database holds it: the key xor'ed into HMAC's inner and outer block.
type Pad struct {
	KeyID        int32
	Inner, Outer []byte // 64 bytes each
}

// A Finding is one row of tenancy.findings.
type Finding struct{ Lint, Severity, Object, Detail, Remedy string }

func (f Finding) String() string {
	return fmt.Sprintf("%s %s: %s: %s (%s)", f.Severity, f.Lint, f.Object, f.Detail, f.Remedy)
}

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
		if err := setPads(ctx, tx, in.Pads); err != nil {
			return err
		}
		return in.audit(ctx, tx)
	})
	if err != nil {
		return err
	}
	return in.logins(ctx)
}

func (in *installer) audit(ctx context.Context, tx pgx.Tx) error {
	findings, err := findings(ctx, tx)
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	var refused []string
	for _, f := range findings {
		if f.Severity == "error" {
			refused = append(refused, f.String())
		} else {
			in.Say("audit: " + f.String())
		}
	}
	if len(refused) > 0 {
		return errors.New("the audit refuses this schema; nothing of policies/ was changed:\n  " + strings.Join(refused, "\n  "))
	}
	return nil
}

type queryer interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func findings(ctx context.Context, q queryer) ([]Finding, error) {
	rows, _ := q.Query(ctx, `select lint, severity, object, detail, remedy from tenancy.findings order by severity, lint, object, detail`)
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Finding])
}

// Audit returns the findings of an installed database.
func Audit(ctx context.Context, url string) ([]Finding, error) {
	in, err := connect(ctx, Source{}, Options{URL: url})
	if err != nil {
		return nil, err
	}
	defer in.close(ctx)
	return findings(ctx, in.conn)
}

// SetPads makes exactly these keys valid, in one transaction.
func SetPads(ctx context.Context, url string, pads []Pad) error {
	in, err := connect(ctx, Source{}, Options{URL: url})
	if err != nil {
		return err
	}
	defer in.close(ctx)
	return pgx.BeginFunc(ctx, in.conn, func(tx pgx.Tx) error { return setPads(ctx, tx, pads) })
}

func setPads(ctx context.Context, tx pgx.Tx, pads []Pad) error {
	if len(pads) == 0 {
		return nil
	}
	ids := make([]int32, len(pads))
	for i, p := range pads {
		ids[i] = p.KeyID
		_, err := tx.Exec(ctx, `insert into tenancy.mac_keys (key_id, inner_pad, outer_pad) values ($1, $2, $3)
			on conflict (key_id) do update set inner_pad = excluded.inner_pad, outer_pad = excluded.outer_pad
			where (mac_keys.inner_pad, mac_keys.outer_pad) is distinct from (excluded.inner_pad, excluded.outer_pad)`,
			p.KeyID, p.Inner, p.Outer)
		if err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `delete from tenancy.mac_keys where key_id <> all ($1)`, ids)
	return err
}
