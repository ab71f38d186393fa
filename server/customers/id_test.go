package customers

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"testing"

	"contractor-portal/db"
)

func TestDrawID_IsUnbiasedOverTheAlphabet(t *testing.T) {
	t.Parallel()
	if len(alphabet) != 31 || strings.ContainsAny(alphabet, "ILO01") {
		t.Fatalf("alphabet %q", alphabet)
	}
	// Each byte value once gives each character equally often; what is beyond a multiple of 31 is
	// thrown away.
	var all bytes.Buffer
	for i := range 256 {
		all.WriteByte(byte(i))
	}
	count := map[rune]int{}
	for {
		id, err := drawID(&all)
		if err != nil {
			break
		}
		for _, c := range id {
			count[c]++
		}
	}
	// 248 fair bytes make 27 ids of 9 characters; the 5 bytes left are not enough for another.
	for i, c := range alphabet {
		want := 8
		if i >= len(alphabet)-5 {
			want = 7
		}
		if count[c] != want {
			t.Errorf("%c was drawn %d times, want %d", c, count[c], want)
		}
	}

	seen := map[string]bool{}
	for range 10_000 {
		id, err := drawID(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if len(id) != 9 || strings.Trim(id, alphabet) != "" || seen[id] {
			t.Fatalf("drew %q", id)
		}
		seen[id] = true
	}
}

func TestWithNewID_DrawsAgainWhereTheIDIsTaken(t *testing.T) {
	t.Parallel()
	var tried []string
	id, err := withNewID(rand.Reader, func(id string) (string, error) {
		if tried = append(tried, id); len(tried) < 3 {
			return "", db.ErrNotFound
		}
		return id, nil
	})
	if err != nil || len(tried) != 3 || id != tried[2] {
		t.Errorf("got %q, %v after %v", id, err, tried)
	}

	calls := 0
	if _, err := withNewID(rand.Reader, func(string) (int, error) { calls++; return 0, db.ErrNotFound }); err == nil || calls != maxDraws {
		t.Errorf("%v after %d draws", err, calls)
	}

	refused := errors.New("refused")
	calls = 0
	if _, err := withNewID(rand.Reader, func(string) (int, error) { calls++; return 0, refused }); !errors.Is(err, refused) || calls != 1 {
		t.Errorf("another error: %v after %d draws", err, calls)
	}
	if _, err := withNewID(io.LimitReader(rand.Reader, 3), func(string) (int, error) { t.Error("inserted"); return 0, nil }); err == nil {
		t.Error("no error without randomness")
	}
}

func TestParseID(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"LEGACY001": "LEGACY001", "legacy001": "LEGACY001", "TEST0001": "TEST0001", "AAAA22222": "AAAA22222",
		"": "", "SHORT01": "", "TOOLONG0001": "", "AAAA-2222": "", "ÄAAA2222": "", "AAAA22222\n": "",
	} {
		if got, err := ParseID(text); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}

func TestNext_EveryStateAndAction(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ from, action, to string }{
		{trial, suspend, suspended},
		{active, suspend, suspended},
		{suspended, suspend, suspended},
		{cancelled, suspend, ""},
		{trial, activate, active},
		{active, activate, active},
		{suspended, activate, active},
		{cancelled, activate, active},
		{trial, cancel, cancelled},
		{active, cancel, cancelled},
		{suspended, cancel, cancelled},
		{cancelled, cancel, cancelled},
	} {
		if to, err := next("AAAA22222", c.from, c.action); to != c.to || (err == nil) != (c.to != "") {
			t.Errorf("%s from %s: %q, %v", c.action, c.from, to, err)
		}
		to, err := next(primary, c.from, c.action)
		if (c.action == activate) != (err == nil) || err == nil && to != active {
			t.Errorf("the primary customer, %s from %s: %q, %v", c.action, c.from, to, err)
		}
	}
}
