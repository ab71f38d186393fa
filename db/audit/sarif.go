package audit

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"
)

// The part of SARIF 2.1.0 that a scanner of code reads: one run, a rule for each lint, a result for
// each finding. A finding lies in the database (logicalLocations); for pages that only show files it
// points at what made the object, or should have.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		Results     []sarifResult     `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version,omitempty"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID                   string             `json:"id"`
		ShortDescription     sarifText          `json:"shortDescription"`
		FullDescription      sarifText          `json:"fullDescription"`
		Help                 sarifText          `json:"help"`
		DefaultConfiguration sarifConfiguration `json:"defaultConfiguration"`
		Properties           sarifProperties    `json:"properties"`
	}
	sarifConfiguration struct {
		Level string `json:"level"`
	}
	sarifProperties struct {
		Tags             []string `json:"tags"`
		SecuritySeverity string   `json:"security-severity"`
	}
	sarifText struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown,omitempty"`
	}
	// What was not asked is said of the run.
	sarifInvocation struct {
		ExecutionSuccessful bool                `json:"executionSuccessful"`
		Notifications       []sarifNotification `json:"toolConfigurationNotifications,omitempty"`
	}
	sarifNotification struct {
		Level      string          `json:"level"`
		Message    sarifText       `json:"message"`
		Descriptor sarifDescriptor `json:"descriptor"`
	}
	sarifDescriptor struct {
		ID string `json:"id"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		RuleIndex int             `json:"ruleIndex"`
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations"`
		// The same finding of two runs is the same alert, and two findings of one lint are two.
		PartialFingerprints sarifFingerprints `json:"partialFingerprints"`
	}
	sarifFingerprints struct {
		PrimaryLocationLineHash string `json:"primaryLocationLineHash"`
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

// levels and scores are SARIF's words for a severity, and what a page of alerts sorts by.
var (
	levels = map[string]string{Error: "error", Warning: "warning", Info: "note"}
	scores = map[string]string{Error: "8.0", Warning: "5.0", Info: "2.0"}
)

func (r Report) sarif() sarifLog {
	run := sarifRun{
		Tool:        sarifTool{Driver: sarifDriver{Name: "portal audit", Version: r.By.Version, Rules: []sarifRule{}}},
		Invocations: []sarifInvocation{{ExecutionSuccessful: true}},
		Results:     []sarifResult{},
	}
	index := map[string]int{}
	for i, l := range r.Lints {
		index[l.Name] = i
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, r.rule(l))
	}
	for _, u := range r.NotAsked {
		run.Invocations[0].Notifications = append(run.Invocations[0].Notifications,
			sarifNotification{Level: "note", Message: sarifText{Text: "not asked: " + u.Reason}, Descriptor: sarifDescriptor{u.Name}})
	}
	for _, f := range r.Findings {
		at := r.By.place(f)
		hash := sha256.Sum256([]byte(strings.Join([]string{f.Lint, f.Object, f.Detail}, "\x00")))
		run.Results = append(run.Results, sarifResult{
			RuleID: f.Lint, RuleIndex: index[f.Lint], Level: levels[f.Severity],
			Message: sarifText{
				Text:     f.Object + ": " + f.Detail + ". Remedy: " + f.Remedy,
				Markdown: fmt.Sprintf("%s: %s\n\nRemedy:\n\n%s", code(f.Object), code(f.Detail), block(f.Remedy)),
			},
			Locations: []sarifLocation{{
				PhysicalLocation: sarifPhysical{sarifArtifact{at.file}, sarifRegion{at.line}},
				LogicalLocations: []sarifLogical{{f.Object}},
			}},
			PartialFingerprints: sarifFingerprints{hex.EncodeToString(hash[:8]) + ":1"},
		})
	}
	return sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}}
}

// rule is a lint with the remedies of what it found. Its severity is the worst that it can answer.
func (r Report) rule(l Lint) sarifRule {
	severity := Info
	query, _, _ := strings.Cut(r.By.script(lintFile(l.Name)), " as severity")
	for _, f := range r.Findings {
		if f.Lint == l.Name {
			query += "'" + f.Severity + "'"
		}
	}
	for _, s := range []string{Warning, Error} {
		if strings.Contains(query, "'"+s+"'") {
			severity = s
		}
	}
	help := sarifText{Text: l.About + " Each finding has its remedy.", Markdown: l.About + "\n"}
	var remedies []string
	for _, f := range r.Findings {
		if f.Lint == l.Name && !slices.Contains(remedies, f.Remedy) {
			remedies = append(remedies, f.Remedy)
		}
	}
	if len(remedies) > 0 {
		help.Text = l.About + " Remedy: " + strings.Join(remedies, "; ")
		help.Markdown += "\n## Remedy\n"
		for _, remedy := range remedies {
			help.Markdown += "\n" + block(remedy)
		}
	}
	first, _, _ := strings.Cut(l.About, ". ")
	return sarifRule{
		ID: l.Name, ShortDescription: sarifText{Text: cmp.Or(strings.TrimSuffix(first, "."), l.Name)}, FullDescription: sarifText{Text: cmp.Or(l.About, l.Name)}, Help: help,
		DefaultConfiguration: sarifConfiguration{levels[severity]},
		Properties:           sarifProperties{Tags: []string{"security"}, SecuritySeverity: scores[severity]},
	}
}

// code and block are a text as Markdown shows it letter by letter.
func code(s string) string  { return fence(s, 1) + " " + oneLine(s) + " " + fence(s, 1) }
func block(s string) string { return fence(s, 3) + "sql\n" + s + "\n" + fence(s, 3) + "\n" }

// fence is longer than any run of backticks in a text.
func fence(s string, least int) string {
	n := least
	for strings.Contains(s, strings.Repeat("`", n)) {
		n++
	}
	return strings.Repeat("`", n)
}

func lintFile(lint string) string { return path.Join("policies/audit", lint+".sql") }
