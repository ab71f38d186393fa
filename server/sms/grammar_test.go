package sms

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	oak    = Place{1, "Oak Plaza", "1 Oak St"}
	elm    = Place{2, "Elm Court", "2 Elm St"}
	offers = []Offer{{7, "Ash Mall"}, {8, "Fir Bank"}}

	someFacts = Facts{
		Accepted: []Place{oak, elm}, Pending: offers, Event: "Storm 1", CheckedIn: true, Equipment: "Plow truck",
		EquipmentNames: []string{"Plow truck", "Plow truck with bulk spreader", "Snow blower"}, OpenTickets: 1,
	}
)

// The conversations of the tests, by name.
var conversations = map[string]Conversation{
	"idle":     {State: Idle},
	"choosing": {State: ChoosingProperty, Choices: []Place{oak, elm}},
	"running":  {State: Collecting},
	"asked":    {State: Idle, ErrorID: "E-7"},
	"offered":  {State: Idle, Offers: offers},
	"legacy":   {State: "awaiting_completion"},
}

func in(name string) (Conversation, Facts) {
	f := someFacts
	if name == "running" {
		f.Ticket = oak.Name
	}
	return conversations[name], f
}

// said is an outcome in a line: its effects, and the state after it.
func said(o Outcome) string {
	var parts []string
	for _, e := range o.Effects {
		switch e := e.(type) {
		case Start:
			parts = append(parts, "start "+e.Place.Name)
		case Add:
			parts = append(parts, "add "+e.Details.String())
		case Finish:
			parts = append(parts, strings.TrimSpace("finish "+e.Details.String()))
		case Answer:
			parts = append(parts, fmt.Sprintf("answer %s %v", e.Offer.Name, e.Accepted))
		case Decide:
			parts = append(parts, "decide "+e.ErrorID+" "+e.Message)
		default:
			parts = append(parts, strings.ToLower(strings.TrimPrefix(fmt.Sprintf("%T", e), "sms.")))
		}
	}
	return strings.Join(append(parts, short[o.Next.State]), "; ")
}

var short = map[State]string{Idle: "idle", ChoosingProperty: "choosing", Collecting: "running", "awaiting_completion": "legacy"}

func (d Details) String() string {
	var parts []string
	for name, n := range map[string]*float64{"bulk": d.Bulk, "bags": d.Bags, "calcium": d.Calcium} {
		if n != nil {
			parts = append(parts, fmt.Sprintf("%s=%g", name, *n))
		}
	}
	if len(parts) > 1 {
		parts = []string{fmt.Sprintf("bulk=%v bags=%v calcium=%v", value(d.Bulk), value(d.Bags), value(d.Calcium))}
	}
	if d.Equipment != "" {
		parts = append(parts, "with "+d.Equipment)
	}
	if d.Notes != "" {
		parts = append(parts, fmt.Sprintf("%q", d.Notes))
	}
	return strings.Join(parts, " ")
}

func value(n *float64) any {
	if n == nil {
		return "-"
	}
	return *n
}

