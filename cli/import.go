package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"contractor-portal/db"
	"contractor-portal/moving/legacy"
	"contractor-portal/server/auth"
	"contractor-portal/server/customers"
	"contractor-portal/server/vault"
)

type importCommand struct {
	MySQL importMySQL `cmd:"" name:"mysql" help:"The database of the old portal, whichever tables and columns it has. A second run adds what is new there."`
}

type importMySQL struct {
	target
	From     string   `required:"" env:"PORTAL_IMPORT_FROM" placeholder:"USER:PASSWORD@tcp(HOST:3306)/DATABASE" help:"The source; better in PORTAL_IMPORT_FROM, where no list of processes shows its password."`
	Into     string   `default:"LEGACY001" help:"Customer of the rows that name none, made if it is not here."`
	Company  string   `default:"Imported company" help:"Its name, where the source says none."`
	Timezone string   `default:"America/New_York" help:"Where the business is: what its times without a zone mean."`
	BackDoor []string `placeholder:"EMAIL" help:"Account that the old portal had for its makers, which is not imported."`
	DryRun   bool     `help:"Do all of it, print the report, and write nothing."`
	Report   string   `placeholder:"DIR" help:"Directory for report.txt, report.json, rows.csv, and archive.jsonl with what has no place here."`
}

func (c importMySQL) Run(ctx context.Context, cfg config) error {
	o, err := c.importing(cfg)
	if err != nil {
		return err
	}
	report, err := legacy.Import(ctx, o)
	if report != nil {
		err = errors.Join(report.Text(os.Stdout), err)
	}
	return err
}

func (c importMySQL) importing(cfg config) (o legacy.Options, err error) {
	o = legacy.Options{
		From: c.From, Company: c.Company, BackDoors: c.BackDoor, DryRun: c.DryRun, Folder: c.Report, Progress: newMeter(os.Stderr), Record: recordImport,
	}
	if o.URL, err = c.url(cfg); err != nil {
		return o, err
	}
	if o.Into, err = customers.ParseID(c.Into); err != nil {
		return o, fmt.Errorf("--into: %w", err)
	}
	if o.Zone, err = db.Location(c.Timezone); err != nil {
		return o, errors.New("--timezone: expected the IANA name of a zone, such as America/New_York")
	}
	// Without keys all is imported but secrets, each of which the report names.
	if _, keys, err := c.secrets(cfg); err == nil && keys.Vault() != nil {
		o.Vault = vault.New(keys.Vault)
	}
	return o, nil
}

func recordImport(ctx context.Context, tx db.Tx, customer string, detail map[string]any) error {
	return record(ctx, tx, auth.Deed{Action: "customer.imported", ObjectType: "customer", ObjectID: customer, CustomerID: customer, Detail: detail})
}
