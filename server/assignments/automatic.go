package assignments

import (
	"context"
	"fmt"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
)

// An Assistant proposes who takes which property. What it gets wrong or leaves out is given in turn; with
// an error everything is. It waits outside of any transaction, and logs by itself what failed.
type Assistant interface {
	Propose(ctx context.Context, places []Place, crews []Crew) ([]Proposal, error)
}

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
	SMSNotificationsSent int                   `json:"sms_notifications_sent"`
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

// A plan is what is to be distributed, over whom, and how.
type plan struct {
	places    []Place
	crews     []Crew
	count     AvailableCrewsByType
	proposals []Proposal
}

const listedSQL = `
select p.id, p.name, p.address
from property_lists l
join property_list_items i on (i.customer_id, i.list_id) = (l.customer_id, l.id)
join locations p on (p.customer_id, p.id) = (i.customer_id, i.property_id)
where l.id = @list_id
  and (l.is_shared or l.user_id = (select tenancy.user_id()))
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

// gather finds the properties of a list and the crews for them.
func gather(ctx context.Context, tx db.Tx, in *struct{ Body ListToAssign }) (p plan, err error) {
	p.places, err = db.All[Place](ctx, tx, listedSQL, db.Args{"list_id": in.Body.PropertyListID})
	if err == nil && len(p.places) == 0 {
		err = endpoint.NotFound("property list with properties")
	}
	if err != nil {
		return p, err
	}
	if in.Body.WinterEventID != nil {
		if err := db.Touch(ctx, tx, eventSQL, db.Args{"id": *in.Body.WinterEventID}); err != nil {
			return p, endpoint.NotFound("winter event")
		}
	}
	p.crews, err = db.All[Crew](ctx, tx, crewsSQL, db.Args{"event_id": in.Body.WinterEventID})
	p.count = count(p.crews)
	return p, err
}

func count(crews []Crew) (n AvailableCrewsByType) {
	for _, c := range crews {
		if c.Type() == sidewalk {
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

// assisted completes a plan with an assistant's proposals, where there is one that answers.
func assisted(assistant Assistant) func(context.Context, plan) (plan, error) {
	return func(ctx context.Context, p plan) (plan, error) {
		if !p.count.complete() {
			return p, nil
		}
		var proposals []Proposal
		if assistant != nil {
			if answer, err := assistant.Propose(ctx, p.places, p.crews); err == nil {
				proposals = answer
			}
		}
		p.proposals = checked(proposals, p.places, p.crews)
		return p, nil
	}
}

// Whoever or whatever has gone since the plan was made is left out, and so is a pair that exists already,
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

// distribute assigns as planned.
func distribute(ctx context.Context, tx db.Tx, p plan) (out Distribution, err error) {
	out.AvailableCrews, out.TotalProperties, out.Assignments = p.count, len(p.places), []AutomaticAssignment{}
	if !p.count.complete() {
		out.Message = fmt.Sprintf("both types of crew are needed; available are %d sidewalk and %d non-sidewalk", p.count.Sidewalk, p.count.NonSidewalk)
		return out, nil
	}
	rows := p.assignments()
	var properties, contractors []int64
	var notes []string
	for _, r := range rows {
		properties, contractors = append(properties, r.PropertyID), append(contractors, r.ContractorID)
		notes = append(notes, "Assigned automatically to a "+r.CrewType+" crew.")
	}
	added, err := db.All[struct {
		ID         int64 `db:"id"`
		PropertyID int64 `db:"property_id"`
	}](ctx, tx, distributeSQL, db.Args{"property_ids": properties, "contractor_ids": contractors, "notes": notes, "now": endpoint.Now(ctx)})
	if err != nil {
		return out, err
	}

	ids := map[int64]int64{}
	for _, a := range added {
		ids[a.PropertyID] = a.ID
	}
	for _, r := range rows {
		if r.AssignmentID = ids[r.PropertyID]; r.AssignmentID != 0 {
			out.Assignments = append(out.Assignments, r)
		}
	}
	out.Success, out.AssignedCount = true, len(out.Assignments)
	out.Message = fmt.Sprintf("%d of %d properties newly assigned", out.AssignedCount, out.TotalProperties)
	return out, nil
}

// assignments are the proposals with names, not stored yet.
func (p plan) assignments() (all []AutomaticAssignment) {
	places, crews := map[int64]Place{}, map[int64]Crew{}
	for _, place := range p.places {
		places[place.ID] = place
	}
	for _, crew := range p.crews {
		crews[crew.ID] = crew
	}
	for _, proposed := range p.proposals {
		place, crew := places[proposed.PropertyID], crews[proposed.ContractorID]
		all = append(all, AutomaticAssignment{
			PropertyID: place.ID, PropertyName: place.Name, ContractorID: crew.ID, ContractorName: crew.Name,
			CrewType: crew.Type(), Reasoning: proposed.Reasoning,
		})
	}
	return all
}
