package features

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

const exportPath = "/api/my-customer/export"

type companyExport struct {
	ID            int64
	State         string
	RequestedBy   *int64  `json:"requested_by"`
	RequestedName *string `json:"requested_by_name"`
	Bytes, Rows   *int64
	Link          *string
	ErrorCode     *string `json:"error_code"`
	Error         *string
}

// An exporting portal has workers, unless a test wants none.
func newExporting(t *testing.T) *portal {
	t.Helper()
	return newPortal(t, func(s *harness.Settings) { s.Workers = true })
}

// latestExport is a company's as its Admin sees it; the zero value where there is none.
func (p *portal) latestExport(company string) (e companyExport) {
	p.T.Helper()
	p.Do("GET", exportPath, p.Token(company, auth.Admin), nil).Want(p.T, http.StatusOK).JSON(p.T, &e)
	return e
}

// askExport asks for one, as an Admin, and does not wait.
func (p *portal) askExport(company string) (e companyExport) {
	p.T.Helper()
	p.Do("POST", exportPath, p.Token(company, auth.Admin), nil).Want(p.T, http.StatusAccepted).JSON(p.T, &e)
	return e
}

// exported asks for one and waits until it is ready.
func (p *portal) exported(company string) companyExport {
	p.T.Helper()
	asked := p.askExport(company)
	return p.exportIs(company, asked.ID, "ready")
}

func (p *portal) exportIs(company string, id int64, state string) (e companyExport) {
	p.T.Helper()
	harness.WaitFor(p.T, "an export that is "+state, func() bool {
		e = p.latestExport(company)
		return e.State == state
	})
	if e.ID != id {
		p.T.Fatalf("the latest export is %d, want %d", e.ID, id)
	}
	return e
}

// download gets the file of an export, and its members by their names.
func (p *portal) download(company, path string) (members map[string]string, a harness.Answer) {
	p.T.Helper()
	a = p.Do("GET", path, p.Token(company, auth.Admin), nil).Want(p.T, http.StatusOK)
	z, err := zstd.NewReader(bytes.NewReader(a.Body))
	if err != nil {
		p.T.Fatal(err)
	}
	defer z.Close()
	members = map[string]string{}
	for r := tar.NewReader(z); ; {
		head, err := r.Next()
		if errors.Is(err, io.EOF) {
			return members, a
		}
		if err != nil {
			p.T.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			p.T.Fatal(err)
		}
		members[head.Name] = string(text)
	}
}

