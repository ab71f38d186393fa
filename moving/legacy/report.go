package legacy

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A Report is what an import has found and done.
type Report struct {
	Source    string     `json:"source"`
	DryRun    bool       `json:"dry_run"` // nothing of it has stayed
	Customers []Customer `json:"customers"`
	// LeftOut are the tables of the source that have no place here.
	LeftOut []LeftOut `json:"left_out,omitempty"`
	Remarks []string  `json:"remarks,omitempty"`
}

// A Customer is what has been imported into one, all of it or nothing.
type Customer struct {
	ID string `json:"customer_id"`
	// Replaced is its id in the source, where that could not stay.
	Replaced string   `json:"replaced,omitempty"`
	Made     bool     `json:"made"` // it was not here before
	Tables   []*Table `json:"tables"`
	Checks   []Check  `json:"checks"`
	Remarks  []string `json:"remarks,omitempty"`
}

// A Table is what became of one table's rows: read is the sum of written, refused, doubled and before.
type Table struct {
	Name    string `json:"table"`
	Into    string `json:"into"`
	Read    int64  `json:"read"`
	Written int64  `json:"written"`
	Changed int64  `json:"changed"` // of those written
	Refused int64  `json:"refused"`
	Doubled int64  `json:"doubled"` // here as another row, to which what names them refers
	Before  int64  `json:"before"`  // came by an import of before
	Unlike  int64  `json:"unlike"`  // of those: otherwise here than in the source, and left so
	IDs     int64  `json:"new_ids"` // of those written: their id is another one here

	Reasons []*Reason `json:"reasons,omitempty"`
}

// A Reason is why rows were changed or refused, with the first of their keys.
type Reason struct {
	Outcome string  `json:"outcome"`
	Text    string  `json:"reason"`
	Rows    int64   `json:"rows"`
	Keys    []int64 `json:"first_keys,omitempty"`
}

// A LeftOut is a table that has no place here.
type LeftOut struct {
	Table    string   `json:"table"`
	Rows     int64    `json:"rows"`
	Archived bool     `json:"archived"`
	Reason   string   `json:"reason"`
	Secrets  []string `json:"secret_columns,omitempty"` // are not in the archive
}

