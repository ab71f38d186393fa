package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// A Definition is a view or a routine of the audit as the program carries it: View is a query, Routine a statement that makes it in
// pg_temp.
type Definition struct{ Name, View, Routine string }

// Tampered is the lint that no view of the database can be: whether the views are themselves.
var Tampered = Lint{Name: "audit_tampered", About: "The views and routines of schema tenancy are those that this program installs. " +
	"It makes each anew from the text that it carries, and compares how PostgreSQL prints both."}

const ownViewSQL = `
select v.oid, v.relkind = 'v' and v.reloptions is null and pg_catalog.pg_get_viewdef(v.oid) = pg_catalog.pg_get_viewdef(pg_catalog.to_regclass('pg_temp.own'))
from pg_catalog.pg_class v
where v.relnamespace = 'tenancy'::pg_catalog.regnamespace and v.relname = $1`

const ownRoutineSQL = `
select r.oid,
  (r.prokind, r.prolang, r.prosrc, r.prosecdef, r.proleakproof, r.provolatile, r.proisstrict)
    = (t.prokind, t.prolang, t.prosrc, t.prosecdef, t.proleakproof, t.provolatile, t.proisstrict)
  and r.proconfig is not distinct from t.proconfig
  and pg_catalog.pg_get_function_sqlbody(r.oid) is not distinct from pg_catalog.pg_get_function_sqlbody(t.oid)
  and pg_catalog.pg_get_function_arguments(r.oid) = pg_catalog.pg_get_function_arguments(t.oid)
  and pg_catalog.pg_get_function_result(r.oid) is not distinct from pg_catalog.pg_get_function_result(t.oid)
from pg_catalog.pg_proc t
join pg_catalog.pg_proc r on (r.proname, r.proargtypes) = (t.proname, t.proargtypes) and r.pronamespace = 'tenancy'::pg_catalog.regnamespace
where t.pronamespace = pg_catalog.pg_my_temp_schema() and t.proname = $1`

const otherSQL = `
select 'view', pg_catalog.format('tenancy.%I', v.relname)
from pg_catalog.pg_class v
where v.relnamespace = 'tenancy'::pg_catalog.regnamespace and v.relkind in ('v', 'm') and v.oid <> all ($1)
union all
select 'routine', r.oid::pg_catalog.regprocedure::text
from pg_catalog.pg_proc r
where r.pronamespace = 'tenancy'::pg_catalog.regnamespace and r.oid <> all ($1)
order by 2`

// Own compares the audit of the database with what the program carries, in a transaction that is taken back. Nothing of schema
// tenancy is asked. Where the connection may make nothing, one finding says that nothing was compared.
func Own(ctx context.Context, conn *pgx.Conn, own []Definition) (found []Finding, err error) {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // nothing is kept
	run := func(sql string) error {
		_, err := conn.PgConn().Exec(ctx, sql).ReadAll()
		return err
	}
	const migrate = "run portal migrate, which makes it anew"
	say := func(severity, object, detail, remedy string) {
		found = append(found, Finding{Tampered.Name, severity, object, detail, remedy})
	}
	if err := run(`set local tenancy.installing = 'on'; set local check_function_bodies = off; create temporary view own as select; drop view pg_temp.own`); err != nil {
		var pg *pgconn.PgError
		if !errors.As(err, &pg) {
			return nil, err
		}
		say(Info, "schema tenancy", "is not compared with what this program installs: "+pg.Message, "no statement does: run portal audit as the installer, on the primary")
		return found, nil
	}
	var known []uint32
	for _, d := range own {
		makes, compare := d.Routine, ownRoutineSQL
		if d.View != "" {
			makes, compare = "create temporary view own as "+d.View, ownViewSQL
		}
		if err := run("savepoint own; " + makes); err != nil {
			var pg *pgconn.PgError
			if !errors.As(err, &pg) {
				return nil, err
			}
			say(Error, "tenancy."+d.Name, "what this program installs does not fit what it stands on: "+pg.Message, migrate)
			if err := run("rollback to own"); err != nil {
				return nil, err
			}
			known = append(known, named(ctx, tx, d.Name)...)
			continue
		}
		var oid uint32
		var same bool
		switch err := tx.QueryRow(ctx, compare, d.Name).Scan(&oid, &same); {
		case errors.Is(err, pgx.ErrNoRows):
			// Only a superuser can make those of the gate; event_trigger_gate_missing tells.
			if !strings.HasPrefix(d.Name, "gate_") {
				say(Error, "tenancy."+d.Name, "is missing, or takes other arguments", migrate)
			}
		case err != nil:
			return nil, err
		case !same:
			say(Error, "tenancy."+d.Name, "is not what this program installs", migrate)
		}
		known = append(known, oid)
		if err := run("rollback to own; release own"); err != nil {
			return nil, err
		}
	}
	rows, _ := tx.Query(ctx, otherSQL, known)
	var kind, name string
	_, err = pgx.ForEachRow(rows, []any{&kind, &name}, func() error {
		say(Error, name, "is none that this program installs", fmt.Sprintf("drop %s %s", kind, name))
		return nil
	})
	slices.SortFunc(found, func(a, b Finding) int { return cmp.Compare(a.Object, b.Object) })
	return found, err
}

// named are the objects of schema tenancy that have a name.
func named(ctx context.Context, tx pgx.Tx, name string) (oids []uint32) {
	rows, _ := tx.Query(ctx, `
		select oid from pg_catalog.pg_class where relnamespace = 'tenancy'::pg_catalog.regnamespace and relname = $1
		union all
		select oid from pg_catalog.pg_proc where pronamespace = 'tenancy'::pg_catalog.regnamespace and proname = $1`, name)
	oids, _ = pgx.CollectRows(rows, pgx.RowTo[uint32])
	return oids
}
