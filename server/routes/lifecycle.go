package routes

import "contractor-portal/server/endpoint"

// The states of a ticket on a route.
const (
	queued   = "queued"
	active   = "active"
	complete = "complete"
)

// What happens to it.
const (
	doOpen     = "open"
	doComplete = "complete"
)

// next returns the state that an action leads a ticket to, or says why it cannot be taken.
func next(status, action string) (string, error) {
	switch {
	case status == queued && action == doOpen:
		return active, nil
	case status == active && action == doComplete:
		return complete, nil
	case status == queued:
		return "", endpoint.Invalid("the ticket is queued; it opens when the one before it is completed")
	case status == active:
		return "", endpoint.Invalid("the ticket is open already")
	}
	return "", endpoint.Invalid("the ticket is complete already")
}
