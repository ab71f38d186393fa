package properties

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
)

const importText = "Takes a workbook (.xlsx, its sheet locations) or a .csv file (commas, UTF-8) with the headings " +
	"Property Name, Address, area manager, Lot Sq Ft, PLOW/SALT and, if wanted, trigger and Notes. " +
	"A row without a property name is passed over; an address that the company has already is skipped and counted. " +
	"With mode=all one bad row refuses the file, and the answer (422) lists every bad row; with mode=partial the good rows are added. " +
	"With errors=csv the list of bad rows is the answer, as a file, with the same status."

// An importRequest is an uploaded spreadsheet. It is read before a connection is taken.
type importRequest struct {
	Mode   string `query:"mode" enum:"all,partial" default:"all" doc:"all: one bad row refuses the file. partial: good rows are added."`
	DryRun bool   `query:"dry_run" doc:"Answer the same, and add nothing."`
	Errors string `query:"errors" enum:"json,csv" default:"json" doc:"csv: answer with the list of bad rows as a file."`
	endpoint.Upload

	sheet *sheet
}

// reading bounds how many spreadsheets are read at once: each may take a core and 250 MB.
var reading = make(chan struct{}, 2)

// Prepare reads the spreadsheet.
func (in *importRequest) Prepare(ctx context.Context) (err error) {
	select {
	case reading <- struct{}{}:
		defer func() { <-reading }()
	case <-ctx.Done():
		return ctx.Err()
	}
	name, content := in.File()
	in.sheet, err = readSheet(ctx, name, content)
	return err
}

// An ImportReport says what became of a spreadsheet.
type ImportReport struct {
	endpoint.Attached `json:"-"`

	Message string   `json:"message"`
	Count   int64    `json:"count" doc:"How many properties were added."`
	Skipped int64    `json:"skipped" doc:"How many rows have an address that the company has already."`
	Errors  []string `json:"errors,omitempty" doc:"bad_rows as sentences, for people."`
	BadRows []BadRow `json:"bad_rows,omitempty" doc:"What could not be added, and why."`
}

// lockUsageSQL makes other additions of the company wait, so that what is planned stays true.
const lockUsageSQL = `select used, allowed from tenancy.lock_properties()`

type propertyUsage struct {
	Used    int64 `db:"used"`
	Allowed int64 `db:"allowed"`
}

const knownSQL = `select coalesce(array_agg(address), '{}') from locations where address = any (@addresses)`

func importAll(ctx context.Context, tx db.Tx, in *importRequest) (out ImportReport, err error) {
	all := in.Mode == "all"
	if all && len(in.sheet.bad) > 0 {
		return out, in.refusal()
	}
	usage, err := db.One[propertyUsage](ctx, tx, lockUsageSQL)
	if err != nil {
		return out, err
	}
	known, err := db.Value[[]string](ctx, tx, knownSQL, db.Args{"addresses": in.sheet.addresses()})
	if err != nil {
		return out, err
	}
	p := in.sheet.plan(known, usage)
	if all && len(p.over) > 0 {
		return out, &db.Refusal{Kind: db.ErrLimit, Detail: fmt.Sprintf("%d of %d properties are in use, and the file has %d new ones",
			usage.Used, usage.Allowed, len(p.add)+len(p.over))}
	}
	out.Count, out.Skipped = int64(len(p.add)), p.skipped
	if !in.DryRun {
		if out.Count, err = insert(ctx, tx, p.add); err != nil {
			return out, err
		}
		out.Skipped += int64(len(p.add)) - out.Count // another property was moved to the address meanwhile
		endpoint.Note(ctx, "property", "", map[string]any{"imported": out.Count})
	}
	out.list(append(slices.Clone(in.sheet.bad), p.over...))
	out.Message = out.sentence(in.DryRun)
	if in.Errors == "csv" {
		out.Attach(badRowsFile(out.BadRows))
	}
	return out, nil
}

// A refusal is a problem that may be answered by the list of the bad rows.
type refusal struct {
	error
	endpoint.Attached
}

func (r refusal) Unwrap() error { return r.error }

// refusal is the answer to a file with bad rows, of which nothing is added.
func (in *importRequest) refusal() (out refusal) {
	var r ImportReport
	r.list(in.sheet.bad)
	fields := make([]endpoint.FieldError, len(r.BadRows))
	for i, b := range r.BadRows {
		fields[i] = endpoint.FieldError{Location: strings.TrimSuffix(fmt.Sprintf("row %d, %s", b.Row, b.Column), ", "), Message: b.Reason}
	}
	first := r.Errors[:min(10, len(r.Errors))]
	out.error = endpoint.InvalidFields(fmt.Sprintf("nothing was added, because %s. %s", count(r.rows(), "row has errors", "rows have errors"), strings.Join(first, "; ")), fields)
	if in.Errors == "csv" {
		out.Attach(badRowsFile(r.BadRows))
	}
	return out
}

