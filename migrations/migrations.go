// Package migrations holds the history of the tables, their indexes and their constraints, as files in the format of tern.
// Roles, schemas, functions, triggers, policies and grants are not history: they are in package policies.
package migrations

import "embed"

// FS holds every migration, named NNN_verb_noun.sql.
//
//go:embed *.sql
var FS embed.FS
