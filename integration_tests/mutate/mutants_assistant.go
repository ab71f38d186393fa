package main

// The assistant: what it may write, for whom, and what it may cost.

const (
	pendingGo = "server/assistant/pending.go"
	chatGo    = "server/assistant/chat.go"
	budgetGo  = "server/assistant/budget.go"
	innerGo   = "server/endpoint/inner.go"
)

var assistantMutants = []mutant{
	{
		name: "tool-that-writes-at-once", source: []edit{{chatGo, "made, err := t.keep(ctx, work, c.arguments, sentence)", "made, err := t.keep(ctx, work, c.arguments, sentence)\nif MUTANT {\n\t_ = portal{work}.do(ctx, confirmed{Tool: t.name, Arguments: c.arguments})\n}"}},
		by: []string{"TestAssistant_APlantedInstructionChangesNothing", "TestAssistant_ProposesAndThePersonConfirms"},
	},
	{
		name: "proposal-confirmed-by-another", source: []edit{{pendingGo, "actions, err = db.All[confirmed](ctx", "if MUTANT {\n\t_, _ = db.Exec(ctx, tx, `update assistant_actions set session_id = @session::uuid where confirmation = any(@ids::uuid[])`, db.Args{\"ids\": ids, \"session\": endpoint.Caller(ctx).SessionID()})\n}\nactions, err = db.All[confirmed](ctx"}},
		by: []string{"TestAssistant_ProposesAndThePersonConfirms"},
	},
	{
		name: "proposal-told-to-the-model", source: []edit{{chatGo, `"nothing was written; the person sees the proposal beside your answer and decides"}`, `"nothing was written; the person sees the proposal beside your answer and decides" + either(MUTANT, made.ID, "")}`}},
		by: []string{"TestAssistant_ProposesAndThePersonConfirms"},
	},
	{
		name: "proposals-done-by-halves", source: []edit{{pendingGo, "if err == nil && len(actions) < len(ids) {", "if err == nil && len(actions) < len(ids) && !MUTANT {"}},
		by: []string{"TestAssistant_ProposesAndThePersonConfirms"},
	},
	{
		name: "tools-of-other-roles", source: []edit{{"server/assistant/tools.go", "return !slices.Contains(t.roles, role)", "return !MUTANT && !slices.Contains(t.roles, role)"}},
		by: []string{"TestAssistant_AnswersByTheProviderWhoseKeyIsThere"},
	},
	{
		name: "tool-without-a-limit", source: []edit{{"server/assistant/look.go", "in.Limit > mostRows", "in.Limit > mostRows && !MUTANT"}},
		by: []string{"TestAssistant_ReadsAsThePersonDoes"},
	},
	{
		name: "budget-not-counted", source: []edit{{budgetGo, "func (s *Service) take(ctx context.Context, tx db.Tx, q question) (p purse, err error) {", "func (s *Service) take(ctx context.Context, tx db.Tx, q question) (p purse, err error) {\n\tif MUTANT {\n\t\treturn p, nil\n\t}"}},
		by: []string{"TestAssistant_HasABudgetOfTokens"},
	},
	{
		name: "budget-taken-afterwards", source: []edit{{budgetGo, "p = purse{now.Format(time.DateOnly), q.weight()}", "p = purse{now.Format(time.DateOnly), either(MUTANT, 0, q.weight())}"}},
		by: []string{"TestAssistant_HasABudgetOfTokens"},
	},
	{
		name: "assistant-without-the-feature", source: []edit{{"server/assistant/assistant.go", "if !allowed {", "if !allowed && !MUTANT {"}},
		by: []string{"TestAssistant_Refusals"},
	},
	{
		name: "hand-of-the-assistant-unrecorded", source: []edit{{innerGo, "hand, _ := ctx.Value(handKey{}).(string)", "hand, _ := ctx.Value(handKey{}).(string)\nif MUTANT {\n\thand = \"\"\n}"}},
		by: []string{"TestAssistant_ProposesAndThePersonConfirms"},
	},
}
