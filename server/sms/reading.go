package sms

import (
	"context"
	"slices"

	"contractor-portal/db"
)

// An Interpreter reads messages that are not in the portal's words. It calls another company, and so outside of any
// unit of work.
type Interpreter interface {
	Interpret(ctx context.Context, work Unit, q Question) (Reading, error)
}

// A Unit opens units of work in the company, as the person of a message.
type Unit interface {
	Do(ctx context.Context, fn func(context.Context, db.Tx) error) error
}

// A Question is a message with what a reader must know of its conversation.
type Question struct {
	Text     string
	State    State
	Property string // of the active ticket, or ""
	Choices  []string
}

// A Reading is what a message means to a reader.
type Reading struct {
	Intent             string   `json:"intent"`
	Equipment          *string  `json:"equipment"`
	BulkSaltQty        *float64 `json:"bulk_salt_qty"`
	BagSaltQty         *float64 `json:"bag_salt_qty"`
	CalciumChlorideQty *float64 `json:"calcium_chloride_qty"`
	Address            *string  `json:"address"`
	Notes              *string  `json:"notes"`
	TimeIn             *string  `json:"time_in"`
	TimeOut            *string  `json:"time_out"`
	Confidence         string   `json:"confidence"`
}

// The intents that lead to something; query_address and unknown lead to nothing.
const (
	beginTicket    = "start_ticket"
	updateTicket   = "update_ticket"
	completeTicket = "complete_ticket"
	provideDetails = "provide_details"
)

// means tells whether the reader is sure enough of one of these intents.
func (r *Reading) means(intents ...string) bool {
	return r != nil && slices.Contains([]string{"high", "medium"}, r.Confidence) && slices.Contains(intents, r.Intent)
}

// details are those of a reading; what cannot be one is left out.
func (r *Reading) details() (d Details) {
	d.Bulk, d.Bags, d.Calcium = plausible(r.BulkSaltQty), plausible(r.BagSaltQty), plausible(r.CalciumChlorideQty)
	if r.Equipment != nil {
		d.Equipment = upTo(clean(*r.Equipment), maxEquipment)
	}
	if r.Notes != nil {
		d.Notes = upTo(clean(*r.Notes), maxNotes)
	}
	return d
}

func plausible(n *float64) *float64 {
	if n == nil || *n < 0 || *n > maxQuantity {
		return nil
	}
	return n
}
