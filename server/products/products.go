// Package products keeps what a company spreads and plants: winter and landscape products with the unit
// that each is counted in. Logs name products as text, so that renaming or deleting one leaves the past
// as it was. The tables are portal.winter_products and portal.landscape_products.
package products

import (
	"context"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// Routes registers the operations of this package.
func Routes(api endpoint.API) {
	office, admin := endpoint.Only(auth.Admin, auth.Manager), endpoint.Only(auth.Admin)
	endpoint.List(api, "/winter-products/", "listWinterProducts", "List the winter products", listWinter, endpoint.Members)
	endpoint.Post(api, "/winter-products/", "addWinterProduct", "Add a winter product", addWinter, office, endpoint.Form)
	endpoint.Put(api, "/winter-products/{product_id}", "updateWinterProduct", "Replace a winter product", updateWinter, office, endpoint.Form)
	endpoint.Delete(api, "/winter-products/{product_id}", "deleteWinterProduct", "Delete a winter product", removeWinter, office)

	endpoint.List(api, "/landscape-products/", "listLandscapeProducts", "List the landscape products", listLandscape, endpoint.Members)
	endpoint.Post(api, "/landscape-products/", "addLandscapeProduct", "Add a landscape product", addLandscape, admin, endpoint.Form)
	endpoint.Put(api, "/landscape-products/{product_id}", "updateLandscapeProduct", "Replace a landscape product", updateLandscape, admin, endpoint.Form)
	endpoint.Delete(api, "/landscape-products/{product_id}", "deleteLandscapeProduct", "Delete a landscape product", removeLandscape, admin)
}

// A Product is a row of either table.
type Product struct {
	ID        int64      `json:"id" db:"id"`
	Name      string     `json:"name" db:"name"`
	Unit      string     `json:"unit" db:"unit"`
	CreatedAt field.Time `json:"created_at" db:"created_at"`
	UpdatedAt field.Time `json:"updated_at" db:"updated_at"`
}

// The tables are alike, and so are their statements.
const (
	listWinterSQL    = columns + `from winter_products p` + byName
	listLandscapeSQL = columns + `from landscape_products p` + byName

	columns = `
select p.id, p.name, p.unit, p.created_at, p.updated_at,
  count(*) over () as total
`
	byName = `
order by p.name, p.id
limit @limit offset @offset`
)

func listWinter(ctx context.Context, tx db.Tx, in *endpoint.Window) ([]Product, int64, error) {
	return db.Page[Product](ctx, tx, listWinterSQL, db.Struct(in))
}

func listLandscape(ctx context.Context, tx db.Tx, in *endpoint.Window) ([]Product, int64, error) {
	return db.Page[Product](ctx, tx, listLandscapeSQL, db.Struct(in))
}

// ProductFields are what a client says of a product.
type ProductFields struct {
	Name field.Text `json:"name" db:"name" maxLength:"255" example:"Bulk Salt"`
	Unit field.Text `json:"unit" db:"unit" maxLength:"50" example:"yards"`
}

// ProductAdded is the answer to a new product.
type ProductAdded struct {
	Message   string `json:"message"`
	ProductID int64  `json:"product_id"`
}

// NewProduct is exported because it is embedded: what is within an embedded struct that is not, is not tidied.
type NewProduct struct{ Body ProductFields }

const (
	addWinterSQL    = `insert into winter_products` + values
	addLandscapeSQL = `insert into landscape_products` + values

	values = ` (name, unit) values (@name, @unit) returning id`
)

func addWinter(ctx context.Context, tx db.Tx, in *NewProduct) (ProductAdded, error) {
	return added(db.Value[int64](ctx, tx, addWinterSQL, db.Struct(in.Body)))
}

func addLandscape(ctx context.Context, tx db.Tx, in *NewProduct) (ProductAdded, error) {
	return added(db.Value[int64](ctx, tx, addLandscapeSQL, db.Struct(in.Body)))
}

func added(id int64, err error) (ProductAdded, error) {
	return ProductAdded{Message: "Product added", ProductID: id}, err
}

// WinterRef names a winter product in a path.
type WinterRef struct {
	ProductID int64 `path:"product_id" db:"id" ref:"winter_products" minimum:"1" doc:"The product."`
}

// LandscapeRef names a landscape product in a path.
type LandscapeRef struct {
	ProductID int64 `path:"product_id" db:"id" ref:"landscape_products" minimum:"1" doc:"The product."`
}

type winterChange struct {
	WinterRef
	NewProduct
}

type landscapeChange struct {
	LandscapeRef
	NewProduct
}

const (
	updateWinterSQL    = `update winter_products` + change
	updateLandscapeSQL = `update landscape_products` + change

	change = ` set name = @name, unit = @unit where id = @id`
)

func updateWinter(ctx context.Context, tx db.Tx, in *winterChange) (endpoint.Message, error) {
	return done("Product updated", db.Touch(ctx, tx, updateWinterSQL, in.args(in.ProductID)))
}

func updateLandscape(ctx context.Context, tx db.Tx, in *landscapeChange) (endpoint.Message, error) {
	return done("Product updated", db.Touch(ctx, tx, updateLandscapeSQL, in.args(in.ProductID)))
}

func (in NewProduct) args(id int64) db.Args {
	return db.Args{"id": id, "name": in.Body.Name, "unit": in.Body.Unit}
}

const (
	removeWinterSQL    = `delete from winter_products where id = @id`
	removeLandscapeSQL = `delete from landscape_products where id = @id`
)

func removeWinter(ctx context.Context, tx db.Tx, in *WinterRef) (endpoint.Message, error) {
	return done("Product deleted", db.Touch(ctx, tx, removeWinterSQL, db.Struct(in)))
}

func removeLandscape(ctx context.Context, tx db.Tx, in *LandscapeRef) (endpoint.Message, error) {
	return done("Product deleted", db.Touch(ctx, tx, removeLandscapeSQL, db.Struct(in)))
}

func done(message string, err error) (endpoint.Message, error) {
	return endpoint.Message{Message: message}, endpoint.Missing(err, "product")
}
