package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// A Subject is a database that is not the portal's, and how it keeps its tenants apart.
type Subject struct {
	URL          string
	Schemas      []string // with the tables of tenants
	TenantColumn string   // by which a row names its tenant
	Contexts     []string // settings that policies may read, the one with the tenant first
	Roles        []string // of the application, which row security must hold
	Secrets      []Secret
}

// A Secret is a column that none but its readers and the owner of its table may read.
type Secret struct {
	Column  string // table.column, or schema.table.column
	Readers []string
}

// A Question is a lint as one query, which takes what Subject.arguments returns and reads the catalogue alone.
type Question struct{ Name, About, SQL string }

// An Unasked is a lint that cannot be asked of a Subject, and why.
type Unasked struct {
	Name   string `json:"lint"`
	Reason string `json:"reason"`
}

// Elsewhere asks the questions of a database in which nothing of the portal is. It changes nothing, and can do so on a
// standby and as any role that may read the catalogue.
func Elsewhere(ctx context.Context, s Subject, questions []Question, unasked []Unasked) (r Report, err error) {
	cfg, err := pgx.ParseConfig(s.URL)
	if err != nil {
		return r, errors.New("the connection URL of the database cannot be read")
	}
	cfg.RuntimeParams["application_name"] = "portal audit"
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		var pg *pgconn.PgError
		if errors.As(err, &pg) {
			err = fmt.Errorf("%s (%s)", pg.Message, pg.Code)
		} else {
			err = errors.Unwrap(err)
		}
		return r, fmt.Errorf("cannot connect to database %s at %s:%d as %s: %w", cfg.Database, cfg.Host, cfg.Port, cfg.User, err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // it has only read
	r.NotAsked = unasked
	r.Findings = []Finding{}
	err = pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		// PostgreSQL prints names as they must be written on the path, and compiles what it takes for expensive.
		if _, err := tx.Exec(ctx, `select set_config('search_path', 'pg_catalog, pg_temp', true), set_config('jit', 'off', true)`); err != nil {
			return err
		}
		args, err := s.arguments(ctx, tx)
		if err != nil {
			return err
		}
		for _, q := range questions {
			rows, _ := tx.Query(ctx, q.SQL, args...)
			findings, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Finding])
			if err != nil {
				return fmt.Errorf("lint %s: %w", q.Name, err)
			}
			r.Lints = append(r.Lints, Lint{q.Name, q.About})
			r.Findings = append(r.Findings, findings...)
		}
		return nil
	})
	sortFindings(r.Findings)
	return r, err
}

// absentSQL names what a Subject names and the database has not.
const absentSQL = `
select 'schema ' || s from unnest($1::text[]) as s where not exists (select from pg_namespace n where n.nspname = s)
union all
select 'role ' || r from unnest($2::text[]) as r where not exists (select from pg_roles p where p.rolname = r)
union all
select 'column ' || $3::text || ' in a table of ' || array_to_string($1::text[], ', ')
where not exists (
  select
  from pg_attribute a
  join pg_class c on c.oid = a.attrelid
  where c.relnamespace in (select n.oid from pg_namespace n where n.nspname = any ($1::text[]))
    and c.relkind in ('r', 'p')
    and a.attname = $3::text
    and not a.attisdropped)`

// secretsSQL finds the columns of some secrets, and names those that are not there. A table of two schemas has two.
const secretsSQL = `
select
  coalesce(jsonb_agg(jsonb_build_object('table_name', found.table_name, 'column_name', found.column_name, 'readers', s.readers))
    filter (where found.column_name is not null), '[]'),
  coalesce(array_agg(s.name) filter (where found.column_name is null), '{}')
from jsonb_to_recordset($2::jsonb) as s (name text, readers text[])
left join lateral (
  select format('%I.%I', n.nspname, c.relname) as table_name, a.attname::text as column_name
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  where n.nspname = any ($1::text[])
    and c.relkind in ('r', 'p')
    and s.name in (format('%s.%s', c.relname, a.attname), format('%s.%s.%s', n.nspname, c.relname, a.attname))
) as found on true`

