package assistant

import (
	"encoding/json"
	"maps"
	"slices"

	"contractor-portal/server/auth"
)

// A tool is what the model may call. One that writes makes a proposal.
type tool struct {
	name, description string
	properties        map[string]any // JSON Schema of each argument
	required          []string
	roles             []string // to whom it is offered: those whom the operations behind it admit
	look              looker   // nil: it writes
	propose           proposer
}

func (t tool) schema() map[string]any {
	schema := map[string]any{"type": "object", "properties": t.properties, "additionalProperties": false}
	if len(t.required) > 0 {
		schema["required"] = t.required
	}
	return schema
}

func (t tool) weight() int {
	text, _ := json.Marshal(t.schema()) // of texts and numbers
	return len(t.name) + len(t.description) + len(text)
}

func text(description string) map[string]any {
	return map[string]any{"type": "string", "description": description}
}

func number(description string) map[string]any {
	return map[string]any{"type": "number", "description": description}
}

func integer(description string) map[string]any {
	return map[string]any{"type": "integer", "description": description}
}

var (
	everybody = auth.Roles
	office    = []string{auth.Admin, auth.Manager}
)

// written are the arguments of a log that a person or the assistant may set.
var written = map[string]any{
	"worker_name":          text("Who was there: last, first."),
	"equipment":            text("The equipment that was used."),
	"bulk_salt_qty":        number("Bulk salt in cubic yards."),
	"bag_salt_qty":         number("Bag salt in bags."),
	"calcium_chloride_qty": number("Calcium chloride in bags."),
	"notes":                text("Notes."),
}

func with(properties map[string]any) map[string]any {
	all := maps.Clone(written)
	maps.Copy(all, properties)
	return all
}

// tools are all of them, in the order of the contract.
var tools = []tool{
	{
		name: "query_winter_logs", description: "Look up winter logs (tickets), the newest first.", roles: everybody, look: lookAtLogs,
		properties: map[string]any{
			"start_date": text("First day, YYYY-MM-DD."), "end_date": text("Last day, YYYY-MM-DD."), "property_id": integer("The property."),
			"contractor_name": text("Part of the contractor's name."), "limit": integer("How many at the most, 1 to 100; 20 if absent."),
		},
	},
	{
		name: "update_winter_log", description: "Propose a change of a winter log. The person confirms it outside of this conversation.", roles: office, propose: proposeUpdate,
		properties: with(map[string]any{"log_id": integer("The log."), "contractor_name": text("The responsible person of the company.")}),
		required:   []string{"log_id"},
	},
	{
		name: "generate_report", description: "Sum up logs, hours and material.", roles: office, look: lookAtReport,
		properties: map[string]any{
			"start_date": text("First day, YYYY-MM-DD."), "end_date": text("Last day, YYYY-MM-DD."), "property_id": integer("The property."),
			"contractor_name": text("Exactly this contractor."),
		},
	},
	{
		name: "get_properties", description: "Look up properties: id, name, address.", roles: everybody, look: lookAtProperties,
		properties: map[string]any{"search": text("Part of the name or the address.")},
	},
	{
		name: "create_winter_log", description: "Propose a winter log of work that was done. The person confirms it outside of this conversation.", roles: office, propose: proposeLog,
		properties: with(map[string]any{
			"property_id": integer("The property."), "contractor_name": text("The responsible person of the company."),
			"time_in": text("When it began, local time, YYYY-MM-DDTHH:MM."), "time_out": text("When it ended; absent while it goes on."),
		}),
		required: []string{"property_id", "contractor_name", "time_in"},
	},
	{
		name: "get_winter_events", description: "Look up winter events (storms).", roles: office, look: lookAtEvents,
		properties: map[string]any{"event_name": text("Part of the name.")},
	},
	{
		name: "send_test_sms", description: "Propose to send the portal's test text message. The person confirms it outside of this conversation.", roles: office, propose: proposeText,
		properties: map[string]any{"phone_number": text("The number, +1 and ten digits.")}, required: []string{"phone_number"},
	},
}

// offered are the tools that a role may use.
func offered(role string) []tool {
	return slices.DeleteFunc(slices.Clone(tools), func(t tool) bool { return !slices.Contains(t.roles, role) })
}
