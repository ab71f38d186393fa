package isolation

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// roleVectors attack as the other roles, and as the owner of everything.
func roleVectors() (all []vector) {
	owner := func(number int, name, before string) vector {
		return vector{number: number, name: name, stage: asRole("portal_owner", before), shots: shotsOutside}
	}
	all = append(all,
		owner(36, "the owner, under force", "select 1"),
		owner(36, "the owner inside the other company", setSQL(harness.CompanyB)),
		vector{number: 47, name: "roles that nobody logs in as", stage: apart, targets: func(*siege) []harness.Table {
			return []harness.Table{{Name: "portal_owner"}, {Name: "portal_definer"}, {Name: "portal_backup"}}
		}, shots: []shot{{"log in", nil, logIn}}},
		vector{number: 42, name: "the inspector in one company", stage: inspecting, shots: []shot{{"select", inspected, inspect}, {"insert", inspected, inspectorWrites}}},
		vector{number: 134, name: "secrets, by the inspector", stage: inspecting, shots: []shot{{"select", nil, readSecret("portal_inspector")}}, targets: secrets},
		vector{number: 134, name: "secrets, by the auditor", stage: asDBARole("portal_auditor"), shots: []shot{{"select", nil, readSecret("portal_auditor")}}, targets: secrets},
		vector{number: 134, name: "secrets, by the operators' role", stage: asDBARole("portal_platform"), shots: []shot{{"select", nil, readSecret("portal_platform")}}, targets: secrets},
	)
	// A worker, outside of any job and in one, also after one of the other company on the same connection.
	all = append(all,
		vector{number: 135, name: "a worker outside of any job", stage: asDBARole("portal_worker"), shots: ofTenants(shotsOutside)},
		vector{number: 135, name: "a worker in a job", stage: workingFor(harness.CompanyA), shots: ofTenants(shotsInside)},
		vector{number: 135, name: "a worker after a job of the other company", stage: workingFor(harness.CompanyB, harness.CompanyA), shots: ofTenants(shotsInside)},
	)
	for _, role := range []string{"portal_auth", "portal_platform", "portal_auditor"} {
		closed := func(of harness.Table) bool {
			// Some columns of these are for guests and webhooks: TestEntry_OfAGuest, TestWebhook_MayNothingElse.
			open := role == "portal_auth" && (of.Name == "portal.users" || of.Name == "portal.sms_messages")
			return strings.HasPrefix(of.Name, "portal.") && !open
		}
		var shots []shot
		for command, sql := range map[string]string{
			"select": "select count(*) from TABLE", "delete": "delete from TABLE", "update": "update TABLE set customer_id = customer_id", "insert": "insert into TABLE default values",
		} {
			shots = append(shots, shot{command, closed, func(a attempt, of harness.Table) {
				a.refused(strings.ReplaceAll(sql, "TABLE", of.Name))
				a.own().reads(a.siege.rows(of, harness.CompanyA), "select count(*) from "+of.Name)
			}})
		}
		all = append(all, vector{number: 42, name: "tables, as " + role, stage: asDBARole(role), shots: shots})
	}
	return all
}

// asRole lends a superuser's connection to a role that cannot log in.
func asRole(role, before string) stage {
	return func(s *siege, attack func(tx, inside beginner) error) error {
		return s.inside(s.second, func(inside pgx.Tx) error {
			return pgx.BeginFunc(s.t.Context(), s.super, func(tx pgx.Tx) error {
				if _, err := tx.Exec(s.t.Context(), "set local role "+role); err != nil {
					return err
				}
				if _, err := tx.Exec(s.t.Context(), strings.Replace(before, "set ", "set local ", 1)); err != nil {
					return err
				}
				return attack(tx, inside)
			})
		})
	}
}

// ofTenants are shots at the tables of portal, where a worker may what a request may.
func ofTenants(shots []shot) (all []shot) {
	for _, s := range shots {
		on := s.on
		s.on = func(of harness.Table) bool { return inspected(of) && (on == nil || on(of)) }
		all = append(all, s)
	}
	return all
}

