package properties

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"contractor-portal/server/field"
)

// A rowReader reads the cells of one row and keeps what is wrong with them.
type rowReader struct {
	sheetRow
	columns map[string]int
	bad     []BadRow
}

// raw is what stands in a column, as it is.
func (r *rowReader) raw(column string) string {
	if i, ok := r.columns[heading(column)]; ok && i < len(r.cells) {
		return r.cells[i]
	}
	return ""
}

func (r *rowReader) cell(column string) string { return field.Tidy(r.raw(column)) }

// remark says something of a cell, or of the row where no column is named.
func (r *rowReader) remark(column, reason string) BadRow {
	return BadRow{Row: r.number, Column: column, Value: shortened(r.cell(column)), Reason: reason}
}

// shortened is at most 100 characters of a text.
func shortened(text string) string {
	if runes := []rune(text); len(runes) > 100 {
		return string(runes[:99]) + "…"
	}
	return text
}

func (r *rowReader) fault(column, reason string) { r.bad = append(r.bad, r.remark(column, reason)) }

// computed faults the cell of a column that holds a formula: what it shows was computed elsewhere, and may be
// missing or old.
func (r *rowReader) computed(column string) {
	i, ok := r.columns[heading(column)]
	if !ok || r.formula == nil {
		return
	}
	if cell := r.formula(r.number, i+1); cell != "" {
		r.fault(column, cell+" holds a formula; copy the cells and paste them as values")
	}
}

func (r *rowReader) text(column string, longest int) string {
	return r.bounded(column, r.cell(column), longest)
}

// notes keep their lines.
func (r *rowReader) notes(column string, longest int) string {
	return r.bounded(column, strings.TrimSpace(r.raw(column)), longest)
}

func (r *rowReader) bounded(column, text string, longest int) string {
	switch {
	case utf8.RuneCountInString(text) > longest:
		r.fault(column, fmt.Sprintf("expected at most %d characters", longest))
	case strings.ContainsRune(text, 0):
		r.fault(column, "expected a text without NUL characters")
	}
	return text
}

// noise is by how much a spreadsheet may miss a whole number that it computed.
const noise = 1e-6

// whole reads a whole number that is not negative, as people write it (42,000) and as spreadsheets
// keep it (4.2E4, 41999.99999999999); nil where there is none.
func (r *rowReader) whole(column string) *int32 {
	text := r.cell(column)
	if text == "" {
		return nil
	}
	said, err := strconv.ParseFloat(withoutGroups(text), 64)
	n := math.Round(said)
	if err != nil || !(math.Abs(said-n) < noise) || n < 0 || n > math.MaxInt32 {
		r.fault(column, "expected a whole number of square feet, or nothing")
		return nil
	}
	whole := int32(n)
	return &whole
}

// withoutGroups takes the commas out of a number that has one before each three digits.
func withoutGroups(text string) string {
	groups := strings.Split(text, ",")
	for i, g := range groups {
		if i > 0 && len(g) != 3 || len(g) > 3 && len(groups) > 1 || g == "" {
			return text
		}
	}
	return strings.Join(groups, "")
}

// yesOrNo are the words that say whether something is done. A word that is not here is never a silent no.
var yesOrNo = map[string]bool{
	"yes": true, "y": true, "true": true, "1": true, "x": true,
	"no": false, "n": false, "false": false, "0": false, "": false,
}

// served reads what is done there: Yes/No says plow and salt apart, plain Yes or No both at once.
func (r *rowReader) served(column string) (plow, salt bool) {
	first, second, apart := strings.Cut(strings.ToLower(r.cell(column)), "/")
	if !apart {
		second = first
	}
	plow, known := yesOrNo[strings.TrimSpace(first)]
	salt, knownToo := yesOrNo[strings.TrimSpace(second)]
	if !known || !knownToo {
		r.fault(column, "expected Yes, No, or one of them for plow and one for salt, such as Yes/No")
	}
	return plow, salt
}

// trigger reads at how much snow service becomes due: inches, with or without their sign, or Zero Tol.
func (r *rowReader) trigger(column string) (kind string, amount float64) {
	text := strings.ToLower(r.cell(column))
	switch text {
	case "":
		return "two_inch", 2
	case "zero tol", "zero tol.", "zero tolerance":
		return "zero_tolerance", 0
	}
	for _, sign := range []string{`"`, "”", "″", "''", "inches", "inch", "in.", "in"} {
		text = strings.TrimSuffix(text, sign)
	}
	amount, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || !(amount >= 0 && amount <= 12) {
		r.fault(column, `expected 0 to 12 inches, such as 0.5", or Zero Tol`)
		return "", 0
	}
	amount = math.Round(amount*100) / 100
	for kind, inches := range triggerAmounts {
		if inches == amount {
			return kind, amount
		}
	}
	return "custom", amount
}
