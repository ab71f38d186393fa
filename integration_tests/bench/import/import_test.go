// Package importing measures the import of a large spreadsheet by the real program, as its own process:
// how long it takes, and how much memory the server has at the most.
package importing

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/xuri/excelize/v2"

	"contractor-portal/db/embedded"
	"contractor-portal/server/auth"
)

const (
	rows     = 10_000
	limit    = 20_000 // the customer's
	email    = "admin@a.example"
	password = "correct horse battery"

	goalSeconds = 10
	goalMB      = 300
)

// BenchmarkImport imports 10,000 rows, each time into an empty company and by a fresh server.
func BenchmarkImport(b *testing.B) {
	p := prepare(b)
	for _, kind := range []struct {
		name string
		file func(testing.TB, [][]string) []byte
	}{{"properties.xlsx", workbook}, {"properties.csv", commas}} {
		b.Run(strings.TrimPrefix(filepath.Ext(kind.name), "."), func(b *testing.B) {
			good, bad := kind.file(b, table(nil)), kind.file(b, table([]int{17, 5_000, 9_999}))
			var seconds, peak float64
			for b.Loop() {
				b.StopTimer()
				p.exec(b, `delete from portal.locations`)
				server := p.serve(b)
				b.StartTimer()

				start := time.Now()
				status, body := server.upload(b, kind.name, good)
				seconds = max(seconds, time.Since(start).Seconds())
				b.StopTimer()
				peak = max(peak, server.peak(b))
				if n := p.count(b); status != http.StatusOK || n != rows {
					b.Fatalf("status %d, %d rows: %s", status, n, body)
				}

				// Three bad rows: nothing changes, and the answer names them.
				p.exec(b, `delete from portal.locations`)
				status, body = server.upload(b, kind.name, bad)
				for _, row := range []string{"Row 17, ", "Row 5000, ", "Row 9999, "} {
					if n := p.count(b); status != http.StatusUnprocessableEntity || n != 0 || !strings.Contains(body, row) {
						b.Fatalf("status %d, %d rows: %s", status, n, body)
					}
				}
				server.stop(b)
				b.StartTimer()
			}
			b.ReportMetric(seconds, "s/import")
			b.ReportMetric(peak, "MB-peak")
			b.Logf("%d rows, %d KiB: %.2f s (goal %d), VmHWM %.0f MB (goal %d)", rows, len(good)>>10, seconds, goalSeconds, peak, goalMB)
		})
	}
}

// table is a spreadsheet of so many properties; the rows of bad lack a size.
func table(bad []int) [][]string {
	t := [][]string{{"Property Name", "Address", "area manager", "Lot Sq Ft", "PLOW/SALT", "trigger", "Notes"}}
	for n := 2; n <= rows+1; n++ {
		t = append(t, []string{
			fmt.Sprintf("Property %d of the Maple Plaza Group", n), fmt.Sprintf("%d Long Street, Buffalo, NY 14201", n),
			[]string{"Pat Doyle", "Sam Lee", ""}[n%3], strconv.Itoa(1000 + n), []string{"Yes/No", "Yes", "No/Yes"}[n%3],
			[]string{`0.5"`, "Zero Tol", "3.25"}[n%3], fmt.Sprintf("Gate code %d, ask at the office", 7*n),
		})
	}
	for _, n := range bad {
		t[n-1][3] = "large"
	}
	return t
}

func commas(b testing.TB, t [][]string) []byte {
	b.Helper()
	var text bytes.Buffer
	if err := csv.NewWriter(&text).WriteAll(t); err != nil {
		b.Fatal(err)
	}
	return text.Bytes()
}

func workbook(b testing.TB, t [][]string) []byte {
	b.Helper()
	f := excelize.NewFile()
	if err := f.SetSheetName("Sheet1", "locations"); err != nil {
		b.Fatal(err)
	}
	for i, cells := range t {
		if err := f.SetSheetRow("locations", fmt.Sprintf("A%d", i+1), &cells); err != nil {
			b.Fatal(err)
		}
	}
	text, err := f.WriteToBuffer()
	if err != nil {
		b.Fatal(err)
	}
	return text.Bytes()
}

// A portal is the program and an installed database with one company and its Admin.
type portal struct {
	program string
	env     []string
	super   *pgx.Conn
}

