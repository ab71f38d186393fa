package field

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/humatest"
)

type contact struct {
	Body struct {
		Phone Phone           `json:"phone"`
		Maybe Optional[Phone] `json:"maybe,omitempty"`
		Email Email           `json:"email"`
	}
}

func TestContact_IsNormalised(t *testing.T) {
	t.Parallel()
	_, api := humatest.New(t)
	huma.Post(api, "/contact", func(_ context.Context, in *contact) (*struct{ Body string }, error) {
		maybe := "none"
		if in.Body.Maybe.Value != nil {
			maybe = string(*in.Body.Maybe.Value)
		}
		return &struct{ Body string }{string(in.Body.Phone) + " " + maybe + " " + string(in.Body.Email)}, nil
	})
	for _, c := range []struct {
		body   string
		status int
		want   string
	}{
		{`{"phone": "(716) 555-0100", "email": " Pat.Doyle@Example.COM "}`, http.StatusOK, `"+17165550100 none pat.doyle@example.com"`},
		{`{"phone": "+49 30 901820", "maybe": "716.555.0100", "email": "a@b"}`, http.StatusOK, `"+4930901820 +17165550100 a@b"`},
		{`{"phone": "", "maybe": null, "email": "a@b"}`, http.StatusOK, `" none a@b"`},
		{`{"phone": "(418) 555-0100 ext. 4", "email": "a@b"}`, http.StatusUnprocessableEntity, "without an extension"},
		{`{"phone": "+1 418 555 0100 x4", "email": "a@b"}`, http.StatusUnprocessableEntity, "without an extension"},
		{`{"phone": "", "email": "\u200bPat.E\u0301@Example.COM\u00a0"}`, http.StatusOK, `" none pat.é@example.com"`},
		{`{"phone": "1234", "email": "a@b"}`, http.StatusUnprocessableEntity, `"location":"body.phone"`},
		{`{"phone": "", "maybe": "nobody", "email": "a@b"}`, http.StatusUnprocessableEntity, `"location":"body.maybe"`},
		{`{"phone": "", "email": "not an address"}`, http.StatusUnprocessableEntity, `"location":"body.email"`},
		{`{"phone": "", "email": "two@at@b"}`, http.StatusUnprocessableEntity, `"location":"body.email"`},
	} {
		answer := api.Post("/contact", "Content-Type: application/json", strings.NewReader(c.body))
		text := answer.Body.String()
		if answer.Code != c.status || !strings.Contains(text, c.want) {
			t.Errorf("%s: status %d, want %d with %s: %s", c.body, answer.Code, c.status, c.want, text)
		}
		if answer.Code != http.StatusOK && strings.Contains(text, "1234") {
			t.Errorf("a refused value is repeated: %s", text)
		}
	}
}
