package service

import (
	"net/http"
	"strings"
	"testing"
)

const truePage = `# A page
` + "```sh\n" + `ID=$(curl -s $PORTAL/list | jq -r '.[0].id') # a comment
curl -i "$PORTAL/things/$ID" -d 'a=b c' \
  -H "X-Say: $ID"
` + "```\n\n```http\n" + `HTTP/1.1 200 OK
Content-Type: application/json

{ "id": 7, "name": "one …", "at": "…", "list": [ 1, "…" ] }
` + "```\n"

// What a writer of the page may get wrong is found, and what the reader of its blocks does not know too.
func TestDocs_MistakesAreFound(t *testing.T) {
	t.Parallel()
	run := func(text string) error {
		page, err := parsePage("page.md", text)
		if err != nil {
			return err
		}
		_, err = page.run(&shell{
			vars: map[string]string{"PORTAL": "http://portal"}, given: map[string]bool{"PORTAL": true}, files: map[string]string{},
			fetch: func(r request) (answer, error) {
				a := answer{status: http.StatusOK, header: http.Header{"Content-Type": {"application/json"}}, body: `[{"id":7}]`}
				switch {
				case r.url == "http://portal/list":
				case r.url == "http://portal/things/7" && r.method == "POST" && r.body == "a=b c" && r.header.Get("X-Say") == "7":
					a.body = `{"id":7,"name":"one thing","at":"now","list":[1,2,3]}`
				default:
					a.status = http.StatusNotFound
				}
				return a, nil
			},
		})
		return err
	}
	if err := run(truePage); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, planted string }{
		{"200 OK", "201 Created"},
		{"Content-Type: application/json", "Content-Type: text/plain"},
		{"Content-Type: application/json", "X-Total-Count: 3"},
		{`"id": 7`, `"id": 8`},
		{`"id": 7`, `"id": "7"`},
		{`"id": 7, `, ``},
		{`"at": "…"`, `"when": "…"`},
		{`"one …"`, `"two …"`},
		{`[ 1, "…" ]`, `[ 1 ]`},
		{`[ 1, "…" ]`, `[ 2, "…" ]`},
		{`{ "id"`, `{ id`},
		{"-d 'a", "--data-raw 'a"},
		{"-d 'a=b c'", "-d 'a=b'"},
		{"-d 'a=b c'", "-d @file"},
		{"-d 'a=b c'", "-F file=@nothing"},
		{"curl -i", "wget"},
		{"curl -i", "curl"},
		{"curl -i", "curl -s"},
		{".[0].id", ".[0].name"},
		{".[0].id", ".[1].id"},
		{".[0].id", ".[] | .id"},
		{"$ID\"", "$NAME\""},
		{"/list", "/lists"},
		{`"$PORTAL/things/$ID"`, "$PORTAL/things?id=$ID"},
		{"# a comment", "; true"},
		{"'.[0].id'", ".[0].id"},
		{"```sh", "```json"},
		{"```sh", "    curl -i $PORTAL\n\n```sh"},
		{"```http", "```sh\n```\n\n```http"},
		{" ] }\n```\n", " ] }\n"},
	} {
		page := strings.Replace(truePage, c.old, c.planted, 1)
		if err := run(page); page == truePage || err == nil {
			t.Errorf("%s for %s is not found", c.planted, c.old)
		}
	}
	first, _, _ := strings.Cut(truePage, "```http")
	if err := run(first); err == nil {
		t.Error("an answer that is not shown is not found")
	}
}
