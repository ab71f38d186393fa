package main

const (
	cookiesGo = "server/endpoint/session.go"
	cookieGo  = "server/endpoint/cookie.go"
	pagesGo   = "server/pages/pages.go"
)

// The session of a browser, and the pages.
var pagesMutants = []mutant{
	{
		name: "cookie-writes-from-anywhere", source: []edit{{cookiesGo, "if reads && (from", "if (reads || MUTANT) && (from"}},
		by: []string{"TestCookies_OtherOriginsChangeNothing"},
	},
	{
		name: "cookie-of-the-same-site", source: []edit{{cookiesGo, `return from == "same-origin"`, `return from == "same-origin" || MUTANT && from == "same-site"`}},
		by: []string{"TestCookies_OtherOriginsChangeNothing"},
	},
	{
		name: "cookie-of-any-origin", source: []edit{{cookiesGo, "(u.Host == r.Host ||", "(MUTANT || u.Host == r.Host ||"}},
		by: []string{"TestCookies_OtherOriginsChangeNothing"},
	},
	{
		name: "cookie-read-by-other-origins", source: []edit{{cookiesGo, `from == "none") ||`, `from == "none" || MUTANT) ||`}},
		by: []string{"TestCookies_Reads"},
	},
	{
		name: "cookie-for-another-origins-page", source: []edit{{cookiesGo, "(x == nil || !x.fromOwnPage())", "(x == nil || !x.fromOwnPage() && !MUTANT)"}},
		by: []string{"TestCookies_Session"},
	},
	{
		name: "cookie-makes-a-bad-token-good", source: []edit{{cookiesGo, "if isBearer {\n\t\treturn token", "if isBearer && !(MUTANT && token == \"x\") {\n\t\treturn token"}, {cookiesGo, "if len(r.Header.Values(echo.HeaderAuthorization)) > 0 ||", "if !MUTANT && len(r.Header.Values(echo.HeaderAuthorization)) > 0 ||"}},
		by: []string{"TestCookies_Reads"},
	},
	{
		name: "cookie-that-scripts-read", source: []edit{{cookieGo, "HttpOnly: true,", "HttpOnly: !MUTANT,"}},
		by: []string{"TestCookies_Session"},
	},
	{
		name: "tokens-beside-their-cookies", source: []edit{{cookiesGo, "left := auth.Tokens{ExpiresIn: t.ExpiresIn}", "left := either(MUTANT, t, auth.Tokens{ExpiresIn: t.ExpiresIn})"}},
		by: []string{"TestCookies_Session"},
	},
	{
		name: "cookies-outlive-the-log-out", source: []edit{{cookiesGo, "SetCookie(ctx, name, \"\", -time.Second)", "if !MUTANT {\n\tSetCookie(ctx, name, \"\", -time.Second)\n}"}},
		by: []string{"TestCookies_Session"},
	},
	{
		name: "pages-with-inline-scripts", source: []edit{{pagesGo, `return "default-src 'self'; img`, `return "default-src 'self'" + either(MUTANT, " 'unsafe-inline'", "") + "; img`}},
		by: []string{"TestInvitations_LinkLeadsToAPage"},
	},
}
