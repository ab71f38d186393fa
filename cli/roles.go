package cli

import (
	"errors"
	"slices"
	"strings"
)

// need names every variable of the list that is not set.
func need(variables map[string]secret) error {
	var missing []string
	for name, value := range variables {
		if value == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return errors.New("not set in the environment: " + strings.Join(sorted(missing), ", "))
}

func sorted(words []string) []string {
	slices.Sort(words)
	return words
}
