package field

import (
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

func TestText(t *testing.T) {
	t.Parallel()
	for said, want := range map[Text]Text{"Pat": "Pat", " Pat \t Doyle\n": "Pat Doyle", "": "", "\u00a0x\u2003": "x"} {
		if errs := said.Resolve(nil, huma.NewPathBuffer(nil, 0)); len(errs) != 0 || said != want {
			t.Errorf("%q, %v; want %q", said, errs, want)
		}
	}
	for _, said := range []Text{" ", "\t\n", "\u00a0", "\u200b", "\ufeff \u202e"} {
		if errs := said.Resolve(nil, huma.NewPathBuffer(nil, 0)); len(errs) != 1 {
			t.Errorf("%q passes", said)
		}
	}
	if got, err := ParseText(""); err == nil {
		t.Errorf("nothing is taken for %q", got)
	}
}

// What looks alike is alike, and tidying twice changes nothing.
func TestTidy(t *testing.T) {
	t.Parallel()
	const emile = "75 Rue Émile, Québec"
	for _, said := range []string{
		emile, "75 Rue E\u0301mile, Que\u0301bec", "75  Rue Émile,  Québec", "75 Rue Émile,\u00a0Québec", "75 Rue Émile, Québec\u200b",
		"\u202a75 Rue\r\nÉmile,\u2003Québec\u202c", "\ufeff75 Rue Émile, Qu\u00adébec", "75 Rue \u0001Émile, Québec\u0007", "75 Rue E\u200b\u0301mile, Québec",
	} {
		if got := Tidy(said); got != emile {
			t.Errorf("%q becomes %q", said, got)
		}
	}
	for _, kept := range []string{"", "O'Brien & Söhne", "東京 1-2", "יוסי", "\u0600\u0661", "5½\" pipe", "👩\u200d🚒"[:4]} {
		if got := Tidy(kept); got != kept {
			t.Errorf("%q becomes %q", kept, got)
		}
	}
}

func FuzzTidy(f *testing.F) {
	for _, seed := range []string{"", " a  b ", "E\u0301\u200b", "\u202e\u0600\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if once := Tidy(text); Tidy(once) != once {
			t.Errorf("%q becomes %q, and then %q", text, once, Tidy(once))
		}
	})
}
