package checkins

import (
	"context"

	"contractor-portal/db"
	"contractor-portal/server/field"
)

// Texted is the check-in of a person who writes text messages.
type Texted struct{}

const byText = "By text message"

// CheckIn checks in for an event, or marks as ready who is there already, with his default equipment.
func (Texted) CheckIn(ctx context.Context, tx db.Tx, event int64, equipment string) error {
	arrival := Arrival{Notes: new(byText)}
	if equipment != "" {
		arrival.EquipmentInUse = new(field.Line(equipment))
	}
	_, err := checkIn(ctx, tx, &struct {
		EventRef
		Body Arrival
	}{EventRef{event}, arrival})
	return err
}

// Work marks as working.
func (Texted) Work(ctx context.Context, tx db.Tx, event int64) error {
	_, err := setStatus(ctx, tx, &struct {
		EventRef
		Body Doing
	}{EventRef{event}, Doing{Status: working, Notes: new(byText)}})
	return err
}

// CheckOut checks out.
func (Texted) CheckOut(ctx context.Context, tx db.Tx, event int64) error {
	_, err := checkOut(ctx, tx, &struct {
		EventRef
		Body *Departure
	}{EventRef{event}, &Departure{Notes: new(byText)}})
	return err
}
