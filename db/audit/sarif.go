package audit

// The part of SARIF 2.1.0 that a scanner of code reads: one run, a rule for each lint, a result for
// each finding. A finding lies in the database (logicalLocations); for pages that only show files it
// points at the lint's file, too.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool    sarifTool     `json:"tool"`
		Results []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name  string      `json:"name"`
		Rules []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string    `json:"id"`
		ShortDescription sarifText `json:"shortDescription"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		RuleIndex int             `json:"ruleIndex"`
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations"`
		// The same finding of two runs is the same alert.
		PartialFingerprints map[string]string `json:"partialFingerprints"`
	}
	sarifLocation struct {
		PhysicalLocation sarifPhysical  `json:"physicalLocation"`
		LogicalLocations []sarifLogical `json:"logicalLocations"`
	}
	sarifPhysical struct {
		ArtifactLocation sarifArtifact `json:"artifactLocation"`
		Region           sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine int `json:"startLine"`
	}
	sarifLogical struct {
		FullyQualifiedName string `json:"fullyQualifiedName"`
	}
)

func (r Report) sarif() sarifLog {
	run := sarifRun{Tool: sarifTool{Driver: sarifDriver{Name: "portal audit", Rules: []sarifRule{}}}, Results: []sarifResult{}}
	index := map[string]int{}
	for i, l := range r.Lints {
		index[l.Name] = i
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{ID: l.Name, ShortDescription: sarifText{l.About}})
	}
	for _, f := range r.Findings {
		run.Results = append(run.Results, sarifResult{
			RuleID: f.Lint, RuleIndex: index[f.Lint], Level: level(f.Severity),
			Message: sarifText{f.Object + ": " + f.Detail + ". Remedy: " + f.Remedy},
			Locations: []sarifLocation{{
				PhysicalLocation: sarifPhysical{sarifArtifact{"policies/audit/" + f.Lint + ".sql"}, sarifRegion{1}},
				LogicalLocations: []sarifLogical{{f.Object}},
			}},
			PartialFingerprints: map[string]string{"finding/v1": f.Lint + " " + f.Object + " " + f.Detail},
		})
	}
	return sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}}
}
