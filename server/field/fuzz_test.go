package field

import (
	"regexp"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

var e164 = regexp.MustCompile(`^\+[1-9][0-9]{1,14}$`) // as the database has it

// What is read as a telephone number is one that the database takes, and is read again as itself.
func FuzzPhone(f *testing.F) {
	for _, text := range []string{"(716) 555-0100", "+49 30 901820", "716.555.0100 x12", "1-800-FLOWERS", "tel:+1-716-555-0100;ext=9", "+0", "+\uff11\uff17", "00", ""} {
		f.Add(text)
	}
	path := huma.NewPathBuffer(nil, 0)
	f.Fuzz(func(t *testing.T, text string) {
		p := Phone(text)
		if p.Resolve(nil, path) != nil || text == "" {
			return
		}
		again := p
		if errs := again.Resolve(nil, path); !e164.MatchString(string(p)) || again != p || errs != nil {
			t.Errorf("%q becomes %q and then %q (%v)", text, p, again, errs)
		}
	})
}
