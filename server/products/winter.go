package products

import (
	"context"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
)

const listWinterSQL = `
select p.id, p.name, p.unit, p.created_at, p.updated_at,
  count(*) over () as total
from winter_products p
order by p.name, p.id
limit @limit offset @offset`

func listWinter(ctx context.Context, tx db.Tx, in *endpoint.Window) ([]Product, int64, error) {
	return db.Page[Product](ctx, tx, listWinterSQL, db.Struct(in))
}

const addWinterSQL = `
insert into winter_products (name, unit)
values (@name, @unit)
returning id`

func addWinter(ctx context.Context, tx db.Tx, in *newProduct) (out ProductAdded, err error) {
	id, err := db.Value[int64](ctx, tx, addWinterSQL, db.Struct(in.Body))
	return ProductAdded{Message: "Product added", ProductID: id}, err
}

// WinterRef names a winter product in a path.
type WinterRef struct {
	ProductID int64 `path:"product_id" db:"id" ref:"winter_products" minimum:"1" doc:"The product."`
}

const updateWinterSQL = `update winter_products set name = @name, unit = @unit where id = @id`

func updateWinter(ctx context.Context, tx db.Tx, in *struct {
	WinterRef
	Body ProductFields
},
) (out endpoint.Message, err error) {
	err = db.Touch(ctx, tx, updateWinterSQL, db.Args{"id": in.ProductID, "name": in.Body.Name, "unit": in.Body.Unit})
	return endpoint.Message{Message: "Product updated"}, endpoint.Missing(err, "product")
}

const removeWinterSQL = `delete from winter_products where id = @id`

func removeWinter(ctx context.Context, tx db.Tx, in *WinterRef) (endpoint.Message, error) {
	return endpoint.Message{Message: "Product deleted"}, endpoint.Missing(db.Touch(ctx, tx, removeWinterSQL, db.Struct(in)), "product")
}
