package cli

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

var (
	// Commands stand in blocks, after one another, and within sentences.
	shownCalls  = regexp.MustCompile("(?m)^ {4,}portal ([^#>\n]*)|`portal ([a-z][^`>]*)|[;&] portal ([^`&;>]*)")
	placeholder = regexp.MustCompile(`\b(ID|N)\b`)
	quotedArg   = regexp.MustCompile(`'[^']*'`)
)

// What docs/operations.md has a DBA type is a command of this program.
func TestOperations_CommandsAreThere(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	calls := shownCalls.FindAllStringSubmatch(string(text), -1)
	for _, m := range calls {
		for _, call := range strings.Split(m[1]+m[2]+m[3], "&&") {
			call = strings.TrimPrefix(strings.TrimSpace(call), "portal ")
			if err := understands(call); err != nil {
				t.Errorf("portal %s: %v", call, err)
			}
		}
	}
	if len(calls) < 20 {
		t.Errorf("only %d commands were found", len(calls))
	}
	if understands("migrate sideways") == nil || understands("customers suspend") == nil || understands("audit --loudly") == nil {
		t.Error("what is no command is understood")
	}
}

// understands parses a command with its placeholders filled in. An option may be named without its value.
func understands(call string) error {
	var c commands
	parser, err := kong.New(&c, kong.Name("portal"), kong.Exit(func(int) {}))
	if err != nil {
		return err
	}
	call = placeholder.ReplaceAllString(quotedArg.ReplaceAllString(call, "text"), "7")
	args := strings.Fields(call)
	if _, err = parser.Parse(args); err == nil {
		return nil
	}
	if last := args[len(args)-1]; strings.HasPrefix(last, "--") {
		if _, again := parser.Parse(append(args, "text")); again == nil || strings.Contains(again.Error(), "missing flags") {
			return nil
		}
	}
	return err
}
