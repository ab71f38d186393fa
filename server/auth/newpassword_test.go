package auth

import (
	"errors"
	"strings"
	"testing"

	"github.com/trustelem/zxcvbn/frequency"
)

func TestCheckPassword(t *testing.T) {
	t.Parallel()
	for password, want := range map[string]error{
		"":                                errShort,
		"sn0wplo":                         errShort,
		"éééé":                            errShort, // 8 bytes
		strings.Repeat("e\u0301", 7):      errShort, // 14 characters as typed in, 7 as seen
		"🚜🚜🚜🚜🚜🚜🚜🚜":                        nil,
		"sn0wplow":                        nil,
		"éééééééé":                        nil,
		"blanks in between":               nil,
		"        ":                        nil,
		strings.Repeat("x", 1024):         nil,
		strings.Repeat("x", 1025):         errLong,
		strings.Repeat("é", 513):          errLong,
		strings.Repeat("x", 1<<20):        errLong,
		"with a\x00zero":                  errUntyped,
		"with a\ttab":                     errUntyped,
		"line\nbreaks":                    errUntyped,
		"never assigned \U000e0fff":       errUntyped,
		"12345678":                        errCommon,
		"password":                        errCommon,
		"PassWord":                        errCommon,
		"password1":                       errCommon,
		"jennifer":                        errCommon, // which the library has among the names
		"basketball":                      errCommon, // and among the words of films
		"password of a length beyond all": nil,
	} {
		if have := CheckPassword(password); !errors.Is(have, want) {
			t.Errorf("%.40q: %v, want %v", password, have, want)
		}
	}
}

// Of the library's list of passwords alone, the first 10,000 are refused; and what is common there but a name or a word.
func TestCommon_IsTheWholeList(t *testing.T) {
	t.Parallel()
	long := 0
	for _, password := range frequency.FrequencyLists["passwords"][:mostCommon] {
		if len(password) < MinPassword {
			continue
		}
		long++
		if CheckPassword(password) == nil || CheckPassword(strings.ToUpper(password)) == nil {
			t.Errorf("%s may be chosen", password)
		}
	}
	if long < 2000 {
		t.Errorf("%d passwords of %d characters and more are in the list", long, MinPassword)
	}
}

func TestOwner_RefusesWhatIsKnown(t *testing.T) {
	t.Parallel()
	o := owner{Email: "pat.doyle.ny@example.com", Name: "Pat Ödön Doyle", Company: "Doyle & Sons Snow"}
	for password, refused := range map[string]bool{
		"pat.doyle.ny@example.com": true,
		"PAT.DOYLE.NY@EXAMPLE.COM": true,
		"pat.doyle.ny":             true,
		"patdoyleny":               true,
		"Pat Ödön Doyle":           true,
		"patödöndoyle":             true,
		"doyle_sons_snow":          true,
		"Doyle & Sons Snow":        true,
		"Doyle & Sons Snow 2026":   false,
		"Pat Doyle":                false,
		"!!!!!!!!":                 false,
	} {
		normal, ok := opaque(password)
		if err := o.refuses(Password{text: normal}); !ok || (err != nil) != refused {
			t.Errorf("%q: %v", password, err)
		}
	}
	if err := (owner{}).refuses(Password{text: "!!!!!!!!"}); err != nil {
		t.Error(err)
	}
}

// What was typed in with another keyboard is the same password; and a hash of what was typed in long ago still fits.
func TestForms(t *testing.T) {
	t.Parallel()
	const composed, decomposed, blank = "caf\u00e9 au lait", "cafe\u0301 au lait", "caf\u00e9\u00a0au\u00a0lait"
	for hashed, typed := range map[string]map[string]struct{ fits, first bool }{
		composed:   {composed: {true, true}, decomposed: {true, true}, blank: {true, true}, "cafe au lait": {}, "CAF\u00c9 au lait": {}},
		decomposed: {composed: {}, decomposed: {true, false}},
		"tab\tbed": {"tab\tbed": {true, true}, "tabbed": {}},
	} {
		hash, err := hashAny(t.Context(), hashed)
		if err != nil {
			t.Fatal(err)
		}
		for password, want := range typed {
			fits, first, err := verifyForms(t.Context(), hash, forms(password))
			if err != nil || fits != want.fits || fits && first != want.first {
				t.Errorf("%.20q against %.20q: %t, %t, %v", password, hashed, fits, first, err)
			}
		}
	}
}
