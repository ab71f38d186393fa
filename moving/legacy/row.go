package legacy

import (
	"database/sql"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgtype"
	"golang.org/x/text/encoding/charmap"

	"contractor-portal/server/field"
)

// A row is one of the old portal's. A column that its table lacks is as one that is NULL.
//
// What is read of it is fit for our tables: what does not fit is changed, which is noted, or the row is refused.
// No note holds a value of a column that may be secret.
type row struct {
	table  *table
	values []sql.RawBytes
	key    int64 // its id; 0 where its table has none
	id     int64 // what it gets here
	zone   *time.Location
	refs   func(table string, key int64) (int64, bool)
	notes  []note
	refuse string // why it cannot be here

	property int64 // where work was done, and how much
	work     work
}

// A note is what became otherwise, and whether each such row is listed or they are only counted.
type note struct {
	text   string
	listed bool
}

// change notes that the row is here otherwise than it was there.
func (r *row) change(format string, args ...any) { r.note(note{fmt.Sprintf(format, args...), true}) }

// fill notes what is done to very many rows, by rule.
func (r *row) fill(text string) { r.note(note{text: text}) }

// note makes a note once, however often a column is read.
func (r *row) note(n note) {
	if !slices.Contains(r.notes, n) {
		r.notes = append(r.notes, n)
	}
}

// refused says why the row cannot be here. The first reason stays.
func (r *row) refused(format string, args ...any) {
	if r.refuse == "" {
		r.refuse = fmt.Sprintf(format, args...)
	}
}

func (r *row) has(column string) bool { return r.table.has(column) }

// raw is the text of a column, and whether there is one.
func (r *row) raw(column string) (string, bool) {
	i, ok := r.table.index[column]
	if !ok || r.values[i] == nil {
		return "", false
	}
	return string(r.values[i]), true
}

// either is the first of some columns that has a text.
func (r *row) either(columns ...string) string {
	for _, c := range columns {
		if text, ok := r.raw(c); ok && strings.TrimSpace(text) != "" {
			return c
		}
	}
	return columns[0]
}

// text is a text of at most so many characters, as it was typed; nil where there is none.
func (r *row) text(column string, most int) *string {
	text, _ := r.raw(column)
	text = r.mended(column, text)
	return r.cut(column, strings.TrimSpace(text), most)
}

// line is a name or the like: a text in the one form in which such are kept.
func (r *row) line(column string, most int) *string {
	text, _ := r.raw(column)
	return r.cut(column, field.Tidy(r.mended(column, text)), most)
}

// said is a line without what old pages sent for nothing.
func (r *row) said(column string) *string {
	text := r.line(column, 255)
	if text != nil && strings.EqualFold(*text, "undefined") {
		r.change("%s: undefined is no text", column)
		return nil
	}
	return text
}

// named is a line that must be there.
func (r *row) named(column string, most int, otherwise string) string {
	if text := r.line(column, most); text != nil {
		return *text
	}
	r.change("%s: empty, now %s", column, otherwise)
	return otherwise
}

func (r *row) cut(column, text string, most int) *string {
	if text == "" {
		return nil
	}
	if utf8.RuneCountInString(text) > most {
		r.change("%s: cut to %d characters", column, most)
		text = strings.TrimSpace(string([]rune(text)[:most]))
	}
	return &text
}

// mended is a text without what PostgreSQL does not keep, and without the damage of an encoding that was done twice.
func (r *row) mended(column, text string) string {
	if isPlain(text) {
		return text
	}
	if strings.ContainsRune(text, 0) || !utf8.ValidString(text) {
		text = strings.ReplaceAll(strings.ToValidUTF8(text, "�"), "\x00", "")
		r.change("%s: without characters that are none", column)
	}
	if once, ok := undoubled(text); ok {
		r.change("%s: encoded twice, mended", column)
		return once
	}
	return text
}

func isPlain(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf || text[i] == 0 {
			return false
		}
	}
	return true
}

// undoubled undoes an encoding that was done twice: UTF-8 that was taken for latin1, which in MySQL is windows-1252. A
// text of which that is not so is none of UTF-8 any more.
func undoubled(text string) (string, bool) {
	once, err := charmap.Windows1252.NewEncoder().String(text)
	if err != nil || len(once) == len(text) || !utf8.ValidString(once) {
		return "", false
	}
	return once, true
}

// whole is a whole number from 0 on; nil where there is none.
func (r *row) whole(column string) *int64 {
	text, ok := r.raw(column)
	if !ok || text == "" {
		return nil
	}
	n, ok := scaled(text, 0)
	if !ok || n < 0 || n > 1<<31-1 {
		r.change("%s: ‹%s› is no number from 0 on", column, shown(text))
		return nil
	}
	return &n
}

// flag is a tinyint(1).
func (r *row) flag(column string, otherwise bool) bool {
	text, ok := r.raw(column)
	if !ok || text == "" {
		return otherwise
	}
	return text != "0" && text != "\x00" && !strings.EqualFold(text, "false") && !strings.EqualFold(text, "no")
}

