package isolation

import (
	"slices"
	"testing"

	"contractor-portal/integration_tests/harness"
)

// Each danger that the register knows is an attack.
func TestDangerous_EachIsAttacked(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	known := harness.Query[[]string](p, `select array_agg(distinct danger order by danger) from tenancy.dangerous_functions`)
	var attacked []string
	for _, d := range dangers {
		attacked = append(attacked, d.danger)
	}
	slices.Sort(attacked)
	if !slices.Equal(known, attacked) {
		t.Errorf("the register has %q, the attacks %q", known, attacked)
	}
}

// The probes call every function of PostgreSQL that a role may execute, as that role, and return those that gave
// themselves away. As a superuser they call the dangerous ones alone: others end sessions. They work inside of the
// database, as thousands of calls are too many to send.
const (
	// The one that runs a text given to it divides by zero.
	runsTextSQL = `
create function public.runs_text(p_role text) returns setof text
language plpgsql as $probe$
declare
  f record;
  place int;
begin
  for f in
    select p.oid::regprocedure::text as signature, p.proname as name, array(select format_type(a, null) from unnest(p.proargtypes) as a) as types
    from pg_proc p
    where p.pronamespace = 'pg_catalog'::regnamespace and p.prokind = 'f' and 'text'::regtype = any (p.proargtypes::oid[])
      and has_function_privilege(p_role, p.oid, 'execute')
      and (p_role ~ '^portal_' or p.oid in (select d.function from tenancy.dangerous_functions d where d.danger in ('runs SQL given as text', 'shows other sessions')))
    order by 1
  loop
    execute format('set local role %I', p_role);
    foreach place in array array_positions(f.types, 'text') loop
      begin
        execute format('select count(*) from pg_catalog.%I(%s) as x', f.name, (
          select string_agg(format('%s::%s', case
            when i = place then quote_literal('select to_tsvector((1/0)::text)')
            when t in ('integer', 'bigint', 'smallint', 'oid', 'numeric', 'real', 'double precision') then '1'
            when t = 'boolean' then 'true'
            when t in ('text', 'name', 'tsquery', 'tsvector', 'refcursor', '"char"') then quote_literal('a')
            when t = 'regclass' then quote_literal('pg_class')
            else 'null' end, t), ', ' order by i)
          from unnest(f.types) with ordinality as a (t, i)));
      exception
        when division_by_zero then
          return next f.signature;
        when others then
          null;
      end;
    end loop;
  end loop;
  set local role none;
end
$probe$`

	// The one that shows the other session shows what is marked there, or which process it is.
	showsOthersSQL = `
create function public.shows_others(p_role text, p_pid int, p_mark text) returns setof text
language plpgsql as $probe$
declare
  f record;
  n int;
  answer text;
  nothing text;
begin
  for f in
    select p.oid::regprocedure::text as signature, p.proname as name, p.pronargs as args, array(select format_type(a, null) from unnest(p.proargtypes) as a) as types
    from pg_proc p
    where p.pronamespace = 'pg_catalog'::regnamespace and p.prokind = 'f' and p.provariadic = 0
      and p.proname !~ '^(pg_stat_reset|pg_stat_clear|generate_)|typmodout$'
      and p.proargtypes::oid[] <@ '{integer,text}'::regtype[]::oid[]
      and has_function_privilege(p_role, p.oid, 'execute')
      and (p_role ~ '^portal_' or p.oid in (select d.function from tenancy.dangerous_functions d where d.danger in ('runs SQL given as text', 'shows other sessions')))
    order by 1
  loop
    execute format('set local role %I', p_role);
    foreach n in array case when 'integer' = any (f.types) then array(select generate_series(-1, 400)) || p_pid else array[-1] end loop
      begin
        execute format('select coalesce(string_agg(x::text, %L), %L) from pg_catalog.%I(%s) as x', ' ', '', f.name, (
          select string_agg(case t when 'text' then quote_literal('VACUUM') else n::text end, ', ')
          from unnest(f.types) as t)) into answer;
        if n = -1 then -- no session has this number; one has 0
          nothing := answer;
        end if;
        if position(p_mark in answer) > 0 or (f.args = 0 or nothing = '' and n <> p_pid) and answer ~ ('\m' || p_pid || '\M') then
          return next f.signature;
          exit;
        end if;
      exception when others then
        exit when n > 0;
        nothing := 'an error';
      end;
    end loop;
  end loop;
  set local role none;
end
$probe$`
)

// probed calls a probe as each role of the API, none of which may find anything, and then as a superuser. What is found
// is what each of the arguments finds: the small number of a process may be any number.
func probed(t *testing.T, p *harness.Portal, probe string, each ...[]any) (asSuperuser []string) {
	t.Helper()
	found := func(role string) (all []string) {
		t.Helper()
		for i, args := range each {
			these := harness.Query[[]string](p, `select coalesce(array_agg(f), '{}') from `+probe+` as f`, append([]any{role}, args...)...)
			if i == 0 {
				all = these
			}
			all = slices.DeleteFunc(all, func(f string) bool { return !slices.Contains(these, f) })
		}
		return all
	}
	for _, role := range []string{"portal_app", "portal_auth", "portal_platform", "portal_worker"} {
		if n := harness.Query[int](p, `select count(*) from pg_proc where pronamespace = 'pg_catalog'::regnamespace and has_function_privilege($1, oid, 'execute')`, role); n < 1000 {
			t.Errorf("%s may execute %d functions, which cannot be all", role, n)
		}
		for _, f := range found(role) {
			t.Errorf("%s may execute %s", role, f)
		}
	}
	return found(harness.Query[string](p, `select current_user::text`))
}

// No function that the roles of the API may execute runs SQL that it is given as a text, whatever PostgreSQL it is.
func TestDangerous_NoFunctionRunsText(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	p.Exec(harness.PastTheGate(runsTextSQL))
	seen := probed(t, p, `public.runs_text($1)`, nil)
	for _, want := range []string{"query_to_xml(text,boolean,boolean,text)", "ts_rewrite(tsquery,text)", "ts_stat(text)"} {
		if !slices.Contains(seen, want) {
			t.Errorf("as a superuser %q run SQL, and not %s", seen, want)
		}
	}
}

// No function that the roles of the API may execute shows what another session of the same role does.
func TestDangerous_NoFunctionShowsOtherSessions(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	const mark = "mark_of_another_session"
	var others [][]any
	for range 2 {
		other := harness.ConnectAs(t, "portal_app", p.Database)
		for _, sql := range []string{"set idle_in_transaction_session_timeout = 0", "begin", "select count(*) as " + mark + " from locations"} {
			if _, err := other.Exec(t.Context(), sql); err != nil {
				t.Fatal(err)
			}
		}
		others = append(others, []any{other.PgConn().PID(), mark})
	}
	p.Exec(harness.PastTheGate(showsOthersSQL))
	seen := probed(t, p, `public.shows_others($1, $2, $3)`, others...)
	for _, want := range []string{"pg_lock_status()", "pg_stat_get_activity(integer)", "pg_stat_get_backend_activity(integer)", "pg_stat_get_backend_pid(integer)"} {
		if !slices.Contains(seen, want) {
			t.Errorf("as a superuser %q show the other session, and not %s", seen, want)
		}
	}
}
