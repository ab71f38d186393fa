package browser

import (
	"fmt"
	"strings"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// stainSQL are the columns of texts in tables of companies.
const stainSQL = `
select format('update %I.%I set %I = left($1, %s) where customer_id = $2', c.table_schema, c.table_name, c.column_name, coalesce(c.character_maximum_length, 100))
from information_schema.columns c
where c.table_schema in ('portal', 'platform')
  and c.data_type in ('text', 'character varying')
  and coalesce(c.character_maximum_length, 100) >= 40
  and c.is_generated = 'NEVER'
  and c.column_name not in ('customer_id', 'password_hash', 'timezone')
  and exists (select from information_schema.columns k where (k.table_schema, k.table_name, k.column_name) = (c.table_schema, c.table_name, 'customer_id'))
order by 1`

// stain writes a text into every column of a company that takes it, past the rules of the API.
func stain(p *harness.Portal, customer, text string) (written int) {
	p.T.Helper()
	for _, statement := range harness.Query[[]string](p, `select array_agg(s.format) from (`+stainSQL+`) s`) {
		if tag, err := p.Super.Exec(p.T.Context(), statement, text, customer); err == nil && tag.RowsAffected() > 0 {
			written++
		}
	}
	return written
}

// Markup that stands in every text of two companies is shown as the text that it is, and runs nowhere; and no page of the one
// company, for whatever role, ever shows anything of the other, whose people look at their own meanwhile.
func TestStrangers(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t, harness.Demo(t))
	marks := map[string]string{"LEGACY001": "alder", "TEST0001": "birch"}
	for customer, mark := range marks {
		if n := stain(p, customer, fmt.Sprintf(`<img src=x onerror=%s()>%[1]s`, mark)); n < 25 {
			t.Fatalf("only %d columns of %s hold the mark", n, customer)
		}
	}
	visitors := []struct{ role, email, own, other string }{
		{auth.Admin, "morgan.hale@example.com", "alder", "birch"},
		{auth.Contractor, "greg.nowak@example.org", "alder", "birch"},
		{auth.Admin, "ellen.sorensen@example.net", "birch", "alder"},
		{auth.User, "nate.gundersen@example.net", "birch", "alder"},
		{auth.SuperAdmin, harness.Operator, "alder", ""},
	}
	if harness.Full {
		visitors = append(visitors, []struct{ role, email, own, other string }{
			{auth.Manager, "dana.whitlock@example.com", "alder", "birch"},
			{auth.Subcontractor, "joey.bianchi@example.com", "alder", "birch"},
			{auth.Manager, "marcus.reed@example.net", "birch", "alder"},
			{auth.Contractor, "dale.hendricks@example.org", "birch", "alder"},
		}...)
	}
	for _, v := range visitors {
		t.Run(v.role+" of "+v.own, func(t *testing.T) {
			t.Parallel()
			b := newTab(t, p, desk)
			b.logIn(v.email)
			own := 0
			b.eachPage(func(path string) {
				page := b.eval(`document.documentElement.outerHTML + JSON.stringify(localStorage) + JSON.stringify(sessionStorage)`)
				if strings.Contains(page, v.own) {
					own++
				}
				if v.other != "" && strings.Contains(page, v.other) {
					t.Errorf("%s shows something of the other company", path)
				}
				if n := b.eval(`document.querySelectorAll("img[src=x], [onerror]").length`); n != "0" {
					t.Errorf("%s made elements of a text: %s", path, n)
				}
				for _, fault := range b.wrong() {
					t.Errorf("%s: %s", path, fault)
				}
				b.forget()
			})
			want := 2
			if v.other == "" {
				want = 1 // the customers' list; the customer that it leads to first may be the other one
			}
			if own < want {
				t.Errorf("the own mark is on %d pages", own)
			}
		})
	}
}