func prepare(b *testing.B) *portal {
	b.Helper()
	// Not b.TempDir: the database's user must enter it.
	dir, err := os.MkdirTemp("", "portal-bench-")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		b.Fatal(err)
	}
	p := &portal{program: filepath.Join(dir, "portal")}
	run(b, nil, "go", "build", "-o", p.program, "contractor-portal")

	binaries, err := embedded.Find(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	pg, err := embedded.Start(b.Context(), binaries, embedded.Config{Data: filepath.Join(dir, "data")})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := pg.Stop(); err != nil {
			b.Error(err)
		}
	})
	super := pg.URL("postgres")
	p.env = append(os.Environ(), "DATABASE_URL="+super, "PORTAL_KEYS="+run(b, nil, p.program, "keys", "new"))
	for role, name := range map[string]string{"portal_app": "APP", "portal_auth": "AUTH", "portal_platform": "PLATFORM"} {
		u, err := url.Parse(super)
		if err != nil {
			b.Fatal(err)
		}
		u.User = url.UserPassword(role, "role-password-of-the-benchmark")
		p.env = append(p.env, "DATABASE_URL_"+name+"="+u.String())
	}
	run(b, p.env, p.program, "migrate")

	if p.super, err = pgx.Connect(b.Context(), super); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = p.super.Close(context.Background()) })
	hash, err := auth.HashPassword(b.Context(), password)
	if err != nil {
		b.Fatal(err)
	}
	p.exec(b, `insert into platform.customers (customer_id, company_name, max_users, max_properties) values ('AAAA22222', 'Alder Grounds', 10, $1)`, limit)
	p.exec(b, `insert into portal.users (customer_id, name, email, role, status) values ('AAAA22222', 'Admin One', $1, 'Admin', 'active')`, email)
	p.exec(b, `update platform.logins set password_hash = $1, confirmed_at = now()`, hash)
	return p
}

func run(b *testing.B, env []string, program string, args ...string) string {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), program, args...)
	cmd.Env = env
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		b.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, complaint.Bytes())
	}
	return strings.TrimSpace(string(out))
}

func (p *portal) exec(b *testing.B, sql string, args ...any) {
	b.Helper()
	if _, err := p.super.Exec(b.Context(), sql, args...); err != nil {
		b.Fatal(err)
	}
}

func (p *portal) count(b *testing.B) (n int) {
	b.Helper()
	if err := p.super.QueryRow(b.Context(), `select count(*) from portal.locations`).Scan(&n); err != nil {
		b.Fatal(err)
	}
	return n
}

// A server is one process of `portal serve`.
type server struct {
	cmd   *exec.Cmd
	url   string
	token string
}

func (p *portal) serve(b *testing.B) *server {
	b.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	address := free.Addr().String()
	_ = free.Close()
	s := &server{cmd: exec.CommandContext(b.Context(), p.program, "serve", "--listen", address), url: "http://" + address}
	s.cmd.Env = p.env
	if err := s.cmd.Start(); err != nil {
		b.Fatal(err)
	}
	for ready := false; !ready; time.Sleep(10 * time.Millisecond) {
		if s.cmd.Process.Signal(syscall.Signal(0)) != nil {
			b.Fatal("the server has ended")
		}
		if res, err := http.Get(s.url + "/readyz"); err == nil {
			ready = res.StatusCode == http.StatusOK
			_ = res.Body.Close()
		}
	}
	res, err := http.PostForm(s.url+"/api/login/", url.Values{"username": {email}, "password": {password}})
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	var pair struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&pair); err != nil || pair.AccessToken == "" {
		b.Fatalf("log-in: status %d, %v", res.StatusCode, err)
	}
	s.token = pair.AccessToken
	return s
}

func (s *server) upload(b *testing.B, name string, file []byte) (status int, body string) {
	b.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("file", name)
	if err != nil {
		b.Fatal(err)
	}
	_, _ = part.Write(file)
	_ = w.Close()
	req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, s.url+"/bulk-import-properties/", &form)
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	req.Header.Set("Authorization", "Bearer "+s.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// peak is the most memory that the process had so far, in MB.
func (s *server) peak(b *testing.B) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	kb, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	n, err := strconv.ParseFloat(kb, 64)
	if err != nil {
		b.Fatal(err)
	}
	return n / 1024
}

func (s *server) stop(b *testing.B) {
	b.Helper()
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		b.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		b.Fatal(err)
	}
}
