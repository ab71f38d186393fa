package reports

import (
	"cmp"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
)

// maxName is how long the name of a sheet may be, in UTF-16 units.
const maxName = 31

// names are those of the sheets of one workbook, in lower case: programs that read it tell no capitals apart.
type names map[string]bool

// unique makes a name that no sheet has yet of parts that each get an equal share of it.
func (n names) unique(parts []string) string {
	share := (maxName - (len(parts) - 1)) / len(parts)
	for i, part := range parts {
		parts[i] = cut(cmp.Or(clean(part), unspecified), share)
	}
	name := strings.Join(parts, "-")
	if strings.EqualFold(name, "History") { // Excel keeps it for itself
		name += "_"
	}
	free := name
	for i := 2; n[strings.ToLower(free)]; i++ {
		behind := fmt.Sprintf(" (%d)", i)
		free = cut(name, maxName-len(behind)) + behind
	}
	n[strings.ToLower(free)] = true
	return free
}

// clean takes away what the name of a sheet may not hold. An apostrophe becomes a typographic one, which needs no care
// where formulas and filters name the sheet.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(`:\/?*[]`, r):
			return '_'
		case r == '\'':
			return '’'
		case r == unicode.ReplacementChar, !unicode.IsPrint(r) && !unicode.IsSpace(r):
			return -1
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, text)
	return strings.TrimSpace(text)
}

// cut is at most so many UTF-16 units of a text.
func cut(text string, units int) string {
	n := 0
	for i, r := range text {
		if n += utf16.RuneLen(r); n > units {
			return strings.TrimSpace(text[:i])
		}
	}
	return text
}
