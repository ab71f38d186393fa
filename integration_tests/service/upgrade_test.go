package service

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"contractor-portal/db/install"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/migrations"
	"contractor-portal/schema"
	"contractor-portal/server/auth"
)

// What docs/operations.md says of an upgrade and of a rollback is so under traffic: whoever is not served is told when to
// come again, what was acknowledged is there, once, and what was not acknowledged is not there at all.
func TestUpgrade_UnderTraffic(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	clients := p.startTraffic()
	// One version above its own, with a column that is filled.
	next := schema.Source()
	next.Migrations = withNext(t)
	step := func(what string, move func() error, status, ready int) {
		t.Helper()
		if err := move(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		clients.await(status)
		p.awaitReady(ready)
	}
	o := harness.Options(harness.Suite.Cluster, p.Database)
	command := func(args ...string) func() error {
		return func() error {
			out, err := harness.CommandWith(t, upgradeVariables(o), append([]string{"migrate"}, args...)...)
			if err != nil {
				return fmt.Errorf("%w: %s", err, out)
			}
			return nil
		}
	}

	clients.await(http.StatusOK)
	// The server of the older version goes on: balancers take it out, and nobody is locked out meanwhile.
	clients.never(http.StatusServiceUnavailable, func() {
		step("a newer version under an older server", func() error { return install.Up(t.Context(), next, o) }, http.StatusOK, http.StatusServiceUnavailable)
	})
	if err := command()(); err == nil {
		t.Error("an older program takes a newer schema for its own")
	}
	clients.await(http.StatusOK)
	// Below what the program knows as newest the API is locked out.
	step("that version back", func() error { return install.Down(t.Context(), next, o) }, http.StatusServiceUnavailable, http.StatusServiceUnavailable)
	step("the own version again", command(), http.StatusOK, http.StatusOK)
	step("one version down", command("down"), http.StatusServiceUnavailable, http.StatusServiceUnavailable)
	step("and up", command("up"), http.StatusOK, http.StatusOK)
	clients.stop()
	clients.compare()
}

// withNext is the history with one migration more.
func withNext(t *testing.T) fs.FS {
	t.Helper()
	all := fstest.MapFS{}
	files, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := fs.ReadFile(migrations.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = &fstest.MapFile{Data: text}
	}
	all[fmt.Sprintf("%03d_add_shelf.sql", schema.Version()+1)] = &fstest.MapFile{Data: []byte(`
alter table portal.winter_products add column shelf text check (length(shelf) < 100);
update portal.winter_products set shelf = 'A';
alter table portal.winter_products alter column shelf set default 'A', alter column shelf set not null;
---- create above / drop below ----
alter table portal.winter_products drop column shelf;
`)}
	return all
}

func upgradeVariables(o install.Options) []string {
	variables := []string{"DATABASE_URL=" + o.URL}
	for i, name := range []string{"APP", "AUTH", "PLATFORM", "WORKER"} {
		variables = append(variables, "DATABASE_URL_"+name+"="+o.Roles[i])
	}
	return variables
}

// awaitReady waits until /readyz, which remembers its answer for some seconds, has that status.
func (p *portal) awaitReady(status int) {
	p.T.Helper()
	harness.WaitFor(p.T, fmt.Sprintf("/readyz to answer %d", status), func() bool {
		return p.Do("GET", "/readyz", "", nil).Status == status
	})
}

// A traffic is people of two companies who add products and read them, all the time.
type traffic struct {
	p    *portal
	end  context.CancelFunc
	done sync.WaitGroup

	mu      sync.Mutex
	counts  map[int]int
	added   map[string]bool // by name: acknowledged or refused
	strange []string
}

func (p *portal) startTraffic() *traffic {
	ctx, end := context.WithCancel(p.T.Context())
	c := &traffic{p: p, end: end, counts: map[int]int{}, added: map[string]bool{}}
	for _, company := range []string{harness.CompanyA, harness.CompanyB} {
		for i := range 2 {
			token := p.Token(company, auth.Manager)
			c.done.Go(func() { c.work(ctx, fmt.Sprintf("%s %d", company, i), token) })
		}
	}
	p.T.Cleanup(c.stop)
	return c
}

func (c *traffic) stop() { c.end(); c.done.Wait() }

// work writes and reads in turn. A client that is told to come again does, with the next name.
func (c *traffic) work(ctx context.Context, who, token string) {
	for i := 0; ctx.Err() == nil; i++ {
		name := fmt.Sprintf("%s, %d", who, i)
		// A request that is under way is not cut off: what became of it would not be known.
		added, err := c.p.Try(c.p.T.Context(), "POST", "/winter-products/", token, url.Values{"name": {name}, "unit": {"bags"}})
		c.note(name, added, err)
		read, err := c.p.Try(c.p.T.Context(), "GET", "/winter-products/?limit=1", token, nil)
		c.note("", read, err)
		time.Sleep(25 * time.Millisecond)
	}
}

func (c *traffic) note(added string, a harness.Answer, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts[a.Status]++
	told := a.Status == http.StatusOK || a.Status == http.StatusServiceUnavailable && a.Header.Get("Retry-After") != ""
	if err != nil || !told {
		c.strange = append(c.strange, fmt.Sprintf("%q: %d %s %s %v", added, a.Status, a.Body, a.Cause, err))
	}
	if added != "" {
		c.added[added] = a.Status == http.StatusOK
	}
}

func (c *traffic) count(status int) int { c.mu.Lock(); defer c.mu.Unlock(); return c.counts[status] }

// await waits until eight more requests are answered with that status.
func (c *traffic) await(status int) {
	c.p.T.Helper()
	wanted := c.count(status) + 8
	harness.WaitFor(c.p.T, fmt.Sprintf("answers with %d", status), func() bool { return c.count(status) >= wanted })
}

// never runs something during which nobody is answered with that status.
func (c *traffic) never(status int, fn func()) {
	c.p.T.Helper()
	before := c.count(status)
	fn()
	if n := c.count(status) - before; n > 0 {
		c.p.T.Errorf("%d requests were answered with %d", n, status)
	}
}

// compare looks for every product in the database.
func (c *traffic) compare() {
	c.p.T.Helper()
	for i, s := range c.strange {
		if i < 5 {
			c.p.T.Errorf("an answer that helps nobody: %s", s)
		}
	}
	refused := 0
	for name, acknowledged := range c.added {
		company, _, _ := strings.Cut(name, " ")
		n := harness.Query[int](c.p.Portal, `select count(*) from portal.winter_products where name = $1 and customer_id = $2`, name, company)
		if acknowledged != (n == 1) || n > 1 {
			c.p.T.Errorf("%q, acknowledged %t, is there %d times", name, acknowledged, n)
		}
		if !acknowledged {
			refused++
		}
	}
	c.p.T.Logf("answers %v; of %d products %d were refused", c.counts, len(c.added), refused)
	if refused == 0 || refused == len(c.added) {
		c.p.T.Errorf("of %d products %d were refused: the test saw one side alone", len(c.added), refused)
	}
}
