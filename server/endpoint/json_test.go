package endpoint

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"contractor-portal/server/field"
)

type visit struct {
	PropertyID int64          `json:"property_id" ref:"locations"`
	People     []int64        `json:"people,omitempty" ref:"users"`
	Salt       *float64       `json:"salt,omitempty" nullable:"true"`
	Done       field.Bool     `json:"done,omitempty"`
	Shown      *bool          `json:"shown,omitempty"`
	Name       string         `json:"name,omitempty"`
	Stops      []visitStop    `json:"stops,omitempty"`
	Extra      map[string]any `json:"extra,omitempty"`
}

type visitStop struct {
	Place int32 `json:"place"`
}

type visitBody struct{ Body visit }

func visits(api API) {
	echoed := func(_ context.Context, in *visitBody) (visit, error) { return in.Body, nil }
	Direct(api, http.MethodPost, "/visits/", "echoVisit", "Echo a visit", echoed, Public, Form)
}

func TestBody_IsReadAsItsSchemaWantsIt(t *testing.T) {
	t.Parallel()
	url := serve(t, visits)
	const kind, form = "application/json", "application/x-www-form-urlencoded"
	for name, c := range map[string]struct {
		kind, body string
		status     int
		answer     string
	}{
		"numbers and truth as texts":       {kind, `{"property_id": "7", "people": ["8", " 9 "], "salt": "1.5", "done": "true"}`, 200, `{"property_id":7,"people":[8,9],"salt":1.5,"done":true}`},
		"truth in other words":             {kind, `{"property_id": 7, "done": "Yes"}`, 200, `{"property_id":7,"done":true}`},
		"truth as a number":                {kind, `{"property_id": 7, "shown": 1, "done": 1}`, 200, `{"property_id":7,"done":true,"shown":true}`},
		"truth as a text of a number":      {kind, `{"property_id": 7, "done": "1"}`, 200, `{"property_id":7,"done":true}`},
		"whole numbers with more digits":   {kind, `{"property_id": 1.0, "people": [1e0, 10E1, "2.0"], "done": 1.0}`, 200, `{"property_id":1,"people":[1,100,2],"done":true}`},
		"every digit of a large id":        {kind, `{"property_id": 9007199254740993, "people": ["9223372036854775807"]}`, 200, `{"property_id":9007199254740993,"people":[9223372036854775807]}`},
		"texts stay texts":                 {kind, `{"property_id": 7, "name": "7"}`, 200, `"name":"7"`},
		"what no schema describes stays":   {kind, `{"property_id": 7, "extra": {"n": "7", "f": 1.50}}`, 200, `"extra":{"f":1.5,"n":"7"}`},
		"null and fields that nobody asks": {kind, `{"property_id": 7, "salt": null, "more": {"a": [true]}}`, 200, `{"property_id":7}`},
		"a form":                           {form, `property_id=7&done=on&name=x`, 200, `{"property_id":7,"done":true,"name":"x"}`},
		"media types have no case":         {"Application/JSON; Charset=\"UTF-8\"", `{"property_id": 7}`, 200, `"property_id":7`},
		"another kind of JSON":             {"application/merge-patch+json", `{"property_id": 7}`, 200, `"property_id":7`},

		"a half is not whole":             {kind, `{"property_id": "7.5"}`, 422, `body.property_id: expected integer`},
		"no number":                       {kind, `{"property_id": "0x7"}`, 422, `body.property_id: expected integer`},
		"an empty text":                   {kind, `{"property_id": ""}`, 422, `body.property_id: expected integer`},
		"NaN":                             {kind, `{"property_id": 7, "salt": "NaN"}`, 422, `body.salt: expected number`},
		"no truth":                        {kind, `{"property_id": 7, "done": "maybe"}`, 422, `body.done`},
		"more than an id holds":           {kind, `{"property_id": 9223372036854775808}`, 422, `body.property_id is out of range`},
		"more than a place holds":         {kind, `{"property_id": 7, "stops": [{"place": 1}, {"place": 2147483648}]}`, 422, `body.stops[1].place is out of range`},
		"more than a number holds":        {kind, `{"property_id": 7, "salt": 1e400}`, 400, `body.salt is out of range`},
		"a key twice":                     {kind, `{"property_id": 7, "property_id": 8}`, 400, `body: two of its keys are the same`},
		"a key nobody knows, twice":       {kind, `{"property_id": 7, "x": 1, "x": 2}`, 400, `body: two of its keys`},
		"two keys in other cases":         {kind, `{"property_id": 7, "extra": {"K": 1, "\u212a": 2}}`, 400, `body.extra: two of its keys`},
		"a key beside the same":           {kind, `{"property_id": 7, "Property_ID": 8}`, 400, `body: two of its keys`},
		"a known key in another case":     {kind, `{"PROPERTY_ID": 7}`, 400, `body: expected the key property_id in that case`},
		"in another case, deeper":         {kind, `{"property_id": 7, "stops": [{"Place": 1}]}`, 400, `body.stops[0]: expected the key place`},
		"a form's field twice":            {form, `property_id=7&property_id=8`, 400, `two of its keys`},
		"a form that is no UTF-8":         {form, `property_id=7&name=%ff`, 400, `UTF-8`},
		"a byte order mark":               {kind, "\ufeff" + `{"property_id": 7}`, 400, `expected JSON`},
		"half a text":                     {kind, `{"property_id": 7`, 400, `expected JSON`},
		"two texts":                       {kind, `{"property_id": 7} {}`, 400, `expected JSON`},
		"no UTF-8":                        {kind, "{\"property_id\": 7, \"name\": \"\xff\"}", 400, `expected JSON`},
		"half of a pair of surrogates":    {kind, `{"property_id": 7, "name": "\ud800"}`, 400, `expected JSON`},
		"too deep":                        {kind, `{"property_id": 7, "extra": ` + strings.Repeat(`{"a":`, 100) + `1` + strings.Repeat(`}`, 100) + `}`, 400, `64 levels`},
		"another charset":                 {kind + "; charset=latin1", `{"property_id": 7}`, 415, `UTF-8`},
		"a form in another charset":       {form + "; charset=iso-8859-1", `property_id=7`, 415, `UTF-8`},
		"another media type":              {"text/xml", `<a/>`, 415, `this takes application/json`},
		"no media type":                   {"json; charset", `{}`, 415, `cannot be read`},
		"a form without a boundary":       {"multipart/form-data", `x`, 400, `boundary`},
		"a form that ends before its end": {"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\na", 400, `cut short`},
	} {
		status, text, _ := post(t, url+"/visits", c.kind, c.body)
		if status != c.status || !strings.Contains(text, c.answer) {
			t.Errorf("%s: status %d, want %d with %s: %.300s", name, status, c.status, c.answer, text)
		}
	}
}