// A Check is a question that had to be answered before the customer could stay.
type Check struct {
	Name   string `json:"check"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

// Outcomes of a row.
const (
	changed = "changed"
	refused = "refused"
	doubled = "doubled"
	unlike  = "unlike"
	filled  = "by rule"
)

// keysShown is how many keys a reason names; rows.csv has all.
const keysShown = 20

// Failed tells whether a check has failed.
func (r *Report) Failed() bool {
	return slices.ContainsFunc(r.Customers, func(c Customer) bool {
		return slices.ContainsFunc(c.Checks, func(k Check) bool { return !k.OK })
	})
}

// because counts a reason. Numbers in it are the row's, and no reason of their own.
func (t *Table) because(outcome, text string, key int64) {
	general := generalized(text)
	for _, r := range t.Reasons {
		if r.Outcome == outcome && r.Text == general {
			r.Rows++
			if len(r.Keys) < keysShown && outcome != filled {
				r.Keys = append(r.Keys, key)
			}
			return
		}
	}
	r := &Reason{Outcome: outcome, Text: general, Rows: 1}
	if outcome != filled {
		r.Keys = []int64{key}
	}
	t.Reasons = append(t.Reasons, r)
}

// generalized is a reason without what stands between its marks, which is of one row.
func generalized(text string) string {
	for {
		before, rest, ok := strings.Cut(text, "‹")
		_, after, closed := strings.Cut(rest, "›")
		if !ok || !closed {
			return text
		}
		text = before + "…" + after
	}
}

// plain is a reason for people.
func plain(text string) string { return strings.NewReplacer("‹", "", "›", "").Replace(text) }

// Text writes the report for people.
func (r *Report) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "source: MySQL database %s\n", r.Source)
	for _, c := range r.Customers {
		c.text(&b)
	}
	for _, l := range r.LeftOut {
		fmt.Fprintf(&b, "\n%s: %d rows %s", l.Table, l.Rows, l.Reason)
		if l.Archived {
			b.WriteString("; in archive.jsonl")
		}
		if len(l.Secrets) > 0 {
			fmt.Fprintf(&b, " without %s", strings.Join(l.Secrets, ", "))
		}
	}
	if len(r.LeftOut) > 0 {
		b.WriteString("\n")
	}
	for _, line := range r.Remarks {
		fmt.Fprintf(&b, "\n%s\n", line)
	}
	if r.DryRun {
		b.WriteString("\nThis was a try: nothing has been written.\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (c Customer) text(b *strings.Builder) {
	made := "is here already"
	if c.Made {
		made = "is new"
	}
	fmt.Fprintf(b, "\ncustomer %s %s", c.ID, made)
	if c.Replaced != "" {
		fmt.Fprintf(b, ", and was %s", c.Replaced)
	}
	b.WriteString("\n")
	for _, line := range c.Remarks {
		fmt.Fprintf(b, "  %s\n", line)
	}
	fmt.Fprintf(b, "  %-30s %9s %9s %9s %9s %9s %9s\n", "table", "read", "written", "changed", "refused", "doubled", "before")
	for _, t := range c.Tables {
		if t.Read == 0 {
			continue
		}
		fmt.Fprintf(b, "  %-30s %9d %9d %9d %9d %9d %9d\n", t.Name, t.Read, t.Written, t.Changed, t.Refused, t.Doubled, t.Before)
		if t.IDs > 0 {
			fmt.Fprintf(b, "    %d have another id here\n", t.IDs)
		}
		for _, reason := range t.Reasons {
			fmt.Fprintf(b, "    %d %s: %s%s\n", reason.Rows, reason.Outcome, reason.Text, reason.keys())
		}
	}
	for _, k := range c.Checks {
		mark := "checked"
		if !k.OK {
			mark = "FAILED "
		}
		fmt.Fprintf(b, "  %s %s: %s\n", mark, k.Name, k.Detail)
	}
}

func (r *Reason) keys() string {
	if len(r.Keys) == 0 || r.Keys[0] == 0 {
		return ""
	}
	texts := make([]string, len(r.Keys))
	for i, k := range r.Keys {
		texts[i] = strconv.FormatInt(k, 10)
	}
	more := ""
	if int64(len(r.Keys)) < r.Rows {
		more = " …"
	}
	return " (" + strings.Join(texts, ", ") + more + ")"
}

// A folder is where a report goes as files: report.txt, report.json, rows.csv with a line for each row that was not taken as
// it is, and archive.jsonl with what has no place here. Without one nothing is written.
type folder struct {
	dir     string
	rows    *csv.Writer
	archive *json.Encoder
	files   []*os.File
}

func openFolder(dir string) (f *folder, err error) {
	f = &folder{dir: dir}
	if dir == "" {
		return f, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("--report: %w", err)
	}
	list, err := f.create("rows.csv")
	if err != nil {
		return nil, err
	}
	f.rows = csv.NewWriter(list)
	archive, err := f.create("archive.jsonl")
	if err != nil {
		return nil, err
	}
	f.archive = json.NewEncoder(archive)
	f.archive.SetEscapeHTML(false)
	return f, f.rows.Write([]string{"customer_id", "table", "key", "outcome", "reason"})
}

func (f *folder) create(name string) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(f.dir, name), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("--report: %w", err)
	}
	f.files = append(f.files, file)
	return file, nil
}

// row writes the line of one row.
func (f *folder) row(customer, table string, key int64, outcome, reason string) error {
	if f.rows == nil {
		return nil
	}
	// A spreadsheet takes what begins so for a formula.
	if reason = plain(reason); reason != "" && strings.ContainsAny(reason[:1], "=+-@\t") {
		reason = "'" + reason
	}
	return f.rows.Write([]string{customer, table, strconv.FormatInt(key, 10), outcome, reason})
}

// finish writes the report and closes what is open.
func (f *folder) finish(r *Report) (err error) {
	if f.dir == "" {
		return nil
	}
	f.rows.Flush()
	err = f.rows.Error()
	text, e := f.create("report.txt")
	if e == nil {
		e = r.Text(text)
	}
	object, e2 := f.create("report.json")
	if e2 == nil {
		encoder := json.NewEncoder(object)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		e2 = encoder.Encode(r)
	}
	err = errors.Join(err, e, e2)
	for _, file := range f.files {
		err = errors.Join(err, file.Close())
	}
	return err
}
