package endpoint

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/labstack/echo/v4"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/field"
)

// Inputs whose ids all say where they point.
type (
	stopInput struct {
		PropertyID int64    `json:"property_id" ref:"locations"`
		Notes      []string `json:"notes,omitempty"`
		Count      int32    `json:"count"`
	}
	pathAndQuery struct {
		RouteID int64   `path:"route_id" ref:"routes"`
		Only    []int64 `query:"only" ref:"users"`
		Window
	}
	plainBody struct {
		Body struct {
			ID         int64                 `json:"id" ref:"routes"`
			Leader     *int64                `json:"leader,omitempty" ref:"users"`
			Contractor field.Optional[int64] `json:"contractor_id,omitempty" ref:"users"`
			ExternalID string                `json:"external_id"`
			Bytes      int64                 `json:"bytes" ref:"-"`
		}
	}
	nestedBody struct {
		Body struct {
			UserIDs []int64                `json:"user_ids" ref:"users"`
			Stops   []stopInput            `json:"stops"`
			Deep    struct{ S *stopInput } `json:"deep"`
			ByName  map[string]stopInput   `json:"by_name"`
		}
	}
	listBody struct{ Body []stopInput }
	// An alike one whose type refers to itself.
	treeInput struct {
		ID       int64       `json:"id" ref:"routes"`
		Children []treeInput `json:"children,omitempty"`
	}
	treeBody struct{ Body treeInput }
)

func TestReferences_MarksEveryID(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		register func(API)
		want     map[string]int // table → number of marked schemas
	}{
		"path and query": {posting[pathAndQuery], map[string]int{"routes": 1, "users": 1}},
		"fields":         {posting[plainBody], map[string]int{"routes": 1, "users": 2}},
		"nested":         {posting[nestedBody], map[string]int{"users": 1, "locations": 1}}, // stops share one schema
		"list":           {posting[listBody], map[string]int{"locations": 1}},
		"tree":           {posting[treeBody], map[string]int{"routes": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := testAPI()
			tt.register(api)
			text, err := api.OpenAPI()
			if err != nil {
				t.Fatal(err)
			}
			var document any
			if err := json.Unmarshal(text, &document); err != nil {
				t.Fatal(err)
			}
			have := map[string]int{}
			countReferences(document, have)
			if diff := cmp.Diff(tt.want, have); diff != "" {
				t.Errorf("-want +have:\n%s\n%s", diff, text)
			}
		})
	}
}

func countReferences(node any, counts map[string]int) {
	switch n := node.(type) {
	case map[string]any:
		if table, ok := n["x-references"].(string); ok {
			counts[table]++
		}
		for _, child := range n {
			countReferences(child, counts)
		}
	case []any:
		for _, child := range n {
			countReferences(child, counts)
		}
	}
}

func TestReferences_RefusesAnIDThatPointsNowhere(t *testing.T) {
	t.Parallel()
	type stop struct {
		PropertyID int64 `json:"property_id"`
	}
	for name, register := range map[string]func(API){
		"path": posting[struct {
			ID int64 `path:"id"`
		}],
		"query": posting[struct {
			ID int64 `query:"user_id"`
		}],
		"query of small ids": posting[struct {
			ID int32 `query:"user_id"`
		}],
		"field": posting[struct {
			Body struct {
				ID int64 `json:"id"`
			}
		}],
		"field with another name": posting[struct {
			Body struct {
				Leader int64 `json:"leader"`
			}
		}],
		"pointer": posting[struct {
			Body struct {
				ID *int64 `json:"user_id"`
			}
		}],
		"optional": posting[struct {
			Body struct {
				ID field.Optional[int64] `json:"user_id"`
			}
		}],
		"list of ids": posting[struct {
			Body struct {
				Properties []int64 `json:"properties"`
			}
		}],
		"in a struct": posting[struct {
			Body struct {
				Stop stop `json:"stop"`
			}
		}],
		"in a list of structs": posting[struct {
			Body struct {
				Stops []stop `json:"stops"`
			}
		}],
		"in a map of structs": posting[struct {
			Body struct {
				Stops map[string]*stop `json:"stops"`
			}
		}],
		"in a body that is a list": posting[struct{ Body []stop }],
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := testAPI()
			register(api)
			refused(t, api, `is an id: say with the tag ref which table it points to, such as ref:"locations", or ref:"-" where it is none`)
		})
	}
}

func TestExample_IsInTheDocument(t *testing.T) {
	t.Parallel()
	api := testAPI()
	Post(api, "/things", "createThings", "", handler[listBody], Members, Example([]any{map[string]any{"property_id": 7}}))
	text, err := api.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.Join(strings.Fields(string(text)), ""), `"example":[{"property_id":7}]`) {
		t.Errorf("no example in %s", text)
	}
}

func testAPI() API { return New(echo.New(), nil, &auth.Keys{}, slog.New(slog.DiscardHandler), "1.2.3") }

func posting[I any](api API) {
	Post(api, "/things/{id}/{route_id}", "createThing", "", handler[I], Members)
}

func handler[I any](context.Context, db.Tx, *I) (Message, error) { return Message{}, nil }
