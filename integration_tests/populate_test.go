package integration_tests

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

//go:embed testdata/every_table.sql
var everyTableSQL string

// populate makes rows of every table for both companies: those of testdata/every_table.sql, in the states
// that operations ask for, and in a table that it does not know a few made from the catalogue.
func (p *portal) populate() {
	p.t.Helper()
	p.run("testdata/every_table.sql", everyTableSQL)
	for _, of := range p.tables() {
		if query[bool](p, "select exists (select from "+of.Name+")") {
			continue
		}
		for n := range 3 {
			for _, company := range []string{companyA, companyB} {
				if err := p.grow(of, company, n); err != nil && n == 0 {
					p.t.Fatal(err)
				}
			}
		}
	}
}

// growBeyond adds rows to those tables of a company that have as many as in a portal with a few.
func (p *portal) growBeyond(few *portal) {
	p.t.Helper()
	for _, of := range p.tables() {
		count := fmt.Sprintf("select count(*) from %s where customer_id = '%s'", of.Name, companyA)
		if query[int](p, count) > query[int](few, count) {
			continue
		}
		for n := range 25 {
			// Of some there is one for each company or person: no more are to be had.
			if p.grow(of, companyA, n) != nil {
				break
			}
		}
	}
}

// grow adds the n-th row that the catalogue says of, as a superuser.
func (p *portal) grow(of table, company string, n int) error {
	p.t.Helper()
	ctx := p.t.Context()
	return pgx.BeginFunc(ctx, p.super, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "select set_config('app.customer_id', $1, true)", company); err != nil {
			return err
		}
		return tryRow(p.t, tx, of, n)
	})
}

// tables are those of schema portal, with all that a superuser may write.
func (p *portal) tables() (all []table) {
	p.t.Helper()
	for _, of := range catalogue(p.t, p.super, "portal_app", suite.cluster.superuser) {
		if strings.HasPrefix(of.Name, "portal.") {
			all = append(all, of)
		}
	}
	return all
}
