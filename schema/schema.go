// Package schema is what a database of the portal holds: migrations and policies, put together for db/install.
package schema

import (
	"contractor-portal/db/audit"
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

// Questions are the lints that can be asked of a database that is not the portal's, and those that cannot.
func Questions() (questions []audit.Question, unasked []audit.Unasked) {
	asked, others := policies.Portable()
	for _, l := range asked {
		questions = append(questions, audit.Question(l))
	}
	for _, u := range others {
		unasked = append(unasked, audit.Unasked{Lint: u.Name, Reason: u.Reason})
	}
	return questions, unasked
}
