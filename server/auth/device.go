package auth

import (
	"context"
	"encoding/base64"
	"errors"

	"github.com/google/uuid"
)

// A device shows that it has been logged in, by the session that it had and what is stored of the session's family: by a
// refresh token of it, whether it is over or not, or by what DeviceOf made of one, which refreshes nothing.
type device struct {
	session uuid.UUID
	family  []byte // the family's hash
}

// DeviceOf makes of a refresh token what shows the device that it was given to, for a cookie.
func DeviceOf(refresh string) string {
	r, ok := parseRefresh(refresh)
	if !ok {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(append(r.session[:], r.familyHash()...))
}

func parseDevice(shown string) (d device, ok bool) {
	if r, ok := parseRefresh(shown); ok {
		return device{r.session, r.familyHash()}, true
	}
	raw, err := base64.RawURLEncoding.DecodeString(shown)
	if err != nil || len(raw) != len(d.session)+32 {
		return d, false
	}
	copy(d.session[:], raw)
	d.family = raw[len(d.session):]
	return d, true
}

// errStranger sends a log-in on to where strangers wait.
var errStranger = errors.New("the device shows nothing that helps")

// loginFrom is the log-in from a device into the account where it has been before: it waits for nobody, and has a count
// of its own. A password that does not fit there may fit another account of the person, for which the device is a
// stranger's, or else is refused. Errors: errStranger; those of Login.
func (a *Auth) loginFrom(ctx context.Context, d device, stranger guesser, c Credentials) (t Tokens, err error) {
	g, session, others := stranger, d.session.String(), 0
	g.Device, g.shown = &session, session+string(d.family)
	made, err := a.try(ctx, g, c, func(accounts []candidate) ([]candidate, error) {
		for _, account := range accounts {
			if account.Known {
				others = len(accounts) - 1
				return []candidate{account}, nil
			}
		}
		return nil, errStranger
	})
	if err != nil {
		return t, err
	}
	if len(made.fitting) == 0 && others > 0 {
		return t, errStranger
	}
	return a.enter(ctx, made, c)
}
