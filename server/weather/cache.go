package weather

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/singleflight"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/outbound"
)

// A kind is what is asked of a place.
type kind string

const (
	current  kind = "current"
	forecast kind = "forecast"
	history  kind = "history"
)

// fresh is how long an answer is good. What is over does not change.
func (k kind) fresh() time.Duration {
	if k == history {
		return 30 * 24 * time.Hour
	}
	return time.Hour
}

const (
	kept    = 48 * time.Hour   // how long an answer that is no longer good is better than none
	atOnce  = 16               // how many places are asked for at the same time
	askTime = 20 * time.Second // of all of them together
)

// A reading is a report and when it was made.
type reading struct {
	report
	FetchedAt time.Time
	Stale     bool // the provider could not be asked since
}

// A finding is what is known of each place that was looked for.
type finding struct {
	readings map[string]reading
	failed   map[string]error // why a place has no reading, or a stale one
}

// A cached row is one place of portal.weather_data.
type cached struct {
	Key       string    `db:"location_key"`
	Payload   report    `db:"payload"`
	FetchedAt time.Time `db:"fetched_at"`
	ExpiresAt time.Time `db:"expires_at"`
}

// Each company has a cache of its own, for each asks with a key of its own: the wall leaves no other's rows.
const cachedSQL = `
select w.location_key, w.payload, w.fetched_at, w.expires_at
from weather_data w
where w.kind = @kind and w.location_key = any(@keys) and w.fetched_at > @since`

// look reads the cache. What has expired is stale.
func look(ctx context.Context, tx db.Tx, k kind, places []place) (map[string]reading, error) {
	now := endpoint.Now(ctx)
	rows, err := db.All[cached](ctx, tx, cachedSQL, db.Args{"kind": k, "keys": keysOf(places), "since": now.Add(-k.fresh() - kept)})
	found := map[string]reading{}
	for _, row := range rows {
		if len(row.Payload.Entries) > 0 {
			found[row.Key] = reading{row.Payload, row.FetchedAt, !row.ExpiresAt.After(now)}
		}
	}
	return found, err
}

func keysOf(places []place) []string {
	keys := make([]string, len(places))
	for i, p := range places {
		keys[i] = p.key
	}
	return keys
}

// missing are the places that must be asked for.
func missing(places []place, found map[string]reading) []place {
	return slices.DeleteFunc(slices.Clone(places), func(p place) bool {
		r, ok := found[p.key]
		return ok && !r.Stale
	})
}

// A Service asks the provider, no oftener than is needed.
type Service struct {
	keys     Keys
	mail     Mailer
	text     Texter
	provider provider
	model    *outbound.Provider
	modelURL string

	// Who asks for the same while it is asked for, in the same company, waits for the same answer.
	asking singleflight.Group

	mu     sync.Mutex
	paused map[account]time.Time // until when the provider wants no calls
}

// find returns what is known of places, and asks the provider for what is not known or has expired. found is what
// look has just read.
func (s *Service) find(ctx context.Context, work endpoint.Work, k kind, places []place, found map[string]reading) (finding, error) {
	if len(missing(places, found)) == 0 {
		return finding{readings: found}, nil
	}
	company := endpoint.Caller(ctx).CustomerID()
	for {
		answer, err, shared := s.asking.Do(strings.Join(append([]string{company, string(k)}, keysOf(places)...), "\x00"), func() (any, error) {
			return s.ask(ctx, work, k, places)
		})
		// One who goes away does not spoil the answer for the others.
		if shared && ctx.Err() == nil && (errors.Is(err, context.Canceled) || db.Cancelled(err)) {
			continue
		}
		f, _ := answer.(finding)
		return f, err
	}
}

// ask reads the cache once more, since it may have been filled meanwhile, asks for what is missing, and keeps it.
func (s *Service) ask(ctx context.Context, work endpoint.Work, k kind, places []place) (f finding, err error) {
	var secret string
	err = work.Read(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		if f.readings, err = look(ctx, tx, k, places); err == nil {
			secret, err = s.keys.Secret(ctx, tx, keyName)
		}
		return err
	})
	wanted := missing(places, f.readings)
	if err != nil || len(wanted) == 0 {
		return f, err
	}
	if secret == "" {
		return f, endpoint.Unavailable("there is no key for the weather: an Admin stores " + keyName + " under settings").After(time.Minute)
	}
	asked := s.askAll(ctx, k, wanted, secret)
	f.failed = asked.failed
	for key, r := range asked.readings {
		f.readings[key] = r
	}
	return f, s.keep(ctx, work, k, wanted, asked.readings)
}

const keyName = "openweather_api_key"

