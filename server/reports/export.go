package reports

import (
	"cmp"
	"context"
	"errors"
	"runtime"
	"strings"
	"time"
	"unicode"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
	"contractor-portal/server/shape"
)

// An exportRequest is the input of an export.
type exportRequest struct {
	Format string `query:"format" enum:"xlsx,csv" default:"xlsx" doc:"xlsx: a workbook. csv: the same lines as one table, without totals."`
	Body   Filter

	weather map[begun]shape.PastWeather // of each sheet, where it is shown
}

const xlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// A layout says what an export looks like. Its sheets and its table are made of the same columns.
type layout struct {
	name    func(*Filter) string // of the file, without dates and ending
	dated   bool                 // a ticket that has not begun is on no sheet
	byEvent bool                 // where an event is asked for, dates do not count
	tickets func(ctx context.Context, tx db.Tx, args db.Args, do func(*ticket) error) error
	title   func(*ticket) []string // what a sheet is called by
	keys    []column               // what a sheet is about, which a table says on every line
	columns []column
	above   int                                                        // rows above the heading
	head    func(*sheet, *request, *ticket) error                      // writes them; nil: there are none
	foot    func(*sheet, *request, *ticket) error                      // writes what stands below the last ticket
	ask     func(context.Context, endpoint.Work, *exportRequest) error // what other companies know; nil: nothing
}

// A request is what an export is made for.
type request struct {
	Filter
	summary
	zone    *time.Location
	now     time.Time
	weather map[begun]shape.PastWeather
}

// A maker makes a file of tickets that come one by one.
type maker interface {
	add(*ticket) error
	file(name string) (*endpoint.File, error)
	close()
}

const exportText = "Answers a file when it is whole, and 404 where no log is met. Times are on the company's clock. " +
	"An open ticket has no end and no hours, and says that it is open. What would take longer than a request may is refused with 413: ask for fewer days then."

// export registers one. What is said of it stands in front of what holds for all.
func export(api endpoint.API, path, id, summary string, l layout, roles endpoint.Roles, text string) {
	h := func(ctx context.Context, tx db.Tx, in *exportRequest) (*endpoint.File, error) {
		f, err := l.make(ctx, tx, in)
		if tooMuch(err) {
			return nil, endpoint.TooMuch("there are more logs than a file can be made of in the time of a request: choose fewer days by start_date and end_date, or one property by property_id")
		}
		return f, err
	}
	endpoint.Export(api, path, id, summary, []string{xlsxType, "text/csv"}, l.ask, h, roles, endpoint.Describe(strings.TrimSpace(text+" "+exportText)))
}

// tooMuch tells whether an export failed because of how much was asked for.
func tooMuch(err error) bool {
	return errors.Is(err, db.ErrTimeout) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, errTooMany)
}

// maxTickets is how many rows a sheet of a workbook has, but for the heading and the like.
const maxTickets = 1_048_000

var errTooMany = errors.New("more rows than a sheet has")

func (l layout) make(ctx context.Context, tx db.Tx, in *exportRequest) (*endpoint.File, error) {
	args, err := l.args(ctx, tx, in)
	if err != nil {
		return nil, err
	}
	r := &request{Filter: in.Body, now: endpoint.Now(ctx), weather: in.weather}
	if r.summary, r.zone, err = summed(ctx, tx, args, l.dated); err != nil {
		return nil, err
	}
	switch {
	case r.Tickets == 0:
		return nil, endpoint.NotFound("winter log")
	case r.Tickets > maxTickets:
		return nil, errTooMany
	}
	var m maker = newTable(l)
	if in.Format == "xlsx" {
		if m, err = newBook(l, r); err != nil {
			return nil, err
		}
	}
	defer m.close()
	n := 0
	add := func(t *ticket) error {
		if n++; n%16 == 0 { // about half a millisecond; see considerate
			runtime.Gosched()
		}
		return cmp.Or(ctx.Err(), m.add(t))
	}
	if err := l.tickets(ctx, tx, args, add); err != nil {
		return nil, err
	}
	f, err := m.file(l.fileName(&in.Body, in.Format))
	return f, cmp.Or(err, ctx.Err())
}

