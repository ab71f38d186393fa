package customers

import (
	"context"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
)

type handlers struct {
	auth *auth.Auth
	join auth.Join
	mail Mailer
}

// A SwitchToken is what an operator acts with after he switched into a customer, or out of it.
type SwitchToken struct {
	AccessToken string  `json:"access_token" doc:"Send it as a bearer token."`
	TokenType   string  `json:"token_type" example:"bearer"`
	ExpiresIn   int64   `json:"expires_in" doc:"Seconds until the token is over."`
	ActingAs    bool    `json:"acting_as" doc:"The token is for acting inside a customer."`
	CustomerID  *string `json:"customer_id" doc:"The customer acted in, or null."`
	CompanyName *string `json:"company_name"`
}

func switchToken(ctx context.Context, t auth.Tokens) SwitchToken {
	t = endpoint.KeepAsCaller(ctx, t)
	return SwitchToken{AccessToken: t.Access, TokenType: "bearer", ExpiresIn: int64(t.ExpiresIn.Seconds())}
}

// switchInto is refused for a cancelled customer. A suspended one can be entered: somebody has to look.
func (h handlers) switchInto(ctx context.Context, tx db.Tx, in *struct {
	CustomerRef
	Body *Reason
},
) (out SwitchToken, err error) {
	id, err := in.id()
	if err != nil {
		return out, err
	}
	c, err := lock(ctx, tx, id)
	if err != nil {
		return out, err
	}
	if c.Status == cancelled {
		return out, endpoint.Conflict("the customer is cancelled; activate it before you switch into it")
	}

	t, err := h.auth.SwitchInto(ctx, tx, endpoint.Caller(ctx), c.CustomerID)
	if err != nil {
		return out, err
	}
	out = switchToken(ctx, t)
	out.ActingAs, out.CustomerID, out.CompanyName = true, &c.CustomerID, &c.CompanyName
	detail := map[string]any{"seconds": out.ExpiresIn}
	if in.Body != nil && in.Body.Reason != "" {
		detail["reason"] = in.Body.Reason
	}
	noteCustomer(ctx, c.CustomerID, detail)
	return out, nil
}

// switchBack is open to an operator whom the customer does not admit any more.
func (h handlers) switchBack(ctx context.Context, tx db.Tx, _ *endpoint.None) (out SwitchToken, err error) {
	p := endpoint.Caller(ctx)
	t, err := h.auth.SwitchBack(ctx, tx, p)
	if err != nil {
		return out, err
	}
	noteCustomer(ctx, p.CustomerID(), nil)
	return switchToken(ctx, t), nil
}
