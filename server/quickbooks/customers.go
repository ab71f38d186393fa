package quickbooks

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/connect"
	"contractor-portal/server/endpoint"
)

// PropertyRef names a property in a path.
type PropertyRef struct {
	PropertyID int64 `path:"property_id" ref:"locations" minimum:"1" doc:"The property."`
}

// SyncedProperty is a property and its customer at QuickBooks.
type SyncedProperty struct {
	PropertyID           int64  `json:"property_id"`
	QuickBooksCustomerID string `json:"quickbooks_customer_id" example:"57"`
	Created              bool   `json:"created" doc:"The customer was made now; false: it was there."`
}

func (s *Service) syncProperty(ctx context.Context, work endpoint.Work, in *PropertyRef) (out SyncedProperty, err error) {
	// What is not there is not asked for at QuickBooks.
	err = work.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.connection.Admits(ctx, tx); err != nil {
			return err
		}
		_, err := db.One[place](ctx, tx, placeSQL, db.Args{"property": in.PropertyID, "realm": ""})
		return endpoint.Missing(err, "property")
	})
	if err != nil {
		return out, err
	}
	at, err := s.account(ctx, work)
	if err != nil {
		return out, err
	}
	m, err := s.customer(ctx, work, at, in.PropertyID)
	if err != nil {
		return out, err
	}
	out = SyncedProperty{in.PropertyID, m.id, m.made}
	return out, endpoint.Writing(out)(ctx, func(ctx context.Context, tx db.Tx) error {
		if !m.mapped {
			return nil
		}
		return auth.Record(ctx, tx, auth.Deed{
			Action: "quickbooks.property_mapped", ObjectType: "property", ObjectID: fmt.Sprint(in.PropertyID), Detail: map[string]any{"quickbooks_customer_id": m.id, "created": m.made},
		})
	})
}

// A place is a property, and its customer in one company at QuickBooks.
type place struct {
	Name     string  `db:"name"`
	Address  string  `db:"address"`
	Customer *string `db:"quickbooks_customer_id"`
}

// Of another company at QuickBooks a customer is another one, whose number may be the same.
const placeSQL = `
select p.name, p.address, m.quickbooks_customer_id
from locations p
left join quickbooks_customer_mapping m on (m.customer_id, m.property_id) = (p.customer_id, p.id) and m.realm_id = @realm
where p.id = @property`

// Of two who have asked QuickBooks the first counts.
const mapSQL = `
insert into quickbooks_customer_mapping as m (property_id, quickbooks_customer_id, quickbooks_display_name, realm_id)
select p.id, @customer, @name, @realm
from locations p
where p.id = @property
on conflict (customer_id, property_id) do update
set quickbooks_customer_id = case when m.realm_id = excluded.realm_id then m.quickbooks_customer_id else excluded.quickbooks_customer_id end,
  quickbooks_display_name = case when m.realm_id = excluded.realm_id then m.quickbooks_display_name else excluded.quickbooks_display_name end,
  realm_id = excluded.realm_id
returning m.quickbooks_customer_id`

// A mapping is a property's customer at QuickBooks: whether it was mapped now, and made for that.
type mapping struct {
	id           string
	mapped, made bool
}

// customer is a property's customer in a company at QuickBooks. A mapping that is there counts; else the customer is made,
// once however often an answer is lost, or found by the property's name.
func (s *Service) customer(ctx context.Context, units connect.Units, at account, property int64) (m mapping, err error) {
	var p place
	err = units.Read(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		p, err = db.One[place](ctx, tx, placeSQL, db.Args{"property": property, "realm": at.realm})
		return err
	})
	if err != nil || p.Customer != nil {
		if p.Customer != nil {
			m.id = *p.Customer
		}
		return m, endpoint.Missing(err, "property")
	}
	c := bookCustomer{DisplayName: p.Name, CompanyName: cut(p.Name, 100), BillAddr: &bookAddress{p.Address}}
	made, found, err := s.books.customer(ctx, at, onceFor(endpoint.Caller(ctx).CustomerID(), at.realm, property, c), c)
	if err != nil {
		return m, err
	}
	m = mapping{mapped: true, made: !found}
	return m, units.Write(context.WithoutCancel(ctx), func(ctx context.Context, tx db.Tx) (err error) {
		m.id, err = db.Value[string](ctx, tx, mapSQL, db.Args{"property": property, "customer": made.ID, "name": cut(made.DisplayName, 255), "realm": at.realm})
		if errors.Is(err, db.ErrNotFound) {
			return endpoint.NotFound("property")
		}
		return err
	})
}

// onceFor is the request id under which QuickBooks makes a property's customer: the same for the same customer, so that it
// is made once, and another after the property has got another name.
func onceFor(company, realm string, property int64, c bookCustomer) string {
	text, _ := json.Marshal([]any{company, realm, property, c}) //nolint:errchkjson // texts and a number
	h := sha256.Sum256(text)
	return hex.EncodeToString(h[:16])
}

// cut is the beginning of a text, of at most so many characters.
func cut(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most])
	}
	return text
}
