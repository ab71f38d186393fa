package assistant

import (
	"context"

	"contractor-portal/db"
)

// Page names the page that a person looks at.
type Page struct {
	Page string `query:"page" maxLength:"100" example:"MyTickets" doc:"WinterOpsLog, ViewWinterLogs, Reports, MyTickets or PropertyInfo; any other has the usual questions."`
}

// Suggestions are questions that a person may ask.
type Suggestions struct {
	Suggestions []string `json:"suggestions"`
}

var usual = []string{"What are my open tickets?", "Which properties are mine?", "What was done yesterday?"}

var suggestions = map[string][]string{
	"WinterOpsLog":   {"When did I last work at this property?", "How much salt did we use today?", "Which of my tickets are open?"},
	"ViewWinterLogs": {"Show yesterday's logs", "Which tickets are still open?", "Which logs have no equipment?"},
	"Reports":        {"Sum up the last storm", "How much salt did we use this month?", "Which properties were serviced most?"},
	"MyTickets":      {"Which of my tickets are open?", "How long did I work today?", "What did I do yesterday?"},
	"PropertyInfo":   {"Find a property by its address", "What was done here lately?", "Which properties are mine?"},
}

func suggest(_ context.Context, _ db.Tx, in *Page) (Suggestions, error) {
	if of, ok := suggestions[in.Page]; ok {
		return Suggestions{of}, nil
	}
	return Suggestions{usual}, nil
}
