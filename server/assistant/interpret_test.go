package assistant

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRead_TakesWhatIsAReading(t *testing.T) {
	t.Parallel()
	bags := 5.0
	done := Reading{Intent: "complete_ticket", BagSaltQty: &bags, Confidence: "high"}
	for text, want := range map[string]Reading{
		`{"intent": "complete_ticket", "bag_salt_qty": 5, "confidence": "high"}`:                         done,
		"```json\n{\"intent\": \"complete_ticket\", \"bag_salt_qty\": 5, \"confidence\": \"high\"}\n```": done,
		`{"intent": "delete_everything", "confidence": "high"}`:                                          unread,
		`{"intent": "unknown", "confidence": "certain"}`:                                                 unread,
		`{"intent": "complete_ticket", "bag_salt_qty": "five", "confidence": "high"}`:                    unread,
		`} {`: unread, "": unread, "I cannot": unread,
	} {
		if diff := cmp.Diff(want, read(text)); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}
