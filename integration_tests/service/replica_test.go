package service

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"contractor-portal/db/install"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/schema"
	"contractor-portal/server"
	"contractor-portal/server/auth"
)

// A replica is a server whose reads are a hot standby's, beside one on its primary.
type replica struct {
	*harness.Portal
	primary *harness.Portal
	standby *pgxpool.Pool // a superuser's
}

// maxLag is that of the tests' replicas: longer than a busy machine takes to replay a few rows.
const maxLag = 2 * time.Second

// newReplica makes a PostgreSQL, a standby of it, and a portal on each. That of the standby reads there as portal_app, and as
// further roles of the API if it is told so.
func newReplica(t *testing.T, further ...string) *replica {
	t.Helper()
	const database = "portal"
	c := harness.OwnCluster(t)
	if err := harness.Execute(t.Context(), c.URL("", "postgres"), "create database "+database); err != nil {
		t.Fatal(err)
	}
	if err := install.Up(t.Context(), schema.Source(), harness.Options(c, database)); err != nil {
		t.Fatal(err)
	}
	if err := harness.Seed(t.Context(), c.URL("", database)); err != nil {
		t.Fatal(err)
	}
	standby := c.NewStandby(t)
	harness.WaitFor(t, "the standby", func() bool {
		conn, err := pgx.Connect(t.Context(), standby.URL("", database))
		if err == nil {
			_ = conn.Close(t.Context())
		}
		return err == nil
	})
	clock := func() time.Time { return time.Date(2026, 1, 12, 12, 0, 0, 0, time.UTC) }
	fresh := func(s *harness.Settings) { s.Cluster, s.Database, s.Server.Clock = &c, database, clock }
	r := &replica{primary: harness.NewPortal(t, fresh)}
	r.Portal = harness.NewPortal(t, fresh, func(s *harness.Settings) {
		s.DB.MaxLag = maxLag
		for role, url := range map[string]*string{"portal_app": &s.DB.App, "portal_auth": &s.DB.Auth, "portal_platform": &s.DB.Platform} {
			if role == "portal_app" || slices.Contains(further, role) {
				*url = standby.URL(role, database) + "&target_session_attrs=prefer-standby"
			}
		}
	})
	var err error
	if r.standby, err = pgxpool.New(t.Context(), standby.URL("", database)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.standby.Close)
	return r
}

// catchUp waits until the standby shows what the primary has.
func (r *replica) catchUp() {
	r.T.Helper()
	upTo := harness.Query[string](r.primary, `select pg_current_wal_flush_lsn()::text`)
	harness.WaitFor(r.T, "the standby to follow", func() bool {
		var there bool
		err := r.standby.QueryRow(r.T.Context(), `select pg_last_wal_replay_lsn() >= $1::pg_lsn`, upTo).Scan(&there)
		return err == nil && there
	})
}

func (r *replica) onStandby(sql string) {
	r.T.Helper()
	if _, err := r.standby.Exec(r.T.Context(), sql); err != nil {
		r.T.Fatal(err)
	}
}

func (r *replica) awaitReadiness(status int, says string) {
	r.T.Helper()
	var ready server.Readiness
	harness.WaitFor(r.T, fmt.Sprintf("/readyz to say %d %s", status, says), func() bool {
		a := r.Do("GET", "/readyz", "", nil)
		a.JSON(r.T, &ready)
		return a.Status == status && ready.Status == says
	})
}

