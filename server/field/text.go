package field

import (
	"errors"
	"strings"
	"unicode"

	"github.com/danielgtaylor/huma/v2"
	"golang.org/x/text/unicode/norm"
)

// Tidy is the one form in which a name, an address or a piece of equipment is kept, so that two that look
// alike are alike: composed (NFC), without characters that nobody sees, with one blank for each run of white
// space and none around.
func Tidy(text string) string {
	seen := strings.Map(func(r rune) rune {
		if unseen(r) {
			return -1
		}
		return r
	}, text)
	return strings.Join(strings.Fields(norm.NFC.String(seen)), " ")
}

// unseen tells whether a character has no look of its own: zero-width ones, controls of the direction of
// writing, and controls that are no white space. NUL stays, for PostgreSQL to refuse.
func unseen(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point) &&
		r != 0 && !unicode.IsSpace(r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

// A Text is a name, an address or the like of an input that is not blank; what a handler gets is tidy.
type Text string

var errBlank = errors.New("expected a text that is not blank")

// ParseText reads a Text.
func ParseText(text string) (Text, error) {
	tidy := Tidy(text)
	if tidy == "" {
		return "", errBlank
	}
	return Text(tidy), nil
}

// Resolve checks and tidies the text, as part of decoding. One that is empty is absent, or refused for its
// length already.
func (t *Text) Resolve(_ huma.Context, path *huma.PathBuffer) []error {
	if *t == "" {
		return nil
	}
	tidy, err := ParseText(string(*t))
	if err != nil {
		return wrong(path, err.Error())
	}
	*t = tidy
	return nil
}

// Schema describes a Text in the OpenAPI document.
func (Text) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, MinLength: new(1)}
}

// A Line is a Text that may be empty.
type Line string

// Resolve tidies the text, as part of decoding.
func (l *Line) Resolve(huma.Context, *huma.PathBuffer) []error {
	*l = Line(Tidy(string(*l)))
	return nil
}

// Schema describes a Line in the OpenAPI document.
func (Line) Schema(huma.Registry) *huma.Schema { return &huma.Schema{Type: huma.TypeString} }