// askAll asks for all places, several at a time. Where one answer shows that there is no use in more, the others have
// the same error.
func (s *Service) askAll(ctx context.Context, k kind, places []place, secret string) finding {
	until, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	account := accountOf(endpoint.Caller(ctx).CustomerID(), secret)
	var (
		mu      sync.Mutex
		row     int // of failures without a success between them
		useless = s.pausing(account, endpoint.Now(ctx))
		f       = finding{map[string]reading{}, map[string]error{}}
		group   errgroup.Group
	)
	group.SetLimit(atOnce)
	for _, at := range places {
		group.Go(func() error {
			mu.Lock()
			err := useless
			mu.Unlock()
			var r report
			if err == nil {
				r, err = s.provider.ask(until, k, at, secret)
			}
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				row, f.readings[at.key] = 0, reading{report: r, FetchedAt: endpoint.Now(ctx)}
				return nil
			}
			row++
			f.failed[at.key] = err
			if useless == nil && s.isUseless(err, row, account, endpoint.Now(ctx)) {
				useless = err
			}
			return nil
		})
	}
	_ = group.Wait() // each has kept its own error
	return f
}

// isUseless tells whether an error means that the next call would fail too.
func (s *Service) isUseless(err error, inARow int, of account, now time.Time) bool {
	var failed *outbound.Error
	if !errors.As(err, &failed) {
		return false
	}
	switch failed.Outcome {
	case outbound.Limited:
		s.pause(of, now.Add(failed.RetryAfter), now)
		return true
	case outbound.NoKey:
		return true
	case outbound.Failed, outbound.TimedOut, outbound.Unreachable, outbound.Blocked:
		return inARow >= atOnce
	}
	return false
}

// An account is a company and a key of its, which is not to be read here.
type account [sha256.Size]byte

func accountOf(company, secret string) account {
	return sha256.Sum256([]byte(company + "\x00" + secret))
}

// pause keeps to what the provider has asked of an account.
func (s *Service) pause(of account, until, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for other, at := range s.paused {
		if !at.After(now) {
			delete(s.paused, other)
		}
	}
	s.paused[of] = until
}

func (s *Service) pausing(of account, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if left := s.paused[of].Sub(now); left > 0 {
		return &outbound.Error{Provider: "the weather provider", Outcome: outbound.Limited, RetryAfter: left}
	}
	return nil
}

// What is older than it can be of use goes with the next answer.
const keepSQL = `
with gone as (
  delete from weather_data w where w.expires_at < @since and not (w.kind = @kind and w.location_key = any(@keys::text[]))
)
insert into weather_data as w (location_key, latitude, longitude, zip_code, provider, kind, payload, fetched_at, expires_at)
select k.key, k.latitude, k.longitude, nullif(k.zip, ''), 'openweather', @kind, k.payload::jsonb, @now, @until
from unnest(@keys::text[], @latitudes::float8[], @longitudes::float8[], @zips::text[], @payloads::text[]) as k (key, latitude, longitude, zip, payload)
on conflict (customer_id, location_key, kind) do update
set latitude = excluded.latitude, longitude = excluded.longitude, payload = excluded.payload, fetched_at = excluded.fetched_at, expires_at = excluded.expires_at
where w.fetched_at < excluded.fetched_at`

// keep writes answers into the cache. Where the database can only be read it is passed over, and an operator who acts
// inside a company leaves nothing there: he asks with a key of his own.
func (s *Service) keep(ctx context.Context, work endpoint.Work, k kind, places []place, readings map[string]reading) error {
	if len(readings) == 0 || endpoint.Caller(ctx).Acting() {
		return nil
	}
	now := endpoint.Now(ctx)
	var keys, zips, payloads []string
	var latitudes, longitudes []*float64
	for _, at := range places {
		r, ok := readings[at.key]
		if !ok {
			continue
		}
		text, err := json.Marshal(r.report)
		if err != nil {
			return err
		}
		lat, lon, zip := &r.Latitude, &r.Longitude, ""
		if r.Latitude == 0 && r.Longitude == 0 { // no position is
			lat, lon = nil, nil
		}
		if at.zip != nil {
			zip = *at.zip
		}
		keys, zips, payloads = append(keys, at.key), append(zips, zip), append(payloads, string(text))
		latitudes, longitudes = append(latitudes, lat), append(longitudes, lon)
	}
	err := work.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		_, err := db.Exec(ctx, tx, keepSQL, db.Args{
			"kind": k, "now": now, "until": now.Add(k.fresh()), "since": now.Add(-kept),
			"keys": keys, "latitudes": latitudes, "longitudes": longitudes, "zips": zips, "payloads": payloads,
		})
		return err
	})
	if errors.Is(err, db.ErrDown) {
		return nil
	}
	return err
}
