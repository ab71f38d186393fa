package endpoint

import (
	"context"
	"net/http"
	"strings"
	"testing"
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
	url := serve(t, func(api API) {
		Direct(api, http.MethodPost, "/contact/", "Contact", func(_ context.Context, in *contact) (Message, error) {
			maybe := "none"
			if in.Body.Maybe.Value != nil {
				maybe = string(*in.Body.Maybe.Value)
			}
			return Message{Message: string(in.Body.Phone) + " " + maybe + " " + string(in.Body.Email)}, nil
		}, Public, Form)
	})
	for _, c := range []struct {
		body   string
		status int
		want   string
	}{
		{`{"phone": "(716) 555-0100", "email": " Pat.Doyle@Example.COM "}`, http.StatusOK, `"+17165550100 none pat.doyle@example.com"`},
		{`{"phone": "+49 30 901820", "maybe": "716.555.0100", "email": "a@b"}`, http.StatusOK, `"+4930901820 +17165550100 a@b"`},
		{`{"phone": "", "maybe": null, "email": "a@b"}`, http.StatusOK, `" none a@b"`},
		{`{"phone": "1234", "email": "a@b"}`, http.StatusUnprocessableEntity, `"location":"body.phone"`},
		{`{"phone": "", "maybe": "nobody", "email": "a@b"}`, http.StatusUnprocessableEntity, `"location":"body.maybe"`},
		{`{"phone": "", "email": "not an address"}`, http.StatusUnprocessableEntity, `"location":"body.email"`},
		{`{"phone": "", "email": "two@at@b"}`, http.StatusUnprocessableEntity, `"location":"body.email"`},
	} {
		status, text, _ := post(t, url+"/contact", "application/json", c.body)
		if status != c.status || !strings.Contains(text, c.want) {
			t.Errorf("%s: status %d, want %d with %s: %s", c.body, status, c.status, c.want, text)
		}
		if status != http.StatusOK && strings.Contains(text, "1234") {
			t.Errorf("a refused value is repeated: %s", text)
		}
	}
}
