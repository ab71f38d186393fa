package clone

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// A faker draws fakes by HMAC with its key: the same value has the same one, and none leads back.
type faker []byte

// A mask makes a fake of a column's value, which is not null. It may look at the row, where other columns may be fakes already.
type mask func(f faker, value any, row map[string]any) any

// text is a mask of texts.
func text(fake func(faker, string) string) mask {
	return func(f faker, value any, _ map[string]any) any {
		s, ok := value.(string)
		if !ok || s == "" {
			return value
		}
		return fake(f, s)
	}
}

// A stream is what a value has of the key, as long as it is read.
type stream struct {
	f    faker
	of   string
	n    int
	left []byte
}

func (f faker) draw(kind, value string) *stream { return &stream{f: f, of: kind + "\x00" + value} }

func (s *stream) byte() byte {
	if len(s.left) == 0 {
		h := hmac.New(sha256.New, s.f)
		fmt.Fprintf(h, "%d\x00%s", s.n, s.of)
		s.n, s.left = s.n+1, h.Sum(nil)
	}
	b := s.left[0]
	s.left = s.left[1:]
	return b
}

// below is a number from 0 to less than n, about evenly.
func (s *stream) below(n int) int {
	return (int(s.byte())<<16 | int(s.byte())<<8 | int(s.byte())) % n
}

func (s *stream) pick(words []string) string { return words[s.below(len(words))] }

// tag tells apart what would else have the same fake.
func (s *stream) tag() string {
	return base32.StdEncoding.EncodeToString([]byte{s.byte(), s.byte(), s.byte(), s.byte(), s.byte()})[:6]
}

var (
	firstNames = strings.Fields("Avery Blake Casey Drew Ellis Finley Gray Harper Indigo Jamie Kendall Logan Morgan Noel Oakley Parker Quinn Reese Sawyer Taylor Val Wren Yael Zion")
	lastNames  = strings.Fields("Ashford Birchall Coldwell Dunmore Eastlake Fairburn Greenway Hartwell Ingram Juniper Kingsley Lakewood Marlow Northcott Oakes Pinewood Quarry Redfern Stonebridge Thornhill Underhill Vale Westbrook Yarrow")
	places     = strings.Fields("Alder Birch Cedar Dogwood Elm Fern Grove Hazel Ivy Juniper Laurel Maple Oak Pine Rowan Spruce Tamarack Willow")
	towns      = strings.Fields("Ashbury Brookfield Claymont Dunvale Eastmoor Fairhaven Glenrock Highfield Larkspur Millbrook Norwood Oakdale")
	fillers    = strings.Fields("about after along before behind below beside between corner drive edge entrance front gate later left lot near north path rear right ramp side slope south steps then walk west")
	areas      = strings.Fields("201 202 212 213 215 303 305 312 313 315 404 412 413 415 503 508 512 513 516 518 585 602 607 612 614 617 619 702 703 713 716 718 801 804 813 814 816 845 901 904 914 916 919 949")
)

var (
	name = text(func(f faker, value string) string {
		s := f.draw("name", value)
		return s.pick(firstNames) + " " + s.pick(lastNames) + " " + s.tag()
	})
	username = text(func(f faker, value string) string {
		s := f.draw("username", value)
		return strings.ToLower(s.pick(firstNames) + "." + s.tag())
	})
	// Nobody has mail there: RFC 2606 keeps the domain for examples.
	email = text(func(f faker, value string) string {
		s := f.draw("email", strings.ToLower(strings.TrimSpace(value)))
		return strings.ToLower(s.pick(firstNames)+"."+s.pick(lastNames)+"."+s.tag()) + "@example.com"
	})
	// Nobody has a telephone there: 555-0100 to 555-0199 are kept for examples in each area.
	phone = text(func(f faker, value string) string {
		s := f.draw("phone", value)
		return fmt.Sprintf("+1%s55501%02d", s.pick(areas), s.below(100))
	})
	company = text(func(f faker, value string) string {
		s := f.draw("company", value)
		return s.pick(places) + " Grounds " + s.tag()
	})
	place = text(func(f faker, value string) string {
		s := f.draw("place", value)
		return s.pick(places) + " Court " + s.tag()
	})
	subdomain = text(func(f faker, value string) string {
		return "clone-" + strings.ToLower(f.draw("subdomain", value).tag())
	})
	address = text(fakeAddress)
	note    = text(fakeNote)
)

