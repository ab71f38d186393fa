package assistant

import (
	"context"
	"embed"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
)

//go:embed workflows
var workflows embed.FS

// DocumentName names a document in a path.
type DocumentName struct {
	Name string `path:"doc_name" maxLength:"100" example:"README" doc:"README, SYSTEM_ARCHITECTURE, DATABASE_SCHEMA, SMS_WORKFLOW, WINTER_EVENT_WORKFLOW or AI_INTEGRATION."`
}

// A WorkflowDocument is one about how the portal works.
type WorkflowDocument struct {
	Title       string `json:"title"`
	URL         string `json:"url" example:"/workflows/README"`
	Description string `json:"description"`
}

// WorkflowDocuments are all of them.
type WorkflowDocuments struct {
	Status  string             `json:"status" example:"ok"`
	Message string             `json:"message"`
	Docs    []WorkflowDocument `json:"docs"`
	Usage   string             `json:"usage"`
}

var documents = []WorkflowDocument{
	{"README", "/workflows/README", "What the portal is, and where to begin"},
	{"SYSTEM_ARCHITECTURE", "/workflows/SYSTEM_ARCHITECTURE", "What it is made of, and how companies are kept apart"},
	{"DATABASE_SCHEMA", "/workflows/DATABASE_SCHEMA", "Which tables there are"},
	{"SMS_WORKFLOW", "/workflows/SMS_WORKFLOW", "Working by text message"},
	{"WINTER_EVENT_WORKFLOW", "/workflows/WINTER_EVENT_WORKFLOW", "A storm, from its start to the invoice"},
	{"AI_INTEGRATION", "/workflows/AI_INTEGRATION", "What the assistant may and may not"},
}

func listDocuments(context.Context, db.Tx, *endpoint.None) (WorkflowDocuments, error) {
	return WorkflowDocuments{"ok", "Documents about how the portal works", documents, "GET /workflows/{title} answers one of them as text"}, nil
}

// Only what is in the list is read, whatever the name says.
func readDocument(_ context.Context, _ db.Tx, in *DocumentName) (string, error) {
	for _, d := range documents {
		if d.Title == in.Name {
			text, err := workflows.ReadFile("workflows/" + d.Title + ".md")
			return string(text), err
		}
	}
	return "", endpoint.NotFound("document")
}
