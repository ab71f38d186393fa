package db

import (
	"archive/zip"
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// Zone is the customer's time zone, UTC outside of a customer. The entry answers it, so before the
// first statement it takes a round trip of its own.
func (tx Tx) Zone(ctx context.Context) (*time.Location, error) {
	if tx.u.over {
		return nil, errOver
	}
	if err := tx.u.verify(ctx); err != nil {
		return nil, err
	}
	return tx.u.clock.zone, nil
}

// A clock shows the time of the customer that a connection serves now, and UTC outside of any.
type clock struct{ zone *time.Location }

const clockKey = "clock"

func clockOf(c *pgx.Conn) *clock { return c.PgConn().CustomData()[clockKey].(*clock) }

// set takes the zone that an entry answered; none, as outside of a customer, is UTC.
func (c *clock) set(name *string) error {
	c.zone = time.UTC
	if name == nil || *name == "" {
		return nil
	}
	zone, err := Location(*name)
	if err != nil {
		return fmt.Errorf("the customer's time zone: %w", err)
	}
	c.zone = zone
	return nil
}

// zoneinfo is the zone database of Go's distribution.
//
//go:generate cp $GOROOT/lib/time/zoneinfo.zip zoneinfo.zip
//go:embed zoneinfo.zip
var zoneinfo []byte

var zones = sync.OnceValues(func() (*zip.Reader, error) {
	return zip.NewReader(bytes.NewReader(zoneinfo), int64(len(zoneinfo)))
})

var locations sync.Map // name → *time.Location

// noZone is in the list for clocks that nobody has set.
const noZone = "Factory"

var errNoZone = errors.New("no time zone has this name")

// Location returns the zone of an IANA name from the list in this program. The machine's own zones are not
// asked, neither for names nor for offsets: every server reads a clock alike, whatever is installed there.
func Location(name string) (*time.Location, error) {
	if zone, ok := locations.Load(name); ok {
		return zone.(*time.Location), nil
	}
	all, err := zones()
	if err != nil {
		return nil, err
	}
	text, err := fs.ReadFile(all, name)
	if err != nil || name == noZone {
		return nil, errNoZone
	}
	zone, err := time.LoadLocationFromTZData(name, text)
	if err != nil {
		return nil, err
	}
	locations.Store(name, zone)
	return zone, nil
}

// registerZonedTimes makes timestamptz arrive on the clock of a connection.
func registerZonedTimes(c *pgx.Conn) {
	own := &clock{time.UTC}
	c.PgConn().CustomData()[clockKey] = own
	c.TypeMap().RegisterType(&pgtype.Type{Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &zonedCodec{clock: own}})
}

type zonedCodec struct {
	pgtype.TimestamptzCodec
	clock *clock
}

func (c *zonedCodec) PlanScan(m *pgtype.Map, oid uint32, format int16, target any) pgtype.ScanPlan {
	if c.TimestamptzCodec.PlanScan(m, oid, format, target) == nil {
		return nil
	}
	return &zonedPlan{format: format, clock: c.clock}
}

// zonedPlan looks the zone up at each scan: plans are cached with the statement, the customer changes.
type zonedPlan struct {
	format int16
	clock  *clock
}

func (p *zonedPlan) Scan(src []byte, target any) error {
	codec := pgtype.TimestamptzCodec{ScanLocation: p.clock.zone}
	return codec.PlanScan(nil, pgtype.TimestamptzOID, p.format, target).Scan(src, target)
}
