package field

import (
	"encoding/json"
	"testing"
)

func TestBool(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Bool{"true": true, "false": false, "1": true, "0": false} {
		have := !want
		if err := json.Unmarshal([]byte(text), &have); err != nil || have != want {
			t.Errorf("%s: %t, %v", text, have, err)
		}
	}
	for _, text := range []string{"2", "-1", `"true"`, `"1"`, "1.0", "[]"} {
		var b Bool
		if err := json.Unmarshal([]byte(text), &b); err == nil {
			t.Errorf("%s is taken for %t", text, b)
		}
	}
}

func TestOptional_KnowsAbsentFromNull(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{`{}`: "absent", `{"f":null}`: "null", `{"f":"x"}`: "x", `{"f":""}`: ""} {
		var in struct {
			F Optional[string] `json:"f"`
		}
		if err := json.Unmarshal([]byte(text), &in); err != nil {
			t.Fatal(err)
		}
		have := "absent"
		switch {
		case in.F.Set && in.F.Value == nil:
			have = "null"
		case in.F.Set:
			have = *in.F.Value
		}
		if have != want {
			t.Errorf("%s: %s, want %s", text, have, want)
		}
	}
}
