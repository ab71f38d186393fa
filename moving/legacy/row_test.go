package legacy

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"contractor-portal/db"
)

// rowOf is a row with some columns, of which name:kind says a type that counts; NULL is none.
func rowOf(t *testing.T, columns ...string) *row {
	t.Helper()
	zone, err := db.Location("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	r := &row{table: &table{name: "things", index: map[string]int{}}, zone: zone, key: 7}
	r.refs = func(_ string, key int64) (int64, bool) { return key + 100, key < 50 }
	for i := 0; i < len(columns); i += 2 {
		name, kind, _ := strings.Cut(columns[i], ":")
		r.table.index[name] = len(r.values)
		r.table.columns, r.table.kinds = append(r.table.columns, name), append(r.table.kinds, kind)
		value := sql.RawBytes(columns[i+1])
		if columns[i+1] == "NULL" {
			value = nil
		}
		r.values = append(r.values, value)
	}
	return r
}

// said is what was noted of a row, or why it was refused.
func said(r *row) string {
	var all []string
	for _, n := range r.notes {
		all = append(all, plain(n.text))
	}
	if r.refuse != "" {
		all = append(all, "REFUSED "+plain(r.refuse))
	}
	return strings.Join(all, "; ")
}

func show[T any](v *T) string {
	if v == nil {
		return "none"
	}
	return fmt.Sprint(*v)
}

func TestRow_Reads(t *testing.T) {
	t.Parallel()
	moment := func(r *row) string {
		if at := r.at("a"); at != nil {
			return at.UTC().Format(time.DateTime)
		}
		return "none"
	}
	for _, c := range []struct {
		column, value string
		read          func(*row) string
		want, note    string
	}{
		{"a", "  two\u200b  words ", func(r *row) string { return show(r.line("a", 255)) }, "two words", ""},
		{"a", "abcdef", func(r *row) string { return show(r.line("a", 3)) }, "abc", "a: cut to 3 characters"},
		{"a", "Grüße", func(r *row) string { return show(r.text("a", 255)) }, "Grüße", ""},
		{"a", "GrÃ¼ÃŸe", func(r *row) string { return show(r.text("a", 255)) }, "Grüße", "a: encoded twice, mended"},
		{"a", "Ã la carte", func(r *row) string { return show(r.text("a", 255)) }, "Ã la carte", ""},
		{"a", "a\x00b\xff", func(r *row) string { return show(r.text("a", 255)) }, "ab�", "a: without characters that are none"},
		{"a", "Undefined", func(r *row) string { return show(r.said("a")) }, "none", "a: undefined is no text"},
		{"a", "NULL", func(r *row) string { return show(r.text("a", 5)) }, "none", ""},
		{"b", "x", func(r *row) string { return show(r.text("a", 5)) }, "none", ""},

		{"a", "12", func(r *row) string { return show(r.whole("a")) }, "12", ""},
		{"a", "-1", func(r *row) string { return show(r.whole("a")) }, "none", "a: -1 is no number from 0 on"},
		{"a", "3000000000", func(r *row) string { return show(r.whole("a")) }, "none", "a: 3000000000 is no number from 0 on"},
		{"a", "1.5", func(r *row) string { return fmt.Sprint(r.quantity("a")) }, "150", ""},
		{"a", "1.005", func(r *row) string { return fmt.Sprint(r.quantity("a")) }, "101", ""},
		{"a", "2e1", func(r *row) string { return fmt.Sprint(r.quantity("a")) }, "2000", ""},
		{"a", "NULL", func(r *row) string { return fmt.Sprint(r.quantity("a")) }, "0", "a: none, now 0"},
		{"a", "-0.25", func(r *row) string { return fmt.Sprint(r.quantity("a")) }, "-25", "REFUSED a: -0.25 is no quantity"},
		{"a", "lots", func(r *row) string { return show(r.amount("a")) }, "none", "a: lots is no amount, now none"},
		{"a", "1", func(r *row) string { return fmt.Sprint(r.flag("a", false)) }, "true", ""},
		{"a", "0", func(r *row) string { return fmt.Sprint(r.flag("a", true)) }, "false", ""},
		{"a", "NULL", func(r *row) string { return fmt.Sprint(r.flag("a", true)) }, "true", ""},
		{"a", "MANAGER", func(r *row) string { return r.choice("a", "User", roles...) }, "Manager", ""},
		{"a", "Owner", func(r *row) string { return r.choice("a", "User", roles...) }, "User", "a: Owner is not known, now User"},

		{"a:datetime", "2025-01-10 05:00:00", moment, "2025-01-10 10:00:00", ""},
		{"a:timestamp", "2025-01-10 05:00:00", moment, "2025-01-10 05:00:00", ""},
		{"a:datetime", "2025-03-09 02:30:00", moment, "2025-03-09 07:30:00", ""},
		{"a:datetime", "2025-11-02 01:30:00", moment, "2025-11-02 05:30:00", ""},
		{"a:datetime", "0000-00-00 00:00:00", moment, "none", "a: a date of zeros is none"},
		{"a:datetime", "1969-12-31 00:00:00", moment, "none", "a: 1969-12-31 00:00:00 is no time of the years 2000 to 2100"},

		{"a", "3", func(r *row) string { return show(r.ref("a", "users")) }, "103", ""},
		{"a", "77", func(r *row) string { return show(r.ref("a", "users")) }, "none", "a: 77 is none of this customer's users, now none"},
		{"a", "77", func(r *row) string { return fmt.Sprint(r.must("a", "users")) }, "177", "REFUSED a: 77 is none of this customer's users"},
		{"phone", "(716) 555-0100 ", func(r *row) string { return show(r.phone()) }, "+17165550100", ""},
		{"phone_number", "ask", func(r *row) string { return show(r.phone()) }, "none", "phone_number: ask is no telephone number, now none"},
	} {
		r := rowOf(t, c.column, c.value)
		if have := c.read(r); have != c.want || said(r) != c.note {
			t.Errorf("%s %q: %q, noted %q; want %q, noted %q", c.column, c.value, have, said(r), c.want, c.note)
		}
	}
}

func TestRow_Triggers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		word, amount, want string
		changed            bool
	}{
		{"NULL", "NULL", "two_inch 200", false},
		{"half_inch", "NULL", "half_inch 50", false},
		{"zero_tolerance", "0.00", "zero_tolerance 0", false},
		{"custom", "4.25", "custom 425", false},
		{"custom", "NULL", "custom 200", false},
		{"one_inch", "3.00", "custom 300", true},
		{"accumulation", "1.00", "one_inch 100", true},
		{"accumulation", "1.75", "custom 175", true},
		{"event", "NULL", "custom 200", true},
		{"custom", "40", "custom 1200", true},
		{"snow", "NULL", "two_inch 200", true},
	} {
		r := rowOf(t, "trigger_type", c.word, "trigger_amount", c.amount)
		word, amount := r.trigger()
		if have := fmt.Sprint(word, " ", amount); have != c.want || (len(r.notes) > 0) != c.changed {
			t.Errorf("%s %s: %s, noted %q; want %s", c.word, c.amount, have, said(r), c.want)
		}
	}
}

