package field

import (
	"errors"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// A Text is a text of an input that is not blank; what a handler gets has no white space around it.
type Text string

var errBlank = errors.New("expected a text that is not blank")

// ParseText reads a Text.
func ParseText(text string) (Text, error) {
	trimmed := strings.TrimSpace(text)
	if trimmed == "" {
		return "", errBlank
	}
	return Text(trimmed), nil
}

// Resolve checks and trims the text, as part of decoding. One that is empty is absent, or refused for its
// length already.
func (t *Text) Resolve(_ huma.Context, path *huma.PathBuffer) []error {
	if *t == "" {
		return nil
	}
	trimmed, err := ParseText(string(*t))
	if err != nil {
		return wrong(path, err.Error())
	}
	*t = trimmed
	return nil
}

// Schema describes a Text in the OpenAPI document.
func (Text) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, MinLength: new(1)}
}
