package endpoint

import (
	"cmp"
	"errors"
	"reflect"
	"strings"

	"contractor-portal/server/auth"
	"contractor-portal/server/field"
)

// ofPassword names the field of a new password that is refused for what only the handler knew: whose it is.
func ofPassword(err error, name string) error {
	var refused *auth.PasswordError
	if errors.As(err, &refused) {
		return InvalidField(name, refused.Error())
	}
	return err
}

// passwordField is the field of an input's body in which a new password stands.
func passwordField(in reflect.Type) (name string) {
	body, ok := in.FieldByName("Body")
	if ok && body.Type.Kind() == reflect.Struct {
		for _, f := range reflect.VisibleFields(body.Type) {
			if t := reflect.TypeFor[field.NewPassword](); f.Type == t || f.Type == reflect.PointerTo(t) {
				name, _, _ = strings.Cut(f.Tag.Get("json"), ",")
			}
		}
	}
	return cmp.Or(name, "password")
}