// titled are names that a company gives to what it plans.
func titled(what string) mask {
	return text(func(f faker, value string) string { return what + " " + f.draw(what, value).tag() })
}

var stateAndZIP = regexp.MustCompile(`,?\s+([A-Z]{2}\s+[0-9]{5})(-[0-9]{4})?\s*$`)

// fakeAddress keeps state and ZIP, by which the weather is asked. Somebody may live there: street and town are others.
func fakeAddress(f faker, value string) string {
	s := f.draw("address", value)
	fake := fmt.Sprintf("%d %s Street, Unit %s", 1+s.below(9999), s.pick(places), s.tag())
	if m := stateAndZIP.FindStringSubmatch(value); m != nil {
		fake += ", " + s.pick(towns) + ", " + m[1]
	}
	return fake
}

// fakeNote is about as long as what it stands for, and not longer.
func fakeNote(f faker, value string) string {
	s, fake, length := f.draw("note", value), "", len([]rune(value))
	for len(fake) < length {
		fake += s.pick(fillers) + " "
	}
	return strings.TrimSuffix(fake[:length], " ")
}

const capitals, smalls, digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", "0123456789"

// like replaces each letter by a letter and each digit by a digit: most constraints hold for it, too.
func (f faker) like(value string) string {
	s := f.draw("text", value)
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsUpper(r):
			return rune(capitals[s.below(26)])
		case unicode.IsLetter(r) || unicode.IsMark(r):
			return rune(smalls[s.below(26)])
		case unicode.IsNumber(r):
			return rune(digits[s.below(10)])
		case r > unicode.MaxASCII && !unicode.IsSpace(r):
			return '*'
		}
		return r
	}, value)
}

func (f faker) each(value any) any {
	switch v := value.(type) {
	case string:
		return f.like(v)
	case []any:
		fakes := make([]any, len(v))
		for i := range v {
			fakes[i] = f.each(v[i])
		}
		return fakes
	}
	return nil
}

// bytes are as many others, as PostgreSQL prints them.
func (f faker) bytes(value string) string {
	s, fake := f.draw("bytes", value), make([]byte, hex.DecodedLen(len(strings.TrimPrefix(value, `\x`))))
	for i := range fake {
		fake[i] = s.byte()
	}
	return `\x` + hex.EncodeToString(fake)
}

// flags are what is switched on; text among them is nobody's business.
func flags(_ faker, value any, _ map[string]any) any {
	on := map[string]any{}
	if all, ok := value.(map[string]any); ok {
		for k, v := range all {
			if b, ok := v.(bool); ok && flagName.MatchString(k) {
				on[k] = b
			}
		}
	}
	return on
}

var (
	flagName   = regexp.MustCompile(`^[a-z][a-z_]{0,40}$`)
	shortCount = regexp.MustCompile(`^[0-9]{1,5}([.][0-9]{1,2})?$`)
)

// setting keeps short numbers, such as days and rates; an address is one here, and the rest is like text.
func setting(f faker, value any, row map[string]any) any {
	s, ok := value.(string)
	switch {
	case !ok || shortCount.MatchString(s):
		return value
	case strings.Contains(s, "@"):
		return email(f, value, row)
	}
	return f.like(s)
}

// nearby is a place within about a kilometre, and never 0.
func nearby(_ faker, value any, _ map[string]any) any {
	n, ok := value.(json.Number)
	if !ok {
		return nil
	}
	degrees, err := n.Float64()
	if err != nil {
		return nil
	}
	if rounded := fmt.Sprintf("%.2f", degrees); strings.Trim(rounded, "-0.") != "" {
		return json.Number(rounded)
	}
	return json.Number("0.01")
}

func nothing(faker, any, map[string]any) any { return nil }
