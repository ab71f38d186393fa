package sms

import (
	"fmt"
	"strconv"
	"strings"
)

// Replies are in the characters of one message where they can be: no quotes or dashes that would make two of it.
const (
	hint           = "Text START, DONE, READY, WORKING or HOME. HELP lists all words."
	help           = "READY: check in. START: open a ticket. Then send equipment, salt and notes. DONE: close the ticket. WORKING: on site. HOME: gone for the day. ACCEPT or DECLINE: answer an assignment. STOP: no more texts."
	resumed        = "You get text messages again. HELP lists the words."
	readyFirst     = "You are not checked in. Text READY first."
	atWork         = "You are marked as working."
	noEvent        = "There is no active winter event. Ask your manager."
	noTicket       = "You have no open ticket. Text START to open one."
	startFirst     = "You have no open ticket. Text START first, then send the details."
	notUnderstood  = "That was not understood. Send equipment, salt (5 bags, 2 yards) or notes, or DONE."
	nothingPending = "No assignment waits for your answer."
	notRegistered  = "This number is not registered. Ask your company to add it to your account."
)

func decided(d Decide) string {
	return "Your decision " + d.Message + " for error " + d.ErrorID + " was passed on."
}

func wentHome(tickets int) string {
	closed := ""
	if tickets > 0 {
		closed = " Closed: " + count(tickets, "open ticket", "open tickets") + "."
	}
	return "You are marked as home." + closed + " Good night!"
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

func arrived(f Facts) string {
	if f.CheckedIn {
		return "You are checked in for " + f.Event + " already, and marked as ready."
	}
	equipment := ""
	if f.Equipment != "" {
		equipment = " with " + f.Equipment
	}
	return "Checked in for " + f.Event + equipment + ". Next: START at a property, WORKING on site, HOME at the end."
}

func finished(property string, d Details) string {
	return "Completed: " + property + summary(d) + ". Text START for the next one."
}

// summary repeats the quantities, so that a misread one is noticed.
func summary(d Details) string {
	said := ""
	for _, q := range []struct {
		n          *float64
		unit, what string
	}{{d.Bulk, "yard", "salt"}, {d.Bags, "bag", "salt"}, {d.Calcium, "bag", "calcium"}} {
		if q.n == nil {
			continue
		}
		said += ", " + strconv.FormatFloat(*q.n, 'f', -1, 64) + " " + q.unit
		if *q.n != 1 {
			said += "s"
		}
		said += " " + q.what
	}
	return said
}

func updated(property string) string {
	return "Noted for " + property + ". Send more, or DONE when finished."
}

func running(property string) string {
	return "Your ticket at " + property + " is open. Text DONE to close it first."
}

func nothingAccepted(pending []Offer) string {
	if len(pending) == 0 {
		return "You have no accepted property. Contact your manager."
	}
	return "You have no accepted property, and " + count(len(pending), "assignment that waits", "assignments that wait") + " for your answer: text ACCEPT."
}

func started(p Place) string {
	return "Started: " + p.Name + ". Send equipment, salt (5 bags, 2 yards) and notes. DONE when finished."
}

func numbered(places []Place) string {
	var list strings.Builder
	for i, p := range places {
		fmt.Fprintf(&list, "\n%d. %s - %s", i+1, p.Name, p.Address)
	}
	return list.String()
}

func whichProperty(places []Place) string {
	return "Which property? Send its number:" + numbered(places)
}

func invalidChoice(places []Place) string {
	return "That is none of the list. Send a number or a name:" + numbered(places)
}

func whichOffer(pending []Offer, accepts bool) string {
	word := "DECLINE"
	if accepts {
		word = "ACCEPT"
	}
	list := "Which one? Send " + word + " with a number, or " + word + " ALL:"
	for i, o := range pending {
		list += fmt.Sprintf("\n%d. %s", i+1, o.Name)
	}
	return list
}

func answered(offers []Offer, accepted bool) string {
	names := make([]string, len(offers))
	for i, o := range offers {
		names[i] = o.Name
	}
	if accepted {
		return "Accepted: " + strings.Join(names, ", ") + ". Text START when you begin."
	}
	return "Declined: " + strings.Join(names, ", ") + "."
}

func answeredBefore(o Offer) string { return o.Name + " waits for no answer any more." }
