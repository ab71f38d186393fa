package service

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// A shell runs the commands of a page for readers: as much of sh, curl and jq as such a page needs, so that its
// test needs neither. What it does not know is an error.
type shell struct {
	vars  map[string]string
	given map[string]bool // variables that are the reader's own: an assignment does not change them
	files map[string]string
	fetch func(request) (answer, error)

	rest    string
	within  int      // how many $( are open
	answers []answer // of curl -i, which the page shows
}

var (
	assignment = regexp.MustCompile(`(?s)^([A-Z]+)=(.*)$`)
	heredoc    = regexp.MustCompile(`^cat > ([a-z.]+) <<'([A-Z]+)'\n`)
	variable   = regexp.MustCompile(`^\$([A-Z]+)`)
)

// script runs a block.
func (s *shell) script(text string) error {
	s.rest, s.answers = text, nil
	for s.rest != "" {
		if m := heredoc.FindStringSubmatch(s.rest); m != nil {
			content, after, found := strings.Cut(s.rest[len(m[0]):], m[2]+"\n")
			if !found {
				return fmt.Errorf("%s does not end", m[2])
			}
			s.files[m[1]], s.rest = content, after
			continue
		}
		out, err := s.pipeline()
		if err == nil && out != "" {
			err = errors.New("this prints what the page does not show; say curl -i")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// pipeline runs commands joined by |, to the end of the line or to the closing parenthesis.
func (s *shell) pipeline() (out string, err error) {
	for {
		words, end, err := s.words()
		if err != nil {
			return "", err
		}
		if len(words) > 0 {
			if out, err = s.command(words, out); err != nil {
				return "", err
			}
		}
		if end != '|' {
			return out, nil
		}
	}
}

// words reads one command; end is what ended it.
func (s *shell) words() (words []string, end byte, err error) {
	var word strings.Builder
	open := false // a word has begun
	flush := func() {
		if open {
			words = append(words, word.String())
			word.Reset()
			open = false
		}
	}
	for s.rest != "" {
		c := s.rest[0]
		switch {
		case strings.HasPrefix(s.rest, "\\\n"):
			s.rest = s.rest[2:]
		case c == ' ':
			s.rest = s.rest[1:]
			flush()
		case c == '\n', c == '|', c == ')' && s.within > 0:
			s.rest = s.rest[1:]
			flush()
			return words, c, nil
		case c == '#' && !open:
			_, s.rest, _ = strings.Cut(s.rest, "\n")
			s.rest = "\n" + s.rest
		case strings.IndexByte("\\;&<>()`*?[]{}!~", c) >= 0:
			return nil, 0, fmt.Errorf("%q outside of quotes is more shell than is known here: %.40s", c, s.rest)
		default:
			open = true
			text, err := s.piece()
			if err != nil {
				return nil, 0, err
			}
			word.WriteString(text)
		}
	}
	flush()
	return words, '\n', nil
}

// piece reads a part of a word: quoted, a variable, or a character.
func (s *shell) piece() (string, error) {
	switch s.rest[0] {
	case '\'':
		text, after, found := strings.Cut(s.rest[1:], "'")
		s.rest = after
		if !found {
			return "", errors.New("a quote does not end")
		}
		return text, nil
	case '"':
		return s.quoted()
	case '$':
		text, err := s.expansion()
		if err == nil && strings.ContainsAny(text, " \n") {
			err = errors.New("a value with spaces needs quotes")
		}
		return text, err
	}
	text := s.rest[:1]
	s.rest = s.rest[1:]
	return text, nil
}

func (s *shell) quoted() (string, error) {
	var text strings.Builder
	for s.rest = s.rest[1:]; s.rest != ""; {
		switch s.rest[0] {
		case '"':
			s.rest = s.rest[1:]
			return text.String(), nil
		case '$':
			value, err := s.expansion()
			if err != nil {
				return "", err
			}
			text.WriteString(value)
		case '\\', '`':
			return "", errors.New("more quoting than is known here")
		default:
			text.WriteByte(s.rest[0])
			s.rest = s.rest[1:]
		}
	}
	return "", errors.New("a quote does not end")
}

func (s *shell) expansion() (string, error) {
	if strings.HasPrefix(s.rest, "$(") {
		s.rest = s.rest[2:]
		s.within++
		out, err := s.pipeline()
		s.within--
		return strings.TrimRight(out, "\n"), err
	}
	m := variable.FindStringSubmatch(s.rest)
	if m == nil {
		return "", fmt.Errorf("not a variable: %.20s", s.rest)
	}
	value, known := s.vars[m[1]]
	if !known {
		return "", fmt.Errorf("%s has no value", m[1])
	}
	s.rest = s.rest[len(m[0]):]
	return value, nil
}

func (s *shell) command(words []string, in string) (out string, err error) {
	if m := assignment.FindStringSubmatch(words[0]); m != nil && len(words) == 1 {
		if !s.given[m[1]] {
			s.vars[m[1]] = m[2]
		}
		return "", nil
	}
	switch words[0] {
	case "echo":
		return strings.Join(words[1:], " ") + "\n", nil
	case "jq":
		return jq(words[1:], in)
	case "curl":
		r, err := readCurl(words[1:], s.files)
		if err != nil {
			return "", err
		}
		a, err := s.fetch(r)
		switch {
		case err != nil:
			return "", err
		case r.head && s.within > 0:
			return "", errors.New("-i where the answer is read on")
		case r.head:
			s.answers = append(s.answers, a)
			return "", nil
		case a.status >= 400:
			return "", fmt.Errorf("%d: %s", a.status, a.body)
		}
		return a.body, nil
	}
	return "", fmt.Errorf("the command %s is not known here", words[0])
}

var jqStep = regexp.MustCompile(`^(?:\.([a-z_]+)|\.?\[([0-9]+)\])`)

// jq answers the value at a path such as .[0].id, a text without quotes.
func jq(words []string, in string) (string, error) {
	if len(words) != 2 || words[0] != "-r" {
		return "", errors.New("only jq -r PATH is known here")
	}
	var v any
	if err := json.Unmarshal([]byte(in), &v); err != nil {
		return "", fmt.Errorf("jq: %w", err)
	}
	for rest := words[1]; rest != ""; {
		m := jqStep.FindStringSubmatch(rest)
		if m == nil {
			return "", fmt.Errorf("jq: %s is no path that is known here", rest)
		}
		rest = rest[len(m[0]):]
		if object, ok := v.(map[string]any); ok && m[1] != "" {
			v = object[m[1]]
			continue
		}
		n, err := strconv.Atoi(m[2])
		list, ok := v.([]any)
		if err != nil || !ok || n >= len(list) {
			return "", fmt.Errorf("jq: there is nothing at %s", m[0])
		}
		v = list[n]
	}
	switch v := v.(type) {
	case nil:
		return "", fmt.Errorf("jq: %s is null", words[1])
	case string:
		return v + "\n", nil
	}
	text, err := json.Marshal(v)
	return string(text) + "\n", err
}
