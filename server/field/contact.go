package field

import (
	"errors"
	"regexp"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/nyaruka/phonenumbers"
)

// A Phone is a telephone number of an input. Any form that names a valid number is taken, of the United
// States where no country is named; what a handler gets is E.164. That has no extensions, and one is refused
// rather than dropped. An empty text stays empty.
type Phone string

// Resolve checks and normalises the number, as part of decoding.
func (p *Phone) Resolve(_ huma.Context, path *huma.PathBuffer) []error {
	if *p == "" {
		return nil
	}
	number, err := ParsePhone(string(*p))
	if err != nil {
		return wrong(path, err.Error())
	}
	*p = number
	return nil
}

var (
	errPhone     = errors.New("expected a telephone number, such as +1 716 555 0100")
	errExtension = errors.New("expected a telephone number without an extension, which is not kept; put it into the notes")
)

// ParsePhone reads a Phone that is not empty.
func ParsePhone(text string) (Phone, error) {
	number, err := phonenumbers.Parse(text, "US")
	switch {
	case err != nil || !phonenumbers.IsValidNumber(number):
		return "", errPhone
	case number.GetExtension() != "":
		return "", errExtension
	}
	return Phone(phonenumbers.Format(number, phonenumbers.E164)), nil
}

// Schema describes a Phone in the OpenAPI document.
func (Phone) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, MaxLength: new(50), Examples: []any{"+1 716 555 0100"},
		Description: "Any form that names a valid number, without an extension; stored as E.164, and used for text messages.",
	}
}

// An Email is an address of an input; what a handler gets is in lower case.
type Email string

var (
	address  = regexp.MustCompile(`^[^@\s]+@[^@\s]+$`)
	errEmail = errors.New("expected an e-mail address")
)

// ParseEmail reads an Email.
func ParseEmail(text string) (Email, error) {
	email := strings.ToLower(Tidy(text))
	if !address.MatchString(email) {
		return "", errEmail
	}
	return Email(email), nil
}

// Resolve checks and normalises the address, as part of decoding.
func (e *Email) Resolve(_ huma.Context, path *huma.PathBuffer) []error {
	email, err := ParseEmail(string(*e))
	if err != nil {
		return wrong(path, err.Error())
	}
	*e = email
	return nil
}

// Schema describes an Email in the OpenAPI document.
func (Email) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, MinLength: new(3), MaxLength: new(255), Examples: []any{"pat.doyle@example.com"},
		Description: "An e-mail address; capitals do not count.",
	}
}
