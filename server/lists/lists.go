// Package lists keeps named lists of properties. A list is its owner's; one that is shared is seen, and
// its properties are changed, by everybody in the company. The tables are portal.property_lists and
// portal.property_list_items.
package lists

import (
	"context"
	"errors"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// Routes registers the operations of this package.
func Routes(api endpoint.API) {
	endpoint.List(api, "/property-lists/", "listPropertyLists", "List the own and the shared property lists", list, endpoint.Members)
	endpoint.Get(api, "/property-lists/{list_id}", "getPropertyList", "One property list with its properties", get, endpoint.Members)
	endpoint.Post(api, "/property-lists/", "createPropertyList", "Create a property list", create, endpoint.Members.Own())
	endpoint.Put(api, "/property-lists/", "updatePropertyList", "Replace an own property list's name, sharing and filters", update, endpoint.Members.Own())
	endpoint.Delete(api, "/property-lists/{list_id}", "deletePropertyList", "Delete an own property list; an Admin deletes any", remove, endpoint.Members)
	endpoint.Post(api, "/property-lists/add-property/", "addPropertyToList", "Put a property on a list", addProperty, endpoint.Members)
	endpoint.Delete(api, "/property-lists/{list_id}/properties/{property_id}", "removePropertyFromList", "Take a property off a list", removeProperty, endpoint.Members)
}

// A PropertyList is a row of portal.property_lists, without its filters.
type PropertyList struct {
	ID            int64      `json:"id" db:"id"`
	CustomerID    string     `json:"customer_id" db:"customer_id"`
	Name          string     `json:"name" db:"name"`
	UserID        int64      `json:"user_id" db:"user_id" doc:"The owner."`
	IsShared      bool       `json:"is_shared" db:"is_shared"`
	CreatedAt     field.Time `json:"created_at" db:"created_at"`
	UpdatedAt     field.Time `json:"updated_at" db:"updated_at"`
	OwnerName     string     `json:"owner_name" db:"owner_name"`
	PropertyCount int64      `json:"property_count" db:"property_count"`
}

const (
	listColumns = `
select l.*, coalesce(u.name, u.email) as owner_name,
  (select count(*) from property_list_items i where (i.customer_id, i.list_id) = (l.customer_id, l.id)) as property_count`

	usableLists = `
from usable_lists l
join users u on (u.customer_id, u.id) = (l.customer_id, l.user_id)`
)

const listSQL = listColumns + `,
  count(*) over () as total` + usableLists + `
order by l.created_at desc, l.id desc
limit @limit offset @offset`

func list(ctx context.Context, tx db.Tx, in *endpoint.Window) ([]PropertyList, int64, error) {
	return db.Page[PropertyList](ctx, tx, listSQL, db.Struct(in))
}

// ListRef names a property list in a path.
type ListRef struct {
	ListID int64 `path:"list_id" db:"list_id" ref:"property_lists" minimum:"1" doc:"The property list."`
}

// ListWithFilters is a property list and what a client has stored with it.
type ListWithFilters struct {
	PropertyList
	Filters map[string]any `json:"filters" db:"filters" nullable:"true" doc:"What the client stored with the list, or null."`
}

// ListWithProperties is a property list and what is on it, the newest first.
type ListWithProperties struct {
	ListWithFilters
	Properties []ListedProperty `json:"properties"`
}

const getSQL = listColumns + `,
  (select f.filters from property_lists f where (f.customer_id, f.id) = (l.customer_id, l.id)) as filters` + usableLists + `
where l.id = @list_id`

func get(ctx context.Context, tx db.Tx, in *ListRef) (out ListWithProperties, err error) {
	out.ListWithFilters, err = db.One[ListWithFilters](ctx, tx, getSQL, db.Struct(in))
	if err != nil {
		return out, endpoint.Missing(err, "property list")
	}
	out.Properties, err = listed(ctx, tx, in.ListID)
	return out, err
}

// ListFields are what a client says of a property list.
type ListFields struct {
	Name     field.Text     `json:"name" db:"name" maxLength:"255" example:"Downtown, salt only"`
	IsShared field.Bool     `json:"is_shared,omitempty" db:"is_shared" doc:"false if absent."`
	Filters  map[string]any `json:"filters,omitempty" db:"filters" nullable:"true" doc:"An object that the client understands, of 16 KiB at the most; null if absent. The list of all lists does not repeat it."`
}

// tooLarge says so where the database has no room for the filters.
func tooLarge(err error) error {
	if db.Violates(err, "filters_has_at_most_16_kib") {
		return endpoint.InvalidField("filters", "expected 16 KiB at the most")
	}
	return err
}

// ListCreated is the answer to a new property list.
type ListCreated struct {
	Message string `json:"message"`
	ListID  int64  `json:"list_id"`
}

const createSQL = `
insert into property_lists (name, user_id, is_shared, filters)
values (@name, tenancy.user_id(), @is_shared, @filters)
returning id`

func create(ctx context.Context, tx db.Tx, in *struct{ Body ListFields }) (out ListCreated, err error) {
	id, err := db.Value[int64](ctx, tx, createSQL, db.Struct(in.Body))
	return ListCreated{Message: "Property list created", ListID: id}, tooLarge(err)
}

// ListReplacement is a property list's fields with the id of the list they replace.
type ListReplacement struct {
	ID int64 `json:"id" db:"id" ref:"property_lists" minimum:"1" doc:"The property list."`
	ListFields
}

const updateSQL = `
update property_lists
set name = @name, is_shared = @is_shared, filters = @filters
where id = @id
  and user_id = (select tenancy.user_id())`

func update(ctx context.Context, tx db.Tx, in *struct{ Body ListReplacement }) (out endpoint.Message, err error) {
	err = db.Touch(ctx, tx, updateSQL, db.Struct(in.Body))
	if errors.Is(err, db.ErrNotFound) {
		return out, refused(ctx, tx, in.Body.ID)
	}
	return endpoint.Message{Message: "Property list updated"}, tooLarge(err)
}

const removeSQL = `
delete from property_lists
where id = @list_id
  and (user_id = (select tenancy.user_id()) or (select tenancy.role()) = 'Admin')`

func remove(ctx context.Context, tx db.Tx, in *ListRef) (out endpoint.Message, err error) {
	err = db.Touch(ctx, tx, removeSQL, db.Struct(in))
	if errors.Is(err, db.ErrNotFound) {
		return out, refused(ctx, tx, in.ListID)
	}
	return endpoint.Message{Message: "Property list deleted"}, err
}

const existsSQL = `select id from property_lists where id = @list_id`

// refused says why a list was not touched: there is none, or it is somebody else's.
func refused(ctx context.Context, tx db.Tx, listID int64) error {
	_, err := db.Value[int64](ctx, tx, existsSQL, db.Args{"list_id": listID})
	if err != nil {
		return endpoint.Missing(err, "property list")
	}
	return endpoint.Forbidden("the property list is another person's")
}
