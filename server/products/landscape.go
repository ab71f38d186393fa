package products

import (
	"context"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
)

const listLandscapeSQL = `
select p.id, p.name, p.unit, p.created_at, p.updated_at,
  count(*) over () as total
from landscape_products p
order by p.name, p.id
limit @limit offset @offset`

func listLandscape(ctx context.Context, tx db.Tx, in *endpoint.Window) ([]Product, int64, error) {
	return db.Page[Product](ctx, tx, listLandscapeSQL, db.Struct(in))
}

const addLandscapeSQL = `
insert into landscape_products (name, unit)
values (@name, @unit)
returning id`

func addLandscape(ctx context.Context, tx db.Tx, in *newProduct) (out ProductAdded, err error) {
	id, err := db.Value[int64](ctx, tx, addLandscapeSQL, db.Struct(in.Body))
	return ProductAdded{Message: "Product added", ProductID: id}, err
}

// LandscapeRef names a landscape product in a path.
type LandscapeRef struct {
	ProductID int64 `path:"product_id" db:"id" ref:"landscape_products" minimum:"1" doc:"The product."`
}

const updateLandscapeSQL = `update landscape_products set name = @name, unit = @unit where id = @id`

func updateLandscape(ctx context.Context, tx db.Tx, in *struct {
	LandscapeRef
	Body ProductFields
},
) (out endpoint.Message, err error) {
	err = db.Touch(ctx, tx, updateLandscapeSQL, db.Args{"id": in.ProductID, "name": in.Body.Name, "unit": in.Body.Unit})
	return endpoint.Message{Message: "Product updated"}, endpoint.Missing(err, "product")
}

const removeLandscapeSQL = `delete from landscape_products where id = @id`

func removeLandscape(ctx context.Context, tx db.Tx, in *LandscapeRef) (endpoint.Message, error) {
	return endpoint.Message{Message: "Product deleted"}, endpoint.Missing(db.Touch(ctx, tx, removeLandscapeSQL, db.Struct(in)), "product")
}
