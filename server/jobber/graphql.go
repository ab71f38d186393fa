package jobber

import (
	"context"
	"slices"
	"strings"
	"time"

	"contractor-portal/server/connect"
	"contractor-portal/server/field"
	"contractor-portal/server/outbound"
)

// version is that of the provider's schema by which the queries are written.
const version = "2024-01-10"

// What a query may cost counts fields by how many are asked for, whether or not they are there: ten properties with each
// of fifty clients are 4,000 of the 10,000 points that the provider lets be spent at once. Who has more is asked for apart.
const (
	accountQuery = `query Account { account { id name } }`
	clientsQuery = `query Clients($after: String) {
  clients(first: 50, after: $after) { nodes { id name companyName } pageInfo { hasNextPage endCursor } }
}`
	clientsWithPropertiesQuery = `query ClientsWithProperties($after: String) {
  clients(first: 50, after: $after) {
    nodes {
      id name companyName
      properties(first: 10) {
        nodes { id address { street1 street2 city province postalCode } }
        pageInfo { hasNextPage endCursor }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}`
	propertiesQuery = `query Properties($id: EncodedId!, $after: String) {
  client(id: $id) {
    properties(first: 50, after: $after) {
      nodes { id address { street1 street2 city province postalCode } }
      pageInfo { hasNextPage endCursor }
    }
  }
}`
	disconnectMutation = `mutation Disconnect { appDisconnect { userErrors { message } } }`
)

type pageInfo struct {
	HasNextPage bool
	EndCursor   string
}

// next is the cursor of the page after this one, and empty at the end.
func (p pageInfo) next() string {
	if !p.HasNextPage {
		return ""
	}
	return p.EndCursor
}

// goesOn tells that a page leads to another one, which is not itself.
func (p pageInfo) goesOn(after string) bool {
	return !p.HasNextPage || p.EndCursor != "" && p.EndCursor != after && len(p.EndCursor) <= 1000
}

type address struct{ Street1, Street2, City, Province, PostalCode string }

// line is the address as the portal keeps it: without the country, and empty where there is none.
func (a *address) line() string {
	if a == nil {
		return ""
	}
	parts := []string{a.Street1, a.Street2, a.City, a.Province, a.PostalCode}
	for i := range parts {
		parts[i] = field.Tidy(parts[i])
	}
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), ", ")
}

type property struct {
	ID      string
	Address *address
}

type properties struct {
	Nodes    []property
	PageInfo pageInfo
}

type client struct {
	ID, Name, CompanyName string
	Properties            properties
}

// label is what the client is called: as a company where it is one.
func (c client) label() string {
	for _, name := range []string{field.Tidy(c.CompanyName), field.Tidy(c.Name)} {
		if name != "" {
			return cut(name, 255)
		}
	}
	return ""
}

// cut keeps the first characters of a text.
func cut(text string, n int) string {
	if runes := []rune(text); len(runes) > n {
		return string(runes[:n])
	}
	return text
}

type clients struct {
	Nodes    []client
	PageInfo pageInfo
}

// A reply is what the provider answers: data, or errors with status 200.
type reply[T any] struct {
	Data   *T
	Errors []struct {
		Message    string
		Extensions struct{ Code string }
	}
	Extensions struct {
		Cost struct {
			RequestedQueryCost float64
			ThrottleStatus     struct{ MaximumAvailable, CurrentlyAvailable, RestoreRate float64 }
		}
	}
}

// An api is the provider's.
type api struct {
	*outbound.Provider
	url string
}

// ask asks the provider. Every error is an *outbound.Error, without the provider's words: they may quote the request.
func ask[T any](ctx context.Context, to api, access, query string, variables map[string]any) (data T, err error) {
	var r reply[T]
	body := map[string]any{"query": query, "variables": variables}
	if err := to.Post(ctx, to.url, access, body, &r); err != nil {
		return data, err
	}
	for _, e := range r.Errors {
		switch {
		case e.Extensions.Code == "THROTTLED":
			return data, r.throttled(to)
		case strings.Contains(e.Message, "disconnected this app"):
			return data, &outbound.Error{Provider: name, Outcome: outbound.NoKey}
		}
	}
	if len(r.Errors) > 0 || r.Data == nil {
		return data, to.Wrong(name + " refuses what the portal asks for")
	}
	return *r.Data, nil
}

// throttled says how long it takes until there are as many points as the query costs.
func (r reply[T]) throttled(to api) error {
	cost, left := r.Extensions.Cost.RequestedQueryCost, r.Extensions.Cost.ThrottleStatus
	if left.MaximumAvailable > 0 && cost > left.MaximumAvailable {
		return to.Wrong(name + " lets less be asked for at once than the portal asks for")
	}
	wait := time.Minute
	if left.RestoreRate > 0 {
		wait = time.Duration((cost - left.CurrentlyAvailable) / left.RestoreRate * float64(time.Second))
	}
	return &outbound.Error{Provider: name, Outcome: outbound.Limited, RetryAfter: max(wait, time.Second)}
}

// account asks whose a connection is.
func (s *Service) account(ctx context.Context, access string) (connect.Account, error) {
	data, err := ask[struct{ Account struct{ ID, Name string } }](ctx, s.api, access, accountQuery, nil)
	return connect.Account{ID: cut(data.Account.ID, 255), Name: cut(data.Account.Name, 255)}, err
}

// revoke takes the portal off the apps of the account.
func (s *Service) revoke(ctx context.Context, _ *outbound.Provider, _ connect.Client, t connect.Tokens) error {
	data, err := ask[struct {
		AppDisconnect struct{ UserErrors []struct{ Message string } }
	}](ctx, s.api, t.Access, disconnectMutation, nil)
	if err == nil && len(data.AppDisconnect.UserErrors) > 0 {
		err = s.api.Wrong(name + " does not end the connection")
	}
	return err
}
