package integration_tests

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
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
)

// The two companies of every test, and what their people log in with. A person's e-mail is the role
// in lower case at the company's domain: admin@a.example.
const (
	companyA = "AAAA22222"
	companyB = "BBBB33333"
	password = "correct horse battery"
	operator = "operator@platform.example"
)

var roles = []string{auth.Admin, auth.Manager, auth.Contractor, auth.Subcontractor, auth.User}

func email(company, role string) string {
	domain := map[string]string{companyA: "a.example", companyB: "b.example"}[company]
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

// A portal is a server of its own on a database of its own.
type portal struct {
	t        testing.TB
	database string
	super    *pgxpool.Pool // a superuser's, for what tests prepare and compare
	db       *db.DB
	auth     *auth.Auth
	keys     *auth.Keys
	url      string
	log      *syncBuffer

	mu     sync.Mutex
	tokens map[string]string
}

type settings struct {
	database string // another portal's; else a clone of the template
	auth     auth.Config
	db       db.Config
	server   server.Config
	keys     *auth.Keys
	routes   func(endpoint.API) // operations of the test's own, beside the server's
}

// newPortal clones the template and serves it, until the test ends. Refused log-ins answer at once and
// attempts are not limited, unless the test says otherwise.
func newPortal(t testing.TB, change ...func(*settings)) *portal {
	t.Helper()
	s := settings{keys: suite.keys, auth: auth.Config{RefusalTime: -1, Attempts: -1, SignUps: -1}, db: db.Config{AppConns: 4, CustomerConns: 4, CustomerStarts: 4, AuthConns: 2, PlatformConns: 1}}
	for _, c := range change {
		c(&s)
	}
	database := s.database
	if database == "" {
		database = cloneDatabase(t)
	}
	for role, url := range map[string]*string{"portal_app": &s.db.App, "portal_auth": &s.db.Auth, "portal_platform": &s.db.Platform} {
		if *url == "" {
			*url = suite.cluster.url(role, database)
		}
	}

	p := &portal{t: t, database: database, keys: s.keys, log: &syncBuffer{}, tokens: map[string]string{}}
	var err error
	if p.super, err = pgxpool.New(t.Context(), suite.cluster.url("", database)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.super.Close)
	if p.db, err = db.Open(t.Context(), s.db); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.db.Close)
	p.auth = auth.New(p.db, s.keys, s.auth)
	s.server.DB, s.server.Auth, s.server.SchemaVersion = p.db, p.auth, schema.Version()
	s.server.Log = slog.New(slog.NewJSONHandler(p.log, nil))
	e, err := server.New(s.server)
	if err != nil {
		t.Fatal(err)
	}
	if s.routes != nil {
		s.routes(endpoint.New(e, p.db, s.keys, s.server.Log))
	}
	web := httptest.NewServer(e)
	t.Cleanup(web.Close)
	p.url = web.URL
	return p
}

var (
	clones atomic.Int64
	// PostgreSQL copies one template at a time anyway, and refuses a second session on it.
	cloning sync.Mutex
)

// cloneDatabase makes a database of the template, dropped when the test ends.
func cloneDatabase(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("portal_%d", clones.Add(1))
	cloning.Lock()
	defer cloning.Unlock()
	err := execute(t.Context(), suite.cluster.url("", "postgres"),
		"create database "+name+" template "+suite.template+" strategy file_copy", copyPrivileges(suite.template, name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := execute(ctx, suite.cluster.url("", "postgres"), "drop database "+name+" with (force)"); err != nil {
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

// as connects to the portal's database as one of its roles, for SQL from outside of the server.
func (p *portal) as(role string) *pgx.Conn {
	p.t.Helper()
	return connectAs(p.t, role, p.database)
}

func connectAs(t testing.TB, role, database string) *pgx.Conn {
	t.Helper()
	return connectTo(t, suite.cluster.url(role, database))
}

// connectTo connects until the test ends.
func connectTo(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// login logs in with the password of all; customer may be empty.
func (p *portal) login(email, customer string) answer {
	p.t.Helper()
	return p.do("POST", "/api/login/", "", url.Values{"username": {email}, "password": {password}, "customer_id": {customer}})
}

// A pair is what a log-in or a refresh gives.
type pair struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"`
	RefreshToken string `json:"refresh_token"`
}

// session opens a new session of a person with the password of all.
func (p *portal) session(email string) (s pair) {
	p.t.Helper()
	p.login(email, "").want(p.t, http.StatusOK).json(p.t, &s)
	return s
}

// token is the access token of a company's person of that role; auth.SuperAdmin is the operator's.
func (p *portal) token(company, role string) string {
	p.t.Helper()
	who := operator
	if role != auth.SuperAdmin {
		who = email(company, role)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.tokens[who] == "" {
		p.tokens[who] = p.session(who).AccessToken
	}
	return p.tokens[who]
}

// seedPerson adds a member with the password of all, whose address is confirmed.
func (p *portal) seedPerson(company, name, email, role, status string) (id int64) {
	p.t.Helper()
	id = query[int64](p, `insert into portal.users (customer_id, name, email, role, status) values ($1, $2, $3, $4, $5) returning id`,
		company, name, email, role, status)
	p.exec(`update platform.logins set confirmed_at = now(),
		password_hash = (select password_hash from platform.logins where customer_id = $1 and password_hash is not null limit 1)
		where user_id = $2`, companyA, id)
	return id
}

// waitFor waits until something is so, and fails the test where it takes too long.
func waitFor(t testing.TB, what string, isSo func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !isSo(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// query returns the single value of a superuser's query.
func query[T any](p *portal, sql string, args ...any) (value T) {
	p.t.Helper()
	if err := p.super.QueryRow(p.t.Context(), sql, args...).Scan(&value); err != nil {
		p.t.Fatalf("%s: %v", sql, err)
	}
	return value
}

func (p *portal) exec(sql string, args ...any) {
	p.t.Helper()
	if _, err := p.super.Exec(p.t.Context(), sql, args...); err != nil {
		p.t.Fatalf("%s: %v", sql, err)
	}
}

// pastTheGate is a superuser's SQL that plants a fault: policies/after/80_gate.sql would refuse it.
func pastTheGate(sql string) string { return "set local tenancy.installing = 'on'; " + sql }

// run executes a script of several statements.
func (p *portal) run(name, script string) {
	p.t.Helper()
	if _, err := p.super.Exec(p.t.Context(), script); err != nil {
		p.t.Fatalf("%s: %v", name, err)
	}
}

// syncBuffer is a log that tests read while it is written.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(text)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// sqlState is the code of PostgreSQL's error, or "".
func sqlState(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}

// parallel sends n requests at once, and returns how many were answered with 200 and the answers of the
// others.
func (p *portal) parallel(n int, request func(i int) (method, path string, body any), token string) (ok int, others []answer) {
	p.t.Helper()
	answers := make([]answer, n)
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		method, path, body := request(i)
		all.Go(func() { answers[i], errs[i] = p.try(p.t.Context(), method, path, token, body) })
	}
	all.Wait()
	for i, a := range answers {
		switch {
		case errs[i] != nil:
			p.t.Fatal(errs[i])
		case a.status == http.StatusOK:
			ok++
		default:
			others = append(others, a)
		}
	}
	return ok, others
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