// Each company gets all that is its own and nothing else, once, and by its own Admins alone.
func TestExports_TheCompanysOwnAndOnce(t *testing.T) {
	t.Parallel()
	p := newExporting(t)
	other := map[string]string{harness.CompanyA: harness.CompanyB, harness.CompanyB: harness.CompanyA}
	for company := range other {
		p.Exec(`update portal.locations set name = name || ' planted-' || $1 where customer_id = $1`, company)
		p.Exec(`insert into portal.api_keys (customer_id, key_name, key_ciphertext) values ($1, 'openai_api_key', convert_to('sealed of ' || $1, 'UTF8'))`, company)
		if e := p.latestExport(company); e.ID != 0 {
			t.Errorf("%s has an export that nobody asked for: %+v", company, e)
		}
	}
	for company, foreign := range other {
		e := p.exported(company)
		admin := harness.Query[int64](p.Portal, `select id from portal.users where email = $1`, harness.Email(company, auth.Admin))
		if e.Link == nil || *e.Link != fmt.Sprintf("%s/%d/file", exportPath, e.ID) || *e.RequestedBy != admin || *e.RequestedName != "Admin One" || *e.Bytes == 0 || *e.Rows < 3 || e.Error != nil {
			t.Fatalf("the export is %+v", e)
		}
		if again := p.askExport(company); again.ID != e.ID || again.State != "ready" {
			t.Errorf("asked again: %+v, want the one that is ready", again)
		}
		p.exportIsTheAdminsAlone(company, foreign, e)

		members, a := p.download(company, *e.Link)
		day := time.Now().In(p.zoneOf(company)).Format(time.DateOnly)
		if have, want := a.Header.Get("Content-Disposition"), fmt.Sprintf(`attachment; filename="%s-%s.tar.zst"`, company, day); have != want {
			t.Errorf("Content-Disposition %q, want %q", have, want)
		}
		if a.Header.Get("Content-Type") != "application/zstd" || int64(len(a.Body)) != *e.Bytes || a.Header.Get("Content-Length") != fmt.Sprint(*e.Bytes) {
			t.Errorf("%v, %d bytes, of an export of %d", a.Header, len(a.Body), *e.Bytes)
		}
		if members["manifest.json"] == "" || strings.Count(members["portal.locations.jsonl"], "planted-"+company) != 3 {
			t.Errorf("the file of %s holds %v", company, members)
		}
		secrets := harness.Query[[]string](p.Portal, `
			select array_agg(password_hash) filter (where password_hash is not null) || array['\\x' || encode(convert_to('sealed of ' || $1, 'UTF8'), 'hex')]
			from platform.logins where customer_id = $1`, company)
		for name, text := range members {
			if slices.ContainsFunc(secrets, func(s string) bool { return strings.Contains(text, strings.ReplaceAll(s, `\`, `\\`)) }) || len(secrets) < 2 {
				t.Errorf("%s of %s holds a secret, of %d: %s", name, company, len(secrets), text)
			}
			if strings.Contains(text, foreign) || strings.Contains(text, harness.Email(foreign, auth.Admin)) {
				t.Errorf("%s of %s holds something of the other company: %s", name, company, text)
			}
		}

		problem := p.Do("GET", *e.Link, p.Token(company, auth.Admin), nil).Problem(t, http.StatusConflict)
		if !strings.Contains(problem.Detail, "works once") {
			t.Errorf("the second time: %q", problem.Detail)
		}
		if e := p.exportIs(company, e.ID, "downloaded"); e.Link != nil {
			t.Errorf("it was downloaded and has a link: %+v", e)
		}
		if n := harness.Query[int](p.Portal, `select count(*) from portal.customer_export_parts where customer_id = $1`, company); n != 0 {
			t.Errorf("%d parts are left of what was downloaded", n)
		}
		p.exportIsRecorded(company, "export.requested", "export.made", "export.requested", "export.download_begun", "export.downloaded")
		if next := p.exported(company); next.ID == e.ID {
			t.Error("another export has the same id")
		}
	}
}

// exportIsTheAdminsAlone has everybody else try what can be done with an export of a company.
func (p *portal) exportIsTheAdminsAlone(company, foreign string, e companyExport) {
	p.T.Helper()
	one := fmt.Sprintf("%s/%d", exportPath, e.ID)
	operator := p.ActingIn(company)
	for _, c := range []struct {
		who, token           string
		look, ask, get, drop int
	}{
		{"a Manager", p.Token(company, auth.Manager), http.StatusForbidden, http.StatusForbidden, http.StatusForbidden, http.StatusForbidden},
		{"an acting operator", operator, http.StatusOK, http.StatusForbidden, http.StatusForbidden, http.StatusForbidden},
		{"the other company's Admin", p.Token(foreign, auth.Admin), http.StatusOK, 0, http.StatusNotFound, http.StatusNotFound},
	} {
		for _, try := range []struct {
			method, path string
			want         int
		}{{"GET", exportPath, c.look}, {"POST", exportPath, c.ask}, {"GET", *e.Link, c.get}, {"DELETE", one, c.drop}} {
			if try.want == 0 {
				continue
			}
			if a := p.Do(try.method, try.path, c.token, nil); a.Status != try.want {
				p.T.Errorf("%s: %s %s answers %d, want %d: %s", c.who, try.method, try.path, a.Status, try.want, a.Body)
			}
		}
	}
	if a := p.Do("HEAD", *e.Link, p.Token(company, auth.Admin), nil); a.Status != http.StatusMethodNotAllowed {
		p.T.Errorf("HEAD answers %d", a.Status)
	}
	if again := p.latestExport(company); again.State != "ready" {
		p.T.Errorf("after others have tried it is %+v", again)
	}
	harness.WaitFor(p.T, "the list of jobs to show one that is done", func() bool {
		var listed []struct{ Kind, State string }
		p.Do("GET", "/api/jobs/", p.Token(company, auth.Admin), nil).Want(p.T, http.StatusOK).JSON(p.T, &listed)
		return slices.Contains(listed, struct{ Kind, State string }{"export_customer", "done"})
	})
}

// exportIsRecorded compares what the audit log says of a company's exports.
func (p *portal) exportIsRecorded(company string, want ...string) {
	p.T.Helper()
	var have []string
	for _, e := range p.AuditLog("customer_id = $1 and action like 'export.%'", company) {
		have = append(have, *e.Action)
		if *e.Actor != "Admin One" || *e.Role != auth.Admin || *e.ObjectType != "export" {
			p.T.Errorf("an entry names %+v", e)
		}
	}
	if fmt.Sprint(have) != fmt.Sprint(want) {
		p.T.Errorf("the audit log has %v, want %v", have, want)
	}
}

func (p *portal) zoneOf(company string) *time.Location {
	p.T.Helper()
	zone, err := time.LoadLocation(harness.Query[string](p.Portal, `select timezone from platform.customers where customer_id = $1`, company))
	if err != nil {
		p.T.Fatal(err)
	}
	return zone
}

// largeExport plants an export of a company that is ready and larger than what connections hold on their way.
func (p *portal) largeExport(company string) (id int64, link string) {
	p.T.Helper()
	const parts = 40
	id = harness.Query[int64](p.Portal, `
		insert into portal.customer_exports (customer_id, state, requested_at, finished_at, expires_at, bytes, rows, parts)
		values ($1, 'ready', now(), now(), now() + interval '1 day', $2::int * 1048576, 1, $2) returning id`, company, parts)
	p.Exec(`insert into portal.customer_export_parts (customer_id, export_id, part, content)
		select $1, $2, n, decode(repeat(lpad(to_hex(n), 2, '0'), 1048576), 'hex') from generate_series(0, $3 - 1) n`, company, id, parts)
	return id, fmt.Sprintf("%s/%d/file", exportPath, id)
}

// begin begins a download of company A's Admin, and reads a little of it.
func (p *portal) begin(link string) io.ReadCloser {
	p.T.Helper()
	r, err := http.NewRequestWithContext(p.T.Context(), http.MethodGet, p.URL+link, nil)
	if err != nil {
		p.T.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+p.Token(harness.CompanyA, auth.Admin))
	answer, err := http.DefaultClient.Do(r)
	if err == nil {
		_, err = io.ReadFull(answer.Body, make([]byte, 1<<20))
	}
	if err != nil || answer.StatusCode != http.StatusOK {
		p.T.Fatalf("%v, %v", answer, err)
	}
	p.T.Cleanup(func() { _ = answer.Body.Close() })
	return answer.Body
}

// A download that breaks off is begun again, or another export is asked for; two at a time there are not.
func TestExports_ADownloadBreaksOff(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	const a = harness.CompanyA
	id, link := p.largeExport(a)
	again := func() harness.Answer { return p.Do("GET", link, p.Token(a, auth.Admin), nil) }

	first := p.begin(link)
	if problem := again().Problem(t, http.StatusConflict); !strings.Contains(problem.Detail, "is being downloaded") {
		t.Errorf("while it is downloaded: %q", problem.Detail)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	harness.WaitFor(t, "a download that broke off to be given back", func() bool {
		return harness.Query[bool](p.Portal, `select taken_by is null from portal.customer_exports where id = $1`, id)
	})
	// Who stands still for long is passed by another, and gets no more.
	slow := p.begin(link)
	var renewed time.Time
	harness.WaitFor(t, "a download to stand still", func() bool {
		before := renewed
		time.Sleep(300 * time.Millisecond)
		renewed = harness.Query[time.Time](p.Portal, `select taken_until from portal.customer_exports where id = $1`, id)
		return renewed.Equal(before)
	})
	p.Exec(`update portal.customer_exports set taken_until = now() - interval '1 second' where id = $1`, id)
	second := p.begin(link)
	p.breaksOff(slow)
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	var whole harness.Answer
	harness.WaitFor(t, "the download to be whole", func() bool { whole = again(); return whole.Status == http.StatusOK })
	if len(whole.Body) != 40<<20 || whole.Body[0] != 0 || whole.Body[len(whole.Body)-1] != 39 {
		t.Errorf("%d bytes", len(whole.Body))
	}
	again().Problem(t, http.StatusConflict)

	// What is discarded while it is downloaded is gone, and so it is with what is taken from whoever is put out.
	p.Do("DELETE", fmt.Sprintf("%s/%d", exportPath, id), p.Token(a, auth.Admin), nil).Want(t, http.StatusOK)
	id, link = p.largeExport(a)
	third := p.begin(link)
	p.Do("DELETE", fmt.Sprintf("%s/%d", exportPath, id), p.Token(a, auth.Admin), nil).Want(t, http.StatusOK)
	p.breaksOff(third)
	again().Problem(t, http.StatusNotFound)
	id, link = p.largeExport(a)
	fourth := p.begin(link)
	p.Exec(`update platform.sessions set revoked_at = now() where customer_id = $1`, a)
	p.breaksOff(fourth)
	if state := harness.Query[string](p.Portal, `select state from portal.customer_exports where id = $1`, id); state != "ready" {
		t.Errorf("what nobody has whole is %s", state)
	}
}

// breaksOff reads on, and wants an end before the end.
func (p *portal) breaksOff(file io.Reader) {
	p.T.Helper()
	n, err := io.Copy(io.Discard, file)
	if err == nil || n >= 39<<20 {
		p.T.Errorf("a download goes on for %d bytes, and ends with %v", n, err)
	}
}

// What nobody has downloaded for a day is over, and its file is deleted.
func TestExports_Expire(t *testing.T) {
	t.Parallel()
	p := newExporting(t)
	const a = harness.CompanyA
	e := p.exported(a)
	own := p.exported(harness.CompanyB)
	p.Exec(`update portal.customer_exports set expires_at = now() - interval '1 second' where id = $1`, e.ID)
	if now := p.exportIs(a, e.ID, "expired"); now.Link != nil {
		t.Errorf("it has expired and has a link: %+v", now)
	}
	if problem := p.Do("GET", *e.Link, p.Token(a, auth.Admin), nil).Problem(t, http.StatusConflict); !strings.Contains(problem.Detail, "ask for another") {
		t.Errorf("expired: %q", problem.Detail)
	}
	if n := harness.Query[int64](p.Portal, `select count(*) from portal.customer_export_parts where export_id = $1`, e.ID); n == 0 {
		t.Fatal("the parts are gone before the upkeep")
	}
	if _, err := p.As("portal_worker").Exec(t.Context(), `select tenancy.prune('customer_export_parts', now(), 5000)`); err != nil {
		t.Fatal(err)
	}
	if n := harness.Query[int64](p.Portal, `select count(*) from portal.customer_export_parts where export_id = $1`, e.ID); n != 0 {
		t.Errorf("%d parts are left by the upkeep", n)
	}
	p.download(harness.CompanyB, *own.Link)
	if next := p.exported(a); next.ID == e.ID {
		t.Error("the expired one is back")
	}
}

// What cannot be made says why, and another can be asked for.
func TestExports_Fail(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	const a = harness.CompanyA
	e := p.askExport(a)
	if again := p.askExport(a); again.ID != e.ID || again.State != "waiting" {
		t.Errorf("asked again: %+v, want %+v", again, e)
	}
	if problem := p.Do("GET", fmt.Sprintf("%s/%d/file", exportPath, e.ID), p.Token(a, auth.Admin), nil).Problem(t, http.StatusConflict); !strings.Contains(problem.Detail, "not made yet") {
		t.Errorf("not made yet: %q", problem.Detail)
	}
	job := harness.Query[int64](p.Portal, `select id from jobs.river_job where kind = 'export_customer'`)
	p.Do("POST", fmt.Sprintf("/api/jobs/%d/discard/", job), p.Token(a, auth.Admin), nil).Want(t, http.StatusOK)
	p.exportIs(a, e.ID, "failed")

	// Another Admin asks, and is none any more when it would be made.
	p.Exec(`update portal.users set role = 'Admin' where email = $1`, harness.Email(a, auth.Manager))
	second := p.Session(harness.Email(a, auth.Manager)).AccessToken
	var asked companyExport
	p.Do("POST", exportPath, second, nil).Want(t, http.StatusAccepted).JSON(t, &asked)
	if asked.ID == e.ID {
		t.Error("the failed one is begun again")
	}
	p.Exec(`update portal.users set role = 'Manager' where email = $1`, harness.Email(a, auth.Manager))
	newPortal(t, func(s *harness.Settings) { s.Database, s.Workers = p.Database, true })
	if failed := p.exportIs(a, asked.ID, "failed"); failed.ErrorCode == nil || *failed.ErrorCode != "not-allowed" || failed.Error == nil {
		t.Errorf("made for nobody: %+v", failed)
	}
	p.exported(a)
}
