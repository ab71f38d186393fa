package endpoint

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"contractor-portal/db"
	"contractor-portal/server/auth"
)

// A Redirect sends a browser on.
type Redirect struct {
	Status   int    `json:"-"`
	Location string `header:"Location"`
}

// To sends a browser to an address.
func To(address string) *Redirect { return &Redirect{Status: http.StatusFound, Location: address} }

// A Return is what another company's page sends a person back with (RFC 6749, 4.1.2).
type Return struct {
	State string `query:"state" maxLength:"200" doc:"As the page got it."`
	Code  string `query:"code" maxLength:"4000" doc:"What the portal exchanges for tokens."`
	Error string `query:"error" maxLength:"200" doc:"Why there is no code, such as access_denied."`
}

// Returned is what comes back, of an input that embeds it.
func (r *Return) Returned() *Return { return r }

// TravelCookie is the name of the cookie that a browser keeps while its person is at another company's page.
func TravelCookie(purpose string) string { return "__Host-travel-" + purpose }

// Callback registers where another company's page sends people back. Whoever comes has no token: the state, and the cookie of
// the browser in which he left, say who it is. h works as that person; its first write uses the state up, so that it makes one.
func Callback[I any, P interface {
	*I
	Returned() *Return
}](api API, purpose, path, id, summary string, h func(ctx context.Context, work Work, in *I) (*Redirect, error), options ...Option,
) {
	register(api, http.MethodGet, path, id, summary, func(ctx context.Context, in *I) (*Redirect, error) {
		back := P(in).Returned()
		caller := auth.Returning(purpose, back.State, Cookie(ctx, TravelCookie(purpose)))
		var known *auth.Principal
		err := api.db.Read(ctx, caller, func(ctx context.Context, tx db.Tx) (err error) {
			known, err = caller.Known(ctx, tx)
			return err
		})
		if errors.Is(err, db.ErrSession) {
			return nil, Invalid("this connection was not begun in this browser, or more than five minutes ago, or is made already: begin it again")
		}
		if err != nil {
			return nil, err
		}
		return h(As(ctx, known), Work{api}, in)
	}, Public, append(options, direct, asksOthers, redirects, writes))
}

// Leads registers a public operation that waits for another company, and sends a browser on.
func Leads[I any](api API, path, id, summary string, h Call[I, *Redirect], options ...Option) {
	register(api, http.MethodGet, path, id, summary, h, Public, append(options, direct, asksOthers, redirects, writes))
}

// redirects documents an answer that sends a browser on.
func redirects(op *huma.Operation) { op.DefaultStatus = http.StatusFound }