// TestReplica_Reads has a server with nothing but standbys answer every GET that does not say that it writes, as the
// primary's does; one that does is refused at worst as what cannot be served now.
func TestReplica_Reads(t *testing.T) {
	t.Parallel()
	r := newReplica(t, "portal_auth", "portal_platform")
	r.primary.Populate()
	f := harness.NewFinder(t, r.primary)
	r.catchUp()
	const nobody = "nobody"
	var read, written int
	for _, op := range harness.ReadDocument(t, r.primary) {
		if op.Method != http.MethodGet {
			continue
		}
		for _, c := range f.Callers {
			if !op.Admits(c) {
				continue
			}
			for request := range f.Requests(op, op.Places(), harness.Place{}, nil) {
				if op.MayWrite {
					written++
					if a := r.Do("GET", request.Target(), c.Token, nil); a.Status >= http.StatusInternalServerError && a.Status != http.StatusServiceUnavailable {
						t.Errorf("%s by %s: %d %s%s", request, c, a.Status, a.Body, a.Cause)
					}
					break
				}
				want := r.primary.Do("GET", request.Target(), c.Token, nil)
				if want.Status != http.StatusOK {
					continue
				}
				read++
				have := r.Do("GET", request.Target(), c.Token, nil)
				if diff := cmp.Diff(harness.Plain(want, nobody), harness.Plain(have, nobody)); diff != "" {
					t.Errorf("%s by %s (-primary +standby):\n%s%s", request, c, diff, have.Cause)
				}
				break
			}
		}
	}
	harness.Summarize("replica: %d GETs equal those of the primary, %d that write were refused well\n", read, written)
	if read < 200 || written < 20 {
		t.Errorf("%d GETs and %d that write", read, written)
	}
}

// TestReplica_Readiness follows a replica's server through what can happen to its standby and its primary.
func TestReplica_Readiness(t *testing.T) {
	t.Parallel()
	r := newReplica(t)
	token := r.primary.Token(harness.CompanyA, auth.Admin)
	r.catchUp()
	reads := func() { t.Helper(); r.Do("GET", "/properties/", token, nil).Want(t, http.StatusOK) }
	const ready, behind = "ready", "the standby is behind its primary"
	r.awaitReadiness(http.StatusOK, ready)
	reads()

	// What writes is told to come again, and stays away from the connections of those who read.
	a := r.Do("POST", "/property-lists/", token, map[string]any{"name": "Here"})
	if a.Problem(t, http.StatusServiceUnavailable); a.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}

	// An idle primary leaves nothing to be behind with.
	time.Sleep(maxLag + maxLag/2)
	r.awaitReadiness(http.StatusOK, ready)

	r.onStandby("select pg_wal_replay_pause()")
	r.primary.Do("POST", "/property-lists/", token, map[string]any{"name": "There"}).Want(t, http.StatusOK)
	r.awaitReadiness(http.StatusServiceUnavailable, behind)
	if s := scraped(t, metricsOf(t, r.Portal, nil)); s["portal_replica_lag_bytes"] < 100 {
		t.Errorf("the standby is said to be behind by %v bytes", s["portal_replica_lag_bytes"])
	}
	r.onStandby("select pg_wal_replay_resume()")
	r.awaitReadiness(http.StatusOK, ready)

	// It hears no more of a primary that lives: who is suspended there goes on here.
	r.onStandby("alter system set primary_conninfo = ''")
	r.onStandby("select pg_reload_conf()")
	r.awaitReadiness(http.StatusServiceUnavailable, behind)

	// Of one that nobody reaches it has all. Reads go on.
	super := func(sql string) {
		t.Helper()
		if err := harness.Execute(t.Context(), strings.Replace(r.primary.Super.Config().ConnString(), "/portal?", "/postgres?", 1), sql); err != nil {
			t.Fatal(err)
		}
	}
	super("alter database portal with allow_connections false")
	super("select pg_terminate_backend(pid) from pg_stat_activity where datname = 'portal'")
	r.awaitReadiness(http.StatusOK, ready)
	reads()
	r.Do("POST", "/property-lists/", token, map[string]any{"name": "Nowhere"}).Problem(t, http.StatusServiceUnavailable)

	// It becomes the primary: what writes goes there, as soon as a connection is a new one.
	r.onStandby("select pg_promote()")
	r.awaitReadiness(http.StatusOK, ready)
	r.Do("POST", "/property-lists/", token, map[string]any{"name": "Here at last"}).Want(t, http.StatusOK)
	super("alter database portal with allow_connections true")
}
