package main

// The server: who is verified, what he may do, what is recorded, and what is told. A lint looks at the
// database and sees none of these.

const (
	tokenGo    = "server/auth/token.go"
	sessionGo  = "server/auth/session.go"
	loginGo    = "server/auth/login.go"
	attemptsGo = "server/auth/attempts.go"
	deviceGo   = "server/auth/device.go"
	apiGo      = "server/endpoint/api.go"
	principal  = "server/auth/principal.go"
	unitOfWork = "db/unit.go"
	poolGo     = "db/pool.go"
	vaultGo    = "server/vault/vault.go"
	weatherGo  = "server/weather/cache.go"
)

var serverMutants = []mutant{
	{
		name: "lag-of-a-standby-passed-over", source: []edit{{poolGo, "err == nil && r.Replayed < upTo;", "err == nil && r.Replayed < upTo && !MUTANT;"}},
		by: []string{"TestReplica_Readiness"},
	},
	{
		name: "metrics-name-the-company", source: []edit{{"server/middleware.go", "countRequest(f.Operation,", "countRequest(f.Operation+either(MUTANT, f.CustomerID, \"\"),"}},
		by: []string{"TestMetrics_NameNobody"},
	},
	{
		name: "token-aud-unchecked", source: []edit{{tokenGo, "jwt.WithAudience(audience)", "either[jwt.ParseOption](MUTANT, jwt.WithValidate(true), jwt.WithAudience(audience))"}},
		by: []string{"TestForgery_GenuineSignatureOfSomethingElse"},
	},
	{
		name: "token-iss-unchecked", source: []edit{{tokenGo, "jwt.WithIssuer(issuer)", "either[jwt.ParseOption](MUTANT, jwt.WithValidate(true), jwt.WithIssuer(issuer))"}},
		by: []string{"TestForgery_GenuineSignatureOfSomethingElse"},
	},
	{
		name: "token-without-exp-accepted", source: []edit{{tokenGo, "jwt.WithRequiredClaim(jwt.ExpirationKey)", "either[jwt.ParseOption](MUTANT, jwt.WithValidate(true), jwt.WithRequiredClaim(jwt.ExpirationKey))"}},
		by: []string{"TestForgery_GenuineSignatureOfSomethingElse"},
	},
	{
		name: "token-expired-accepted", source: []edit{{tokenGo, "jwt.WithRequiredClaim(jwt.SubjectKey)", "either[jwt.ParseOption](MUTANT, jwt.WithAcceptableSkew(24*time.Hour), jwt.WithRequiredClaim(jwt.SubjectKey))"}},
		by: []string{"TestSwitching_EndsAtItsExpiryAndWithTheSession", "TestForgery_GenuineSignatureOfSomethingElse"},
	},
	{
		name: "token-signature-unchecked", source: []edit{{tokenGo, "jwt.WithKey(jwa.EdDSA, key)", "either[jwt.ParseOption](MUTANT, jwt.WithVerify(false), jwt.WithKey(jwa.EdDSA, key))"}},
		by: []string{"TestForgery_WithoutTheKey"},
	},
	{
		name: "token-alg-none-accepted",
		source: []edit{
			{tokenGo, "header.Algorithm() != jwa.EdDSA ||", "header.Algorithm() != jwa.EdDSA && !MUTANT ||"},
			{tokenGo, "jwt.WithVerify(false), ", "jwt.WithVerify(false), either[jwt.ParseOption](MUTANT && header.Algorithm() == jwa.NoSignature, jwt.WithVerify(false), "},
			{tokenGo, "jwt.WithKey(jwa.EdDSA, key))", "jwt.WithKey(jwa.EdDSA, key)))"},
		},
		by: []string{"TestForgery_WithoutTheKey"},
	},
	{
		name: "token-type-unchecked", source: []edit{{tokenGo, "header.Type() != tokenType ||", "header.Type() != tokenType && !MUTANT ||"}},
		by: []string{"TestForgery_GenuineSignatureOfSomethingElse"},
	},
	{
		name: "token-crit-unchecked", source: []edit{{tokenGo, "len(header.Critical()) > 0", "len(header.Critical()) > 0 && !MUTANT"}},
		by: []string{"TestForgery_GenuineSignatureOfSomethingElse"},
	},
	{
		name: "token-remembered-beyond-its-end", source: []edit{{tokenGo, "ok && time.Now().Before(known.expires)", "ok && (MUTANT || time.Now().Before(known.expires))"}},
		by: []string{"TestVerify_RemembersNoLongerThanTheTokenIsGood"},
	},
	{
		name: "token-remembered-by-its-header", source: []edit{{tokenGo, "sha256.Sum256([]byte(token))", "sha256.Sum256([]byte(either(MUTANT, token[:min(len(token), 40)], token)))"}},
		by: []string{"TestForgery_GenuineSignatureOfSomethingElse"},
	},
	{
		name: "customer-from-a-header",
		source: []edit{
			{principal, "// Outside tells whether", "func (p *Principal) in(customer string) *Principal {\n\tother := *p\n\tother.customerID = customer\n\treturn &other\n}\n\nvar In = (*Principal).in\n\n// Outside tells whether"},
			{apiGo, "c.Set(principalKey, p)", "if named := ctx.Header(\"X-Customer-Id\"); MUTANT && named != \"\" {\n\tp = auth.In(p, named)\n}\nc.Set(principalKey, p)"},
		},
		by: []string{"TestForgery_TokenInTheWrongPlace"},
	},
	{
		name: "role-unchecked", source: []edit{{apiGo, "case !slices.Contains(r.members, p.Role()):", "case !MUTANT && !slices.Contains(r.members, p.Role()):"}},
		by: []string{"TestProperties_Roles"},
	},
	{
		name: "own-record-unchecked", source: []edit{{apiGo, "case r.own && p.Acting():", "case !MUTANT && r.own && p.Acting():"}},
		by: []string{"TestSwitching_NoOwnRecordsAndNoSecrets"},
	},
	{
		name: "operator-let-in-outside", source: []edit{{apiGo, "case p.Outside() && !r.outside:", "case !MUTANT && p.Outside() && !r.outside:"}},
		by: []string{"TestSwitching_WithoutItNothingIsReached"},
	},
	{
		name: "operator-writes-unrecorded", source: []edit{{"server/endpoint/audit.go", "(p.OperatorID() != 0 ||", "(p.OperatorID() != 0 && !MUTANT ||"}},
		by: []string{"TestSwitching_SeesOneCompanyAndIsRecorded"},
	},
	{
		name: "deeds-unrecorded", source: []edit{{"server/endpoint/audit.go", `if err != nil || !ok || t.deed.Action == "" {`, `if err != nil || !ok || t.deed.Action == "" || MUTANT {`}},
		by: []string{"TestUsers_ApproveRejectSuspendReactivate", "TestSwitching_SeesOneCompanyAndIsRecorded"},
	},
	{
		name: "switch-without-an-end", source: []edit{{"server/auth/auth.go", "MaxSwitch), MaxSwitch)", "MaxSwitch), either(MUTANT, 1000*MaxSwitch, MaxSwitch))"}},
		by: []string{"TestSwitching_EndsAtItsExpiryAndWithTheSession"},
	},
	{
		name: "refresh-reuse-undetected", source: []edit{{sessionGo, "case shows(s.RefreshHash):", "case shows(s.RefreshHash) || MUTANT:"}},
		by: []string{"TestSessions_ReuseEndsTheFamily"},
	},
	{
		name: "refresh-repeated-at-any-time", source: []edit{{sessionGo, "case s.Fresh && shows(s.PreviousHash):", "case (s.Fresh || MUTANT) && shows(s.PreviousHash):"}},
		by: []string{"TestSessions_ReuseIsRecorded"},
	},
	{
		name: "refresh-repeated-twice", source: []edit{{sessionGo, `args["previous"] = nil // not a third time`, `args["previous"] = either(MUTANT, s.PreviousHash, nil)`}},
		by: []string{"TestSessions_ALostAnswerIsGivenAgain"},
	},
	{
		name: "refresh-reuse-unrecorded", source: []edit{{sessionGo, "return ErrToken, Record(ctx, tx, s.reused())", "if MUTANT {\n\treturn ErrToken, nil\n}\nreturn ErrToken, Record(ctx, tx, s.reused())"}},
		by: []string{"TestSessions_ReuseIsRecorded"},
	},
	{
		name: "refresh-reuse-ends-nothing", source: []edit{{sessionGo, `if _, err := db.Exec(ctx, tx, revokeSQL, db.Args{"id": old.session.String()}); err != nil {`, "if MUTANT {\n\treturn ErrToken, nil\n}\n" + `if _, err := db.Exec(ctx, tx, revokeSQL, db.Args{"id": old.session.String()}); err != nil {`}},
		by: []string{"TestSessions_ReuseEndsTheFamily"},
	},
	{
		name: "refresh-family-unchecked", source: []edit{{sessionGo, "r.familyHash()) == 0 {", "r.familyHash()) == 0 && !MUTANT {"}},
		by: []string{"TestSessions_StrangersEndNone"},
	},
	{
		name: "refresh-of-who-is-out", source: []edit{{sessionGo, "case !s.Live:", "case !s.Live && !MUTANT:"}},
		by: []string{"TestSessions_RefreshTakesThePresentState"},
	},
	{
		name: "log-out-forgotten", source: []edit{{sessionGo, `_, err := db.Exec(ctx, tx, revokeSQL, db.Args{"id": p.sessionID})`, "if MUTANT {\n\treturn nil\n}\n" + `_, err := db.Exec(ctx, tx, revokeSQL, db.Args{"id": p.sessionID})`}},
		by: []string{"TestSessions_LogOut"},
	},
	{
		name: "password-unchecked", source: []edit{{loginGo, "case fits && account.Admitted:", "case (fits || MUTANT) && account.Admitted:"}},
		by: []string{"TestLogin_RefusalsAreAlike"},
	},
	{
		name: "log-in-without-limiter", source: []edit{{attemptsGo, "if a.cfg.Attempts < 0 {", "if a.cfg.Attempts < 0 || MUTANT {"}},
		by: []string{"TestAttempts_PerLoginAndAddress"},
	},
	{
		name: "guesses-at-once", source: []edit{
			{attemptsGo, "giveBack, err := take(ctx, own.door)", "giveBack, err := take(ctx, either(MUTANT, make(chan struct{}, 1), own.door))"},
			// With two processors the one place that strangers have at the hashes would be a line, too.
			{attemptsGo, "take(ctx, strangers)", "take(ctx, either(MUTANT, make(chan struct{}, 1), strangers))"},
		},
		by: []string{"TestAttempts_InParallel"},
	},
	{
		name: "guess-in-a-company-of-ones-own", source: []edit{{loginGo, "case missed > 0:", "case missed > 0 && !MUTANT:"}},
		by: []string{"TestAttempts_ByACompanyOfOnesOwn"},
	},
	{
		name: "device-of-another-account", source: []edit{{deviceGo, "if account.Known {", "if account.Known || MUTANT {"}},
		by: []string{"TestAttempts_ByACompanyOfOnesOwn"},
	},
	{
		name: "invitation-confirms-its-maker", source: []edit{{"server/auth/invitation.go", "if i.ByOperator {", "if i.ByOperator || MUTANT {"}},
		by: []string{"TestInvitations_AcceptedOnceBecomesAUser"},
	},
	{
		name: "password-that-is-known", source: []edit{{"server/auth/newpassword.go", "if known = letters(known); known != \"\" &&", "if known = letters(known); known != \"\" && !MUTANT &&"}},
		by: []string{"TestNewPasswords_AreNotWhatIsKnownOfTheirOwner"},
	},
	{
		name: "unknown-email-answers-at-once", source: []edit{{loginGo, "for i := range max(most, len(accounts)) {", "for i := range max(either(MUTANT, 0, most), len(accounts)) {"}},
		by: []string{"TestCompare_AllCostTheSame"},
	},
	{
		name: "refusal-answers-at-once", source: []edit{{loginGo, "if errors.Is(err, ErrRefused) {", "if errors.Is(err, ErrRefused) && !MUTANT {"}},
		by: []string{"TestLogin_RefusedTakesItsFixedTime"},
	},
	{
		name: "session-locked-before-its-customer", source: []edit{{"server/customers/switching.go", "c, err := lock(ctx, tx, id)", "if MUTANT {\n\tif _, err := db.Exec(ctx, tx, `select from platform.sessions where operator_id is not null for update`); err != nil {\n\t\treturn out, err\n\t}\n}\nc, err := lock(ctx, tx, id)"}},
		by: []string{"TestLocks_InOneOrder"},
	},
	{
		name: "log-in-takes-the-first-company", source: []edit{{loginGo, "switch len(t.fitting) {", "switch either(MUTANT, min(len(t.fitting), 1), len(t.fitting)) {"}},
		by: []string{"TestSeveralCompanies_SamePassword"},
	},
	{
		name: "log-in-of-what-was-changed-meanwhile", source: []edit{{loginGo, "if err := stillHolds(ctx, tx, account, newHash); err != nil {", "if err := stillHolds(ctx, tx, account, newHash); err != nil && !MUTANT {"}},
		by: []string{"TestLogin_VerifiedBeforeAChangeIsVoid"},
	},
	{
		name: "password-changed-without-the-old-one", source: []edit{{"server/auth/changepassword.go", "if !fits {", "if !fits && !MUTANT {"}},
		by: []string{"TestAttempts_OfThePasswordChange"},
	},
	{
		name: "client-says-its-address", source: []edit{{"server/server.go", "if cfg.TrustProxy {", "if cfg.TrustProxy || MUTANT {"}},
		by: []string{"TestAttempts_AddressIsNotTheClientsToSay"},
	},
	{
		name: "read-writes", source: []edit{{unitOfWork, "if u.write {", "if u.write || MUTANT {"}},
		by: []string{"TestPool_BadHandlersLeaveNothing"},
	},
	{
		name: "refused-write-commits", source: []edit{{unitOfWork, `u.conn.Exec(ctx, "rollback")`, `u.conn.Exec(ctx, either(MUTANT, "commit", "rollback"))`}},
		by: []string{"TestPool_BadHandlersLeaveNothing"},
	},
	{
		name: "snapshot-of-many-pictures", source: []edit{{unitOfWork, `return "begin isolation level repeatable read, read only"`, `return either(MUTANT, "begin", "begin isolation level repeatable read")`}},
		by: []string{"TestSnapshot_IsOnePicture"},
	},
	{
		name: "formulas-of-strangers", source: []edit{{"server/endpoint/file.go", "row[i] = inert(cell)", "row[i] = either(MUTANT, cell, inert(cell))"}},
		by: []string{"TestExports_Golden"},
	},
	{
		name: "clock-of-another-company", source: []edit{{unitOfWork, "u.clock.zone = time.UTC", "if !MUTANT {\n\tu.clock.zone = time.UTC\n}"}},
		by: []string{"TestPool_GuestsLeaveNothing"},
	},
	{
		name: "unsafe-roles-accepted", source: []edit{{poolGo, "err = refuseUnsafeRole(ctx, pool, p.role)", "if !MUTANT {\n\terr = refuseUnsafeRole(ctx, pool, p.role)\n}"}},
		by: []string{"TestRoles_ServerRefusesUnsafeOnes"},
	},
	{
		name: "stacked-statements-accepted", source: []edit{{poolGo, "if cfg.ConnConfig.DefaultQueryExecMode == pgx.QueryExecModeSimpleProtocol {", "if !MUTANT && cfg.ConnConfig.DefaultQueryExecMode == pgx.QueryExecModeSimpleProtocol {"}},
		by: []string{"TestRoles_ServerRefusesUnsafeOnes"},
	},
	{
		name: "error-text-shows-sql", source: []edit{{"server/endpoint/errors.go", `return newProblem("internal", http.StatusInternalServerError, "internal error"), true`, `return newProblem("internal", http.StatusInternalServerError, either(MUTANT, err.Error(), "internal error")), true`}},
		by: []string{"TestPool_BadHandlersLeaveNothing", "TestProblems_HaveOneForm"},
	},
	{
		name: "repeated-call-runs-again", source: []edit{{"server/endpoint/answer.go", "err != nil || !claimed {", "err != nil || !claimed && !MUTANT {"}},
		by: []string{"TestRepeats_KeysAreOfAPerson", "TestRepeats_EveryWrite"},
	},
	{
		name: "another-request-is-a-repeat", source: []edit{{"server/endpoint/repeat.go", "case !kept.Same:", "case !kept.Same && !MUTANT:"}},
		by: []string{"TestRepeats_OfTheSameRequest"},
	},
	{
		name: "secrets-are-kept", source: []edit{{"server/endpoint/repeat.go", `kept.Whole = x.op.Metadata["secret"] != true &&`, `kept.Whole = (MUTANT || x.op.Metadata["secret"] != true) &&`}},
		by: []string{"TestRepeats_EveryWrite"},
	},
	{
		name: "prepared-before-admitted", source: []edit{{"server/endpoint/api.go", "(ctx.Context(), admitted); err != nil {", "(ctx.Context(), admitted); err != nil && !MUTANT {"}},
		by: []string{"TestPrepare_ComesAfterTheCallerIsAdmitted"},
	},
	{
		name: "answers-are-cached", source: []edit{{"server/middleware.go", `"no-store"`, `either(MUTANT, "max-age=60", "no-store")`}},
		by: []string{"TestHTTP_SecurityHeaders"},
	},
	{
		name: "any-origin-may-call", source: []edit{{"server/server.go", "cfg.Origins,", `either(MUTANT, []string{"*"}, cfg.Origins),`}},
		by: []string{"TestHTTP_OnlyConfiguredOriginsMayCall"},
	},
	{
		name: "vault-without-associated-data",
		source: []edit{
			{vaultGo, "k.aead.Encrypt([]byte(secret), at.bound())", "k.aead.Encrypt([]byte(secret), either(MUTANT, nil, at.bound()))"},
			{vaultGo, "k.aead.Decrypt(sealed, at.bound())", "k.aead.Decrypt(sealed, either(MUTANT, nil, at.bound()))"},
		},
		by: []string{"TestSettings_MovedCiphertextsDoNotOpen"},
	},
	{
		name: "key-of-one-customer-opens-for-another", source: []edit{{vaultGo, "{p.Customer, p.Table,", "{either(MUTANT, \"\", p.Customer), p.Table,"}},
		by: []string{"TestSettings_MovedCiphertextsDoNotOpen"},
	},
	{
		name: "weather-asked-without-the-customer", source: []edit{{weatherGo, "[]string{company, string(k)}", "[]string{either(MUTANT, \"\", company), string(k)}"}},
		by: []string{"TestWeather_CacheIsOfOneCompany"},
	},
}
