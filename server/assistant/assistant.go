// Package assistant answers people in words, with a model of another company's. The model looks at what the person may
// look at, by the very operations that his pages call, and writes nothing: what it would write is put beside its text, for
// the person to confirm. The tables are portal.assistant_actions and portal.assistant_usage.
package assistant

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/outbound"
)

// Keys finds the keys of other services that count for the caller.
type Keys interface {
	// Secret is the key itself, or "".
	Secret(ctx context.Context, tx db.Tx, name string) (string, error)
}

// A Config is what the package is made of. Its zero values mean what is usual.
type Config struct {
	Keys           Keys
	Calls          *outbound.Calls
	OpenAIURL      string // with its version, such as https://api.openai.com/v1
	AnthropicURL   string
	OpenAIModel    string
	AnthropicModel string
	Within         time.Duration // a provider has to answer; 0: 60 s
	DailyTokens    int64         // of a company on a day of its own; 0: 200,000
}

// A Service answers.
type Service struct {
	keys   Keys
	models []model // the first whose key is there is asked
	budget int64
}

// MaxTime is how long an answer may take: two questions to a provider, and what is looked up between them.
const MaxTime = 2*answerTime + 20*time.Second

const (
	answerTime  = 60 * time.Second
	dailyTokens = 200_000
)

// New returns what answers.
func New(cfg Config) *Service {
	calls := cfg.Calls
	if calls == nil {
		calls = outbound.New(outbound.Config{})
	}
	within := cmp.Or(cfg.Within, answerTime)
	return &Service{
		keys: cfg.Keys, budget: cmp.Or(cfg.DailyTokens, dailyTokens),
		models: []model{newOpenAI(calls, within, cfg.OpenAIURL, cfg.OpenAIModel), newAnthropic(calls, within, cfg.AnthropicURL, cfg.AnthropicModel)},
	}
}

// Routes registers the operations of this package.
func Routes(api endpoint.API, s *Service) {
	office := endpoint.Only(auth.Admin, auth.Manager)
	endpoint.Consult(api, http.MethodPost, "/ai/chat/", "chat", "Ask the assistant, or confirm what it proposed", s.chat, endpoint.Members,
		endpoint.Describe("The assistant reads with the rights of the caller. What it would write is in pending, with a confirmation: the same call with "+
			"confirm, and without messages, does it. A proposal is of the session that it was made in, for ten minutes, and is done once. "+
			"A company has so many tokens a day; after that the answer is 429."))
	endpoint.Get(api, "/ai/suggestions/", "suggestQuestions", "Three questions that fit a page", suggest, endpoint.Members)
	endpoint.Get(api, "/workflows", "listWorkflows", "The documents about how the portal works", listDocuments, office)
	endpoint.Text(api, "/workflows/{doc_name}", "getWorkflow", "One of them, as text", readDocument, office)
}

const allowedSQL = `select coalesce(c.features -> 'ai' = 'true', false) from platform.customers c`

// choose is the model that is asked, and the key for it. Errors: 403 where the company's plan is without the assistant, 503
// where nobody has stored a key.
func (s *Service) choose(ctx context.Context, tx db.Tx) (m model, key string, err error) {
	allowed, err := db.Value[bool](ctx, tx, allowedSQL)
	if err != nil {
		return nil, "", err
	}
	if !allowed {
		return nil, "", endpoint.Forbidden("the company's plan is without the feature ai")
	}
	for _, m := range s.models {
		if key, err = s.keys.Secret(ctx, tx, m.key()); err != nil || key != "" {
			return m, key, err
		}
	}
	return nil, "", endpoint.Unavailable("the assistant is not set up: an Admin stores openai_api_key or anthropic_api_key under settings")
}
