package assignments

import (
	"errors"

	"contractor-portal/server/endpoint"
)

// The states of an assignment.
const (
	pending  = "pending"
	accepted = "accepted"
	declined = "declined"
)

// What a person does with it.
const (
	doAccept   = "accept"
	doDecline  = "decline"
	doStart    = "start"
	doComplete = "complete"
)

// answer returns the state that an answer leads an assignment to. An answer is given once.
func answer(status, action string) (string, error) {
	switch {
	case status != pending:
		return "", endpoint.Invalid("the assignment is " + status + " already")
	case action == doAccept:
		return accepted, nil
	}
	return declined, nil
}

// errRunning refuses a start while another stop is running.
var errRunning = errors.New("a stop is running")

// drive tells whether a driver may start or complete a stop, from what he answered and whether a stop is
// running.
func drive(status string, running bool, action string) error {
	switch {
	case action == doStart && status != accepted:
		return endpoint.NotFound("accepted assignment")
	case action == doStart && running:
		return errRunning
	case action == doComplete && !running:
		return endpoint.Invalid("no property is running")
	}
	return nil
}