// A quantity is in hundredths.
func (r *row) quantity(column string) int64 {
	text, ok := r.raw(column)
	if !ok || text == "" {
		if r.has(column) {
			r.fill(column + ": none, now 0")
		}
		return 0
	}
	n, ok := scaled(text, 2)
	if !ok || n < 0 || n >= 1e10 {
		r.refused("%s: ‹%s› is no quantity", column, shown(text))
	}
	return n
}

// amount is a price in hundredths; nil where there is none.
func (r *row) amount(column string) *int64 {
	text, ok := r.raw(column)
	if !ok || text == "" {
		return nil
	}
	n, ok := scaled(text, 2)
	if !ok || n < 0 || n >= 1e10 {
		r.change("%s: ‹%s› is no amount, now none", column, shown(text))
		return nil
	}
	return &n
}

// place is a pair of coordinates in ten millionths; 0, 0 is none.
func (r *row) place(latitude, longitude string) (lat, lon *int64) {
	first, _ := r.raw(latitude)
	second, _ := r.raw(longitude)
	if first == "" && second == "" {
		return nil, nil
	}
	a, ok := scaled(first, 7)
	b, too := scaled(second, 7)
	switch {
	case !ok || !too || a < -90e7 || a > 90e7 || b < -180e7 || b > 180e7:
		r.change("%s, %s: no position, now none", latitude, longitude)
	case a == 0 && b == 0:
		r.change("%s, %s: 0, 0 is no position, now none", latitude, longitude)
	default:
		return &a, &b
	}
	return nil, nil
}

// scaled reads a decimal number as a whole one of so many digits more, rounded.
func scaled(text string, digits int) (int64, bool) {
	whole, fraction, _ := strings.Cut(strings.TrimSpace(text), ".")
	if strings.ContainsAny(text, "eE") || len(fraction) > digits {
		value, ok := new(big.Rat).SetString(strings.TrimSpace(text))
		if !ok {
			return 0, false
		}
		rounded, _, _ := strings.Cut(value.Mul(value, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil))).FloatString(0), ".")
		n, err := strconv.ParseInt(rounded, 10, 64)
		return n, err == nil
	}
	n, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", digits-len(fraction)), 10, 64)
	return n, err == nil
}

// decimal is a number of so many digits after the point, as PostgreSQL takes it.
func decimal(n int64, digits int32) pgtype.Numeric {
	return pgtype.Numeric{Int: big.NewInt(n), Exp: -digits, Valid: true}
}

func decimalOr(n *int64, digits int32) any {
	if n == nil {
		return nil
	}
	return decimal(*n, digits)
}

// at is a moment; nil where there is none. A DATETIME is what clocks in the business's zone showed; a TIMESTAMP comes in
// UTC, which is what the session asks for.
func (r *row) at(column string) *time.Time {
	text, ok := r.raw(column)
	if !ok || text == "" {
		return nil
	}
	if strings.HasPrefix(text, "0000-00-00") {
		r.change("%s: a date of zeros is none", column)
		return nil
	}
	if r.table.kind(column) == "timestamp" {
		return r.moment(column, text, time.UTC)
	}
	return r.moment(column, text, r.zone)
}

func (r *row) moment(column, text string, zone *time.Location) *time.Time {
	moment, err := field.ParseTime(text, zone)
	if err != nil {
		r.change("%s: ‹%s› is no time of the years 2000 to 2100", column, shown(text))
		return nil
	}
	return &moment
}

// since is a moment that must be there: one of the columns, or the time of the import.
func (r *row) since(otherwise time.Time, columns ...string) time.Time {
	for _, c := range columns {
		if moment := r.at(c); moment != nil {
			return *moment
		}
	}
	return otherwise
}

// choice is one of the words that our table knows, whatever its capitals.
func (r *row) choice(column, otherwise string, words ...string) string {
	text, _ := r.raw(column)
	if text = strings.TrimSpace(text); text == "" {
		return otherwise
	}
	for _, w := range words {
		if strings.EqualFold(w, text) {
			return w
		}
	}
	r.change("%s: ‹%s› is not known, now %s", column, shown(text), otherwise)
	return otherwise
}

// ref is what a row of another table has become; nil where there is none.
func (r *row) ref(column, table string) *int64 {
	text, ok := r.raw(column)
	key, err := strconv.ParseInt(text, 10, 64)
	if !ok || err != nil || key == 0 {
		return nil
	}
	if id, ok := r.refs(table, key); ok {
		return &id
	}
	r.change("%s: ‹%d› is none of this customer's %s, now none", column, key, table)
	return nil
}

// must is ref where the row is nothing without it.
func (r *row) must(column, table string) int64 {
	text, _ := r.raw(column)
	key, _ := strconv.ParseInt(text, 10, 64)
	id, ok := r.refs(table, key)
	if !ok {
		r.refused("%s: ‹%s› is none of this customer's %s", column, shown(text), table)
	}
	return id
}

// shown is a value in a note: short, and of one line.
func shown(text string) string {
	text = strings.NewReplacer("‹", "", "›", "").Replace(field.Tidy(strings.ToValidUTF8(text, "�")))
	if utf8.RuneCountInString(text) > 40 {
		text = string([]rune(text)[:40]) + "…"
	}
	if text == "" {
		return "nothing"
	}
	return text
}