// args are the values of the statements.
func (l layout) args(ctx context.Context, tx db.Tx, in *exportRequest) (db.Args, error) {
	if l.byEvent && in.Body.WinterEventID != 0 {
		in.Body.StartDate, in.Body.EndDate = "", ""
	}
	return in.Body.args(ctx, tx)
}

// fileName has the dates where both are asked for.
func (l layout) fileName(f *Filter, format string) string {
	name := l.name(f)
	if f.StartDate != "" && f.EndDate != "" {
		name += "_" + string(f.StartDate) + "_" + string(f.EndDate)
	}
	return name + "." + format
}

// plain is a text that may be part of a file's name.
func plain(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '-', r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			return r
		}
		return '_'
	}, text)
	return text[:min(len(text), 60)]
}

func named(name string) func(*Filter) string { return func(*Filter) string { return name } }

// A column shows one thing of a ticket.
type column struct {
	heading string
	looks   looks
	value   func(*ticket) any  // a string, a *field.Time, a field.Decimal, an int64, or nil for nothing
	longest func(*summary) int // of a text, in characters
	atMost  int                // how wide it may be
}

// width is that of the longest text and some air.
func (c column) width(s *summary) float64 {
	if c.longest == nil {
		return widths[c.looks]
	}
	return float64(min(max(c.longest(s)+2, len(c.heading)+2, 12), c.atMost))
}

// Columns that several exports have.
var (
	date      = column{heading: "Date", looks: aDate, value: func(t *ticket) any { return t.TimeIn }}
	site      = column{heading: "Site", looks: aText, value: func(t *ticket) any { return t.Property }, longest: func(s *summary) int { return s.Property }, atMost: 30}
	worker    = column{heading: "Worker", looks: aText, value: func(t *ticket) any { return t.Worker }, longest: func(s *summary) int { return s.Worker }, atMost: 50}
	contract  = column{heading: "Contractor", looks: aText, value: func(t *ticket) any { return t.Contractor }, longest: func(s *summary) int { return s.Contractor }, atMost: 50}
	equipment = column{heading: "Equipment", looks: aText, value: func(t *ticket) any { return t.Equipment }, longest: func(s *summary) int { return s.Equipment }, atMost: 50}
	notes     = column{heading: "Notes", looks: aText, value: func(t *ticket) any { return t.Notes }, longest: func(s *summary) int { return s.Notes }, atMost: 50}
	minutes   = column{heading: "Total Min", looks: aCount, value: func(t *ticket) any { return t.Minutes }}
	hours     = column{heading: "Hours", looks: aNumber, value: func(t *ticket) any { return t.Hours }}
	status    = column{heading: "Status", looks: aText, value: func(t *ticket) any { return t.status() }, longest: func(*summary) int { return len("not begun") }, atMost: 30}
)

func begin(heading string, as looks) column {
	return column{heading: heading, looks: as, value: func(t *ticket) any { return t.TimeIn }}
}

func end(heading string, as looks) column {
	return column{heading: heading, looks: as, value: func(t *ticket) any { return t.TimeOut }}
}

// used is a quantity; none is empty where a sheet is read at a glance.
func used(heading string, of func(*ticket) field.Decimal) column {
	return column{heading: heading, looks: aNumber, value: func(t *ticket) any {
		if of(t).IsZero() {
			return nil
		}
		return of(t)
	}}
}

func bulkSalt(t *ticket) field.Decimal { return t.BulkSalt }
func bagSalt(t *ticket) field.Decimal  { return t.BagSalt }
func calcium(t *ticket) field.Decimal  { return t.Calcium }

// status says what is missing of a ticket.
func (t *ticket) status() string {
	switch {
	case t.TimeIn == nil:
		return "not begun"
	case t.TimeOut == nil:
		return "open"
	}
	return ""
}

const unspecified = "Unspecified"