// Every word in every state, in forms that phones write.
func TestRespond_EveryWordInEveryState(t *testing.T) {
	t.Parallel()
	notes := func(text string) string { return fmt.Sprintf("add %q; running", text) }
	messages := 0
	for _, c := range []struct {
		text                    string
		idle, choosing, running string
	}{
		{"STOP", "stop; idle", "stop; choosing", "stop; running"},
		{"stop", "stop; idle", "stop; choosing", "stop; running"},
		{" Stop. ", "stop; idle", "stop; choosing", "stop; running"},
		{"StopAll", "stop; idle", "stop; choosing", "stop; running"},
		{"unsubscribe", "stop; idle", "stop; choosing", "stop; running"},
		{"Cancel", "stop; idle", "stop; choosing", "stop; running"},
		{"END", "stop; idle", "stop; choosing", "stop; running"},
		{"“quit”", "stop; idle", "stop; choosing", "stop; running"},
		{"UNSTOP", "resume; idle", "resume; choosing", "resume; running"},
		{"home", "home; idle", "home; idle", "home; idle"},
		{"Home!", "home; idle", "home; idle", "home; idle"},
		{"OFF", "home; idle", "home; idle", "home; idle"},
		{"  offline\n", "home; idle", "home; idle", "home; idle"},
		{"home 🏠", "home; idle", "home; idle", "home; idle"},
		{"HELP", "idle", "choosing", "running"},
		{"please help me", "idle", "choosing", "running"},
		{"Help?", "idle", "choosing", "running"},
		{"working", "work; idle", "work; choosing", "work; running"},
		{"BUSY", "work; idle", "work; choosing", "work; running"},
		{"on  site", "work; idle", "work; choosing", "work; running"},
		{"Servicing…", "work; idle", "work; choosing", "work; running"},
		{"ready", "ready; idle", "ready; choosing", "ready; running"},
		{"CheckIn", "ready; idle", "ready; choosing", "ready; running"},
		{"check in", "ready; idle", "ready; choosing", "ready; running"},
		{"CHECK\u00a0IN", "ready; idle", "ready; choosing", "ready; running"},
		{"check-in", "ready; idle", "ready; choosing", "ready; running"},
		{"check\u2011in", "ready; idle", "ready; choosing", "ready; running"},
		{"available 👍🏽", "ready; idle", "ready; choosing", "ready; running"},
		{"ＲＥＡＤＹ", "ready; idle", "ready; choosing", "ready; running"},
		{"DONE", "idle", "choosing", "finish; idle"},
		{"done ✅", "idle", "choosing", "finish; idle"},
		{"Finished.", "idle", "choosing", "finish; idle"},
		{"complete", "idle", "choosing", "finish; idle"},
		{"DONE 5 bags", "idle", "choosing", "finish bags=5; idle"},
		{"done,2 yards", "idle", "choosing", "finish bulk=2; idle"},
		{"Finished - 2.5yd, gate was locked", "idle", "choosing", `finish bulk=2.5 "gate was locked"; idle`},
		{"complete 3 bags calcium", "idle", "choosing", "finish calcium=3; idle"},
		{"START", "choosing", "choosing", "running"},
		{"begin", "choosing", "choosing", "running"},
		{"omw", "choosing", "choosing", "running"},
		{"On my way!", "choosing", "choosing", "running"},
		{"oN   mY\twAy 🚚", "choosing", "choosing", "running"},
		{"ACCEPT", "idle", "choosing", "running"},
		{"accept 1", "answer Ash Mall true; idle", "answer Ash Mall true; choosing", "answer Ash Mall true; running"},
		{"Accept #2", "answer Fir Bank true; idle", "answer Fir Bank true; choosing", "answer Fir Bank true; running"},
		{"accept 3", "idle", "choosing", "running"},
		{"accept 0", "idle", "choosing", "running"},
		{"DECLINE 2.", "answer Fir Bank false; idle", "answer Fir Bank false; choosing", "answer Fir Bank false; running"},
		{"decline", "idle", "choosing", "running"},
		{"decline all", "answer Ash Mall false; answer Fir Bank false; idle", "answer Ash Mall false; answer Fir Bank false; choosing", "answer Ash Mall false; answer Fir Bank false; running"},
		{"accept the delivery", "idle", "choosing", notes("accept the delivery")},
		{"1", "idle", "start Oak Plaza; running", notes("1")},
		{"2.", "idle", "start Elm Court; running", notes("2.")},
		{"#2", "idle", "start Elm Court; running", notes("#2")},
		{"3", "idle", "choosing", notes("3")},
		{"0", "idle", "choosing", notes("0")},
		{"99999999999999999999", "idle", "choosing", notes("99999999999999999999")},
		{"elm", "idle", "start Elm Court; running", notes("elm")},
		{"OAK PLAZA", "idle", "start Oak Plaza; running", notes("OAK PLAZA")},
		{"Court 🌳", "idle", "start Elm Court; running", notes("Court 🌳")},
		{"a", "idle", "choosing", notes("a")},
		{"la", "idle", "start Oak Plaza; running", notes("la")},
		{"", "idle", "choosing", "running"},
		{"❄️❄️", "idle", "choosing", "running"},
		{"5 bags", "idle", "choosing", "add bags=5; running"},
		{"Plow truck", "idle", "choosing", "add with Plow truck; running"},
		{"the gate’s locked", "idle", "choosing", notes("the gate's locked")},
		{"Joe helped shovel", "idle", "choosing", notes("Joe helped shovel")},
		{"working on it", "idle", "choosing", notes("working on it")},
		{"not done yet", "idle", "choosing", notes("not done yet")},
		{"stop sign is down", "idle", "choosing", notes("stop sign is down")},
		{"home depot lot is clear", "idle", "choosing", notes("home depot lot is clear")},
		{strings.Repeat("salted the walks and the ramp ", 8), "idle", "choosing", notes(strings.TrimSpace(strings.Repeat("salted the walks and the ramp ", 8)))},
		{strings.Repeat("x", 300) + " 4 bags", "idle", "choosing", fmt.Sprintf("add bags=4 %q; running", strings.Repeat("x", 300))},
	} {
		for name, want := range map[string]string{"idle": c.idle, "choosing": c.choosing, "running": c.running} {
			messages++
			conversation, facts := in(name)
			if have := said(Respond(conversation, c.text, facts, nil)); have != want {
				t.Errorf("%s: %q: %s, want %s", name, c.text, have, want)
			}
		}
	}
	if messages < 120 {
		t.Errorf("only %d messages", messages)
	}
}

