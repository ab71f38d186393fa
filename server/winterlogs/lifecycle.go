package winterlogs

import "contractor-portal/server/endpoint"

// A state is what a ticket is in. A queued one is a stop of a route that has not begun; in the table it
// is open, as it is work still to be done.
type state string

const (
	queued state = "queued"
	open   state = "open"
	closed state = "closed"
)

// An action is what can befall a ticket.
type action string

const (
	doClose    action = "close"
	saveOpen   action = "save without time_out"
	saveClosed action = "save with time_out"
)

// next is the state of a ticket after an action, or why it cannot be done.
func next(s state, do action) (state, error) {
	switch {
	case do == doClose && s == queued:
		return "", endpoint.Invalid("the ticket is queued on its route; it has not begun")
	case do == doClose && s == closed:
		return "", endpoint.Invalid("the ticket is closed already")
	case do == saveOpen:
		return open, nil
	}
	return closed, nil
}

// What a ticket is called on its route, where it came from one.
const (
	routeQueued = "queued"
	routeActive = "active"
)

// stateOf reads a state from the columns that hold it.
func stateOf(status string, routeStatus *string) state {
	if routeStatus != nil && *routeStatus == routeQueued {
		return queued
	}
	return state(status)
}

// onRoute is what a ticket is called on its route in a state that it has come to by hand: it begins
// there, or begins again. Only the route itself completes it, and opens the next one then.
func (s state) onRoute(before *string) *string {
	if before != nil && (s == open || *before == routeQueued) {
		return new(routeActive)
	}
	return before
}
