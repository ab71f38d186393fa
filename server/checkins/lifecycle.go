package checkins

import "contractor-portal/server/endpoint"

// A status is what a person at an event says of himself. The empty one is of somebody who is not there:
// not checked in, or checked out.
type status string

const (
	absent      status = ""
	checkedIn   status = "checked_in"
	working     status = "working"
	unavailable status = "unavailable"
	completed   status = "completed"
)

// An action is what can befall a check-in. A change to a status is called by the status.
type action string

const (
	doCheckIn  action = "check in"
	doCheckOut action = "check out"
)

// next is the status after an action, or why it cannot be done. Saying that one's work is completed
// does not check out.
func next(s status, do action) (status, error) {
	switch {
	case do == doCheckIn:
		return checkedIn, nil
	case s == absent:
		return absent, endpoint.NotFound("open check-in of yours at this event")
	case do == doCheckOut:
		return absent, nil
	}
	return status(do), nil
}

// keepsProperty tells whether a person who comes to a status stays at the property where he was: who is
// free again is nowhere.
func (s status) keepsProperty() bool { return s != checkedIn }
