package properties

import (
	"context"
	"fmt"
	"slices"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
)

const importText = "Takes a workbook (.xlsx, its sheet locations) or a .csv file (commas, UTF-8) with the headings " +
	"Property Name, Address, area manager, Lot Sq Ft, PLOW/SALT and, if wanted, trigger and Notes, which stand in one of the first 21 rows. " +
	"PLOW/SALT is Yes or No, or one of them for each, such as Yes/No; Y, true, 1, x and N, false, 0 and nothing mean the same. " +
	"A row that says a total and has no address is passed over, as is what stands below the last address, and the answer names it. " +
	"An address that the company or an earlier row has already, whatever its capitals and blanks, is skipped, counted and named. " +
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

// reading is where spreadsheets are read: each may take a core and much memory.
var reading = endpoint.NewTurnstile(2)

// Prepare reads the spreadsheet.
func (in *importRequest) Prepare(ctx context.Context) error {
	leave, err := reading.Enter(ctx, endpoint.Caller(ctx).CustomerID())
	if err != nil {
		return err
	}
	defer leave()
	name, content := in.File()
	in.sheet, err = readSheet(ctx, name, content)
	return err
}

// lockUsageSQL makes other additions of the company wait, so that what is planned stays true.
const lockUsageSQL = `select used, allowed from tenancy.lock_properties()`

type propertyUsage struct {
	Used    int64 `db:"used"`
	Allowed int64 `db:"allowed"`
}

// A place is an address of a spreadsheet: what makes it equal to others, and the property that has it already.
type place struct {
	Key  string  `db:"key"`
	Name *string `db:"name"`
}

const placesSQL = `
select r.key, p.name
from (
  select lower(a.address collate "und-x-icu") as key, a.n
  from unnest(@addresses::text[]) with ordinality as a (address, n)
) r
left join locations p on p.address_key = r.key
order by r.n`

func importAll(ctx context.Context, tx db.Tx, in *importRequest) (out ImportReport, err error) {
	all := in.Mode == "all"
	if all && len(in.sheet.bad) > 0 {
		return out, in.refusal()
	}
	usage, err := db.One[propertyUsage](ctx, tx, lockUsageSQL)
	if err != nil {
		return out, err
	}
	places, err := db.All[place](ctx, tx, placesSQL, db.Args{"addresses": column(in.sheet.rows, func(r importRow) string { return r.Address })})
	if err != nil {
		return out, err
	}
	p := in.sheet.plan(places, usage)
	if all && len(p.over) > 0 {
		return out, &db.Refusal{Kind: db.ErrLimit, Detail: fmt.Sprintf("%d of %s in use, and the file has %s",
			usage.Used, endpoint.Count(usage.Allowed, "property is", "properties are"), endpoint.Count(len(p.add)+len(p.over), "new one", "new ones"))}
	}
	out.Count, out.Skipped, out.SkippedRows = int64(len(p.add)), int64(len(p.skipped)), p.skipped
	out.PassedOver, out.Hidden = in.sheet.passed, p.hidden()
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

// A plan says what becomes of the good rows of a sheet.
type plan struct {
	add     []importRow
	skipped []BadRow // rows whose address is taken
	over    []BadRow // rows beyond the limit
}

func (p plan) hidden() (n int64) {
	for _, row := range p.add {
		if row.Hidden {
			n++
		}
	}
	return n
}

// plan goes through the rows in order; places are those of their addresses.
func (s *sheet) plan(places []place, usage propertyUsage) (p plan) {
	first := map[string]int{} // key → row
	for i, row := range s.rows {
		skip := func(reason string) {
			p.skipped = append(p.skipped, BadRow{Row: row.Row, Column: addressColumn, Value: shortened(row.Address), Reason: reason})
		}
		at, again := first[places[i].Key]
		switch {
		case places[i].Name != nil:
			skip(fmt.Sprintf("the property %q has this address already", *places[i].Name))
		case again:
			skip(fmt.Sprintf("row %d has this address already", at))
		case usage.Used+int64(len(p.add)) >= usage.Allowed:
			first[places[i].Key] = row.Row
			p.over = append(p.over, BadRow{Row: row.Row, Value: row.Name, Reason: "the limit of " + endpoint.Count(usage.Allowed, "property", "properties") + " is reached"})
		default:
			first[places[i].Key] = row.Row
			p.add = append(p.add, row)
		}
	}
	return p
}

const insertSQL = `
insert into locations (name, address, sqft, area_manager, plow, salt, trigger_type, trigger_amount, notes)
select r.name, r.address, r.sqft, r.area_manager, r.plow, r.salt, r.trigger_type, r.trigger_amount, r.notes
from unnest(@names::text[], @addresses::text[], @sqft::integer[], @area_managers::text[], @plow::boolean[], @salt::boolean[],
  @trigger_types::text[], @trigger_amounts::numeric[], @notes::text[])
  with ordinality as r (name, address, sqft, area_manager, plow, salt, trigger_type, trigger_amount, notes, n)
order by r.n
on conflict (customer_id, address_key) do nothing`

// batch is how many rows travel in one statement.
const batch = 1000

func insert(ctx context.Context, tx db.Tx, rows []importRow) (added int64, err error) {
	for chunk := range slices.Chunk(rows, batch) {
		touched, err := db.Exec(ctx, tx, insertSQL, db.Args{
			"names":           column(chunk, func(r importRow) string { return r.Name }),
			"addresses":       column(chunk, func(r importRow) string { return r.Address }),
			"sqft":            column(chunk, func(r importRow) *int32 { return r.Sqft }),
			"area_managers":   column(chunk, func(r importRow) string { return r.AreaManager }),
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
