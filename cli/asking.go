package cli

import (
	"context"
	"io/fs"
	"path"

	"contractor-portal/db/audit"
	"contractor-portal/db/install"
	"contractor-portal/policies"
	"contractor-portal/schema"
	"contractor-portal/server"
)

// askPortal audits the portal's database, and compares the audit with what this program installs.
func askPortal(ctx context.Context, url string) (report audit.Report, err error) {
	var own []audit.Definition
	for _, d := range policies.Definitions() {
		own = append(own, audit.Definition(d))
	}
	report, err = install.Audit(ctx, url, own...)
	report.By = lintsOf()
	report.By.Scripts = append(report.By.Scripts, scripts()...)
	return report, err
}

// lintsOf is this program with its lints.
func lintsOf() audit.Program {
	p := audit.Program{Version: server.Version()}
	for _, l := range policies.Lints() {
		p.Scripts = append(p.Scripts, audit.Script{Name: "policies/audit/" + l.Name + ".sql", SQL: l.SQL})
	}
	return p
}

// scripts are the migrations and the policies, in which a finding has its place.
func scripts() (all []audit.Script) {
	source := schema.Source()
	for _, s := range source.Before {
		all = append(all, audit.Script(s))
	}
	files, _ := fs.Glob(source.Migrations, "*.sql") // embedded, and so readable
	for _, name := range files {
		sql, _ := fs.ReadFile(source.Migrations, name)
		all = append(all, audit.Script{Name: "migrations/" + name, SQL: string(sql)})
	}
	for _, s := range source.After {
		if path.Ext(s.Name) == ".sql" { // not what is made of a template, whose lines are others
			all = append(all, audit.Script(s))
		}
	}
	return all
}