func TestBody_IsNotEncoded(t *testing.T) {
	t.Parallel()
	url := serve(t, visits)
	for encoding, want := range map[string]int{"": 200, "identity": 200, "gzip": 415, "br": 415} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/visits", strings.NewReader(`{"property_id": 7}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Encoding", encoding)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("Content-Encoding %q: status %d, want %d", encoding, res.StatusCode, want)
		}
	}
}

// Two keys are the same exactly where strings.EqualFold says so.
func TestFolded(t *testing.T) {
	t.Parallel()
	keys := []string{"", "a", "A", "k", "K", "\u212a", "s", "S", "ſ", "ß", "ẞ", "ss", "σ", "ς", "Σ", "é", "É", "e\u0301", "i", "I", "İ", "ı", "ǆ", "ǅ", "Ǆ", "time_in", "TIME_IN"}
	for _, one := range keys {
		for _, other := range keys {
			if have, want := folded(one) == folded(other), strings.EqualFold(one, other); have != want {
				t.Errorf("%q and %q: %t, want %t", one, other, have, want)
			}
		}
	}
}

// What is rewritten is read as the old reader reads it, is not changed by rewriting it again, and has no keys
// that are alike.
func FuzzRewritten(f *testing.F) {
	for _, text := range []string{
		`{"property_id": "7", "people": [1e0, "2"], "salt": 1.50, "done": "yes", "stops": [{"place": 1}], "extra": {"a": [null, {"b": "\u00e9"}]}}`,
		`{"property_id": 9007199254740993, "x": 1, "X": 2}`, `[1, 2`, `{"Property_ID": 1}`, "\ufeff{}", `"\ud800"`, `{"salt": -0, "name": "a\u0000b"}`, `null`, `1e400`,
	} {
		f.Add([]byte(text))
	}
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	schema := registry.Schema(reflect.TypeFor[visit](), true, "")
	f.Fuzz(func(t *testing.T, text []byte) {
		once, err := rewritten(text, schema, registry)
		if err != nil {
			return
		}
		again, err := rewritten(once, schema, registry)
		if err != nil || !bytes.Equal(once, again) {
			t.Errorf("%q becomes %q and then %q (%v)", text, once, again, err)
		}
		if !json.Valid(text) || !json.Valid(once) {
			t.Errorf("%q is no JSON, or %q", text, once)
		}
		var read, old visit
		if unmarshal(once, &read) == nil {
			if err := json.Unmarshal(once, &old); err != nil || !reflect.DeepEqual(read, old) {
				t.Errorf("%q is read as %+v, and by encoding/json as %+v (%v)", once, read, old, err)
			}
		}
	})
}
