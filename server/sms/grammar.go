package sms

import (
	"slices"
	"strconv"
	"strings"
)

// A State is what a conversation waits for.
type State string

// The states of a conversation. The table knows two more, which nothing leads to; they are as good as Idle.
const (
	Idle             State = "idle"
	ChoosingProperty State = "awaiting_start_confirmation"
	Collecting       State = "collecting_ticket_details"
)

// A Place is a property that a ticket can be opened at.
type Place struct {
	ID      int64  `json:"id"`
	Name    string `json:"name"`
	Address string `json:"address,omitempty"`
}

// An Offer is an assignment that waits for its person's answer.
type Offer struct {
	ID   int64  `json:"id"`
	Name string `json:"name"` // of the property
}

// A Conversation is what is remembered of one from message to message.
type Conversation struct {
	State   State
	Choices []Place // the numbered list that START has sent
	Offers  []Offer // the numbered list that ACCEPT or DECLINE has sent
	ErrorID string  // of the automation's error that waits for a decision, or ""
}

// over is a conversation that waits for nothing but a decision, if it did.
func (c Conversation) over() Conversation { return Conversation{State: Idle, ErrorID: c.ErrorID} }

// Facts are what is so when a message is read.
type Facts struct {
	Stopped        bool     // the person has switched text messages off
	Ticket         string   // name of the property of the active ticket, or ""
	Accepted       []Place  // where START may open a ticket
	Pending        []Offer  // what waits for ACCEPT or DECLINE
	Event          string   // name of the active winter event, or ""
	CheckedIn      bool     // for that event
	Equipment      string   // what the person drives by default, or ""
	EquipmentNames []string // of the company's rates
	OpenTickets    int      // of the person, here or on the web
}

// An Effect is one thing that a message brings about.
type Effect interface{ effect() }

// The effects.
type (
	Stop   struct{} // no more text messages
	Resume struct{} // text messages again
	Home   struct{} // checks out, closes all tickets, is available no longer
	Work   struct{} // the check-in's status
	Ready  struct{} // checks in
	// Decide hands a decision to the automation.
	Decide struct{ ErrorID, Message string }
	// Start opens a ticket.
	Start struct{ Place Place }
	// Add adds to the active ticket.
	Add struct{ Details Details }
	// Finish closes the active ticket.
	Finish struct{ Details Details }
	// Answer accepts or declines an assignment.
	Answer struct {
		Offer    Offer
		Accepted bool
	}
)

func (Stop) effect()   {}
func (Resume) effect() {}
func (Home) effect()   {}
func (Work) effect()   {}
func (Ready) effect()  {}
func (Decide) effect() {}
func (Start) effect()  {}
func (Add) effect()    {}
func (Finish) effect() {}
func (Answer) effect() {}

// An Outcome is what becomes of a message.
type Outcome struct {
	Next    Conversation
	Reply   string // "": none
	Effects []Effect
}

// Respond reads a message. What is written in the words of the portal is understood by itself; for anything else r is
// what a model has made of it, or nil. The first that fits counts: stopping and resuming, a decision for the
// automation, HOME, HELP, WORKING, READY, DONE, START, ACCEPT and DECLINE, a choice from a list, details of a ticket.
// Whoever has stopped gets no reply, whatever his message brings about.
func Respond(c Conversation, text string, f Facts, r *Reading) Outcome {
	m := read(text)
	switch {
	case m.is(stopWords):
		return Outcome{Next: c, Effects: []Effect{Stop{}}}
	case m.is(resumeWords):
		return Outcome{Next: c, Reply: resumed, Effects: []Effect{Resume{}}}
	}
	was := f.Stopped
	f.Stopped = f.Stopped && !m.is(startTicket) // START is the provider's word for resuming, too
	out := respond(c, m, f, r)
	if was && !f.Stopped {
		out.Effects = append([]Effect{Resume{}}, out.Effects...)
	}
	if f.Stopped {
		out.Reply = ""
	}
	return out
}

// Reads tells whether a message can be read without a model.
func Reads(c Conversation, text string) bool {
	m := read(text)
	_, _, answers := m.answer()
	_, wrong := choice(c.Choices, m)
	return m.key == "" || m.is(stopWords) || m.is(resumeWords) || m.decides(c) || m.is(home) || m.asksHelp() || m.is(working) || m.is(ready) ||
		slices.Contains(done, m.first) || m.is(startTicket) || answers || c.State == ChoosingProperty && wrong == nil
}

func respond(c Conversation, m message, f Facts, r *Reading) Outcome {
	accepts, n, answers := m.answer()
	switch {
	case m.decides(c):
		return decide(c, m)
	case m.is(home):
		return goHome(c, f)
	case m.asksHelp():
		return Outcome{Next: c, Reply: help}
	case m.is(working):
		return work(c, f)
	case m.is(ready):
		return checkIn(c, f)
	case slices.Contains(done, m.first):
		return finish(c, f, parse(m.rest, f.EquipmentNames))
	case m.is(startTicket):
		return start(c, f)
	case answers:
		return answer(c, f, accepts, n)
	case r.means(completeTicket):
		return finish(c, f, r.details())
	case r.means(beginTicket) && c.State != Collecting:
		return start(c, f)
	case c.State == ChoosingProperty:
		return choose(c, m)
	}
	return details(c, m, f, r)
}

