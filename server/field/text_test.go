package field

import (
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

func TestText(t *testing.T) {
	t.Parallel()
	for said, want := range map[Text]Text{"Pat": "Pat", " Pat \t Doyle\n": "Pat \t Doyle", "": "", "\u00a0x\u2003": "x"} {
		if errs := said.Resolve(nil, huma.NewPathBuffer(nil, 0)); len(errs) != 0 || said != want {
			t.Errorf("%q, %v; want %q", said, errs, want)
		}
	}
	for _, said := range []Text{" ", "\t\n", "\u00a0"} {
		if errs := said.Resolve(nil, huma.NewPathBuffer(nil, 0)); len(errs) != 1 {
			t.Errorf("%q passes", said)
		}
	}
	if got, err := ParseText(""); err == nil {
		t.Errorf("nothing is taken for %q", got)
	}
}