// A plan says what becomes of the good rows of a sheet.
type plan struct {
	add     []importRow
	skipped int64
	over    []BadRow // rows beyond the limit
}

// plan goes through the rows in order; known are the addresses that the company has already.
func (s *sheet) plan(known []string, usage propertyUsage) (p plan) {
	taken := map[string]bool{}
	for _, address := range known {
		taken[address] = true
	}
	for _, row := range s.rows {
		switch {
		case taken[row.Address]:
			p.skipped++
			continue
		case usage.Used+int64(len(p.add)) >= usage.Allowed:
			p.over = append(p.over, BadRow{Row: row.Row, Value: row.Name, Reason: fmt.Sprintf("the limit of %d properties is reached", usage.Allowed)})
		default:
			p.add = append(p.add, row)
		}
		taken[row.Address] = true
	}
	return p
}

func (s *sheet) addresses() []string {
	all := make([]string, len(s.rows))
	for i, row := range s.rows {
		all[i] = row.Address
	}
	return all
}

const insertSQL = `
insert into locations (name, address, sqft, area_manager, plow, salt, trigger_type, trigger_amount, notes)
select r.name, r.address, r.sqft, r.area_manager, r.plow, r.salt, r.trigger_type, r.trigger_amount, r.notes
from unnest(@names::text[], @addresses::text[], @sqft::integer[], @area_managers::text[], @plow::boolean[], @salt::boolean[],
  @trigger_types::text[], @trigger_amounts::numeric[], @notes::text[])
  with ordinality as r (name, address, sqft, area_manager, plow, salt, trigger_type, trigger_amount, notes, n)
order by r.n
on conflict (customer_id, address) do nothing`

// batch is how many rows travel in one statement.
const batch = 1000

func insert(ctx context.Context, tx db.Tx, rows []importRow) (added int64, err error) {
	for chunk := range slices.Chunk(rows, batch) {
		touched, err := db.Exec(ctx, tx, insertSQL, db.Args{
			"names":           column(chunk, func(r importRow) string { return r.Name }),
			"addresses":       column(chunk, func(r importRow) string { return r.Address }),
			"sqft":            column(chunk, func(r importRow) *int32 { return r.Sqft }),
			"area_managers":   column(chunk, func(r importRow) *string { return r.AreaManager }),
			"plow":            column(chunk, func(r importRow) bool { return r.Plow }),
			"salt":            column(chunk, func(r importRow) bool { return r.Salt }),
			"trigger_types":   column(chunk, func(r importRow) string { return r.TriggerType }),
			"trigger_amounts": column(chunk, func(r importRow) float64 { return r.TriggerAmount }),
			"notes":           column(chunk, func(r importRow) *string { return r.Notes }),
		})
		if err != nil {
			return added, err
		}
		added += touched
	}
	return added, nil
}

func column[T any](rows []importRow, value func(importRow) T) []T {
	values := make([]T, len(rows))
	for i, row := range rows {
		values[i] = value(row)
	}
	return values
}

// list names the bad rows, in the order of the sheet.
func (r *ImportReport) list(bad []BadRow) {
	slices.SortStableFunc(bad, func(a, b BadRow) int { return a.Row - b.Row })
	r.BadRows = bad
	for _, b := range bad {
		r.Errors = append(r.Errors, b.String())
	}
}

// rows is how many rows are bad; one may have several faults.
func (r *ImportReport) rows() int {
	return len(slices.CompactFunc(slices.Clone(r.BadRows), func(a, b BadRow) bool { return a.Row == b.Row }))
}

func (r *ImportReport) sentence(dry bool) string {
	verb := "added"
	if dry {
		verb = "would be added"
	}
	text := count(int(r.Count), "property", "properties") + " " + verb
	if r.Skipped > 0 {
		text += fmt.Sprintf(", %d skipped because the address is there already", r.Skipped)
	}
	if n := r.rows(); n > 0 {
		text += ", " + count(n, "row has errors", "rows have errors")
	}
	return text
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

func badRowsFile(bad []BadRow) *endpoint.File {
	rows := make([][]string, len(bad))
	for i, b := range bad {
		rows[i] = []string{strconv.Itoa(b.Row), b.Column, b.Value, b.Reason}
	}
	return endpoint.CSV("import-errors.csv", []string{"Row", "Column", "Value", "Reason"}, rows)
}