// mannersSQL is what the database itself says of how it keeps tenants apart: the usual type of the tenant's column, the
// functions that read the context, directly or by another one, and who owns the database.
const mannersSQL = `
with recursive functions as materialized (
  select p.oid, n.nspname, p.proname::text as name, coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) as body
  from pg_proc p
  join pg_namespace n on n.oid = p.pronamespace
  where n.nspname <> 'information_schema'
    and n.nspname !~ '^pg_(catalog|toast|temp)'
    and p.prokind = 'f'
    and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
),
readers as (
  select f.oid, f.nspname, f.name from functions f where f.body ~* $3::text
  union
  select f.oid, f.nspname, f.name
  from functions f
  join readers r on f.body ~ ('\m' || regexp_replace(r.name, '(\W)', '\\\1', 'g') || '\(')
)
select
  (select mode() within group (order by format_type(a.atttypid, a.atttypmod))
   from pg_attribute a
   join pg_class c on c.oid = a.attrelid
   join pg_namespace n on n.oid = c.relnamespace
   where n.nspname = any ($1::text[])
     and c.relkind in ('r', 'p')
     and a.attname = $2::text
     and not a.attisdropped),
  coalesce((select array_agg(distinct format('%I.%I', r.nspname, r.name)) from readers r), '{}'),
  coalesce((select array_agg(distinct r.name) from readers r), '{}'),
  (select r.rolname::text from pg_database d join pg_roles r on r.oid = d.datdba where d.datname = current_database()),
  quote_ident($2::text)`

// arguments are the columns of tenancy.audited for the subject, in the order of policies.Settings.
func (s Subject) arguments(ctx context.Context, tx pgx.Tx) ([]any, error) {
	named := make([]map[string]any, len(s.Secrets))
	roles := slices.Clone(s.Roles)
	for i, secret := range s.Secrets {
		named[i] = map[string]any{"name": secret.Column, "readers": append([]string{}, secret.Readers...)}
		roles = append(roles, secret.Readers...)
	}
	var secrets json.RawMessage
	var missing []string
	if err := tx.QueryRow(ctx, secretsSQL, s.Schemas, named).Scan(&secrets, &missing); err != nil {
		return nil, err
	}
	rows, _ := tx.Query(ctx, absentSQL, s.Schemas, roles, s.TenantColumn)
	absent, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, err
	}
	for _, column := range missing {
		absent = append(absent, "column "+column)
	}
	if len(absent) > 0 {
		return nil, fmt.Errorf("the database has no %s", strings.Join(absent, ", no "))
	}
	var tenantType, owner, column string
	var readers, names []string
	context := `current_setting\('` + regexp.QuoteMeta(s.Contexts[0]) + `'`
	err = tx.QueryRow(ctx, mannersSQL, s.Schemas, s.TenantColumn, context).Scan(&tenantType, &readers, &names, &owner, &column)
	if err != nil {
		return nil, err
	}
	value := `nullif(current_setting('` + s.Contexts[0] + `', true), '')`
	if tenantType != "text" {
		value += "::" + tenantType
	}
	wall := fmt.Sprintf("(%s = (select %s))", column, value)
	// The column, cast or not, equal to what is or holds a reading of the context, in either order.
	const operand = `((?! AND | OR ).)*`
	reading := `(` + context + `|` + pattern(readers) + `\()`
	compares := `(^|[( ])` + regexp.QuoteMeta(column) + `\)*(::[a-z ]+)? = ` + operand + reading + `|` + reading + operand + ` = \(*` + regexp.QuoteMeta(column) + `($|\W)`
	return []any{
		s.Schemas, s.TenantColumn, tenantType, wall, compares, s.Contexts[0], s.Contexts, pattern(readers), pattern(names), s.Roles, owner, secrets,
	}, nil
}

// pattern matches each of some names; without any, what no function is called.
func pattern(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = regexp.QuoteMeta(n)
	}
	if len(quoted) == 0 {
		return "-"
	}
	return "(" + strings.Join(quoted, "|") + ")"
}
