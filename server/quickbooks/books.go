package quickbooks

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"contractor-portal/server/connect"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/outbound"
)

const callTime = 15 * time.Second

// addresses are where the parts of QuickBooks are.
type addresses struct{ api, pages, tokens, revocations string }

func usual(sandbox bool) addresses {
	api := "https://quickbooks.api.intuit.com"
	if sandbox {
		api = "https://sandbox-quickbooks.api.intuit.com"
	}
	return addresses{api, "https://appcenter.intuit.com", "https://oauth.platform.intuit.com", "https://developer.api.intuit.com"}
}

// revoke takes tokens back: with the refresh token goes the whole connection.
func revoke(address string) func(context.Context, *outbound.Provider, connect.Client, connect.Tokens) error {
	return func(ctx context.Context, to *outbound.Provider, client connect.Client, t connect.Tokens) error {
		return to.Ask(ctx, outbound.Request{
			Method: http.MethodPost, Address: address, User: client.ID, Password: client.Secret, Body: map[string]string{"token": t.Refresh},
		}, nil, nil)
	}
}

// books are the accounting API of QuickBooks Online, version 3.
type books struct {
	*outbound.Provider
	url string
}

// minorVersion is the form of what is sent and comes.
const minorVersion = "75"

// A fault is what QuickBooks says of a call that it refuses. Its sentences may quote what others have stored, and stay here.
type fault struct {
	Fault struct {
		Error []struct {
			Code string `json:"code"`
		}
	}
}

// taken is the code for a name that somebody has already.
const taken = "6240"

func (f fault) is(code string) bool { return len(f.Fault.Error) > 0 && f.Fault.Error[0].Code == code }

var codeForm = regexp.MustCompile(`^[0-9]{1,8}$`)

// refusal says of a call that QuickBooks takes for a mistake which one it is, by its code.
func (f fault) refusal(err error) error {
	var call *outbound.Error
	if !errors.As(err, &call) || call.Outcome != outbound.Refused || len(f.Fault.Error) == 0 || !codeForm.MatchString(f.Fault.Error[0].Code) {
		return err
	}
	return &refused{endpoint.BadGateway("QuickBooks refuses this with its error " + f.Fault.Error[0].Code), call}
}

// refused is an outbound.Error of which more is known.
type refused struct {
	*endpoint.Problem
	call *outbound.Error
}

func (r *refused) Error() string   { return r.call.Error() + ": " + r.Detail }
func (r *refused) Unwrap() []error { return []error{r.Problem, r.call} }

// send posts something that is made once, however often it is posted under one request id, for as long as QuickBooks
// remembers that.
func (b books) send(ctx context.Context, at account, kind, requestID string, body, into any) (fault, error) {
	var f fault
	query := url.Values{"requestid": {requestID}, "minorversion": {minorVersion}}
	err := b.Ask(ctx, outbound.Request{Method: http.MethodPost, Address: b.address(at, kind, query), Token: at.token, Body: body}, into, &f)
	return f, f.refusal(err)
}

func (b books) find(ctx context.Context, at account, statement string, into any) error {
	var f fault
	query := url.Values{"query": {statement}, "minorversion": {minorVersion}}
	return f.refusal(b.Ask(ctx, outbound.Request{Method: http.MethodGet, Address: b.address(at, "query", query), Token: at.token}, into, &f))
}

func (b books) address(at account, path string, query url.Values) string {
	return b.url + "/v3/company/" + url.PathEscape(at.realm) + "/" + path + "?" + query.Encode()
}

// quoted is a text of a query.
func quoted(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}

// A bookCustomer is a customer at QuickBooks.
type bookCustomer struct {
	ID          string `json:"Id,omitempty"`
	DisplayName string
	CompanyName string       `json:",omitempty"`
	BillAddr    *bookAddress `json:",omitempty"`
}

type bookAddress struct{ Line1 string }

var idForm = regexp.MustCompile(`^[0-9]{1,30}$`)

// customer makes one; found tells that it has taken the one of that name instead.
func (b books) customer(ctx context.Context, at account, requestID string, c bookCustomer) (made bookCustomer, found bool, err error) {
	var answer struct{ Customer bookCustomer }
	f, err := b.send(ctx, at, "customer", requestID, c, &answer)
	if err == nil && !idForm.MatchString(answer.Customer.ID) {
		err = b.Wrong("QuickBooks sent a customer without an id")
	}
	if err != nil && f.is(taken) {
		made, err = b.named(ctx, at, c.DisplayName)
		return made, true, err
	}
	return answer.Customer, false, err
}

func (b books) named(ctx context.Context, at account, name string) (c bookCustomer, err error) {
	var answer struct {
		QueryResponse struct{ Customer []bookCustomer }
	}
	if err := b.find(ctx, at, "select * from Customer where DisplayName = "+quoted(name), &answer); err != nil {
		return c, err
	}
	all := answer.QueryResponse.Customer
	if len(all) != 1 || !idForm.MatchString(all[0].ID) {
		return c, endpoint.Conflict("the name of the property is taken at QuickBooks, and not by an active customer: give one of them another name")
	}
	return all[0], nil
}

// A bookInvoice is an invoice at QuickBooks.
type bookInvoice struct {
	ID          string `json:"Id"`
	DocNumber   string
	TotalAmt    json.Number
	PrivateNote string
}

// invoice makes one, and answers the same again under the same request id.
func (b books) invoice(ctx context.Context, at account, requestID string, body bookRequest) (bookInvoice, error) {
	var answer struct{ Invoice bookInvoice }
	_, err := b.send(ctx, at, "invoice", requestID, body, &answer)
	if err == nil && !idForm.MatchString(answer.Invoice.ID) {
		err = b.Wrong("QuickBooks sent an invoice without an id")
	}
	return answer.Invoice, err
}

// noted looks for the invoice of a customer and a day on which stands a note; nil: there is none.
func (b books) noted(ctx context.Context, at account, customer, day, note string) (*bookInvoice, error) {
	var answer struct {
		QueryResponse struct{ Invoice []bookInvoice }
	}
	err := b.find(ctx, at, "select * from Invoice where CustomerRef = "+quoted(customer)+" and TxnDate = "+quoted(day)+" maxresults 100", &answer)
	for _, i := range answer.QueryResponse.Invoice {
		if err == nil && strings.Contains(i.PrivateNote, note) && idForm.MatchString(i.ID) {
			return &i, nil
		}
	}
	return nil, err
}
