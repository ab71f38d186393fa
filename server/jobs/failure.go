package jobs

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"contractor-portal/db"
)

// A Code says why a job or a message failed. It is all that is stored of it.
type Code string

// Why something failed, for an Admin to read.
const (
	NotConfigured Code = "not-configured"
	Refused       Code = "refused"
	BadAccount    Code = "bad-account"
	BadAddress    Code = "bad-address"
	Unreachable   Code = "unreachable"
	Throttled     Code = "throttled"
	TooOld        Code = "too-old"
	PersonGone    Code = "person-gone"
	NotAllowed    Code = "not-allowed"
	Suspended     Code = "suspended"
	Cancelled     Code = "cancelled"
	Interrupted   Code = "interrupted"
	Internal      Code = "internal"
)

var sentences = map[Code]string{
	NotConfigured: "The account for it is not set up: an Admin stores its keys under settings.",
	Refused:       "The provider refused it.",
	BadAccount:    "The provider refused the account: its keys under settings are wrong or no longer valid.",
	BadAddress:    "The provider says that it cannot be delivered to this recipient.",
	Unreachable:   "The provider could not be reached, or did not answer in time.",
	Throttled:     "The provider takes no more for now.",
	TooOld:        "It was tried for as long as it made sense.",
	PersonGone:    "The person in whose name it runs is not active any more.",
	NotAllowed:    "The person in whose name it runs may not do this any more.",
	Suspended:     "The company is suspended; it waits until the company is open again.",
	Cancelled:     "The company is cancelled.",
	Interrupted:   "The server that worked on it stopped; it runs again by itself.",
	Internal:      "Something went wrong in the portal; its operator finds it in the log.",
}

// Sentence says a code in words.
func (c Code) Sentence() string { return sentences[c] }

// CodeOf is the code in what the queue has stored of an error. A text of the queue's own is of a job that was not brought
// to its end.
func CodeOf(stored string) Code {
	if c := Code(strings.TrimPrefix(stored, "JobCancelError: ")); sentences[c] != "" {
		return c
	}
	return Interrupted
}

// A failure is an error whose text is a code, so that nothing else of it is stored; the log has the rest.
type failure struct {
	code  Code
	cause error
	final bool
}

func (f *failure) Error() string { return string(f.code) }
func (f *failure) Unwrap() error { return f.cause }

// Retry is the error of what may succeed later.
func Retry(code Code, cause error) error { return &failure{code: code, cause: cause} }

// GiveUp is the error of what will not succeed, however often it is tried.
func GiveUp(code Code, cause error) error { return &failure{code: code, cause: cause, final: true} }

// Failure tells the code of an error, and whether it is final. What is no failure of ours is Internal.
func Failure(err error) (code Code, final bool) {
	if f := (*failure)(nil); errors.As(err, &f) {
		return f.code, f.final
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, db.ErrTimeout) || errors.Is(err, db.ErrDown) || errors.Is(err, db.ErrBusy) {
		return Interrupted, false
	}
	return Internal, false
}

// suspendedPause is how long a job waits before it looks whether its customer is open again.
const suspendedPause = 10 * time.Minute

// movingPause is the same of a customer on its move.
const movingPause = 10 * time.Second

// outcome is what the queue is told of a handler's error.
func outcome(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, db.ErrSuspended):
		return river.JobSnooze(suspendedPause)
	case errors.Is(err, db.ErrMoving):
		return river.JobSnooze(movingPause)
	case errors.Is(err, db.ErrCancelled):
		return river.JobCancel(&failure{code: Cancelled, cause: err})
	case errors.Is(err, db.ErrPerson):
		return river.JobCancel(&failure{code: PersonGone, cause: err})
	}
	if snooze := (*river.JobSnoozeError)(nil); errors.As(err, &snooze) {
		return err
	}
	code, final := Failure(err)
	f := &failure{code: code, cause: err}
	if final {
		return river.JobCancel(f)
	}
	return f
}

// Later has a job run again after a while. It is no failure, and no attempt.
func Later(after time.Duration) error { return river.JobSnooze(after) }
