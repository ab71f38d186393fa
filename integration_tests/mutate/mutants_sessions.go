package main

const (
	sessionsOf = "tenancy.sessions()"
	endSession = "tenancy.end_session(uuid)"
	doorsTest  = "TestDoors_OfSessions"

	forgottenGo = "server/auth/forgotten.go"
)

// The doors to sessions, and the links of forgotten passwords.
var sessionMutants = []mutant{
	entered("sessions-of-all-companies", sessionsOf, "where s.customer_id = tenancy.customer_id()", "where s.customer_id is not null", doorsTest, "TestCompanySessions"),
	entered("sessions-of-others-seen", sessionsOf, "and (tenancy.role() = 'Admin' or s.user_id = tenancy.user_id())", "", doorsTest),
	entered("sessions-that-are-over", sessionsOf, "and s.revoked_at is null", "", doorsTest),
	entered("session-of-another-company-ended", endSession, "and s.customer_id = tenancy.customer_id()", "", doorsTest, "TestCompanySessions"),
	entered("session-of-another-person-ended", endSession, "and (tenancy.role() = 'Admin' or s.user_id = tenancy.user_id())", "", doorsTest),
	{
		name: "sessions-of-the-company-are-ones-own", source: []edit{{
			"server/login/sessions.go", "where s.id = @id::uuid\n  and s.user_id = (select tenancy.user_id())`\n\nfunc endSession(ctx context.Context, tx db.Tx, in *sessionRef) (endpoint.Message, error) {\n\t_, err := db.Value[string](ctx, tx, endSessionSQL, db.Args{\"id\": in.SessionID})",
			"where s.id = @id::uuid\n  and (@loose or s.user_id = (select tenancy.user_id()))`\n\nfunc endSession(ctx context.Context, tx db.Tx, in *sessionRef) (endpoint.Message, error) {\n\t_, err := db.Value[string](ctx, tx, endSessionSQL, db.Args{\"id\": in.SessionID, \"loose\": MUTANT})",
		}},
		by: []string{"TestMySessions"},
	},
	{
		name: "operators-end-each-others-sessions", source: []edit{{
			"server/login/sessions.go", "where s.id = @id::uuid\n  and s.operator_id = (select tenancy.acting_as())\n  and s.revoked_at is null\n  and s.expires_at > now()\nreturning s.id::text`\n\nfunc endOperatorSession(ctx context.Context, tx db.Tx, in *sessionRef) (endpoint.Message, error) {\n\t_, err := db.Value[string](ctx, tx, endOperatorSessionSQL, db.Args{\"id\": in.SessionID})",
			"where s.id = @id::uuid\n  and (@loose or s.operator_id = (select tenancy.acting_as()))\n  and s.revoked_at is null\n  and s.expires_at > now()\nreturning s.id::text`\n\nfunc endOperatorSession(ctx context.Context, tx db.Tx, in *sessionRef) (endpoint.Message, error) {\n\t_, err := db.Value[string](ctx, tx, endOperatorSessionSQL, db.Args{\"id\": in.SessionID, \"loose\": MUTANT})",
		}},
		by: []string{"TestMySessions"},
	},

	{
		name: "forgotten-password-ends-no-session", sql: `drop trigger end_sessions on platform.logins`,
		by: []string{"TestForgotten_ALinkByMail"}, lints: []string{"policy_drift"},
	},
	{
		name: "link-works-twice", source: append(loose("twice"),
			edit{forgottenGo, "created_at, true)`", "created_at or @twice, true)`"},
			edit{forgottenGo, "useLinkSQL, db.Args{\"state\": state}); err != nil {", "useLinkSQL, db.Args{\"state\": either(MUTANT, \"\", state)}); err != nil && !MUTANT {"}),
		by: []string{"TestForgotten_RefusedAlike"},
	},
	loosened("link-after-its-hour", "late", "'forgotten_password')\n  and s.expires_at > now()", "'forgotten_password')\n  and (@late or s.expires_at > now())"),
	loosened("link-of-an-old-password", "old", "l.password_set_at < s", "@old or l.password_set_at < s"),
	loosened("link-of-another-address", "moved", "(l.customer_id, l.user_id, l.email) = (s.customer_id, s.user_id, s.email)", "(l.customer_id, l.user_id) = (s.customer_id, s.user_id) and (@moved or l.email = s.email)"),
	loosened("link-of-the-suspended", "suspended", "  and l.status = 'active'\n  and coalesce", "  and (@suspended or l.status = 'active')\n  and coalesce"),
	{
		name: "link-by-another-company", source: []edit{{forgottenGo, "guest(account.CustomerID), func", "guest(either(MUTANT, accounts[0].CustomerID, account.CustomerID)), func"}},
		by: []string{"TestForgotten_InSeveralCompanies"},
	},
	{
		name: "forgotten-password-of-nobody-told", source: []edit{{forgottenGo, "\tfor _, account := range accounts {", "\tif MUTANT && len(accounts) == 0 {\n\t\treturn db.ErrNotFound\n\t}\n\tfor _, account := range accounts {"}},
		by: []string{"TestForgotten_TellsNothingOfWhoIsKnown"},
	},
	{
		name: "forgotten-password-of-nobody-at-once", source: []edit{{forgottenGo, "\tdefer a.wait(ctx, time.Now())", "\tif !MUTANT {\n\t\tdefer a.wait(ctx, time.Now())\n\t}"}},
		by: []string{"TestForgotten_TellsNothingOfWhoIsKnown"},
	},
	{
		name: "forgotten-passwords-unlimited", source: []edit{{forgottenGo, "stranger); err != nil {\n\t\t\treturn err", "stranger); err != nil && !MUTANT {\n\t\t\treturn err"}},
		by: []string{"TestForgotten_IsLimited"},
	},
	{
		name: "link-where-no-password-is-taken", source: []edit{{forgottenGo, "if !f.SignOnOnly {", "if !f.SignOnOnly || MUTANT {"}},
		by: []string{"TestForgotten_InSeveralCompanies"},
	},
}

// loosened is a mutant of what a link is compared with.
func loosened(name, argument, old, replacement string) mutant {
	return mutant{name: name, by: []string{"TestForgotten_RefusedAlike"}, source: append(loose(argument), edit{forgottenGo, old, replacement})}
}

// loose gives both looks at a link an argument, which is true in the mutant.
func loose(argument string) []edit {
	return []edit{
		{forgottenGo, "f, err = db.One[forgotten](ctx, tx, linkSentSQL, db.Args{", "f, err = db.One[forgotten](ctx, tx, linkSentSQL, db.Args{\"" + argument + "\": MUTANT, "},
		{forgottenGo, "_, err := db.One[forgotten](ctx, tx, linkSentSQL, db.Args{", "_, err := db.One[forgotten](ctx, tx, linkSentSQL, db.Args{\"" + argument + "\": MUTANT, "},
	}
}
