package service

import (
	"encoding/json"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"contractor-portal/integration_tests/harness"
)

// oddValues are what clients send by mistake or on purpose, as JSON. Their number is a prime, so that every role and
// every spelling comes to each of them.
var oddValues = []string{
	`null`, `true`, `false`, `0`, `-0`, `1`, `-1`, `1.0`, `1e0`, `0.1`, `1.5`, `-1.5`, `1e-400`, `1e400`, `1e18`, `99999999.995`, `100000000`,
	`2147483647`, `2147483648`, `-2147483649`, `4294967296`, `9007199254740993`, `9223372036854775807`, `9223372036854775808`, `-9223372036854775808`,
	`""`, `" "`, `"0"`, `"1"`, `"-1"`, `"1.0"`, `"1e0"`, `"0x10"`, `"true"`, `"No"`, `"null"`, `"NaN"`, `"Infinity"`, `"-infinity"`, `"now"`, `"epoch"`,
	`"2026-01-10"`, `"2026-01-10T06:30"`, `"2026-11-01T01:30"`, `"2026-03-08T02:30"`, `"2026-02-30T10:00"`, `"9999-12-31T23:59-12:00"`, `"0001-01-01T00:00"`, `"24:00"`,
	`"a@b.example"`, `"A@B.EXAMPLE"`, `"+1 716 555 0100"`, `"+999999999999999999999"`, `"right/UTC"`, `"Admin"`, `"all"`,
	`"\u0000"`, `"a\u0000b"`, `"\ufeffx"`, `"\u202ex\u200b"`, `"e\u0301"`, `"\ud83d\ude00"`, `"\ud800"`, `"\u2028\uffff"`, `"=1+1"`,
	`"'; drop table portal.users; --"`, `"$1 @id %s %n ${x} {{x}}"`, `"../../etc/passwd"`, `"<script>alert(1)</script>"`, `"{}"`, `"\\\"\n\r\t"`,
	`[{}]`, `[""]`, `{"id": 1}`, `{}`, `[]`, `[null]`, `[[[1]]]`, `{"": ""}`, `{"a": 1, "A": 2}`, `[1, 1, 1]`,
	`"` + strings.Repeat("x", 256) + `"`, `"` + strings.Repeat("é", 10_001) + `"`, `"` + strings.Repeat("9", 400) + `"`, `"` + strings.Repeat("x ", 50_000) + `"`,
	strings.Repeat("[", 5000) + strings.Repeat("]", 5000), "[" + strings.Repeat("1,", 20_000) + "1]", `{"a": "` + strings.Repeat("x", 100_000) + `"}`, `"` + strings.Repeat("@", 100_000) + `"`,
}

const (
	fuzzed       = 20_000    // requests at the least, with TEST_FUZZ=1
	maxAnswer    = 32 << 20  // bytes
	maxFuzzBytes = 256 << 20 // of memory over what was in use before
)

// TestFuzz_TheDocument puts every odd value into every leaf of every operation, as callers of all roles, with keys in
// all spellings. Whatever comes of it, the server neither fails nor takes much memory, and answers as its document
// says. Without TEST_FUZZ=1 it sends one in ten of these requests. It runs alone: what it weighs is the memory of the
// whole program.
func TestFuzz_TheDocument(t *testing.T) { //nolint:paralleltest // see above
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	p := harness.NewPortal(t)
	p.Populate()
	f := &fuzz{Finder: harness.NewFinder(t, p), statuses: map[int]int{}}
	if len(oddValues) < 60 {
		t.Errorf("only %d values", len(oddValues))
	}
	every := 10
	if os.Getenv("TEST_FUZZ") == "1" {
		every = 1
	}
	f.weigh()
	f.base = f.peak
	turn := 0
	for _, op := range harness.ReadDocument(t, p) {
		r, admitted, others := f.working(op)
		for _, l := range op.Leaves() {
			for _, value := range oddValues {
				if turn++; turn%every != 0 {
					continue
				}
				n := turn / every
				callers := admitted
				if n%8 == 0 && len(others) > 0 {
					callers = others
				}
				f.send(r, l, value, spellings[n%len(spellings)], callers[n/8%len(callers)])
			}
			f.Restore() // so that there is something to change again
		}
	}
	harness.Summarize("fuzz of the document: one request in %d, which are %d, answered %v; the largest answer has %d bytes; memory in use grew by %d MiB at the most\n",
		every, f.sent, f.statuses, f.largest, (f.peak-f.base)>>20)
	if f.sent < fuzzed/every {
		t.Errorf("%d requests, want %d at the least", f.sent, fuzzed/every)
	}
	if f.statuses[http.StatusOK] < f.sent/50 || f.statuses[http.StatusUnprocessableEntity] < f.sent/50 {
		t.Error("hardly any request was done, or hardly any was refused for its values: nothing is shown")
	}
	// Beside other tests, what is in use is theirs too.
	if every == 1 && f.peak-f.base > maxFuzzBytes {
		t.Errorf("memory grew by %d MiB", (f.peak-f.base)>>20)
	}
	if strings.Contains(p.Log.String(), "panic:") {
		t.Error("the log has a panic")
	}
}

var spellings = []harness.Spelling{harness.Proper, harness.OtherCase, harness.Proper, harness.BesideCase, harness.Proper, harness.Twice, harness.Proper}

type fuzz struct {
	*harness.Finder
	sent, largest int
	statuses      map[int]int
	base, peak    uint64 // bytes in use
}

// working is a request of an operation that succeeds for those whom it admits, or the likeliest one, and who calls it.
func (f *fuzz) working(op *harness.Operation) (found harness.Request, admitted, others []harness.Caller) {
	f.T.Helper()
	for _, c := range f.Callers {
		if op.Admits(c) {
			admitted = append(admitted, c)
		} else {
			others = append(others, c)
		}
	}
	found.Op = op
	tries := 0
	for r := range f.Requests(op, op.Places(), harness.Place{}, nil) {
		if tries == 0 {
			found = r
		}
		if tries++; tries > 20 {
			break
		}
		a := f.P.Do(op.Method, r.Target(), admitted[0].Token, r.Body())
		f.Undo(a)
		if a.Status < 300 {
			return r, admitted, others
		}
	}
	return found, admitted, others
}

func (f *fuzz) send(r harness.Request, l harness.Leaf, value string, s harness.Spelling, c harness.Caller) {
	f.T.Helper()
	method, target, body := r.Spell(l, value, s)
	a, err := f.P.Try(f.T.Context(), method, target, c.Token, body)
	f.sent++
	f.statuses[a.Status]++
	f.largest = max(f.largest, len(a.Body))
	if err != nil || a.Status >= 500 || len(a.Body) > maxAnswer {
		sent, _ := json.Marshal(body)
		f.T.Errorf("%s as %s with %.80s (%s) at %s: %d %.300s%.2000s %v\n%.500s\n%.500s", r.Op, c, value, s, l.At, a.Status, a.Body, a.Cause, err, target, sent)
	}
	if a.Status == http.StatusUnauthorized {
		f.Restore() // the session was ended by a request before
	}
	if f.sent%50 == 0 {
		f.weigh()
	}
}

func (f *fuzz) weigh() {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	f.peak = max(f.peak, m.HeapInuse+m.StackInuse)
}
