package quickbooks

import (
	"context"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// InvoiceRow is a row of portal.quickbooks_invoices, with names.
type InvoiceRow struct {
	ID                      int64         `json:"id" db:"id"`
	PropertyID              int64         `json:"property_id" db:"property_id"`
	PropertyName            string        `json:"property_name" db:"property_name"`
	WinterEventID           int64         `json:"winter_event_id" db:"winter_event_id"`
	EventName               string        `json:"event_name" db:"event_name"`
	QuickBooksInvoiceID     *string       `json:"quickbooks_invoice_id" db:"quickbooks_invoice_id" nullable:"true"`
	QuickBooksInvoiceNumber *string       `json:"quickbooks_invoice_number" db:"quickbooks_invoice_number" nullable:"true"`
	TotalAmount             field.Decimal `json:"total_amount" db:"total_amount"`
	Status                  string        `json:"status" db:"status" enum:"pending,sent,failed" doc:"pending: QuickBooks was asked, and its answer is not known yet."`
	Failure                 *string       `json:"failure" db:"failure" nullable:"true" doc:"Why it was not made, where it failed."`
	CreatedBy               *int64        `json:"created_by" db:"created_by" nullable:"true"`
	CreatedAt               field.Time    `json:"created_at" db:"created_at"`
}

// An InvoiceFilter says which invoices are listed.
type InvoiceFilter struct {
	endpoint.Window
	WinterEventID int64 `query:"winter_event_id" db:"winter_event_id" ref:"winter_events" minimum:"0" doc:"Of this event."`
	PropertyID    int64 `query:"property_id" db:"property_id" ref:"locations" minimum:"0" doc:"Of this property."`
}

const listSQL = `
select i.id, i.property_id, p.name as property_name, i.winter_event_id, e.event_name, i.quickbooks_invoice_id, i.quickbooks_invoice_number,
  i.total_amount, i.status, i.failure, i.created_by, i.created_at,
  count(*) over () as total
from quickbooks_invoices i
join locations p on (p.customer_id, p.id) = (i.customer_id, i.property_id)
join winter_events e on (e.customer_id, e.id) = (i.customer_id, i.winter_event_id)
where (@winter_event_id::bigint = 0 or i.winter_event_id = @winter_event_id)
  and (@property_id::bigint = 0 or i.property_id = @property_id)
order by i.created_at desc, i.id desc
limit @limit offset @offset`

func (s *Service) list(ctx context.Context, tx db.Tx, in *InvoiceFilter) ([]InvoiceRow, int64, error) {
	if err := s.connection.Admits(ctx, tx); err != nil {
		return nil, 0, err
	}
	return db.Page[InvoiceRow](ctx, tx, listSQL, db.Struct(in))
}
