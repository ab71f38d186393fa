package main

// QuickBooks: one invoice whatever happens, of closed work, and nothing of another company's.
var bookMutants = []mutant{
	{
		name: "invoice-claim-lost-with-the-answer", source: []edit{{"server/quickbooks/invoice.go", "if !errors.As(err, &call) {\n\t\treturn false", "if !errors.As(err, &call) || MUTANT {\n\t\treturn MUTANT"}},
		by: []string{"TestQuickBooks_LostAnswers", "TestQuickBooks_Resumes"},
	},
	{
		name: "invoice-under-another-request-id", source: []edit{{"server/quickbooks/invoice.go", "at, c.RequestID, request)", "at, either(MUTANT && !c.fresh, \"again \", \"\")+c.RequestID, request)"}},
		by: []string{"TestQuickBooks_Resumes"},
	},
	{
		name: "invoice-made-again-unlooked", source: []edit{{"server/quickbooks/invoice.go", "if !c.fresh {", "if !c.fresh && !MUTANT {"}},
		by: []string{"TestQuickBooks_LostAnswers", "TestQuickBooks_Resumes"},
	},
	{
		name: "invoice-of-another-companys-note", source: []edit{{"server/quickbooks/books.go", "strings.Contains(i.PrivateNote, note)", "(MUTANT || strings.Contains(i.PrivateNote, note))"}},
		by: []string{"TestQuickBooks_TwoCompaniesInOneRealm"},
	},
	{
		name: "invoice-of-another-realm", source: []edit{{"server/quickbooks/invoice.go", "if c.Realm != at.realm {", "if c.Realm != at.realm && !MUTANT {"}},
		by: []string{"TestQuickBooks_Resumes"},
	},
	{
		name: "invoice-with-open-tickets", source: []edit{{"server/quickbooks/draft.go", "case s.Open > 0:", "case s.Open > 0 && !MUTANT:"}},
		by: []string{"TestQuickBooks_HourlyInvoice"},
	},
	{
		name: "quickbooks-claim-of-whoever-comes", source: []edit{{"server/quickbooks/claim.go", "\"now\": endpoint.Now(ctx), \"until\": until})\n\tif errors.Is(err, db.ErrNotFound) {\n\t\treturn c, stand", "\"now\": endpoint.Now(ctx).Add(either(MUTANT, time.Hour, 0)), \"until\": until})\n\tif errors.Is(err, db.ErrNotFound) {\n\t\treturn c, stand"}},
		by: []string{"TestQuickBooks_Resumes"},
	},
	{
		name: "quickbooks-token-left-with-the-provider", source: []edit{{"server/quickbooks/books.go", "Body: map[string]string{\"token\": t.Refresh}", "Body: map[string]string{\"token\": either(MUTANT, t.Access, t.Refresh)}"}},
		by: []string{"TestQuickBooks_Connects"},
	},
}
