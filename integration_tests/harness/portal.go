package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"contractor-portal/db"
	"contractor-portal/schema"
	"contractor-portal/server"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/jobs"
	"contractor-portal/server/vault"
)

// The two companies of every test, and what their people log in with. A person's e-mail is the role
// in lower case at the company's domain: admin@a.example.
const (
	CompanyA = "AAAA22222"
	CompanyB = "BBBB33333"
	Password = "correct horse battery"
	Operator = "operator@platform.example"
)

// Roles are the roles inside a company.
var Roles = []string{auth.Admin, auth.Manager, auth.Contractor, auth.Subcontractor, auth.User}

// Email is what the person of that role in that company logs in with.
func Email(company, role string) string {
	domain := map[string]string{CompanyA: "a.example", CompanyB: "b.example"}[company]
	return strings.ToLower(role) + "@" + domain
}

// Both companies have the same names and addresses, so that a leak cannot hide behind a difference.
const seedSQL = `
insert into platform.customers (customer_id, company_name, max_users, max_properties, timezone)
values ('AAAA22222', 'Alder Grounds', 50, 200, 'America/New_York'), ('BBBB33333', 'Birch Grounds', 50, 200, 'America/Chicago');

insert into portal.users (customer_id, name, username, email, role, status)
select c.customer_id, r.role || ' One', lower(r.role), lower(r.role) || '@' || c.domain, r.role, 'active'
from (values ('AAAA22222', 'a.example'), ('BBBB33333', 'b.example')) as c (customer_id, domain)
cross join (values ('Admin'), ('Manager'), ('Contractor'), ('Subcontractor'), ('User')) as r (role);

insert into portal.locations (customer_id, name, address, sqft, area_manager, plow, salt)
select c, 'Property ' || n, n || ' Same Street, Springfield, NY 14201', 1000 * n, 'Pat Doyle', true, n % 2 = 0
from unnest(array['AAAA22222', 'BBBB33333']) as c, generate_series(1, 3) as n;

insert into platform.operators (email, name) values ('operator@platform.example', 'Olive Operator');
`

// A Portal is a server of its own on a database of its own.
type Portal struct {
	T        testing.TB
	Database string
	Super    *pgxpool.Pool // a superuser's, for what tests prepare and compare
	DB       *db.DB
	Auth     *auth.Auth
	Keys     *auth.Keys
	URL      string
	Handler  http.Handler // what is served there
	Log      *SyncBuffer

	mu     sync.Mutex
	Tokens map[string]string
}

// Settings are what a test may want otherwise of its portal.
type Settings struct {
	Cluster    *Cluster // another PostgreSQL than the suite's, which has the Database
	Database   string   // another portal's; else a clone of the template
	Auth       auth.Config
	DB         db.Config
	Server     server.Config
	Keys       *auth.Keys
	Workers    bool                // the server's workers work; by default jobs wait
	WorkerPool bool                // has the pool of workers, though none works
	Own        func(*jobs.Workers) // workers of the test's own, which do what it hands them
	Routes     func(endpoint.API)  // operations of the test's own, beside the server's
}

