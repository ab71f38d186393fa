package sms

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// The words, as they are compared: in capitals, without what stands around them.
var (
	// After each of the first list the provider delivers nothing to the phone any more, and after each of the second it
	// does again.
	stopWords   = []string{"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"}
	resumeWords = []string{"UNSTOP"}

	home        = []string{"HOME", "OFF", "OFFLINE"}
	working     = []string{"WORKING", "BUSY", "ON SITE", "SERVICING"}
	ready       = []string{"READY", "CHECKIN", "CHECK IN", "CHECK-IN", "AVAILABLE"}
	done        = []string{"DONE", "FINISHED", "COMPLETE"} // details may follow
	startTicket = []string{"START", "BEGIN", "OMW", "ON MY WAY"}
	decisions   = []string{"1", "2", "3", "FIX", "IGNORE", "CUSTOM"}
)

// A message is a text in the forms in which it is compared.
type message struct {
	text  string // cleaned, as details are read from it
	key   string // its words in capitals, one space between them
	first string // of these words
	rest  string // of the text after the first word
}

func read(text string) message {
	m := message{text: clean(text)}
	words := strings.FieldsFunc(strings.ToUpper(norm.NFKC.String(m.text)), unicode.IsSpace)
	kept := words[:0]
	for _, w := range words {
		if w = strings.TrimFunc(w, isNoWord); w != "" {
			kept = append(kept, w)
		}
	}
	m.key = strings.Join(kept, " ")
	// A comma may follow the word at once: done,5 bags
	if at := strings.IndexFunc(m.text, isWord); at >= 0 {
		word := m.text[at:]
		end := strings.IndexFunc(word, isNoWord)
		if end < 0 {
			end = len(word)
		}
		m.first, m.rest = strings.ToUpper(norm.NFKC.String(word[:end])), strings.TrimLeft(word[end:], " \n,:;!-")
	}
	return m
}

func isWord(r rune) bool   { return unicode.IsLetter(r) || unicode.IsDigit(r) }
func isNoWord(r rune) bool { return !isWord(r) }

// clean puts plain characters for those that phones write by themselves, and drops what no text has.
func clean(text string) string {
	text = strings.NewReplacer("½", ".5", "¼", ".25", "¾", ".75").Replace(strings.ToValidUTF8(text, ""))
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case unicode.IsSpace(r), r == '\u200b':
			return ' '
		case unicode.IsControl(r):
			return -1
		case '\u2010' <= r && r <= '\u2015':
			return '-'
		case slices.Contains([]rune("‘’‚‛"), r):
			return '\''
		case slices.Contains([]rune("“”„‟"), r):
			return '"'
		}
		return r
	}, text))
}

func (m message) is(words []string) bool { return slices.Contains(words, m.key) }

func (m message) asksHelp() bool { return slices.Contains(strings.Split(m.key, " "), "HELP") }

// decides tells whether a message answers the automation, which has asked.
func (m message) decides(c Conversation) bool { return c.ErrorID != "" && m.is(decisions) }

// Which offer ACCEPT or DECLINE means, other than by its number.
const (
	unsaid = -1
	all    = -2
)

// answer reads ACCEPT or DECLINE with a number, ALL, or nothing behind it.
func (m message) answer() (accepts bool, n int, ok bool) {
	word, which, said := strings.Cut(m.key, " ")
	if word != "ACCEPT" && word != "DECLINE" {
		return false, 0, false
	}
	n = unsaid
	switch {
	case which == "ALL":
		n = all
	case said:
		var err error
		if n, err = strconv.Atoi(which); err != nil || n < 0 {
			return false, 0, false
		}
	}
	return word == "ACCEPT", n, true
}
