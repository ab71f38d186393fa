package features

import (
	"net/http"
	"testing"

	"contractor-portal/integration_tests/harness"
)

// A message that is in none of the portal's words is read by a small model, where the company has one; what fails is no
// reason not to answer.
func TestAssistant_ReadsTextMessages(t *testing.T) {
	t.Parallel()
	m := harness.NewModels(t)
	p := newTexting(t, func(s *harness.Settings) { m.Over(s, "openai_api_key") })
	const company = harness.CompanyA
	kept := func() string {
		return harness.Query[string](p.Portal, `select coalesce(ai_interpretation ->> 'intent' || ' ' || (ai_interpretation ->> 'confidence'), 'none') from portal.sms_messages where direction = 'inbound' order by id desc limit 1`)
	}
	p.says(company, "the lot at the corner is done I think")
	if len(m.Asked()) != 0 || kept() != "none" {
		t.Errorf("a model was asked without the feature: %s", kept())
	}
	p.Exec(`update platform.customers set features = features || '{"ai": true}' where customer_id = $1`, company)
	m.Say(func(harness.Asked) harness.Said {
		return harness.Said{Text: `{"intent": "unknown", "confidence": "medium"}`}
	})
	p.says(company, "the lot at the corner is done I think")
	asked := m.Asked()
	if len(asked) != 1 || asked[0].Model != "gpt-4o-mini" || asked[0].Temperature != 0.3 || asked[0].MaxTokens != 500 || len(asked[0].Tools) != 0 || asked[0].Last != "the lot at the corner is done I think" {
		t.Errorf("%+v", asked)
	}
	if kept() != "unknown medium" {
		t.Error(kept())
	}
	m.Answer(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	p.says(company, "the lot at the corner is done I think")
	if kept() != "unknown low" {
		t.Error(kept())
	}
	// The words of the portal need no model, and what it costs counts.
	m.Answer(nil)
	m.Asked()
	p.says(company, "HELP")
	if n := len(m.Asked()); n != 0 {
		t.Errorf("%d questions for a word of the portal", n)
	}
	if n := harness.Query[int64](p.Portal, `select sum(tokens)::bigint from portal.assistant_usage where customer_id = $1`, company); n != 100 {
		t.Errorf("%d tokens", n)
	}
}
