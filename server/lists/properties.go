package lists

import (
	"context"
	"errors"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
	"contractor-portal/server/shape"
)

// A ListedProperty is a property on a list: its columns, and since when it is there.
type ListedProperty struct {
	shape.Property
	AddedAt field.Time `json:"added_at" db:"added_at" doc:"When it was put on the list."`
}

const listedSQL = `
select p.*, i.added_at
from property_list_items i
join properties p on (p.customer_id, p.id) = (i.customer_id, i.property_id)
where i.list_id = @list_id
order by i.added_at desc, p.id desc
limit 10000`

func listed(ctx context.Context, tx db.Tx, listID int64) ([]ListedProperty, error) {
	return db.All[ListedProperty](ctx, tx, listedSQL, db.Args{"list_id": listID})
}

// ListItem puts a property on a list.
type ListItem struct {
	ListID     int64 `json:"list_id" db:"list_id" ref:"property_lists" minimum:"1" doc:"An own or a shared list."`
	PropertyID int64 `json:"property_id" db:"property_id" ref:"locations" minimum:"1" doc:"The property."`
}

const addPropertySQL = `
insert into property_list_items (list_id, property_id)
select l.id, p.id
from usable_lists l
cross join locations p
where l.id = @list_id
  and p.id = @property_id
on conflict (customer_id, list_id, property_id) do nothing`

func addProperty(ctx context.Context, tx db.Tx, in *struct{ Body ListItem }) (out endpoint.Message, err error) {
	touched, err := db.Exec(ctx, tx, addPropertySQL, db.Struct(in.Body))
	if err == nil && touched == 0 {
		if err := usable(ctx, tx, in.Body.ListID); err != nil {
			return out, err
		}
		_, err = db.Value[int64](ctx, tx, propertySQL, db.Args{"property_id": in.Body.PropertyID})
	}
	return endpoint.Message{Message: "The property is on the list"}, endpoint.Missing(err, "property")
}

const propertySQL = `select id from locations where id = @property_id`

// ListItemRef names a property on a list in a path.
type ListItemRef struct {
	ListRef
	PropertyID int64 `path:"property_id" db:"property_id" ref:"locations" minimum:"1" doc:"The property."`
}

const removePropertySQL = `
delete from property_list_items i
using usable_lists l
where (l.customer_id, l.id) = (i.customer_id, i.list_id)
  and l.id = @list_id
  and i.property_id = @property_id`

func removeProperty(ctx context.Context, tx db.Tx, in *ListItemRef) (out endpoint.Message, err error) {
	err = db.Touch(ctx, tx, removePropertySQL, db.Struct(in))
	if errors.Is(err, db.ErrNotFound) {
		if err := usable(ctx, tx, in.ListID); err != nil {
			return out, err
		}
		return out, endpoint.NotFound("property on the list")
	}
	return endpoint.Message{Message: "The property is off the list"}, err
}

const usableSQL = `select id from usable_lists where id = @list_id`

// usable admits the owner of a list, and everybody to a shared one.
func usable(ctx context.Context, tx db.Tx, listID int64) error {
	_, err := db.Value[int64](ctx, tx, usableSQL, db.Args{"list_id": listID})
	if errors.Is(err, db.ErrNotFound) {
		return refused(ctx, tx, listID)
	}
	return err
}
