package evidence

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// An operation is one of the API, and who may ask for it.
type operation struct {
	Method  string   `json:"method"`
	Path    string   `json:"path"`
	Summary string   `json:"summary"`
	Roles   []string `json:"roles"`           // none: whoever asks, before a customer is known
	Own     bool     `json:"own"`             // some see their own rows only
	Scope   string   `json:"scope,omitempty"` // of a service's token
}

// operations reads them from an OpenAPI document, with all roles that they name.
func operations(document []byte) (all []operation, roles []string, err error) {
	var d struct {
		Paths map[string]map[string]struct {
			OperationID string   `json:"operationId"`
			Summary     string   `json:"summary"`
			Roles       []string `json:"x-roles"`
			Own         bool     `json:"x-own"`
			Scope       string   `json:"x-scope"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(document, &d); err != nil {
		return nil, nil, fmt.Errorf("the OpenAPI document: %w", err)
	}
	for path, methods := range d.Paths {
		for method, o := range methods {
			if o.OperationID == "" {
				continue
			}
			all = append(all, operation{strings.ToUpper(method), path, o.Summary, slices.Clip(o.Roles), o.Own, o.Scope})
			for _, r := range o.Roles {
				if !slices.Contains(roles, r) {
					roles = append(roles, r)
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b operation) int { return strings.Compare(a.Path+" "+a.Method, b.Path+" "+b.Method) })
	slices.Sort(roles)
	return all, roles, nil
}