// What is so decides beside the words, and the reply says it.
func TestRespond_Replies(t *testing.T) {
	t.Parallel()
	nothing := Facts{}
	one := someFacts
	one.Accepted, one.Pending = []Place{oak}, offers[:1]
	waiting := Facts{Pending: offers}
	absent := someFacts
	absent.CheckedIn = false
	stopped := someFacts
	stopped.Stopped, stopped.Accepted = true, []Place{oak}
	ticket := someFacts
	ticket.Ticket = oak.Name
	stoppedTicket := ticket
	stoppedTicket.Stopped = true
	elsewhere := someFacts
	elsewhere.Pending = offers[1:]
	for _, c := range []struct {
		conversation, text string
		facts              Facts
		want, reply        string
	}{
		{"idle", "stop", someFacts, "stop; idle", ""},
		{"idle", "unstop", stopped, "resume; idle", resumed},
		{"idle", "start", stopped, "resume; start Oak Plaza; running", started(oak)},
		{"idle", "home", stopped, "home; idle", ""},
		{"idle", "help", stopped, "idle", ""},
		{"running", "done", stoppedTicket, "finish; idle", ""},
		{"idle", "help", nothing, "idle", help},
		{"idle", "hello", nothing, "idle", hint},
		{"idle", "home", nothing, "home; idle", "You are marked as home. Good night!"},
		{"idle", "home", someFacts, "home; idle", "You are marked as home. Closed: 1 open ticket. Good night!"},
		{"idle", "working", nothing, "idle", readyFirst},
		{"idle", "working", someFacts, "work; idle", atWork},
		{"idle", "ready", nothing, "idle", noEvent},
		{"idle", "ready", absent, "ready; idle", "Checked in for Storm 1 with Plow truck. Next: START at a property, WORKING on site, HOME at the end."},
		{"idle", "ready", someFacts, "ready; idle", "You are checked in for Storm 1 already, and marked as ready."},
		{"idle", "done", someFacts, "idle", noTicket},
		{"running", "done 5 bags 1 bag calcium", ticket, "finish bulk=- bags=5 calcium=1; idle", "Completed: Oak Plaza, 5 bags salt, 1 bag calcium. Text START for the next one."},
		{"running", "start", ticket, "running", "Your ticket at Oak Plaza is open. Text DONE to close it first."},
		{"idle", "start", nothing, "idle", "You have no accepted property. Contact your manager."},
		{"idle", "start", waiting, "idle", "You have no accepted property, and 2 assignments that wait for your answer: text ACCEPT."},
		{"idle", "start", one, "start Oak Plaza; running", "Started: Oak Plaza. Send equipment, salt (5 bags, 2 yards) and notes. DONE when finished."},
		{"idle", "start", someFacts, "choosing", "Which property? Send its number:\n1. Oak Plaza - 1 Oak St\n2. Elm Court - 2 Elm St"},
		{"legacy", "start", one, "start Oak Plaza; running", started(oak)},
		{"choosing", "3", someFacts, "choosing", invalidChoice([]Place{oak, elm})},
		{"choosing", "st", someFacts, "choosing", invalidChoice([]Place{oak, elm})},
		{"idle", "accept", nothing, "idle", nothingPending},
		{"idle", "accept", one, "answer Ash Mall true; idle", "Accepted: Ash Mall. Text START when you begin."},
		{"idle", "decline", one, "answer Ash Mall false; idle", "Declined: Ash Mall."},
		{"idle", "accept", someFacts, "idle", "Which one? Send ACCEPT with a number, or ACCEPT ALL:\n1. Ash Mall\n2. Fir Bank"},
		{"offered", "accept 2", someFacts, "answer Fir Bank true; idle", "Accepted: Fir Bank. Text START when you begin."},
		{"offered", "accept 2", elsewhere, "answer Fir Bank true; idle", "Accepted: Fir Bank. Text START when you begin."},
		{"offered", "accept 1", elsewhere, "idle", "Ash Mall waits for no answer any more. Which one? Send ACCEPT with a number, or ACCEPT ALL:\n1. Fir Bank"},
		{"asked", "1", someFacts, "decide E-7 1; idle", "Your decision 1 for error E-7 was passed on."},
		{"asked", "ignore", someFacts, "decide E-7 IGNORE; idle", "Your decision IGNORE for error E-7 was passed on."},
		{"asked", "home", someFacts, "home; idle", wentHome(1)},
		{"asked", "4", someFacts, "idle", hint},
		{"idle", "fix", someFacts, "idle", hint},
		{"running", "2 yards", nothing, "idle", startFirst},
		{"idle", "2 yards", someFacts, "idle", startFirst},
		{"running", "🙂", ticket, "running", notUnderstood},
		{"running", "2 yards", ticket, "add bulk=2; running", "Noted for Oak Plaza. Send more, or DONE when finished."},
	} {
		have := Respond(conversations[c.conversation], c.text, c.facts, nil)
		if said(have) != c.want || have.Reply != c.reply {
			t.Errorf("%s: %q: %s: %q\nwant %s: %q", c.conversation, c.text, said(have), have.Reply, c.want, c.reply)
		}
	}
}