func decide(c Conversation, m message) Outcome {
	decision := Decide{ErrorID: c.ErrorID, Message: m.key}
	c.ErrorID = ""
	return Outcome{Next: c, Reply: decided(decision), Effects: []Effect{decision}}
}

func goHome(c Conversation, f Facts) Outcome {
	return Outcome{Next: c.over(), Reply: wentHome(f.OpenTickets), Effects: []Effect{Home{}}}
}

func work(c Conversation, f Facts) Outcome {
	if !f.CheckedIn {
		return Outcome{Next: c, Reply: readyFirst}
	}
	return Outcome{Next: c, Reply: atWork, Effects: []Effect{Work{}}}
}

func checkIn(c Conversation, f Facts) Outcome {
	if f.Event == "" {
		return Outcome{Next: c, Reply: noEvent}
	}
	return Outcome{Next: c, Reply: arrived(f), Effects: []Effect{Ready{}}}
}

func finish(c Conversation, f Facts, d Details) Outcome {
	if f.Ticket == "" {
		return Outcome{Next: c, Reply: noTicket}
	}
	return Outcome{Next: c.over(), Reply: finished(f.Ticket, d), Effects: []Effect{Finish{d}}}
}

func start(c Conversation, f Facts) Outcome {
	switch {
	case f.Ticket != "":
		return Outcome{Next: c, Reply: running(f.Ticket)}
	case len(f.Accepted) == 0:
		return Outcome{Next: c, Reply: nothingAccepted(f.Pending)}
	case len(f.Accepted) == 1:
		return open(c, f.Accepted[0])
	}
	c.State, c.Choices = ChoosingProperty, f.Accepted
	return Outcome{Next: c, Reply: whichProperty(f.Accepted)}
}

func open(c Conversation, p Place) Outcome {
	c.State, c.Choices = Collecting, nil
	return Outcome{Next: c, Reply: started(p), Effects: []Effect{Start{p}}}
}

func choose(c Conversation, m message) Outcome {
	p, wrong := choice(c.Choices, m)
	if wrong != nil {
		return Outcome{Next: c, Reply: *wrong}
	}
	return open(c, p)
}

// choice finds what is meant by a number, or by a part of a name that no other has; or it says what is wrong.
func choice(places []Place, m message) (p Place, wrong *string) {
	if n, err := strconv.Atoi(m.key); err == nil {
		if n < 1 || n > len(places) {
			return p, new(invalidChoice(places))
		}
		return places[n-1], nil
	}
	var found []Place
	for _, p := range places {
		name := read(p.Name).key
		if name == m.key {
			return p, nil
		}
		if len(m.key) > 1 && strings.Contains(name, m.key) {
			found = append(found, p)
		}
	}
	if len(found) != 1 {
		return p, new(invalidChoice(places))
	}
	return found[0], nil
}

// answer accepts or declines: the n-th of the list that was sent last, the only one that there is, or with all every one.
func answer(c Conversation, f Facts, accepts bool, n int) Outcome {
	list := c.Offers
	if len(list) == 0 {
		list = f.Pending
	}
	switch {
	case len(f.Pending) == 0:
		return Outcome{Next: c, Reply: nothingPending}
	case n == all:
		c.Offers = nil
		out := Outcome{Next: c, Reply: answered(f.Pending, accepts)}
		for _, o := range f.Pending {
			out.Effects = append(out.Effects, Answer{o, accepts})
		}
		return out
	case n == unsaid && len(f.Pending) == 1:
		c.Offers = nil
		return Outcome{Next: c, Reply: answered(f.Pending, accepts), Effects: []Effect{Answer{f.Pending[0], accepts}}}
	case n == unsaid || n < 1 || n > len(list):
		c.Offers = f.Pending
		return Outcome{Next: c, Reply: whichOffer(f.Pending, accepts)}
	case !slices.Contains(f.Pending, list[n-1]):
		c.Offers = f.Pending
		return Outcome{Next: c, Reply: answeredBefore(list[n-1]) + " " + whichOffer(f.Pending, accepts)}
	}
	chosen := list[n-1]
	// The numbers stay as they were sent, so that ACCEPT 1, ACCEPT 2 answers two.
	c.Offers = list
	return Outcome{Next: c, Reply: answered([]Offer{chosen}, accepts), Effects: []Effect{Answer{chosen, accepts}}}
}

func details(c Conversation, m message, f Facts, r *Reading) Outcome {
	d := parse(m.text, f.EquipmentNames)
	known := d.Equipment != "" || d.Bulk != nil || d.Bags != nil || d.Calcium != nil
	if r.means(provideDetails, updateTicket) {
		d, known = r.details(), true
	}
	switch {
	case f.Ticket == "" && (known || c.State == Collecting):
		return Outcome{Next: c.over(), Reply: startFirst}
	case f.Ticket == "" || c.State != Collecting && !known:
		return Outcome{Next: c, Reply: hint}
	case d.empty():
		return Outcome{Next: c, Reply: notUnderstood}
	}
	return Outcome{Next: c, Reply: updated(f.Ticket), Effects: []Effect{Add{d}}}
}
