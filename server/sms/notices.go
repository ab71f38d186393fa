package sms

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
)

// Each notice is put into the outbox in the unit of work that is its reason, and tells how many people will get it. It
// fails that work only where the database does.

type given struct {
	UserID  int64  `db:"user_id"`
	Name    string `db:"name"`
	Address string `db:"address"`
}

const givenSQL = `
select a.contractor_id as user_id, p.name, p.address
from property_contractors a
join locations p on (p.customer_id, p.id) = (a.customer_id, a.property_id)
where a.id = any (@assignments)
order by a.id`

// Assigned tells people which properties they were given: each person in one text, however many these are.
func (s *Service) Assigned(ctx context.Context, tx db.Tx, assignments []int64) (told int, err error) {
	rows, err := db.All[given](ctx, tx, givenSQL, db.Args{"assignments": assignments})
	if err != nil {
		return 0, err
	}
	byPerson := map[int64][]given{}
	var people []int64
	for _, g := range rows {
		if byPerson[g.UserID] == nil {
			people = append(people, g.UserID)
		}
		byPerson[g.UserID] = append(byPerson[g.UserID], g)
	}
	if len(people) == 0 {
		return 0, nil
	}
	to, err := s.recipients(ctx, tx, ofAssignment, people, nil)
	if err != nil {
		return 0, err
	}
	return s.tell(ctx, tx, ofAssignment, to, func(r recipient) string { return assigned(byPerson[r.ID], r.Equipment) })
}

func assigned(places []given, equipment string) string {
	with := ""
	if equipment != "" {
		with = "\nEquipment: " + equipment
	}
	if len(places) == 1 {
		return "New assignment: " + places[0].Name + ", " + places[0].Address + with + "\nReply ACCEPT or DECLINE. START or OMW when you are on your way."
	}
	const shown = 5
	list := ""
	for i, p := range places {
		if i == shown {
			list += fmt.Sprintf("\nand %d more", len(places)-shown)
			break
		}
		list += "\n" + p.Name + ", " + p.Address
	}
	return count(len(places), "new assignment", "new assignments") + ":" + list + with + "\nReply ACCEPT ALL, or ACCEPT or DECLINE for the list. START or OMW when you are on your way."
}

const routeSQL = `
select r.name, count(s.property_id) as stops
from routes r
left join route_properties s on (s.customer_id, s.route_id) = (r.customer_id, r.id)
where r.id = @id
group by r.customer_id, r.id`

// RouteGiven tells people that they are to drive a route.
func (s *Service) RouteGiven(ctx context.Context, tx db.Tx, route int64, people []int64) (told int, err error) {
	if len(people) == 0 {
		return 0, nil
	}
	to, err := s.recipients(ctx, tx, ofRoute, people, nil)
	if err != nil || len(to) == 0 {
		return 0, err
	}
	r, err := db.One[struct {
		Name  string `db:"name"`
		Stops int    `db:"stops"`
	}](ctx, tx, routeSQL, db.Args{"id": route})
	if err != nil {
		return 0, err
	}
	body := "New route: " + r.Name + ", " + count(r.Stops, "stop", "stops") + ". Accept or decline it in the portal."
	return s.tell(ctx, tx, ofRoute, to, func(recipient) string { return body })
}

const eventSQL = `select event_name from winter_events where id = @id`

// EventStarted tells everybody that a winter event has begun.
func (s *Service) EventStarted(ctx context.Context, tx db.Tx, event int64) (told int, err error) {
	to, err := s.recipients(ctx, tx, ofEvent, nil, nil)
	if err != nil || len(to) == 0 {
		return 0, err
	}
	name, err := db.Value[string](ctx, tx, eventSQL, db.Args{"id": event})
	if err != nil {
		return 0, err
	}
	return s.tell(ctx, tx, ofEvent, to, func(recipient) string { return "Winter event started: " + name + ". Reply READY to check in." })
}

// WeatherAlert tells the office.
func (s *Service) WeatherAlert(ctx context.Context, tx db.Tx, message string) (told int, err error) {
	to, err := s.recipients(ctx, tx, ofWeather, nil, []string{auth.Admin, auth.Manager})
	if err != nil {
		return 0, err
	}
	return s.tell(ctx, tx, ofWeather, to, func(recipient) string { return "Weather alert: " + message })
}

type forgotten struct {
	UserID int64  `db:"user_id"`
	Name   string `db:"name"`
}

const forgottenSQL = `
select coalesce(l.contractor_id, l.user_id) as user_id, p.name
from winter_ops_logs l
join locations p on (p.customer_id, p.id) = (l.customer_id, l.property_id)
where l.status = 'open'
  and l.time_in <= @before
  and coalesce(l.contractor_id, l.user_id) is not null
order by l.time_in, l.id
limit 10000`

// RemindOfTickets reminds the people whose tickets have been open for longer than that.
func (s *Service) RemindOfTickets(ctx context.Context, tx db.Tx, longer time.Duration) (told int, err error) {
	rows, err := db.All[forgotten](ctx, tx, forgottenSQL, db.Args{"before": endpoint.Now(ctx).Add(-longer)})
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	open := map[int64][]string{}
	var people []int64
	for _, f := range rows {
		if open[f.UserID] == nil {
			people = append(people, f.UserID)
		}
		open[f.UserID] = append(open[f.UserID], f.Name)
	}
	to, err := s.recipients(ctx, tx, ofTicket, people, nil)
	if err != nil {
		return 0, err
	}
	return s.tell(ctx, tx, ofTicket, to, func(r recipient) string {
		return "Still open: " + upTo(strings.Join(open[r.ID], ", "), maxText/2) + ". Text DONE when finished, or close it in the portal."
	})
}

// decisionTime is how long an error of the automation waits for a decision.
const decisionTime = 24 * time.Hour

const askSQL = `
update sms_context c
set context_data = coalesce(c.context_data, '{}') || @asked::jsonb
where c.user_id = any (@users::bigint[])`

// AskDecision texts Admins, the named ones or all, about an error of the automation. What they answer within a day goes
// to Decisions.
func (s *Service) AskDecision(ctx context.Context, tx db.Tx, errorID, message string, users []int64) (told int, err error) {
	to, err := s.recipients(ctx, tx, ofError, users, []string{auth.Admin})
	if err != nil || len(to) == 0 {
		return 0, err
	}
	errorID, message = upTo(errorID, 100), upTo(message, 1000)
	body := message + "\nERROR ID: " + errorID + "\nReply 1 FIX, 2 IGNORE or 3 CUSTOM."
	told, err = s.tell(ctx, tx, ofError, to, func(recipient) string { return body })
	if err != nil {
		return 0, err
	}
	expires := endpoint.Now(ctx).Add(decisionTime)
	asked, err := json.Marshal(remembered{ErrorID: errorID, ErrorExpires: &expires, LastMessage: body})
	if err != nil {
		return 0, err
	}
	var people []int64
	for _, r := range to {
		people = append(people, r.ID)
	}
	_, err = db.Exec(ctx, tx, askSQL, db.Args{"asked": json.RawMessage(asked), "users": people})
	return told, err
}
