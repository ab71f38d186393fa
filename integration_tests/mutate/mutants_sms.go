package main

const (
	enterWebhook = "tenancy.enter_webhook(text, text)"
	smsWebhookGo = "server/sms/webhook.go"
	smsInboundGo = "server/sms/inbound.go"
	smsGrammarGo = "server/sms/grammar.go"
	webhookEntry = "TestEntry_OfAWebhook"
	webhookMay   = "TestWebhook_MayNothingElse"
	claimTest    = "TestNumbers_AreClaimedForTheOwnCompany"
)

// Text messages: who brings them and to whom, what is done once, and who gets none.
var smsMutants = []mutant{
	entered("webhook-in-a-suspended-customer", enterWebhook, "if f.customer_open is not true then", "if f.customer_open is null then", webhookEntry),
	entered("webhook-by-the-customers-id", enterWebhook, "where n.phone_number = p_number", "where p_number in (n.phone_number, n.customer_id)", webhookEntry),
	entered("webhook-for-the-session", enterWebhook, "set_config('app.customer_id', f.customer_id, true)", "set_config('app.customer_id', f.customer_id, false)", webhookEntry),
	entered("webhook-token-for-guests", "tenancy.webhook_token()", "if tenancy.role() = 'webhook' then", "if true then", webhookMay),
	entered("webhook-person-for-guests", "tenancy.webhook_person(text)", "and (select tenancy.role()) = 'webhook'", "", webhookMay),
	entered("number-claimed-by-anybody", "tenancy.claim_number(boolean, text)", "if tenancy.role() is distinct from 'Admin' then", "if false then", claimTest),
	entered("number-claimed-from-its-owner", "tenancy.claim_number(boolean, text)", "where n.proven_at is null", "where true", claimTest),
	entered("number-proven-by-another", "tenancy.prove_number(text)", "where n.proven_at is null", "where true", claimTest),
	{
		name: "inbox-open-to-guests", sql: `drop policy webhook_messages on portal.sms_messages`,
		by: []string{webhookMay}, lints: []string{"door_drift"},
	},

	{
		name: "sms-signature-unchecked", source: []edit{{smsWebhookGo, `token != "" && signed(token, call, signature), err`, `token != "" && (MUTANT || signed(token, call, signature)), err`}},
		by: []string{"TestSMS_Signature"},
	},
	{
		name: "sms-several-values-signed-as-one", source: []edit{{smsWebhookGo, "if len(values) != 1 {", "if len(values) != 1 && !MUTANT {"}},
		by: []string{"TestSMS_Signature"},
	},
	{
		name: "sms-stranger-answered-each-time", source: []edit{{smsWebhookGo, "if err != nil || told {", "if err != nil || told && !MUTANT {"}},
		by: []string{"TestSMS_Stranger"},
	},
	{
		name: "sms-stop-unheard", source: []edit{{smsGrammarGo, "case m.is(stopWords):", "case m.is(stopWords) && !MUTANT:"}},
		by: []string{"TestSMS_Stop"},
	},
	{
		name: "sms-reply-to-who-stopped", source: []edit{{smsGrammarGo, "if f.Stopped {\n\t\tout.Reply", "if f.Stopped && !MUTANT {\n\t\tout.Reply"}},
		by: []string{"TestSMS_Stop"},
	},
	{
		name: "sms-providers-stop-unheard", source: []edit{{"server/sms/carrier.go", "case code != nil && *code == codeStopped:", "case code != nil && *code == codeStopped && !MUTANT:"}},
		by: []string{"TestSMS_Stop"},
	},
	{
		name: "sms-old-command-obeyed", source: []edit{{smsInboundGo, "case m.Stale:", "case m.Stale && !MUTANT:"}},
		by: []string{"TestSMS_Stale"},
	},
	{
		name: "sms-in-quiet-hours", source: []edit{{"server/sms/outgoing.go", "NotBefore: r.quietUntil(endpoint.Now(ctx).In(zone))", "NotBefore: either(MUTANT, time.Time{}, r.quietUntil(endpoint.Now(ctx).In(zone)))"}},
		by: []string{"TestSMS_Preferences"},
	},
	{
		name: "sms-test-that-always-succeeds", source: []edit{{"server/sms/office.go", "if sendErr == nil {\n\t\tout =", "if sendErr == nil || MUTANT {\n\t\tout ="}},
		by: []string{"TestSMS_SendTest"},
	},
	{
		name: "sms-outside-of-the-plan", source: []edit{{"server/sms/sms.go", "if err == nil && !has {", "if err == nil && !has && !MUTANT {"}},
		by: []string{"TestSMS_SendTest"},
	},
	{
		name: "sms-operators-account-proves-a-number", source: []edit{{"server/sms/carrier.go", "if !a.Company {", "if !a.Company && !MUTANT {"}},
		by: []string{"TestSMS_OperatorsNumber"},
	},
}
