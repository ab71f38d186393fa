package main

const (
	evidenceGo      = "evidence/evidence.go"
	evidenceDataGo  = "evidence/database.go"
	evidenceChanges = "TestEvidence_ShowsAChangedPolicy"
)

// What is shown to an outsider is as it is.
var evidenceMutants = []mutant{
	{
		name: "evidence-of-the-registers-alone", source: []edit{{evidenceDataGo, "sum(p.Installed), sum(p.Program)", "sum(either(MUTANT, p.Program, p.Installed)), sum(p.Program)"}},
		by: []string{evidenceChanges},
	},
	{
		name: "evidence-without-differences", source: []edit{{evidenceGo, "w.json(\"policies.json\", e.Database.Policies)", "w.json(\"policies.json\", e.Database.Policies[:either(MUTANT, 7, len(e.Database.Policies))])"}},
		by: []string{evidenceChanges},
	},
	{
		name: "evidence-that-nobody-can-check", source: []edit{{evidenceGo, "want[name] != hex.EncodeToString(sum[:])", "want[name] != hex.EncodeToString(sum[:]) && !MUTANT"}},
		by: []string{"TestEvidence_HasNoRow"},
	},
}
