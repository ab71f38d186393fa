package harness

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

//go:embed testdata/every_table.sql
var EveryTableSQL string

// Populate makes rows of every table for both companies: those of testdata/every_table.sql, in the states
// that operations ask for, and in a table that it does not know a few made from the catalogue.
func (p *Portal) Populate() {
	p.T.Helper()
	p.Run("testdata/every_table.sql", EveryTableSQL)
	p.connectBooks()
	for _, of := range p.tables() {
		if Query[bool](p, "select exists (select from "+of.Name+")") {
			continue
		}
		for n := range 3 {
			for _, company := range []string{CompanyA, CompanyB} {
				if err := p.grow(of, company, n, n); err != nil && n == 0 {
					p.T.Fatal(err)
				}
			}
		}
	}
}

// GrowBeyond adds rows to those tables of a company that have as many as in a portal with a few. They refer to what
// the first of those refers to, so that the lists of one thing grow too, and other things stay free of them; where
// there is one for each thing, they refer to more.
func (p *Portal) GrowBeyond(few *Portal) {
	p.T.Helper()
	for _, of := range p.tables() {
		count := fmt.Sprintf("select count(*) from %s where customer_id = '%s'", of.Name, CompanyA)
		if Query[int](p, count) > Query[int](few, count) {
			continue
		}
		for n := range 25 {
			// Of some there is one for each company or person: no more are to be had.
			if p.grow(of, CompanyA, n, 0) != nil && p.grow(of, CompanyA, n, n) != nil {
				break
			}
		}
	}
}

// grow adds the n-th row that the catalogue says of, as a superuser. It refers to the at-th row of other tables.
func (p *Portal) grow(of Table, company string, n, at int) error {
	p.T.Helper()
	ctx := p.T.Context()
	return pgx.BeginFunc(ctx, p.Super, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "select set_config('app.customer_id', $1, true)", company); err != nil {
			return err
		}
		return newMaker(tx, of, n, at).insert(p.T)
	})
}

// tables are those of schema portal, with all that a superuser may write.
func (p *Portal) tables() (all []Table) {
	p.T.Helper()
	for _, of := range Catalogue(p.T, p.Super, "portal_app", Suite.Cluster.Superuser) {
		if strings.HasPrefix(of.Name, "portal.") {
			all = append(all, of)
		}
	}
	return all
}
