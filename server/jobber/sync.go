package jobber

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/jobs"
	"contractor-portal/server/outbound"
)

const (
	// runTime is how long a job works before it queues behind the syncs of others.
	runTime = 20 * time.Second
	// longestPause is how long the provider may ask to be left alone at once, and longest how long a sync may take.
	longestPause = 10 * time.Minute
	longest      = 6 * time.Hour
)

var errTooLong = endpoint.Conflict(name + " lets too little be asked for: it has taken six hours; begin again another time")

// sync does the job of a sync: page by page, each stored with how far it is, so that a job that was cut off goes on there.
func (s *Service) sync(ctx context.Context, j *jobs.Job) error {
	again, err := s.run(ctx, j)
	var failed *outbound.Error
	var problem *endpoint.Problem
	told := errors.As(err, &problem)
	switch {
	case err == nil && again:
		return jobs.Later(time.Second)
	case err == nil:
		return nil
	case errors.As(err, &failed) && failed.Outcome == outbound.Limited:
		return jobs.Later(min(failed.RetryAfter, longestPause))
	case !j.Last && !told:
		return err
	case !j.Last && problem.Status >= 500:
		return jobs.Retry(jobs.Unreachable, err)
	}
	why := jobs.Internal.Sentence()
	if told {
		why = problem.Detail
		err = jobs.GiveUp(jobs.Refused, err)
	}
	return errors.Join(err, j.Do(ctx, func(ctx context.Context, tx db.Tx) error { return endSync(ctx, tx, why) }))
}

// A state is how far a sync is.
type state struct {
	Type      string    `db:"sync_type"`
	Status    string    `db:"status"`
	Cursor    *string   `db:"cursor"`
	StartedAt time.Time `db:"started_at"`
}

const stateSQL = `select l.sync_type, l.status, l.cursor, l.started_at from jobber_sync_logs l where l.id = @id`

// run works for a while; again, where there is more to do.
func (s *Service) run(ctx context.Context, j *jobs.Job) (again bool, err error) {
	c := conversation{Service: s, job: j}
	for end := time.Now().Add(runTime); time.Now().Before(end); {
		var l state
		err := j.Do(ctx, func(ctx context.Context, tx db.Tx) (err error) {
			l, err = db.One[state](ctx, tx, stateSQL, db.Args{"id": j.ID})
			return err
		})
		switch {
		case err != nil:
			return false, err
		case l.Status != "started":
			return false, nil
		case endpoint.Now(ctx).Sub(l.StartedAt) > longest:
			return false, errTooLong
		case l.Cursor != nil && *l.Cursor == "":
			return false, s.finish(ctx, j, l)
		}
		if err := c.page(ctx, l); err != nil {
			return false, err
		}
	}
	return true, nil
}

// A conversation is a job's with the provider.
type conversation struct {
	*Service
	job    *jobs.Job
	access string
}

// say asks, by another access token where the provider takes the present one no more.
func say[T any](ctx context.Context, c *conversation, query string, variables map[string]any) (data T, err error) {
	if c.access == "" {
		if c.access, err = c.Token(ctx, c.job); err != nil {
			return data, err
		}
	}
	data, err = ask[T](ctx, c.api, c.access, query, variables)
	if !isRefused(err) {
		return data, err
	}
	if c.access, err = c.Another(ctx, c.job, c.access); err != nil {
		return data, err
	}
	if data, err = ask[T](ctx, c.api, c.access, query, variables); isRefused(err) {
		err = errors.Join(c.Broken(), err)
	}
	return data, err
}

func isRefused(err error) bool {
	var failed *outbound.Error
	return errors.As(err, &failed) && failed.Outcome == outbound.NoKey
}

// page reads the next page and stores it.
func (c *conversation) page(ctx context.Context, l state) error {
	after := ""
	if l.Cursor != nil {
		after = *l.Cursor
	} else if err := c.greet(ctx); err != nil {
		return err
	}
	query := clientsWithPropertiesQuery
	if l.Type == "clients" {
		query = clientsQuery
	}
	data, err := say[struct{ Clients clients }](ctx, c, query, map[string]any{"after": l.Cursor})
	if err != nil {
		return err
	}
	page := data.Clients
	if !page.PageInfo.goesOn(after) {
		return c.api.Wrong(name + " sent a page that leads nowhere")
	}
	for i := range page.Nodes {
		if err := c.complete(ctx, &page.Nodes[i]); err != nil {
			return err
		}
	}
	return c.job.Do(ctx, func(ctx context.Context, tx db.Tx) error { return keep(ctx, tx, c.job.ID, l, page) })
}

const accountSQL = `update jobber_auth set account_id = nullif(@id, ''), account_name = nullif(@name, '')`

// greet notes whose the connection is, as it is called now.
func (c *conversation) greet(ctx context.Context) error {
	data, err := say[struct{ Account struct{ ID, Name string } }](ctx, c, accountQuery, nil)
	if err != nil {
		return err
	}
	return c.job.Do(ctx, func(ctx context.Context, tx db.Tx) error {
		_, err := db.Exec(ctx, tx, accountSQL, db.Args{"id": cut(data.Account.ID, 255), "name": cut(data.Account.Name, 255)})
		return err
	})
}

