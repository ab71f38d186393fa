// Package importing measures the import of a large spreadsheet by the real program, as its own process:
// how long it takes, and how much memory the server has at the most.
package importing

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/xuri/excelize/v2"

	"contractor-portal/integration_tests/bench/stage"
)

const (
	rows  = 10_000
	limit = 20_000 // the customer's
	email = "admin@a.example"

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
			good, bad := kind.file(b, table(rows)), kind.file(b, table(rows, 17, 5_000, 9_999))
			var seconds, peak float64
			for b.Loop() {
				b.StopTimer()
				p.exec(b, `delete from portal.locations`)
				server := p.serve(b)
				b.StartTimer()

				start := time.Now()
				status, body := upload(b, server, kind.name, good)
				seconds = max(seconds, time.Since(start).Seconds())
				b.StopTimer()
				peak = max(peak, peakOf(b, server))
				if n := p.count(b); status != http.StatusOK || n != rows {
					b.Fatalf("status %d, %d rows: %s", status, n, body)
				}

				// Three bad rows: nothing changes, and the answer names them.
				p.exec(b, `delete from portal.locations`)
				status, body = upload(b, server, kind.name, bad)
				for _, row := range []string{"Row 17, ", "Row 5000, ", "Row 9999, "} {
					if n := p.count(b); status != http.StatusUnprocessableEntity || n != 0 || !strings.Contains(body, row) {
						b.Fatalf("status %d, %d rows: %s", status, n, body)
					}
				}
				server.Stop()
				b.StartTimer()
			}
			b.ReportMetric(seconds, "s/import")
			b.ReportMetric(peak, "MB-peak")
			b.Logf("%d rows, %d KiB: %.2f s (goal %d), VmHWM %.0f MB (goal %d)", rows, len(good)>>10, seconds, goalSeconds, peak, goalMB)
		})
	}
}

// BenchmarkFourAtOnce sends the largest files that are taken at once, each of a company of its own: how much memory
// they take over that of the idle server. And one with too many rows: how long its refusal takes.
func BenchmarkFourAtOnce(b *testing.B) {
	p := prepare(b)
	for n := range 3 {
		p.company(b, fmt.Sprintf("AAAA2222%d", n+3), fmt.Sprintf("admin%d@a.example", n))
	}
	large, long := workbook(b, table(limit)), workbook(b, table(limit+1_000))
	var most, refusal float64
	for b.Loop() {
		p.exec(b, `delete from portal.locations`)
		server := p.serve(b)
		idle, _, err := server.Memory()
		if err != nil {
			b.Fatal(err)
		}
		tokens := []string{server.Token}
		for n := range 3 {
			token, err := server.Login(b.Context(), fmt.Sprintf("admin%d@a.example", n))
			if err != nil {
				b.Fatal(err)
			}
			tokens = append(tokens, token)
		}
		start := time.Now()
		if status, body := upload(b, server, "long.xlsx", long); status != http.StatusBadRequest {
			b.Fatalf("status %d: %s", status, body)
		}
		refusal = max(refusal, time.Since(start).Seconds())
		var all sync.WaitGroup
		for _, token := range tokens {
			one := *server
			one.Token = token
			all.Go(func() {
				if status, body := upload(b, &one, "large.xlsx", large); status != http.StatusOK {
					b.Errorf("status %d: %s", status, body)
				}
			})
		}
		all.Wait()
		most = max(most, peakOf(b, server)-idle)
		server.Stop()
	}
	b.ReportMetric(most, "MB-over-idle")
	b.ReportMetric(refusal, "s/refusal")
	b.Logf("%d rows, %d KiB, four at once: %.0f MB over idle (goal %d); %d rows refused in %.2f s", limit, len(large)>>10, most, goalMB, limit+1_000, refusal)
}

// table is a spreadsheet of so many properties; the rows of bad lack a size.
func table(rows int, bad ...int) [][]string {
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

// A portal is an installed database with one company and its Admin.
type portal struct {
	*stage.Stage
	env   []string
	super *pgx.Conn
}

func prepare(b *testing.B) *portal {
	b.Helper()
	s, err := stage.New(b.Context(), "", nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	p := &portal{Stage: s}
	if p.env, err = s.Install(s.Super); err != nil {
		b.Fatal(err)
	}
	if p.super, err = pgx.Connect(b.Context(), s.Super.String()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = p.super.Close(context.WithoutCancel(b.Context())) })
	p.company(b, "AAAA22222", email)
	return p
}

// company makes one, and its Admin.
func (p *portal) company(b *testing.B, id, email string) {
	b.Helper()
	p.exec(b, `insert into platform.customers (customer_id, company_name, max_users, max_properties) values ($1, 'Alder Grounds', 10, $2)`, id, limit)
	p.exec(b, `insert into portal.users (customer_id, name, email, role, status) values ($1, 'Admin One', $2, 'Admin', 'active')`, id, email)
	if err := stage.LetIn(b.Context(), p.super, email); err != nil {
		b.Fatal(err)
	}
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

// serve starts a server, and logs in.
func (p *portal) serve(b *testing.B) *stage.Server {
	b.Helper()
	s, err := stage.Serve(b.Context(), p.env, p.Portal, "serve")
	if err != nil {
		b.Fatal(err)
	}
	if s.Token, err = s.Login(b.Context(), email); err != nil {
		b.Fatal(err)
	}
	return s
}

func upload(b *testing.B, s *stage.Server, name string, file []byte) (status int, body string) {
	b.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("file", name)
	if err != nil {
		b.Fatal(err)
	}
	_, _ = part.Write(file)
	_ = w.Close()
	req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, "http://"+s.Address+"/bulk-import-properties/", &form)
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	req.Header.Set("Authorization", "Bearer "+s.Token)
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

// peakOf is the most memory that the process had so far, in MB.
func peakOf(b *testing.B, s *stage.Server) float64 {
	b.Helper()
	_, peak, err := s.Memory()
	if err != nil {
		b.Fatal(err)
	}
	return peak
}
