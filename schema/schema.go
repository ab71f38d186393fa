// Package schema is what a database of the portal holds: migrations and policies, put together for db/install.
package schema

import (
	"contractor-portal/db/install"
	"contractor-portal/migrations"
	"contractor-portal/policies"
)

// Source is what this program installs.
func Source() install.Source {
	return install.Source{
		Before: scripts(policies.Before()), Migrations: migrations.FS, After: scripts(policies.After()),
		Close: install.Script{Name: "policies/close.sql", SQL: policies.Close},
	}
}

// Version is that of the newest migration. What is wrong with the files is for the installation to say.
func Version() int32 {
	n, _ := install.Newest(migrations.FS)
	return n
}

func scripts(files []policies.File) []install.Script {
	all := make([]install.Script, len(files))
	for i, f := range files {
		all[i] = install.Script{Name: "policies/" + f.Name, SQL: f.SQL}
	}
	return all
}
