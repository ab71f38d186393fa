package field

import (
	"github.com/danielgtaylor/huma/v2"

	"contractor-portal/server/auth"
)

// A Role of an input is one that a member of a customer can have.
type Role string

// Schema describes a Role in the OpenAPI document.
func (Role) Schema(huma.Registry) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString}
	for _, role := range auth.Roles {
		s.Enum = append(s.Enum, role)
	}
	return s
}
