package sms

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Details are what a message says of a ticket; nil and "" are what it does not say.
type Details struct {
	Equipment string
	Bulk      *float64 // cubic yards
	Bags      *float64
	Calcium   *float64 // bags
	Notes     string
}

func (d Details) empty() bool {
	return d.Equipment == "" && d.Bulk == nil && d.Bags == nil && d.Calcium == nil && d.Notes == ""
}

const (
	maxQuantity  = 99_999_999
	maxEquipment = 255
	maxNotes     = 2000
)

// quantity is a number with its unit. What belongs to it behind the unit is told by trailer.
var quantity = regexp.MustCompile(`(?i)(\d[\d,]*(?:\.\d+)?|\.\d+)\s*(yards?|yds?|tons?|bags?|calcium\s+bags?)\b`)

// A trailer says what the quantity is of: up to the next comma, semicolon, "and" or quantity.
var (
	calciumTrailer = regexp.MustCompile(`(?i)^[^,;\n]*?\bcalcium(\s+chloride)?\b`)
	saltTrailer    = regexp.MustCompile(`(?i)^\s*(of\s+)?(bulk\s+|bagged\s+|rock\s+)?salt\b`)
	conjunction    = regexp.MustCompile(`(?i)\band\b|&|\+`)
)

// parse reads details without a model: quantities, the company's equipment by its names, and notes, which are the rest.
// Several quantities of one kind are added up.
func parse(text string, equipment []string) (d Details) {
	text = d.takeEquipment(text, equipment)
	var rest strings.Builder
	for text != "" {
		at := quantity.FindStringSubmatchIndex(text)
		if at == nil {
			break
		}
		tail := text[at[1]:]
		next := len(tail)
		if following := quantity.FindStringIndex(tail); following != nil {
			next = following[0]
		}
		if and := conjunction.FindStringIndex(tail); and != nil {
			next = min(next, and[0])
		}
		used, ok := d.take(text[at[2]:at[3]], strings.ToLower(text[at[4]:at[5]]), tail[:next])
		rest.WriteString(text[:at[0]])
		if !ok {
			rest.WriteString(text[at[0]:at[1]])
		}
		rest.WriteString(" ")
		text = tail[used:]
	}
	rest.WriteString(text)
	d.Notes = tidy(rest.String())
	return d
}

// take adds a quantity, and tells how much of what follows it belongs to it.
func (d *Details) take(number, unit, tail string) (used int, ok bool) {
	n, ok := numberOf(number)
	if !ok {
		return 0, false
	}
	kind := &d.Bulk
	calcium := calciumTrailer.FindString(tail)
	switch bags := strings.Contains(unit, "bag"); {
	case strings.HasPrefix(unit, "calcium"):
		kind = &d.Calcium
	case bags && calcium != "":
		kind, used = &d.Calcium, len(calcium)
	case bags:
		kind = &d.Bags
	}
	if used == 0 {
		used = len(saltTrailer.FindString(tail))
	}
	if *kind == nil {
		*kind = new(float64)
	}
	**kind = min(**kind+n, maxQuantity)
	return used, true
}

var thousands = regexp.MustCompile(`^\d{1,3}(,\d{3})+(\.\d+)?$`)

// numberOf reads 2, 2.5, 2,5 and 1,000.
func numberOf(text string) (float64, bool) {
	if thousands.MatchString(text) {
		text = strings.ReplaceAll(text, ",", "")
	}
	n, err := strconv.ParseFloat(strings.Replace(text, ",", ".", 1), 64)
	return n, err == nil && n <= maxQuantity
}

// takeEquipment finds the longest of the names in the text, and returns the text without it.
func (d *Details) takeEquipment(text string, names []string) string {
	names = slices.Clone(names)
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	for _, name := range names {
		if strings.TrimSpace(name) == "" {
			continue
		}
		found := regexp.MustCompile(`(?i)(^|[^\pL\pN])(` + regexp.QuoteMeta(name) + `)($|[^\pL\pN])`).FindStringSubmatchIndex(text)
		if found != nil {
			d.Equipment = name
			return text[:found[4]] + text[found[5]:]
		}
	}
	return text
}

var (
	spaces   = regexp.MustCompile(`[ \t]+`)
	leftover = regexp.MustCompile(`(?i)^(and|with|of|used)?[\s,;.:&+-]*$`)
	between  = regexp.MustCompile(`\s*([,;])(\s*[,;])*`)
)

// tidy drops what stood between things that were taken out of a text.
func tidy(text string) string {
	text = between.ReplaceAllString(spaces.ReplaceAllString(text, " "), "$1")
	text = strings.TrimRight(strings.TrimLeft(text, " \n,.;:&+-"), " \n,;:&+-")
	for _, word := range []string{"and ", "And ", "AND "} {
		text = strings.TrimPrefix(text, word)
	}
	for _, word := range []string{" and", " And", " AND"} {
		text = strings.TrimSuffix(text, word)
	}
	if leftover.MatchString(text) || !strings.ContainsFunc(text, isWord) {
		return ""
	}
	return upTo(strings.TrimSpace(text), maxNotes)
}

// upTo is the beginning of a text, of so many characters at the most.
func upTo(text string, n int) string {
	if runes := []rune(text); len(runes) > n {
		return string(runes[:n])
	}
	return text
}