// NewPortal clones the template and serves it, until the test ends. Refused log-ins answer at once and
// attempts are not limited, unless the test says otherwise.
func NewPortal(t testing.TB, change ...func(*Settings)) *Portal {
	t.Helper()
	s := Settings{Keys: Suite.Keys, Auth: auth.Config{RefusalTime: -1, Attempts: -1, SignUps: -1}, DB: db.Config{AppConns: 4, CustomerConns: 4, CustomerStarts: 4, AuthConns: 2, PlatformConns: 1}}
	for _, c := range change {
		c(&s)
	}
	cluster, database, tokens := Suite.Cluster, s.Database, map[string]string{}
	if s.Cluster != nil {
		cluster = *s.Cluster
	}
	if database == "" {
		database = CloneDatabase(t)
		if s.Keys == Suite.Keys {
			tokens = maps.Clone(Suite.tokens)
		}
	}
	roles := map[string]*string{"portal_app": &s.DB.App, "portal_auth": &s.DB.Auth, "portal_platform": &s.DB.Platform}
	if s.Workers || s.Own != nil || s.WorkerPool {
		roles["portal_worker"] = &s.DB.Worker
	}
	for role, url := range roles {
		if *url == "" {
			*url = cluster.URL(role, database)
		}
	}

	p := &Portal{T: t, Database: database, Keys: s.Keys, Log: &SyncBuffer{}, Tokens: tokens}
	var err error
	if p.Super, err = pgxpool.New(t.Context(), cluster.URL("", database)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Super.Close)
	if p.DB, err = db.Open(t.Context(), s.DB); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.DB.Close)
	p.Auth = auth.New(p.DB, s.Keys, s.Auth)
	s.Server.DB, s.Server.Auth, s.Server.SchemaVersion = p.DB, p.Auth, schema.Version()
	if s.Server.Vault == nil {
		s.Server.Vault = VaultOf(s.Keys)
	}
	if s.Server.Weather.URL == "" {
		s.Server.Weather.URL, s.Server.Weather.ModelURL = usualSky(), usualSky()
	}
	if s.Server.Mail.Gmail == "" {
		s.Server.Mail.Gmail, s.Server.Mail.Roots = usualPost().Address, usualPost().Roots
	}
	if s.Server.SMS.URL == "" {
		s.Server.SMS.URL = usualTwilio()
	}
	if s.Server.QuickBooks.URL == "" {
		s.Server.QuickBooks.URL = usualBooks().URL
	}
	if s.Server.Jobber.URL == "" {
		s.Server.Jobber.URL = usualJobber()
	}
	if s.Server.ServiceKeys == nil {
		s.Server.ServiceKeys = usualKeys
	}
	if s.Server.Outbound == nil {
		s.Server.Outbound = Loopback()
	}
	s.Server.Log = slog.New(slog.NewJSONHandler(p.Log, nil))
	if s.Server.Workers == nil {
		s.Server.Workers = jobs.New(jobs.Config{DB: p.DB, Log: s.Server.Log, Clock: s.Server.Clock})
	}
	e, err := server.New(s.Server)
	if err != nil {
		t.Fatal(err)
	}
	if s.Workers {
		p.work(s.Server.Workers)
	}
	if s.Own != nil {
		own := jobs.New(jobs.Config{DB: p.DB, Log: s.Server.Log})
		s.Own(own)
		p.work(own)
	}
	if s.Routes != nil {
		api := endpoint.New(e, p.DB, s.Keys, s.Server.Log, "")
		s.Routes(api)
		if err := api.Err(); err != nil {
			t.Fatal(err)
		}
	}
	web := httptest.NewServer(e)
	t.Cleanup(func() {
		web.Close()
		web.Config.Handler, p.Handler = nil, nil // a test that is over is kept until all are
	})
	p.URL, p.Handler = web.URL, e
	return p
}

// work has jobs done until the test ends.
func (p *Portal) work(w *jobs.Workers) {
	p.T.Helper()
	if err := w.Start(p.T.Context()); err != nil {
		p.T.Fatal(err)
	}
	p.T.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(p.T.Context()), 30*time.Second)
		defer cancel()
		if err := w.Stop(ctx); err != nil {
			p.T.Errorf("workers: %v", err)
		}
		// What the queue is refused it says in the log alone.
		for line := range strings.Lines(p.Log.String()) {
			if strings.Contains(line, "permission denied") {
				p.T.Errorf("workers: %s", line)
			}
		}
	})
}

// vaultKeys are those of every portal whose keys have no vault.
var vaultKeys = sync.OnceValue(func() []byte {
	keys, err := vault.NewKeyset()
	if err != nil {
		panic(err)
	}
	return keys
})

var (
	names atomic.Int64
	// PostgreSQL copies one template at a time anyway, and refuses a second session on it.
	cloning sync.Mutex
)

// VaultOf is a vault with the keys of a file, or the suite's where it has none.
func VaultOf(keys *auth.Keys) *vault.Vault {
	return vault.New(func() []byte { return VaultKeys(keys) })
}

// VaultKeys are the keys of that vault.
func VaultKeys(keys *auth.Keys) []byte {
	if own := keys.Vault(); own != nil {
		return own
	}
	return vaultKeys()
}

// UniqueName is a name of a database or a role that no other test has, whichever package it is of.
func UniqueName(kind string) string { return fmt.Sprintf("%s_%d_%d", kind, os.Getpid(), names.Add(1)) }

