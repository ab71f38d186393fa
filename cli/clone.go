package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/jackc/pgx/v5"

	"contractor-portal/db"
	"contractor-portal/db/install"
	"contractor-portal/moving/clone"
	"contractor-portal/schema"
	"contractor-portal/server/auth"
	"contractor-portal/server/customers"
)

type cloneCommand struct {
	From         secret   `required:"" env:"PORTAL_CLONE_FROM" placeholder:"URL" help:"The database to copy: its installer's connection. A standby will do."`
	To           secret   `required:"" env:"PORTAL_CLONE_TO" placeholder:"URL" help:"The database to copy into: its installer's connection. An empty one is installed first."`
	Customer     []string `env:"PORTAL_CLONE_CUSTOMERS" placeholder:"ID" help:"A customer to copy; may be given again. By default all are."`
	NewOnly      bool     `help:"Leave customers alone that are there already, instead of refusing."`
	AsIs         bool     `help:"Keep people, addresses and notes as they are. Keys, tokens, webhooks, sessions and waiting messages stay behind all the same."`
	PasswordFile string   `placeholder:"FILE" help:"Everybody's password in the clone; by default one is made and printed once."`
	Seed         secret   `env:"PORTAL_CLONE_SEED" help:"A secret by which two clones have the same fakes; by default each has its own."`
}

// Run copies customers for people who test: nobody there can be written to, called or billed.
func (c cloneCommand) Run(ctx context.Context) error {
	password, hash, err := c.hashed(ctx)
	if err != nil {
		return err
	}
	ids := make([]string, len(c.Customer))
	for i, id := range c.Customer {
		if ids[i], err = customers.ParseID(id); err != nil {
			return fmt.Errorf("--customer: %w", err)
		}
	}
	if err := c.prepare(ctx); err != nil {
		return err
	}
	done, err := clone.Run(ctx, clone.Options{
		From: string(c.From), To: string(c.To), Customers: ids, NewOnly: c.NewOnly, AsIs: c.AsIs, Seed: string(c.Seed), PasswordHash: hash, Deed: c.deed, Say: say,
	})
	if len(done) > 0 {
		err = errors.Join(err, c.finish(ctx, done, password, hash))
	} else if err == nil {
		say("no customer was to be copied")
	}
	return err
}

func (c cloneCommand) hashed(ctx context.Context) (password, hash string, err error) {
	if c.PasswordFile == "" {
		return newPassword(ctx)
	}
	text, err := os.ReadFile(c.PasswordFile)
	if err != nil {
		return "", "", err
	}
	p, err := auth.HashPassword(ctx, strings.TrimRight(string(text), "\r\n"))
	if err != nil {
		return "", "", fmt.Errorf("--password-file: %w", err)
	}
	return "", p.Hash, nil
}

// prepare sees to it that both databases are of this program's version, and installs an empty one.
func (c cloneCommand) prepare(ctx context.Context) error {
	from, err := install.Read(ctx, schema.Source(), install.Options{URL: string(c.From)})
	if err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	if from.Version != from.Newest {
		return fmt.Errorf("--from is at version %d of the schema, and this program knows %d: use the program of that version", from.Version, from.Newest)
	}
	o := install.Options{URL: string(c.To), Say: say}
	to, err := install.Read(ctx, schema.Source(), o)
	switch {
	case err != nil:
		return fmt.Errorf("--to: %w", err)
	case to.Version == 0:
		return install.Up(ctx, schema.Source(), o)
	case to.Version != to.Newest:
		return fmt.Errorf("--to is at version %d of the schema, and this program knows %d: migrate it first", to.Version, to.Newest)
	}
	return nil
}

func (c cloneCommand) deed(customer string, rows int64) *auth.Deed {
	return &auth.Deed{Action: "customer.cloned", ObjectType: "customer", ObjectID: customer, Detail: atCommandLine(map[string]any{"rows": rows, "as_is": c.AsIs})}
}

// cloneOperator keeps the customers of a clone; those of the source are not copied.
const cloneOperator, cloneOperatorName = "operator@example.com", "Operator of the clone"

// finish makes an operator, notes in the source what was taken out, and says who can log in.
func (c cloneCommand) finish(ctx context.Context, done []clone.Cloned, password, hash string) error {
	made := true
	err := install.Transaction(ctx, string(c.To), func(ctx context.Context, tx pgx.Tx) error {
		_, err := db.Value[int64](ctx, db.Adopt(tx), createOperatorSQL, cloneOperator, cloneOperatorName, hash)
		if errors.Is(err, db.ErrNotFound) {
			made, err = false, nil
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := c.confess(ctx, done); err != nil {
		return err
	}
	if password != "" {
		fmt.Printf("\nLog in with the password  %s  (printed this once):\n\n", password)
	} else {
		fmt.Printf("\nLog in with the password of %s:\n\n", c.PasswordFile)
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	if made {
		fmt.Fprintf(w, "  %s\t%s\t%s\n", auth.PlatformID, auth.SuperAdmin, cloneOperator)
	}
	for _, one := range done {
		if one.Admin != "" {
			fmt.Fprintf(w, "  %s\t%s\t%s\n", one.Customer, auth.Admin, one.Admin)
		}
	}
	return w.Flush()
}

// confess enters in the source who took a customer's data out. A standby cannot; its primary's log has nothing of it then.
func (c cloneCommand) confess(ctx context.Context, done []clone.Cloned) error {
	return install.Transaction(ctx, string(c.From), func(ctx context.Context, tx pgx.Tx) error {
		var standby bool
		if err := tx.QueryRow(ctx, `select pg_catalog.pg_is_in_recovery()`).Scan(&standby); err != nil || standby {
			return err
		}
		for _, one := range done {
			d := *c.deed(one.Customer, one.Rows)
			d.CustomerID = one.Customer
			if err := record(ctx, db.Adopt(tx), d); err != nil {
				return err
			}
		}
		return nil
	})
}
