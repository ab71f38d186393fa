// Package audit reads what the audit of an installed database finds, and writes it for people and for
// programs. It knows no lint: those are views of the database, made of policies/audit.
package audit

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Severities, the worst first. An error refuses an installation and stops the server.
const (
	Error   = "error"
	Warning = "warning"
	Info    = "info"
)

// A Finding is one row of tenancy.findings.
type Finding struct {
	Lint     string `json:"lint"`
	Severity string `json:"severity"`
	Object   string `json:"object"` // with its schema
	Detail   string `json:"detail"`
	Remedy   string `json:"remedy"`
}

func (f Finding) String() string {
	return fmt.Sprintf("%s %s: %s: %s (%s)", f.Severity, f.Lint, f.Object, f.Detail, f.Remedy)
}

// A Lint is one question of the audit.
type Lint struct{ Name, About string }

// An Exception is a finding, or a kind of them, that somebody answers for until a day.
type Exception struct {
	Lint    string `json:"lint"`
	Object  string `json:"object"`
	Reason  string `json:"reason"`
	Expires string `json:"expires_on"`
	MadeBy  string `json:"made_by"`
	MadeOn  string `json:"made_on"`
}

// A Report is what one run of the audit says.
type Report struct {
	Lints      []Lint      // all that were asked, by name
	NotAsked   []Unasked   // of a database that is not the portal's
	Findings   []Finding   // the worst first
	Exceptions []Exception // what Findings does not show, or would not; also those that are over
	By         Program     // for SARIF, which says who asked and where a finding lies
}

// Queryer is a connection, a pool or a transaction.
type Queryer interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

const findingsSQL = `
select lint, severity, object, detail, remedy
from tenancy.findings
order by array_position(array['error', 'warning', 'info'], severity), lint, object, detail`

// Findings runs the audit.
func Findings(ctx context.Context, q Queryer) ([]Finding, error) {
	rows, _ := q.Query(ctx, findingsSQL)
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Finding])
}

const lintsSQL = `select lint, about from tenancy.lints order by lint`

const exceptionsSQL = `
select lint, object, reason, expires_on::text, made_by, made_on::text
from tenancy.audit_exceptions
order by lint, object`

// Run runs the audit, and says what it asked.
func Run(ctx context.Context, q Queryer) (r Report, err error) {
	rows, _ := q.Query(ctx, lintsSQL)
	if r.Lints, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Lint]); err != nil {
		return r, err
	}
	if r.Findings, err = Findings(ctx, q); err != nil {
		return r, err
	}
	rows, _ = q.Query(ctx, exceptionsSQL)
	r.Exceptions, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Exception])
	return r, err
}

// Count is the number of findings of a severity.
func (r Report) Count(severity string) (n int) {
	for _, f := range r.Findings {
		if f.Severity == severity {
			n++
		}
	}
	return n
}

// Write writes the report as table, json or sarif.
func (r Report) Write(w io.Writer, format string) error {
	switch format {
	case "table":
		return r.table(w)
	case "json":
		return encode(w, struct {
			Errors     int         `json:"errors"`
			Warnings   int         `json:"warnings"`
			Lints      int         `json:"lints"`
			NotAsked   []Unasked   `json:"not_asked,omitempty"`
			Findings   []Finding   `json:"findings"`
			Exceptions []Exception `json:"exceptions"`
		}{r.Count(Error), r.Count(Warning), len(r.Lints), r.NotAsked, r.Findings, r.Exceptions})
	case "sarif":
		return encode(w, r.sarif())
	}
	return fmt.Errorf("format %s: expected table, json or sarif", format)
}

func (r Report) table(w io.Writer) error {
	severity, lint := len("SEVERITY"), len("LINT")
	for _, f := range r.Findings {
		severity, lint = max(severity, len(f.Severity)), max(lint, len(f.Lint))
	}
	var b strings.Builder
	if len(r.Findings) > 0 {
		fmt.Fprintf(&b, "%-*s  %-*s  OBJECT\n", severity, "SEVERITY", lint, "LINT")
	}
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%-*s  %-*s  %s\n", severity, f.Severity, lint, f.Lint, f.Object)
		fmt.Fprintf(&b, "%*s%s\n%*sremedy: %s\n", severity+2, "", oneLine(f.Detail), severity+2, "", oneLine(f.Remedy))
	}
	for _, e := range r.Exceptions {
		fmt.Fprintf(&b, "%-*s  %-*s  %s\n%*suntil %s, by %s on %s: %s\n", severity, "excepted", lint, e.Lint, e.Object, severity+2, "",
			e.Expires, e.MadeBy, e.MadeOn, oneLine(e.Reason))
	}
	for _, u := range r.NotAsked {
		fmt.Fprintf(&b, "%-*s  %-*s  %s\n", severity, "unasked", lint, u.Name, u.Reason)
	}
	fmt.Fprintf(&b, "%d lints: %d errors, %d warnings, %d findings in all\n", len(r.Lints), r.Count(Error), r.Count(Warning), len(r.Findings))
	_, err := io.WriteString(w, b.String())
	return err
}

// sortFindings sorts as findingsSQL does.
func sortFindings(findings []Finding) {
	slices.SortFunc(findings, func(a, b Finding) int {
		worst := []string{Error, Warning, Info}
		return cmp.Or(cmp.Compare(slices.Index(worst, a.Severity), slices.Index(worst, b.Severity)),
			cmp.Compare(a.Lint, b.Lint), cmp.Compare(a.Object, b.Object), cmp.Compare(a.Detail, b.Detail))
	})
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func encode(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