// CloneDatabase makes a database of the template, dropped when the test ends.
func CloneDatabase(t testing.TB) string {
	t.Helper()
	name := UniqueName("portal")
	cloning.Lock()
	defer cloning.Unlock()
	err := Execute(t.Context(), Suite.Cluster.URL("", "postgres"),
		"create database "+name+" template "+Suite.Template+" strategy file_copy", copyPrivileges(Suite.Template, name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 30*time.Second)
		defer cancel()
		if err := Execute(ctx, Suite.Cluster.URL("", "postgres"), "drop database "+name+" with (force)"); err != nil {
			t.Error(err)
		}
	})
	return name
}

// copyPrivileges is what create database does not: who may connect to a database, and make temporary
// tables there.
func copyPrivileges(from, to string) string {
	return fmt.Sprintf(`
do $$
declare
  a record;
begin
  revoke all on database %[2]s from public;
  for a in
    select e.privilege_type, case e.grantee when 0 then 'public' else e.grantee::regrole::text end as grantee
    from pg_database d, aclexplode(d.datacl) e
    where d.datname = '%[1]s'
  loop
    execute format('grant %%s on database %[2]s to %%s', a.privilege_type, a.grantee);
  end loop;
end
$$`, from, to)
}

// As connects to the portal's database as one of its roles, for SQL from outside of the server.
func (p *Portal) As(role string) *pgx.Conn {
	p.T.Helper()
	return ConnectAs(p.T, role, p.Database)
}

// ConnectAs connects to a database of the shared cluster as one of its roles, until the test ends.
func ConnectAs(t testing.TB, role, database string) *pgx.Conn {
	if role == "portal_mover" { // nobody logs in as it
		conn := ConnectAs(t, "", database)
		if _, err := conn.Exec(t.Context(), "set role portal_mover; set search_path = portal, pg_temp"); err != nil {
			t.Fatal(err)
		}
		return conn
	}
	t.Helper()
	return ConnectTo(t, Suite.Cluster.URL(role, database))
}

// ConnectTo connects until the test ends.
func ConnectTo(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// WaitFor waits until something is so, and fails the test where it takes too long.
func WaitFor(t testing.TB, what string, isSo func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !isSo(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// Query returns the single value of a superuser's query.
func Query[T any](p *Portal, sql string, args ...any) (value T) {
	p.T.Helper()
	if err := p.Super.QueryRow(p.T.Context(), sql, args...).Scan(&value); err != nil {
		p.T.Fatalf("%s: %v", sql, err)
	}
	return value
}

// Exec runs a statement as superuser.
func (p *Portal) Exec(sql string, args ...any) {
	p.T.Helper()
	if _, err := p.Super.Exec(p.T.Context(), sql, args...); err != nil {
		p.T.Fatalf("%s: %v", sql, err)
	}
}

// PastTheGate is a superuser's SQL that plants a fault: policies/after/80_gate.sql would refuse it.
func PastTheGate(sql string) string { return "set local tenancy.installing = 'on'; " + sql }

// Run executes a script of several statements.
func (p *Portal) Run(name, script string) {
	p.T.Helper()
	if _, err := p.Super.Exec(p.T.Context(), script); err != nil {
		p.T.Fatalf("%s: %v", name, err)
	}
}

// SyncBuffer is a log that tests read while it is written.
type SyncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *SyncBuffer) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(text)
}

func (s *SyncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// SQLState is the code of PostgreSQL's error, or "".
func SQLState(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}

// Parallel sends n requests at once, and returns how many were answered with 200 and the answers of the
// others.
func (p *Portal) Parallel(n int, request func(i int) (method, path string, body any), token string) (ok int, others []Answer) {
	p.T.Helper()
	answers := make([]Answer, n)
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		method, path, body := request(i)
		all.Go(func() { answers[i], errs[i] = p.Try(p.T.Context(), method, path, token, body) })
	}
	all.Wait()
	for i, a := range answers {
		switch {
		case errs[i] != nil:
			p.T.Fatal(errs[i])
		case a.Status == http.StatusOK:
			ok++
		default:
			others = append(others, a)
		}
	}
	return ok, others
}