// complete asks for those properties of a client that were not on the page.
func (c *conversation) complete(ctx context.Context, of *client) error {
	for more := of.Properties.PageInfo; more.HasNextPage; {
		data, err := say[struct {
			Client struct{ Properties properties }
		}](ctx, c, propertiesQuery, map[string]any{"id": of.ID, "after": more.EndCursor})
		if err != nil {
			return err
		}
		next := data.Client.Properties
		if !next.PageInfo.goesOn(more.EndCursor) {
			return c.api.Wrong(name + " sent a page that leads nowhere")
		}
		of.Properties.Nodes, more = append(of.Properties.Nodes, next.Nodes...), next.PageInfo
	}
	return nil
}

// Of two jobs that read one page the second finds the cursor moved, and nothing that it has counted stays.
const advanceSQL = `
update jobber_sync_logs
set cursor = @next, items_processed = items_processed + @processed, items_created = items_created + @created,
  items_updated = items_updated + @updated, items_skipped = items_skipped + @skipped
where id = @id
  and status = 'started'
  and cursor is not distinct from @cursor`

func keep(ctx context.Context, tx db.Tx, log int64, l state, page clients) error {
	var sum counts
	if l.Type != "properties" {
		n, err := keepClients(ctx, tx, page)
		if err != nil {
			return err
		}
		sum.add(n)
	}
	if l.Type != "clients" {
		n, err := keepProperties(ctx, tx, page)
		if err != nil {
			return err
		}
		sum.add(n)
	}
	return db.Touch(ctx, tx, advanceSQL, db.Args{
		"id": log, "cursor": l.Cursor, "next": page.PageInfo.next(),
		"processed": sum.Created + sum.Updated + sum.Skipped, "created": sum.Created, "updated": sum.Updated, "skipped": sum.Skipped,
	})
}

type counts struct {
	Created int `db:"created"`
	Updated int `db:"updated"`
	Skipped int `db:"skipped"`
}

func (c *counts) add(n counts) {
	c.Created, c.Updated, c.Skipped = c.Created+n.Created, c.Updated+n.Updated, c.Skipped+n.Skipped
}

const keepClientsSQL = `
with known as (
  select from jobber_client_mapping c where c.jobber_client_id = any(@ids::text[])
), kept as (
  insert into jobber_client_mapping (jobber_client_id, jobber_client_name, last_synced_at)
  select u.id, nullif(u.name, ''), @now
  from unnest(@ids::text[], @names::text[]) as u (id, name)
  on conflict (customer_id, jobber_client_id) do update
  set jobber_client_name = excluded.jobber_client_name, last_synced_at = excluded.last_synced_at
  returning id
)
select (select count(*) from kept) - (select count(*) from known) as created, (select count(*) from known) as updated, @skipped::int as skipped`

func keepClients(ctx context.Context, tx db.Tx, page clients) (counts, error) {
	named, skipped := map[string]string{}, 0
	for _, c := range page.Nodes {
		if !isID(c.ID) {
			skipped++
			continue
		}
		named[c.ID] = c.label()
	}
	ids := slices.Sorted(maps.Keys(named))
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = named[id]
	}
	return db.One[counts](ctx, tx, keepClientsSQL, db.Args{"ids": ids, "names": names, "skipped": skipped, "now": endpoint.Now(ctx)})
}

func isID(id string) bool { return id != "" && len(id) <= 255 }

// What is switched off stays as it is.
const keepPropertiesSQL = `
with known as (
  select m.sync_enabled from jobber_property_mapping m where m.jobber_property_id = any(@ids::text[])
), kept as (
  insert into jobber_property_mapping as m (jobber_client_id, jobber_property_id, jobber_property_address, last_synced_at)
  select u.client, u.id, u.address, @now
  from unnest(@clients::text[], @ids::text[], @addresses::text[]) as u (client, id, address)
  on conflict (customer_id, jobber_property_id) do update
  set jobber_client_id = excluded.jobber_client_id, jobber_property_address = excluded.jobber_property_address, last_synced_at = excluded.last_synced_at
  where m.sync_enabled
  returning m.id
)
select (select count(*) from kept) - k.enabled as created, k.enabled as updated, k.disabled + @skipped::int as skipped
from (select count(*) filter (where sync_enabled) as enabled, count(*) filter (where not sync_enabled) as disabled from known) k`

func keepProperties(ctx context.Context, tx db.Tx, page clients) (counts, error) {
	type place struct{ client, address string }
	places, skipped := map[string]place{}, 0
	for _, c := range page.Nodes {
		for _, p := range c.Properties.Nodes {
			line := p.Address.line()
			if line == "" || !isID(p.ID) || !isID(c.ID) {
				skipped++
				continue
			}
			places[p.ID] = place{c.ID, cut(line, 1000)}
		}
	}
	ids := slices.Sorted(maps.Keys(places))
	owners, addresses := make([]string, len(ids)), make([]string, len(ids))
	for i, id := range ids {
		owners[i], addresses[i] = places[id].client, places[id].address
	}
	return db.One[counts](ctx, tx, keepPropertiesSQL, db.Args{
		"ids": ids, "clients": owners, "addresses": addresses, "skipped": skipped, "now": endpoint.Now(ctx),
	})
}
