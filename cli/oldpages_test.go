package cli

import (
	"strings"
	"testing"
)

// The old pages have a directory and an address of their own, or are not served.
func TestOldPages_Settings(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, c := range []struct{ dir, listen, main, want string }{
		{"", "", "127.0.0.1:8080", ""},
		{dir, "127.0.0.1:8081", "127.0.0.1:8080", ""},
		{dir, "127.0.0.2:8080", "127.0.0.1:8080", ""},
		{dir, "127.0.0.1:0", "127.0.0.1:0", ""},
		{dir, "", "127.0.0.1:8080", "go together"},
		{"", "127.0.0.1:8081", "127.0.0.1:8080", "go together"},
		{dir + "/none", "127.0.0.1:8081", "127.0.0.1:8080", "no directory"},
		{"oldpages_test.go", "127.0.0.1:8081", "127.0.0.1:8080", "no directory"},
		{dir, "127.0.0.1:8080", "127.0.0.1:8080", "own address"},
		{dir, ":8080", "127.0.0.1:8080", "own address"},
		{dir, "127.0.0.1:8080", "0.0.0.0:8080", "own address"},
		{dir, "localhost:8080", "127.0.0.1:8080", "own address"},
	} {
		err := oldPages{c.dir, c.listen}.check(c.main)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
