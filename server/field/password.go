package field

import (
	"github.com/danielgtaylor/huma/v2"

	"contractor-portal/server/auth"
)

// A NewPassword is a password that somebody chooses: every field of an input in which one stands has this type. What
// nobody may choose is refused as part of decoding, and where it belongs to a person, what everybody knows of him is
// refused when it is set (auth.SetPassword). An empty text is refused for its length, where it does not mean that
// none is chosen.
type NewPassword string

// Resolve checks the password, as part of decoding.
func (p *NewPassword) Resolve(_ huma.Context, path *huma.PathBuffer) []error {
	if *p == "" {
		return nil
	}
	if err := auth.CheckPassword(string(*p)); err != nil {
		return wrong(path, err.Error())
	}
	return nil
}

// Schema describes a NewPassword in the OpenAPI document.
func (NewPassword) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Format: "password", MinLength: new(auth.MinPassword), MaxLength: new(auth.MaxPassword),
		Examples: []any{"staple correct horse"}, Description: newPassword,
	}
}

const newPassword = "At least 8 characters, at most 1,024 bytes; none of the most common passwords, and neither the person's e-mail or name nor the company's."
