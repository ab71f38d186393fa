// Package products keeps what a company spreads and plants: winter and landscape products with the unit
// that each is counted in. Logs name products as text, so that renaming or deleting one leaves the past
// as it was. The tables are portal.winter_products and portal.landscape_products.
package products

import (
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

type newProduct struct{ Body ProductFields }
