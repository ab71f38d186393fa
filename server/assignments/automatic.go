package assignments

import (
	"context"
	"fmt"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
)

// ListToAssign names a property list and, to take only those who are ready for it, an event.
type ListToAssign struct {
	PropertyListID int64  `json:"property_list_id" ref:"property_lists" minimum:"1" doc:"The list: the caller's own or a shared one."`
	WinterEventID  *int64 `json:"winter_event_id,omitempty" ref:"winter_events" nullable:"true" minimum:"1" doc:"Only people checked in for this event and not at work yet; all available ones if absent."`
}

// Distribution is the answer: who got what. Without both types of crew nobody gets anything, and success
// is false.
type Distribution struct {
	Success              bool                  `json:"success"`
	Message              string                `json:"message"`
	AssignedCount        int                   `json:"assigned_count" doc:"New assignments; pairs that exist already stay as they are."`
	TotalProperties      int                   `json:"total_properties"`
	Assignments          []AutomaticAssignment `json:"assignments"`
	SMSNotificationsSent int                   `json:"sms_notifications_sent" doc:"How many people get a text message: each one, however many properties he was given."`
	AvailableCrews       AvailableCrewsByType  `json:"available_crews"`
}

// AutomaticAssignment is one new assignment.
type AutomaticAssignment struct {
	AssignmentID   int64  `json:"assignment_id"`
	PropertyID     int64  `json:"property_id"`
	PropertyName   string `json:"property_name"`
	ContractorID   int64  `json:"contractor_id"`
	ContractorName string `json:"contractor_name"`
	CrewType       string `json:"crew_type" enum:"sidewalk,non-sidewalk"`
	Reasoning      string `json:"reasoning"`
}

// AvailableCrewsByType counts who could be assigned.
type AvailableCrewsByType struct {
	Sidewalk    int `json:"sidewalk"`
	NonSidewalk int `json:"non_sidewalk"`
	Total       int `json:"total"`
}

const listedSQL = `
select p.id, p.name, p.address
from usable_lists l
join property_list_items i on (i.customer_id, i.list_id) = (l.customer_id, l.id)
join locations p on (p.customer_id, p.id) = (i.customer_id, i.property_id)
where l.id = @list_id
order by p.name, p.id
limit 10000`

const eventSQL = `select id from winter_events where id = @id`

const crewsSQL = `
select u.id, coalesce(u.name, u.email) as name, u.default_equipment
from users u
where u.status = 'active'
  and u.available_for_assignment
  and u.role in ('Contractor', 'Subcontractor', 'User')
  and (
    @event_id::bigint is null
    or exists (
      select
      from event_checkins c
      where (c.customer_id, c.user_id) = (u.customer_id, u.id)
        and c.winter_event_id = @event_id
        and c.checked_out_at is null
        and c.status = 'checked_in'
    )
  )
order by u.id
limit 10000`

func count(crews []crew) (n AvailableCrewsByType) {
	for _, c := range crews {
		if c.kind() == sidewalk {
			n.Sidewalk++
		} else {
			n.NonSidewalk++
		}
	}
	n.Total = len(crews)
	return n
}

// complete tells whether there are crews of both types.
func (n AvailableCrewsByType) complete() bool { return n.Sidewalk > 0 && n.NonSidewalk > 0 }

// Whoever or whatever has gone since it was read is left out, and so is a pair that exists already,
// whatever the person answered. Sorted, so that two at once do not wait for each other.
const distributeSQL = `
with added as (
  insert into property_contractors (property_id, contractor_id, assigned_date, notes)
  select p.id, u.id, @now, w.notes
  from unnest(@property_ids::bigint[], @contractor_ids::bigint[], @notes::text[]) as w (property_id, contractor_id, notes)
  join locations p on p.id = w.property_id
  join users u on (u.customer_id, u.id) = (p.customer_id, w.contractor_id)
  where u.status = 'active'
    and u.available_for_assignment
  order by p.id, u.id
  on conflict (customer_id, property_id, contractor_id) do nothing
  returning id, property_id, contractor_id, assigned_date, notes
),
noted as (
  insert into assignment_history (assignment_type, assignment_id, user_id, property_id, action, action_timestamp, notes)
  select 'property', a.id, a.contractor_id, a.property_id, 'assigned', a.assigned_date, a.notes
  from added a
)
select id, property_id
from added`

// distributing tells whom it assigns.
type distributing struct{ notice Notice }

// distribute gives the properties of a list to the crews that are there, in turn.
func (d distributing) distribute(ctx context.Context, tx db.Tx, in *struct{ Body ListToAssign }) (out Distribution, err error) {
	places, crews, err := gather(ctx, tx, in.Body)
	if err != nil {
		return out, err
	}
	out.AvailableCrews, out.TotalProperties, out.Assignments = count(crews), len(places), []AutomaticAssignment{}
	if !out.AvailableCrews.complete() {
		out.Message = fmt.Sprintf("both types of crew are needed; available are %d sidewalk and %d non-sidewalk", out.AvailableCrews.Sidewalk, out.AvailableCrews.NonSidewalk)
		return out, nil
	}
	if out.Assignments, err = store(ctx, tx, inTurn(places, crews)); err != nil {
		return out, err
	}
	ids := make([]int64, len(out.Assignments))
	for i, a := range out.Assignments {
		ids[i] = a.AssignmentID
	}
	if out.SMSNotificationsSent, err = d.notice(ctx, tx, ids); err != nil {
		return out, err
	}
	out.Success, out.AssignedCount = true, len(out.Assignments)
	out.Message = fmt.Sprintf("%d of %s newly assigned", out.AssignedCount, endpoint.Count(out.TotalProperties, "property", "properties"))
	return out, nil
}

// gather finds the properties of a list and the crews for them.
func gather(ctx context.Context, tx db.Tx, in ListToAssign) (places []place, crews []crew, err error) {
	places, err = db.All[place](ctx, tx, listedSQL, db.Args{"list_id": in.PropertyListID})
	if err == nil && len(places) == 0 {
		err = endpoint.NotFound("property list with properties")
	}
	if err != nil {
		return nil, nil, err
	}
	if in.WinterEventID != nil {
		if err := db.Touch(ctx, tx, eventSQL, db.Args{"id": *in.WinterEventID}); err != nil {
			return nil, nil, endpoint.Missing(err, "winter event")
		}
	}
	crews, err = db.All[crew](ctx, tx, crewsSQL, db.Args{"event_id": in.WinterEventID})
	return places, crews, err
}

// store assigns what is not assigned yet, and returns that.
func store(ctx context.Context, tx db.Tx, all []AutomaticAssignment) ([]AutomaticAssignment, error) {
	var properties, contractors []int64
	var notes []string
	for _, a := range all {
		properties, contractors = append(properties, a.PropertyID), append(contractors, a.ContractorID)
		notes = append(notes, "Assigned automatically to a "+a.CrewType+" crew.")
	}
	added, err := db.All[struct {
		ID         int64 `db:"id"`
		PropertyID int64 `db:"property_id"`
	}](ctx, tx, distributeSQL, db.Args{"property_ids": properties, "contractor_ids": contractors, "notes": notes, "now": endpoint.Now(ctx)})
	ids := map[int64]int64{}
	for _, a := range added {
		ids[a.PropertyID] = a.ID
	}
	stored := []AutomaticAssignment{}
	for _, a := range all {
		if a.AssignmentID = ids[a.PropertyID]; a.AssignmentID != 0 {
			stored = append(stored, a)
		}
	}
	return stored, err
}