func TestRow_Passwords(t *testing.T) {
	t.Parallel()
	const one, other = "$2a$04$FvGSOo7Nd2aNZfmKxf5Kqupf9L1pyEeCHPpzKcY3BdVgxsy7eep5i", "$2b$12$Qxy2dcJ/aeq.tITCJ5EYHOVCN.BGhlyXa/x3fkv4G/uXnupjZpj2y"
	for _, c := range []struct{ hash, password, want string }{
		{one, other, one},
		{"x", other, other},
		{"NULL", strings.Replace(one, "2a", "2y", 1), strings.Replace(one, "2a", "2y", 1)},
		{"plain words", "NULL", "none"},
		// What would cost a server minutes.
		{strings.Replace(one, "$04$", "$31$", 1), "", "none"},
		{one + "x", one[1:], "none"},
	} {
		r := rowOf(t, "password_hash", c.hash, "password", c.password)
		if have := show(password(r)); have != c.want || strings.Contains(said(r), "plain") {
			t.Errorf("%s, %s: %s, noted %q", c.hash, c.password, have, said(r))
		}
	}
}

// Keys and ids of very many rows are few runs, and each is found.
func TestIDs(t *testing.T) {
	t.Parallel()
	var r runs
	for key := int64(1); key <= 100_000; key++ {
		if key != 500 {
			r.add(key, key+map[bool]int64{true: 0, false: 7}[key < 60_000])
		}
	}
	if !slices.Equal(r, runs{{1, 499, 1}, {501, 59_999, 501}, {60_000, 100_000, 60_007}}) {
		t.Errorf("the runs are %v", r)
	}
	for key, want := range map[int64]int64{1: 1, 499: 499, 501: 501, 60_000: 60_007, 100_000: 100_007, 0: -1, 500: -1, 100_001: -1} {
		if id, ok := r.id(key); ok != (want > 0) || ok && id != want {
			t.Errorf("%d is %d, want %d", key, id, want)
		}
	}
	set, err := parseMultirange("{[1,5),[7,9)}")
	if err != nil || !slices.Equal(set, runs{{1, 4, 1}, {7, 8, 7}}) {
		t.Errorf("%v, %v", set, err)
	}
	if set, err := parseMultirange("{}"); err != nil || set != nil {
		t.Errorf("nothing is %v, %v", set, err)
	}
	drawn := int64(1000)
	n := &ids{keep: true, taken: set, draws: func() (int64, error) { drawn++; return drawn, nil }}
	for key, want := range map[int64]int64{6: 6, 9: 9} {
		if id, err := n.draw(key); id != want || err != nil {
			t.Errorf("%d gets %d", key, id)
		}
	}
	if id, _ := (&ids{keep: true, taken: runs{{1, 4, 1}}, draws: n.draws}).draw(3); id != 1001 {
		t.Errorf("3, which is taken, gets %d", id)
	}
}

func TestCustomersOf(t *testing.T) {
	t.Parallel()
	all := customersOf([]string{"", "KPQ7W2M9X", "TEST0001", "tenant 1", "tenant 2", "LEGACY001"}, "LEGACY001")
	var text []string
	for _, c := range all {
		text = append(text, fmt.Sprintf("%s %q %s", c.id, c.says, c.replaced))
	}
	want := []string{
		`LEGACY001 ["" "tenant 1" "LEGACY001"] `, `KPQ7W2M9X ["KPQ7W2M9X"] `,
		fmt.Sprintf("%s [%q] TEST0001", drawn("LEGACY001", "TEST0001"), "TEST0001"), fmt.Sprintf("%s [%q] tenant 2", drawn("LEGACY001", "tenant 2"), "tenant 2"),
	}
	if !slices.Equal(text, want) {
		t.Errorf("the customers are %q", text)
	}
	for _, id := range []string{drawn("LEGACY001", "tenant 2"), drawn("ANOTHER22", "tenant 2")} {
		if !nine.MatchString(id) || strings.ContainsAny(id, "ILO01") || id == drawn("LEGACY001", "tenant 3") {
			t.Errorf("%s is no id of a customer", id)
		}
	}
	if drawn("LEGACY001", "tenant 2") == drawn("ANOTHER22", "tenant 2") {
		t.Error("two companies' second tenants are one customer")
	}
}
