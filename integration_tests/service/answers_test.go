package service

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"

	"contractor-portal/db"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
)

// Measured is an answer that JSON has no words for where it is not finite.
type measured struct {
	Value float64 `json:"value"`
}

// Exported is an answer of any size, as a file where that is asked for.
type exported struct {
	endpoint.Attached `json:"-"`
	Text              string `json:"text"`
}

// Bulky is how large the answer shall be.
type bulky struct {
	Size int  `query:"size"`
	File bool `query:"file"`
}

func unwritable(api endpoint.API) {
	endpoint.Get(api, "/test/nan", "getNaN", "", func(context.Context, db.Tx, *endpoint.None) (measured, error) {
		return measured{math.NaN()}, nil
	}, endpoint.Members)
	endpoint.List(api, "/test/nans", "listNaN", "", func(context.Context, db.Tx, *endpoint.Window) ([]measured, int64, error) {
		return []measured{{1}, {math.Inf(1)}}, 2, nil
	}, endpoint.Members)
	endpoint.Direct(api, "GET", "/test/nan-direct", "directNaN", "", func(context.Context, *endpoint.None) (measured, error) {
		return measured{math.NaN()}, nil
	}, endpoint.Public)
	endpoint.Post(api, "/test/nan", "postNaN", "", func(ctx context.Context, tx db.Tx, _ *endpoint.None) (measured, error) {
		_, err := db.Exec(ctx, tx, writeSQL)
		return measured{math.NaN()}, err
	}, endpoint.Members)
	size := func(_ context.Context, _ db.Tx, in *bulky) (out exported, _ error) {
		text := strings.Repeat("x", in.Size)
		if in.File {
			out.Attach(&endpoint.File{Name: "large.txt", Type: "text/plain", Content: []byte(text)})
			text = ""
		}
		out.Text = text
		return out, nil
	}
	endpoint.Get(api, "/test/bulky", "getBulky", "", size, endpoint.Members)
	endpoint.Post(api, "/test/bulky", "postBulky", "", size, endpoint.Members)
}

// An answer that cannot be written is a fault that the log knows of, and nothing of its call stays.
func TestAnswers_ThatCannotBeEncoded(t *testing.T) {
	t.Parallel()
	p := newPortal(t, func(s *harness.Settings) { s.Routes = unwritable })
	token := p.Token(harness.CompanyA, auth.Admin)
	for id, call := range map[string]string{
		"getNaN": "GET /test/nan", "listNaN": "GET /test/nans", "directNaN": "GET /test/nan-direct", "postNaN": "POST /test/nan",
	} {
		method, path, _ := strings.Cut(call, " ")
		a := p.Do(method, path, token, nil)
		if problem := a.Problem(t, http.StatusInternalServerError); problem.Type != "/problems/internal" || a.Header.Get("X-Total-Count") != "" {
			t.Errorf("%s: %v %s", call, a.Header, a.Body)
		}
		line := p.lineOf(t, id)
		if line["level"] != "ERROR" || line["status"] != 500.0 || !strings.Contains(fmt.Sprint(line["error"]), "the answer cannot be encoded") {
			t.Errorf("%s: the log says %v", call, line)
		}
	}
	if n := harness.Query[int](p.Portal, `select count(*) from portal.locations where notes is not null`); n != 0 {
		t.Errorf("%d rows were written by a call whose answer cannot be", n)
	}
}

// lineOf waits for the line of the log about an operation.
func (p *portal) lineOf(t *testing.T, operation string) (line map[string]any) {
	t.Helper()
	harness.WaitFor(t, "the line of "+operation, func() bool {
		for _, l := range p.lines(t) {
			if l["operation"] == operation {
				line = l
			}
		}
		return line != nil
	})
	return line
}

func TestAnswers_HaveABound(t *testing.T) {
	t.Parallel()
	p := newPortal(t, func(s *harness.Settings) { s.Routes = unwritable })
	token := p.Token(harness.CompanyA, auth.User)
	most := 32<<20 - len(`{"text":""}`+"\n")
	for _, method := range []string{"GET", "POST"} {
		if a := p.Do(method, fmt.Sprintf("/test/bulky?size=%d", most), token, nil).Want(t, http.StatusOK); len(a.Body) != 32<<20 {
			t.Errorf("%d bytes came", len(a.Body))
		}
		a := p.Do(method, fmt.Sprintf("/test/bulky?size=%d", most+1), token, nil)
		if problem := a.Problem(t, http.StatusUnprocessableEntity); !strings.Contains(problem.Detail, "ask for fewer with limit") {
			t.Errorf("%s", a.Body)
		}
		if a := p.Do(method, fmt.Sprintf("/test/bulky?file=true&size=%d", most+1000), token, nil).Want(t, http.StatusOK); len(a.Body) != most+1000 {
			t.Errorf("%d bytes of a file came", len(a.Body))
		}
	}
}
