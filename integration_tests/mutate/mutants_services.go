package main

// Services: what comes in by a key of a company's.

const (
	webhookGo   = "server/automation/webhook.go"
	servicesEnd = "TestServices_EndWithTheirKeyAndTheirTime"
)

var serviceMutants = []mutant{
	{
		name: "service-with-every-scope", source: []edit{{principal, "slices.Contains(p.scopes, scope)", "(MUTANT || slices.Contains(p.scopes, scope))"}},
		by: []string{"TestServices_DoWhatTheirScopesSay"},
	},
	{
		name: "person-with-every-scope", source: []edit{{principal, "return p.IsService() && ", "return MUTANT && !p.IsService() || p.IsService() && "}},
		by: []string{"TestServices_DoWhatTheirScopesSay"},
	},
	{
		name: "service-by-the-secret-alone", source: []edit{{"server/auth/service.go", "!= ClientID(key.CustomerID, key.ID) {", "!= ClientID(key.CustomerID, key.ID) && !MUTANT {"}},
		by: []string{"TestServiceKeys_MadeShownOnceListedRevoked"},
	},
	{
		name: "key-made-while-acting", source: []edit{{"server/automation/automation.go", "makeKey, admins.Own()", "makeKey, either(MUTANT, admins, admins.Own())"}},
		by: []string{"TestServiceKeys_WhoMakesThemAndOfWhatScope"},
	},
	{
		name: "service-outlives-its-key", sql: `drop trigger end_service_sessions on platform.service_tokens`,
		by: []string{servicesEnd, "TestEntry_RefusesEachReasonInItsOwnWords"}, lints: []string{"policy_drift"},
	},
	{
		name: "service-of-no-key", sql: `alter table platform.sessions drop constraint session_is_of_a_service_token`,
		by: []string{"TestSessions_AreOfAKind"}, lints: []string{"policy_drift"},
	},
	{
		name: "key-brought-back-by-anybody", sql: `drop policy admin_revokes on platform.service_tokens`,
		by: []string{"TestDoors_OfSecrets"}, lints: []string{"platform_policy_drift"},
	},
	entered("service-comes-as-nobody", enter, "set_config('app.service_id', coalesce(f.service_token_id::text, ''), true)", "''", "TestServices_DoWhatTheirScopesSay"),
	{
		name: "delivery-unsigned", source: []edit{{webhookGo, "q.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)", "q.Header.Set(standardwebhooks.HeaderWebhookSignature, either(MUTANT, \"v1,\", signature))"}},
		by: []string{"TestWebhook_IsSignedAndOfItsCompany"},
	},
	{
		name: "delivery-without-a-secret", source: []edit{{webhookGo, "case address == nil || secret == nil:", "case address == nil || secret == nil && !MUTANT:"}, {webhookGo, "signs, err := standardwebhooks.NewWebhook(secret[0])", "if secret == nil {\n\tsecret = []string{\"whsec_\"}\n}\nsigns, err := standardwebhooks.NewWebhook(secret[0])"}},
		by: []string{"TestWebhook_GoesToPublicAddressesOnly"},
	},
	{
		name: "delivery-tried-for-ever", source: []edit{{webhookGo, "Tries: tries}", "Tries: either(MUTANT, 0, tries)}"}},
		by: []string{"TestWebhook_ThreeTries"},
	},
	{
		name: "error-asks-anybody", source: []edit{{"server/automation/events.go", "if n < distinct(b.UserIDs) {", "if n < distinct(b.UserIDs) && !MUTANT {"}},
		by: []string{"TestEvents_KnowTheirCompanyAlone"},
	},
}
