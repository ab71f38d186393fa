package main

// Mails: by whose account, to whom, over what line, and what may not be in them.
var mailMutants = []mutant{
	{
		name: "mail-certificate-unverified", source: []edit{{"server/outbound/line.go", "&tls.Config{MinVersion:", "&tls.Config{InsecureSkipVerify: MUTANT, MinVersion:"}},
		by: []string{"TestMail_SpeaksToTheRightServerOnly"},
	},
	{
		name: "mail-to-private-addresses", source: []edit{{"server/outbound/line.go", "Control: c.guard.Safe}", "Control: either(MUTANT, nil, c.guard.Safe)}"}},
		by: []string{"TestMail_SpeaksToTheRightServerOnly"},
	},
	{
		name: "mail-to-strangers", source: []edit{{"server/mail/recipients.go", "endpoint.Caller(ctx).Role() == auth.Admin {", "MUTANT || endpoint.Caller(ctx).Role() == auth.Admin {"}},
		by: []string{"TestMail_Recipients"},
	},
	{
		name: "mail-account-of-two-levels", source: []edit{{"server/settings/levels.go", "k.open(ctx, name, row.stored, from); err != nil {\n\t\t\treturn nil, company, err", "k.open(ctx, name, row.stored, either(MUTANT && row.Sealed != nil, Company, from)); err != nil {\n\t\t\treturn nil, company, err"}},
		by: []string{"TestMail_Accounts"},
	},
	{
		name: "mail-by-the-operators-account", source: []edit{{"server/settings/levels.go", "if company = len(rows) == len(names); company {", "if company = len(rows) == len(names) && !MUTANT; company {"}},
		by: []string{"TestMail_Accounts", "TestMail_OneCompanysMailsNeverByAnothersAccount"},
	},
	{
		name: "mail-companys-password-to-the-operators-server", source: []edit{{"server/mail/account.go", "if !company {", "if !company || MUTANT {"}},
		by: []string{"TestMail_OperatorsServer"},
	},
	{
		name: "mail-subject-goes-on", source: []edit{{"server/mail/recipients.go", "\\u2028\\u2029\") {", "\\u2028\\u2029\") && !MUTANT {"}},
		by: []string{"TestMail_RefusesWhatGoesOnInAnotherHeader"},
	},
	{
		name: "mail-html-unescaped", source: []edit{{"server/mail/letter.go", "err = htmlTemplate.Execute(&formatted, said)", "err = htmlTemplate.Execute(&formatted, said)\n\tif MUTANT {\n\t\tformatted.Reset()\n\t\terr = template.Must(template.ParseFS(files, \"templates/letter.html\")).Execute(&formatted, said)\n\t}"}},
		by: []string{"TestMail_Golden"},
	},
	{
		name: "mail-link-in-the-answer-too", source: []edit{{"server/customers/invitations.go", "m.ExpiresAt.Time); m.Mailed {", "m.ExpiresAt.Time); m.Mailed && !MUTANT {"}},
		by: []string{"TestMail_Invitations"},
	},
	{
		name: "mail-refused-for-good-tried-again", source: []edit{{"server/mail/carrier.go", "case final:", "case final && !MUTANT:"}},
		by: []string{"TestMail_Outcomes"},
	},
	{
		name: "mail-password-set-untold", source: []edit{{"server/users/users.go", "err != nil || isSelf(ctx, p.ID) {", "err != nil || isSelf(ctx, p.ID) || MUTANT {"}},
		by: []string{"TestMail_PasswordSet"},
	},
}
