package clone

// staysBehind are tables whose rows are in no clone, whether people are replaced or not.
var staysBehind = map[string]string{
	"platform.identities":                "they let people in who sign on elsewhere",
	"platform.service_tokens":            "keys of the source",
	"platform.audit_log":                 "what was done in the source; the clone begins its own",
	"portal.api_keys":                    "keys of other services, numbers and addresses of webhooks",
	"portal.jobber_auth":                 "tokens of another service",
	"portal.jobber_client_mapping":       "of a connection that the clone does not have",
	"portal.jobber_property_mapping":     "of a connection that the clone does not have",
	"portal.jobber_sync_logs":            "of a connection that the clone does not have",
	"portal.quickbooks_auth":             "tokens of another service",
	"portal.quickbooks_customer_mapping": "of a connection that the clone does not have",
}

// Why columns are kept as they are.
const (
	word   = "one of the words that a constraint lists"
	goods  = "what a company works with and what it charges for: reports count by it"
	setUp  = "how the company is set up"
	twilio = "a word of the service for text messages"
)

// kept are columns of text that are kept, each with its reason.
var kept = map[string]string{
	"platform.customers.status":                     word,
	"platform.customers.subscription_tier":          word,
	"platform.customers.timezone":                   setUp,
	"platform.logins.role":                          word,
	"platform.logins.status":                        word,
	"portal.admin_settings.setting":                 setUp,
	"portal.assignment_history.action":              word,
	"portal.assignment_history.assignment_type":     word,
	"portal.equipment_rates.equipment_name":         goods,
	"portal.event_checkins.equipment_in_use":        goods,
	"portal.event_checkins.status":                  word,
	"portal.green_services_logs.products_used":      goods,
	"portal.green_services_logs.service_type":       goods,
	"portal.landscape_products.name":                goods,
	"portal.landscape_products.unit":                goods,
	"portal.locations.billing_type":                 word,
	"portal.locations.contract_tier":                word,
	"portal.locations.trigger_type":                 word,
	"portal.property_contractors.acceptance_status": word,
	"portal.quickbooks_invoices.status":             word,
	"portal.route_assignments.acceptance_status":    word,
	"portal.sms_messages.direction":                 word,
	"portal.sms_messages.twilio_status":             twilio,
	"portal.users.default_equipment":                goods,
	"portal.users.requested_role":                   word,
	"portal.users.role":                             word,
	"portal.users.status":                           word,
	"portal.winter_events.status":                   word,
	"portal.winter_ops_logs.equipment":              goods,
	"portal.winter_ops_logs.route_status":           word,
	"portal.winter_ops_logs.status":                 word,
	"portal.winter_products.name":                   goods,
	"portal.winter_products.unit":                   goods,
}

// replaced are columns whose fakes look like what they stand for. The same value has the same fake in all of those that
// have the same function.
var replaced = map[string]mask{
	"platform.customers.address":                 address,
	"platform.customers.billing_email":           email,
	"platform.customers.company_name":            company,
	"platform.customers.contact_email":           email,
	"platform.customers.contact_name":            name,
	"platform.customers.contact_phone":           phone,
	"platform.customers.features":                flags,
	"platform.customers.subdomain":               subdomain,
	"platform.logins.email":                      email,
	"portal.admin_settings.value":                setting,
	"portal.assignment_history.notes":            note,
	"portal.equipment_rates.description":         note,
	"portal.event_checkins.last_location_lat":    nearby,
	"portal.event_checkins.last_location_lon":    nearby,
	"portal.event_checkins.notes":                note,
	"portal.green_services_logs.contractor_name": name,
	"portal.green_services_logs.notes":           note,
	"portal.green_services_logs.worker_name":     name,
	"portal.locations.address":                   address,
	"portal.locations.area_manager":              name,
	"portal.locations.latitude":                  nearby,
	"portal.locations.longitude":                 nearby,
	"portal.locations.name":                      place,
	"portal.locations.notes":                     note,
	"portal.property_contractors.notes":          note,
	"portal.property_lists.name":                 titled("List"),
	"portal.quickbooks_invoices.failure":         note,
	"portal.quickbooks_invoices.request":         nothing, // what is not sent from here is not sent
	"portal.route_properties.notes":              note,
	"portal.routes.description":                  note,
	"portal.routes.name":                         titled("Route"),
	"portal.sms_context.phone_number":            phone,
	"portal.sms_messages.message_body":           note,
	"portal.sms_messages.phone_number":           phone,
	"portal.users.address":                       address,
	"portal.users.avatar_url":                    nothing,
	"portal.users.display_name":                  name,
	"portal.users.email":                         email,
	"portal.users.name":                          name,
	"portal.users.phone":                         phone,
	"portal.users.username":                      username,
	"portal.winter_events.description":           note,
	"portal.winter_events.event_name":            titled("Storm"),
	"portal.winter_ops_logs.contractor_name":     name,
	"portal.winter_ops_logs.notes":               note,
	"portal.winter_ops_logs.worker_name":         name,
}

// settled are columns that have one value in every clone, whether people are replaced or not.
var settled = map[string]any{
	"platform.customers.sign_on_only":          false, // nobody's sign-on is there
	"portal.sms_context.conversation_state":    "idle",
	"portal.sms_context.context_data":          nil,
	"portal.sms_messages.waits":                false, // for an answer that a person would get
	"portal.quickbooks_invoices.claimed_until": nil,
}

// Kept are the columns of text that a clone has as they are in the source, each with its reason.
func Kept() map[string]string { return kept }

// Named are all columns that the register names.
func Named() (columns []string) {
	for c := range kept {
		columns = append(columns, c)
	}
	for c := range replaced {
		columns = append(columns, c)
	}
	for c := range settled {
		columns = append(columns, c)
	}
	return columns
}