// workingFor attacks in the last of some jobs on one connection, of these companies.
func workingFor(companies ...string) stage {
	return func(s *siege, attack func(tx, inside beginner) error) error {
		conn := s.dial("portal_worker", nil)
		defer conn.Close(s.t.Context()) //nolint:errcheck // nothing is lost with it
		for i, company := range companies {
			job := queued(s.t, s.super, harness.NewMember(s.t, s.super, company, auth.Admin), "running")
			err := pgx.BeginFunc(s.t.Context(), conn, func(tx pgx.Tx) error {
				if _, err := tx.Exec(s.t.Context(), enterJobSQL, job); err != nil || i < len(companies)-1 {
					return err
				}
				return attack(tx, tx)
			})
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// asDBARole connects as another role, which enters nothing.
func asDBARole(role string) stage {
	return func(s *siege, attack func(tx, inside beginner) error) error {
		conn := s.dial(role, nil)
		defer conn.Close(s.t.Context()) //nolint:errcheck // nothing is lost with it
		return s.inside(s.second, func(inside pgx.Tx) error {
			return pgx.BeginFunc(s.t.Context(), conn, func(tx pgx.Tx) error { return attack(tx, inside) })
		})
	}
}

// inspecting names company A, as a DBA does.
func inspecting(s *siege, attack func(tx, inside beginner) error) error {
	conn := s.dial("portal_inspector", nil)
	defer conn.Close(s.t.Context()) //nolint:errcheck // nothing is lost with it
	if _, err := conn.Exec(s.t.Context(), setSQL(harness.CompanyA)); err != nil {
		return err
	}
	return pgx.BeginFunc(s.t.Context(), conn, func(tx pgx.Tx) error { return attack(tx, tx) })
}

func inspected(of harness.Table) bool { return strings.HasPrefix(of.Name, "portal.") }

func inspect(a attempt, of harness.Table) {
	a.reads(0, fmt.Sprintf("select count(*) from %s where customer_id is distinct from $1", of.Name), harness.CompanyA)
	a.reads(0, fmt.Sprintf("select count(*) from %s where %s", of.Name, a.siege.is(of, harness.CompanyB)))
	a.own().reads(a.siege.rows(of, harness.CompanyA), "select count(*) from "+of.Name)
}

func inspectorWrites(a attempt, of harness.Table) {
	a.refusal("42501 25006", fmt.Sprintf("insert into %s default values", of.Name))
	a.refusal("42501 25006", "delete from "+of.Name)
	a.own().reads(a.siege.rows(of, harness.CompanyA), "select count(*) from "+of.Name)
}

// secrets are targets by the name of the table and the column.
func secrets(s *siege) []harness.Table {
	return functions("select table_name || '.' || column_name from tenancy.secret_columns order by 1")(s)
}

func readSecret(role string) func(attempt, harness.Table) {
	return func(a attempt, of harness.Table) {
		dot := strings.LastIndex(of.Name, ".")
		name, secret := of.Name[:dot], of.Name[dot+1:]
		for _, sql := range []string{
			fmt.Sprintf("select %s from %s", secret, name), "select * from " + name, fmt.Sprintf("select to_jsonb(r) from %s r", name),
			fmt.Sprintf("select count(*) from %s where %s is not null", name, secret),
		} {
			a.refused(sql)
		}
		a.bySuper().reads(1, fmt.Sprintf("select least(1, count(*)) from %[1]s where has_column_privilege('%[2]s', '%[1]s', '%[3]s', 'select') is false", name, role, secret))
	}
}

func logIn(a attempt, of harness.Table) {
	s := a.siege
	var database string
	s.scan(&database, "select current_database()")
	conn, err := pgx.Connect(s.t.Context(), harness.Suite.Cluster.URL(of.Name, database))
	if err == nil {
		_ = conn.Close(s.t.Context())
	}
	o := outcomeOf(0, err)
	a.note(strings.HasPrefix(o.code, "28"), o.String(), "refused", "log in as "+of.Name)
	conn = s.dial("portal_app", nil)
	a.own().note(conn.Ping(s.t.Context()) == nil, "portal_app logs in", "logs in", "log in as portal_app")
	_ = conn.Close(s.t.Context())
}

// annexVectors attack by objects that a DBA has made beside the tables.
func annexVectors() []vector {
	return []vector{
		{number: 41, name: "a new table without a wall", stage: newTable, targets: one("portal.gadgets"), shots: []shot{
			gadget("select", "select * from portal.gadgets"), gadget("insert", "insert into portal.gadgets values ('AAAA22222', 1)"),
			gadget("update", "update portal.gadgets set id = 1"), gadget("delete", "delete from portal.gadgets"),
		}},
		{number: 48, name: "a view of its owner's", stage: annex("create view annex.%s as select customer_id from %s"), shots: []shot{{"select", nil, readAnnex(false)}}},
		{number: 49, name: "a view of its invoker's", stage: annex("create view annex.%s with (security_invoker = true) as select customer_id from %s; grant select on annex.%[1]s to portal_app"), shots: []shot{{"select", nil, readAnnex(true)}}},
		{number: 50, name: "a materialized view", stage: annex("create materialized view annex.%s as select customer_id from %s"), shots: []shot{{"select", nil, readAnnex(false)}}},
		{number: 53, name: "a child with rows of all", stage: annex("create table annex.%s () inherits (%s); insert into annex.%[1]s (COLUMNS) select COLUMNS from only %[2]s"), shots: []shot{{"select", nil, readChild}}},
	}
}

func annexed(of harness.Table) string { return strings.ReplaceAll(of.Name, ".", "_") }

// annex makes an object for each table, and takes all of them away again.
func annex(create string) stage {
	return func(s *siege, attack func(tx, inside beginner) error) error {
		script := harness.PastTheGate("create schema annex; grant usage on schema annex to portal_app;")
		for _, of := range s.tables {
			columns := strings.Join(of.Names(func(harness.Column) bool { return true }), ", ")
			script += strings.ReplaceAll(fmt.Sprintf(create, annexed(of), of.Name), "COLUMNS", columns) + ";"
		}
		s.mustSuper("begin;" + script + "commit")
		defer s.mustSuper(harness.PastTheGate("drop schema annex cascade"))
		return insideA(s, attack)
	}
}

func readAnnex(granted bool) func(attempt, harness.Table) {
	return func(a attempt, of harness.Table) {
		sql := "select count(*) from annex." + annexed(of)
		if granted {
			a.reads(0, sql+" where customer_id is distinct from $1", harness.CompanyA)
			a.own().reads(a.siege.rows(of, harness.CompanyA), sql)
			return
		}
		a.refused(sql)
		a.bySuper().reads(a.siege.rows(of, harness.CompanyB), sql+" where customer_id = $1", harness.CompanyB)
	}
}

func readChild(a attempt, of harness.Table) {
	a.refused("select count(*) from annex." + annexed(of))
	a.reads(0, fmt.Sprintf("select count(*) from %s where customer_id is distinct from $1", of.Name), harness.CompanyA)
	a.bySuper().reads(2*a.siege.rows(of, harness.CompanyB), fmt.Sprintf("select count(*) from %s where customer_id = $1", of.Name), harness.CompanyB)
}

func newTable(s *siege, attack func(tx, inside beginner) error) error {
	s.mustSuper("create table portal.gadgets (customer_id text, id bigint); insert into portal.gadgets values ('BBBB33333', 1)")
	defer s.mustSuper(harness.PastTheGate("drop table portal.gadgets"))
	return insideA(s, attack)
}

func gadget(command, sql string) shot {
	return shot{command, nil, func(a attempt, _ harness.Table) {
		a.refused(sql)
		a.bySuper().reads(1, "select count(*) from portal.gadgets")
	}}
}
