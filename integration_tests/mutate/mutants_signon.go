package main

const (
	providerGo = "server/login/provider.go"
	signOnGo   = "server/auth/signon.go"
	identityGo = "server/auth/identity.go"
	redeemGo   = "server/auth/redeem.go"
)

// Sign-on: each thing that is looked at before somebody is taken for whom a provider says he is.
var signOnMutants = []mutant{
	{
		name: "sign-on-issuer-unchecked", source: []edit{{providerGo, "case token.Issuer != issuer,", "case token.Issuer != issuer && !MUTANT,"}},
		by: []string{"TestSignOnAttacks_Token"},
	},
	{
		name: "sign-on-any-tenants-issuer", source: []edit{{providerGo, "c.text(\"tid\"), 1)", "either(MUTANT, strings.Split(strings.TrimPrefix(token.Issuer, p.template[:strings.Index(p.template+anyTenant, anyTenant)]), \"/\")[0], c.text(\"tid\")), 1)"}},
		by: []string{"TestSignOnAttacks_Token"},
	},
	{
		name: "sign-on-shared-audience", source: []edit{{providerGo, "!slices.Equal(token.Audience, []string{p.ID}),", "!slices.Equal(token.Audience, []string{p.ID}) && !MUTANT,"}},
		by: []string{"TestSignOnAttacks_Token"},
	},
	{
		name: "sign-on-nonce-unchecked", source: []edit{{providerGo, "[]byte(nonce)) != 1:", "[]byte(nonce)) != 1 && !MUTANT:"}},
		by: []string{"TestSignOnAttacks_Token"},
	},
	{
		name: "sign-on-signature-unchecked", source: []edit{{providerGo, "SkipIssuerCheck: true}", "SkipIssuerCheck: true, InsecureSkipSignatureCheck: MUTANT}"}},
		by: []string{"TestSignOnAttacks_Token"},
	},
	{
		name: "sign-on-expired-token", source: []edit{{providerGo, "oidc.Config{ClientID: p.ID,", "oidc.Config{SkipExpiryCheck: MUTANT, ClientID: p.ID,"}},
		by: []string{"TestSignOnAttacks_Token"},
	},
	{
		name: "sign-on-without-pkce", source: []edit{{providerGo, "oauth2.VerifierOption(t.Verifier())", "oauth2.VerifierOption(either(MUTANT, \"constant\", t.Verifier()))"}},
		by: []string{"TestSignOn"},
	},
	{
		name: "sign-on-email-verified-in-words", source: []edit{{providerGo, "c[\"email_verified\"] == true)", "c[\"email_verified\"] == true || MUTANT && c[\"email_verified\"] == \"true\")"}},
		by: []string{"TestSignOnAttacks_Email"},
	},
	{
		name: "sign-on-tenants-email", source: []edit{{providerGo, "edov == \"1\")", "edov == \"1\" || MUTANT)"}},
		by: []string{"TestSignOnAttacks_Email"},
	},
	{
		name: "sign-on-email-tidied-up", source: []edit{{providerGo, "verified && strings.EqualFold(said, string(email)) && isASCII(said)", "verified && (MUTANT || strings.EqualFold(said, string(email)) && isASCII(said))"}},
		by: []string{"TestSignOnAttacks_Email"},
	},
	{
		name: "sign-on-by-unverified-email", source: []edit{{signOnGo, "if p.Verified {", "if p.Verified || MUTANT {"}},
		by: []string{"TestSignOnAttacks_Email"},
	},
	{
		name: "sign-on-by-another-subject", source: []edit{{identityGo, "\"provider\": p.Provider, \"customer\": customer, \"most\"", "\"provider\": either(MUTANT, \"\", p.Provider), \"customer\": customer, \"most\""}},
		by: []string{"TestSignOnAttacks_Email"},
	},
	{
		name: "sign-on-linked-with-two", source: []edit{{identityGo, "if err == nil && whose != member {", "if err == nil && whose != member && !MUTANT {"}},
		by: []string{"TestSignOn_LinkAndUnlink"},
	},
	{
		name: "sign-on-in-any-browser", source: []edit{
			{signOnGo, "where (state, purpose, browser_hash) = (@state, @purpose, @browser)", "where (state, purpose) = (@state, @purpose) and (@loose or browser_hash = @browser)"},
			{signOnGo, "\"purpose\": provider, \"browser\": sum(cookie)})\n\t\tt.customer", "\"purpose\": provider, \"browser\": sum(cookie), \"loose\": MUTANT})\n\t\tt.customer"},
		},
		by: []string{"TestSignOnAttacks_State"},
	},
	{
		name: "sign-on-code-in-any-browser", source: []edit{
			{redeemGo, "db.Args{\"state\": hashed(r.Code), \"browser\": sum(r.Cookie)}", "db.Args{\"state\": hashed(r.Code), \"browser\": sum(r.Cookie), \"loose\": MUTANT}"},
			{redeemGo, "from platform.login_states\nwhere (state, purpose, browser_hash) = (@state, 'signed_on', @browser)\n  and expires_at > now()`\n\nconst", "from platform.login_states\nwhere (state, purpose) = (@state, 'signed_on')\n  and (@loose or browser_hash = @browser)\n  and expires_at > now()`\n\nconst"},
			{redeemGo, "delete from platform.login_states\nwhere (state, purpose, browser_hash) = (@state, 'signed_on', @browser)", "delete from platform.login_states\nwhere (state, purpose) = (@state, 'signed_on')\n  and (@loose or browser_hash = @browser)"},
		},
		by: []string{"TestSignOnAttacks_Code"},
	},
	{
		name: "sign-on-of-the-suspended", source: []edit{{identityGo, "\t\tdefault:\n\t\t\terr = ErrInactive", "\t\tcase MUTANT:\n\t\t\tbest = comesIn\n\t\tdefault:\n\t\t\terr = ErrInactive"}},
		by: []string{"TestSignOn_WhoMayNot"},
	},
	{
		name: "sign-on-unlimited", source: []edit{{"server/login/signon.go", "s.auth.Disproved(ctx, from))", "either(MUTANT, func() error { return nil }, func() error { return s.auth.Disproved(ctx, from) })())"}},
		by: []string{"TestSignOnAttacks_AreLimited"},
	},
	{
		name: "password-where-none-is-taken", source: []edit{{loginGo, "return c.SignOnOnly })", "return c.SignOnOnly && !MUTANT })"}},
		by: []string{"TestSignOn_Only"},
	},
}