// What is remembered decides what the next number means.
func TestRespond_Remembers(t *testing.T) {
	t.Parallel()
	c := Conversation{State: Idle}
	for _, step := range []struct{ text, want string }{
		{"accept", "idle"},
		{"accept 1", "answer Ash Mall true; idle"},
		{"accept 2", "answer Fir Bank true; idle"},
		{"start", "choosing"},
		{"2", "start Elm Court; running"},
	} {
		o := Respond(c, step.text, someFacts, nil)
		if said(o) != step.want {
			t.Fatalf("%q: %s, want %s", step.text, said(o), step.want)
		}
		c = o.Next
	}
	if d := cmp.Diff(Conversation{State: Collecting, Offers: offers}, c); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// A model is heard where the words are nobody's, and where it is sure.
func TestRespond_Reading(t *testing.T) {
	t.Parallel()
	bags, name, notes := 5.0, "Snow blower", "icy"
	reading := func(intent, confidence string) *Reading {
		return &Reading{Intent: intent, Confidence: confidence, BagSaltQty: &bags, Equipment: &name, Notes: &notes}
	}
	tooMuch := &Reading{Intent: "provide_details", Confidence: "high", BulkSaltQty: new(-1.0), BagSaltQty: new(1e12)}
	for _, c := range []struct {
		conversation, text string
		reading            *Reading
		want               string
	}{
		{"idle", "let me get going", reading("start_ticket", "high"), "choosing"},
		{"running", "all wrapped up, five bags", reading("complete_ticket", "medium"), `finish bags=5 with Snow blower "icy"; idle`},
		{"running", "five bags", reading("provide_details", "high"), `add bags=5 with Snow blower "icy"; running`},
		{"running", "five bags", reading("update_ticket", "high"), `add bags=5 with Snow blower "icy"; running`},
		{"running", "five bags", reading("complete_ticket", "low"), `add "five bags"; running`},
		{"running", "five bags", reading("unknown", "high"), `add "five bags"; running`},
		{"running", "five bags", reading("query_address", "high"), `add "five bags"; running`},
		{"running", "five bags", tooMuch, "running"},
		{"running", "home", reading("complete_ticket", "high"), "home; idle"},
		{"idle", "stop", reading("start_ticket", "high"), "stop; idle"},
		{"choosing", "the second one", reading("unknown", "low"), "choosing"},
	} {
		conversation, facts := in(c.conversation)
		if have := said(Respond(conversation, c.text, facts, c.reading)); have != c.want {
			t.Errorf("%s: %q: %s, want %s", c.conversation, c.text, have, c.want)
		}
	}
}

// A model is asked for nothing that is in the portal's words.
func TestReads(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"STOP": true, "unstop": true, "Home": true, "help": true, "busy": true, "ready": true, "done 5 bags": true, "omw": true, "accept 1": true, "": true,
		"five bags": false, "5 bags": false, "hello": false, "1": false,
	} {
		if have := Reads(Conversation{State: Collecting}, text); have != want {
			t.Errorf("%q: %v", text, have)
		}
	}
	choosing, _ := in("choosing")
	if !Reads(choosing, "1") || Reads(choosing, "the second one") {
		t.Error("a choice from the list is read as something else")
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"5 bags":                           "bags=5",
		"1 Bag":                            "bags=1",
		"2 yards":                          "bulk=2",
		"2.5 yd":                           "bulk=2.5",
		"3 tons of salt":                   "bulk=3",
		"½ yard":                           "bulk=0.5",
		"1½ yards bulk salt":               "bulk=1.5",
		".5 yds":                           "bulk=0.5",
		"2,5 yards":                        "bulk=2.5",
		"1,000 bags":                       "bags=1000",
		"2 bags of calcium":                "calcium=2",
		"2 bags calcium chloride":          "calcium=2",
		"2 calcium bags":                   "calcium=2",
		"5 bags salt and 2 bags calcium":   "bulk=- bags=5 calcium=2",
		"5 bags, 2 bags calcium, 1 yard":   "bulk=1 bags=5 calcium=2",
		"2 bags front, 3 bags back":        `bags=5 "front, back"`,
		"5 bags rock salt; gate locked":    `bags=5 "gate locked"`,
		"5 bags, calcium is empty":         `bags=5 "calcium is empty"`,
		"plow truck":                       "with Plow truck",
		"Plow Truck with bulk spreader":    "with Plow truck with bulk spreader",
		"Plow truck, 3 bags, drift at bay": `bags=3 with Plow truck "drift at bay"`,
		"plow trucks everywhere":           `"plow trucks everywhere"`,
		"999999999 bags":                   `"999999999 bags"`,
		"route 5 baggage area":             `"route 5 baggage area"`,
		"Client wasn’t home\nwill return":  `"Client wasn't home\nwill return"`,
		"“icy” – be careful":               `"\"icy\" - be careful"`,
		"0 bags":                           "bags=0",
		"and 4 bags":                       "bags=4",
		"🙂":                                "",
		strings.Repeat("n", 3000):          fmt.Sprintf("%q", strings.Repeat("n", 2000)),
	} {
		if have := parse(clean(text), someFacts.EquipmentNames).String(); have != want {
			t.Errorf("%q: %s, want %s", text, have, want)
		}
	}
}

// No text brings the reader down, and none is lost: what is not understood is notes.
func FuzzRespond(f *testing.F) {
	f.Add("done, 5 bags", "Plow truck")
	f.Add("\xff\x00", "")
	f.Fuzz(func(t *testing.T, text, equipment string) {
		for name := range conversations {
			c, facts := in(name)
			facts.EquipmentNames = []string{equipment}
			o := Respond(c, text, facts, nil)
			if strings.ContainsRune(o.Reply, 0) || short[o.Next.State] == "" {
				t.Errorf("%s: %q: %+v", name, text, o)
			}
			Reads(c, text)
		}
	})
}
