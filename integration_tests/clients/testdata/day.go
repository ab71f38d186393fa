// Command day works a winter's day with the client that oapi-codegen made of the portal's document: the
// office imports the properties, starts a storm and a route, and ends the storm; a worker checks in,
// drives the route, and logs each stop.
//
//	day URL OFFICE WORKER PASSWORD
package main

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"mime/multipart"
	"net/http"
	"os"

	"clients/day/portal"
)

const sheet = `Property Name,Address,area manager,Lot Sq Ft,PLOW/SALT,trigger,Notes
Maple Plaza,"120 Maple Street, Buffalo, NY 14201",Pat Doyle,42000,Yes/Yes,Zero Tol,Gate code 4711
Oak Court,"7 Oak Court, Buffalo, NY 14201",Pat Doyle,8000,Yes/No,"1""",
`

func main() {
	if len(os.Args) != 5 {
		log.Fatal("usage: day URL OFFICE WORKER PASSWORD")
	}
	ctx, url, password := context.Background(), os.Args[1], os.Args[4]
	office, worker := logIn(ctx, url, os.Args[2], password), logIn(ctx, url, os.Args[3], password)

	contentType, form := upload("properties.csv", sheet)
	report := must(office.ImportPropertiesWithBodyWithResponse(ctx, &portal.ImportPropertiesParams{}, contentType, form))
	expect("properties imported", report.Count, 2)
	var stops []portal.Property
	for _, p := range must(office.ListPropertiesWithResponse(ctx, &portal.ListPropertiesParams{})) {
		if p.Name == "Maple Plaza" || p.Name == "Oak Court" {
			stops = append(stops, p)
		}
	}
	expect("stops", len(stops), 2)

	event := must(office.StartWinterEventWithResponse(ctx, nil, portal.NewEvent{EventName: "Lake Band", StartDate: "2026-01-10T17:00"})).EventID
	route := must(office.CreateRouteWithResponse(ctx, nil, portal.RouteFields{Name: "Night round"})).RouteID
	for i, p := range stops {
		must(office.AddPropertyToRouteWithResponse(ctx, nil, portal.StopFields{RouteID: route, PropertyID: p.ID, SequenceOrder: int32(i + 1)}))
	}
	me := must(worker.VerifyTokenWithResponse(ctx))
	must(office.AssignUsersToRouteWithResponse(ctx, nil, portal.RouteUsers{RouteID: route, UserIds: []int64{me.ID}}))

	must(worker.CheckInWithResponse(ctx, event, nil, portal.Arrival{EquipmentInUse: new("Loader")}))
	assignments := must(worker.ListMyRouteAssignmentsWithResponse(ctx, &portal.ListMyRouteAssignmentsParams{}))
	expect("assignments", len(assignments), 1)
	assignment := assignments[0].ID
	must(worker.AcceptRouteAssignmentWithResponse(ctx, assignment, nil, portal.AssignmentNotes{}))
	for i, p := range stops {
		must(worker.StartAssignedPropertyWithResponse(ctx, assignment, p.ID, nil))
		call := &portal.SubmitWinterLogParams{IdempotencyKey: new(fmt.Sprintf("stop-%d", i+1))}
		arrived := portal.NewWinterLog{
			PropertyID: p.ID, TimeIn: fmt.Sprintf("2026-01-10T%d:00", 19+i), BulkSaltQty: new(1.5), CustomerProvided: no(),
			RouteID: &route, RouteSequence: new(int32(i + 1)),
		}
		ticket := must(worker.SubmitWinterLogWithResponse(ctx, call, arrived))
		expect("the ticket, asked for again", must(worker.SubmitWinterLogWithResponse(ctx, call, arrived)).LogID, ticket.LogID)
		must(worker.CompleteAssignedPropertyWithResponse(ctx, assignment, nil))
		must(worker.CompleteRouteTicketWithResponse(ctx, &portal.CompleteRouteTicketParams{LogID: ticket.LogID}))
	}
	progress := must(worker.GetRouteProgressWithResponse(ctx, route, &portal.GetRouteProgressParams{WinterEventID: event}))
	expect("stops completed", progress.Completed, int64(len(stops)))
	must(worker.CheckOutWithResponse(ctx, event, nil, portal.Departure{}))

	ended := must(office.CompleteWinterEventWithResponse(ctx, event, nil, portal.EventEnd{EndDate: "2026-01-10T21:30"}))
	expect("status of the event", ended.Status, "completed")
	logs := must(office.ListWinterLogsWithResponse(ctx, &portal.ListWinterLogsParams{EventID: &event}))
	expect("logs of the event", len(logs), len(stops))
	for _, l := range logs {
		expect("status of a log", l.Status, "closed")
	}

	// What is refused is a problem, for every operation the same.
	refused, err := worker.StartWinterEventWithResponse(ctx, nil, portal.NewEvent{EventName: "Mine", StartDate: "2026-01-10T22:00"})
	if err != nil {
		log.Fatal(err)
	}
	problem := refused.GetApplicationProblemJSONDefault()
	if problem == nil {
		log.Fatalf("a worker started an event: %s", refused.Body)
	}
	expect("status of the refusal", problem.Status, 403)
}

func logIn(ctx context.Context, url, email, password string) *portal.ClientWithResponses {
	client, err := portal.NewClientWithResponses(url)
	if err != nil {
		log.Fatal(err)
	}
	tokens := must(client.LoginWithFormdataBodyWithResponse(ctx, portal.LoginForm{Username: email, Password: password}))
	client, err = portal.NewClientWithResponses(url, portal.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+tokens.AccessToken)
		return nil
	}))
	if err != nil {
		log.Fatal(err)
	}
	return client
}

func upload(name, content string) (contentType string, form *bytes.Buffer) {
	form = &bytes.Buffer{}
	w := multipart.NewWriter(form)
	file, err := w.CreateFormFile("file", name)
	if err == nil {
		_, err = file.Write([]byte(content))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		log.Fatal(err)
	}
	return w.FormDataContentType(), form
}

func no() *portal.Truth {
	t := &portal.Truth{}
	if err := t.FromTruth0(false); err != nil {
		log.Fatal(err)
	}
	return t
}

type answer[T any] interface {
	GetJSON200() *T
	GetBody() []byte
	Status() string
}

// must returns what was answered, and ends the day where that is a refusal.
func must[T any](a answer[T], err error) T {
	if err != nil {
		log.Fatal(err)
	}
	if a.GetJSON200() == nil {
		log.Fatalf("%s: %s", a.Status(), a.GetBody())
	}
	return *a.GetJSON200()
}

func expect[T comparable](what string, have, want T) {
	if have != want {
		log.Fatalf("%s: %v, want %v", what, have, want)
	}
}
