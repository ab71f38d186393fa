package endpoint

import (
	"context"
	"strings"
	"testing"

	"contractor-portal/db"
)

// What is wrong with an operation is a sentence that names it, and the document is refused with it.
func TestRegister_SaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	type Message struct{ Other string } // another one is this package's
	type Stray struct {
		ID int64 `path:"id"`
	}
	for want, register := range map[string]func(API){
		`POST /nobody: no roles are declared: say who may call it, such as endpoint.Members`: func(api API) {
			Post(api, "/nobody", "createNobody", "", handler[None], Roles{})
		},
		`GET /read: it is audited, but writes nothing: Audited is for writes`: func(api API) {
			Get(api, "/read", "getRead", "", handler[None], Members, Audited("thing.read"))
		},
		`POST /direct: it opens its own units of work: record in them, without Audited`: func(api API) {
			Direct(api, "POST", "/direct", "createDirect", "", func(context.Context, *None) (Message, error) { return Message{}, nil }, Public, Audited("thing.made"))
		},
		`POST /things: "" is no name of an operation: say one such as listProperties`:             named(""),
		`POST /things: "CreateThing" is no name of an operation: say one such as listProperties`:  named("CreateThing"),
		`POST /things: "create-thing" is no name of an operation: say one such as listProperties`: named("create-thing"),
		`POST /things: "create thing" is no name of an operation: say one such as listProperties`: named("create thing"),
		`POST /things: POST /first has the name createFirst already: say another`:                 named("createFirst"),
		`POST /first/: this path is served already, as POST /first: register it once`: func(api API) {
			Post(api, "/first/", "createFirstAgain", "", handler[None], Members)
		},
		`POST /second/{name}: this path is served already, as POST /second/{id}: register it once`: func(api API) {
			Post(api, "/second/{id}", "createSecond", "", handler[None], Members)
			Post(api, "/second/{name}", "createSecondByName", "", handler[None], Members)
		},
		`POST /things: endpoint.Message and endpoint.Message are both Message in the document, where names are of all features: rename one of the types`: func(api API) {
			Post(api, "/things", "createThing", "", func(context.Context, db.Tx, *None) (out Message, err error) { return out, nil }, Members)
		},
		`GET /all/: no part of the list can be asked for: embed endpoint.Window in its input`: func(api API) {
			List(api, "/all/", "listAll", "", func(context.Context, db.Tx, *None) ([]Message, int64, error) { return nil, 0, nil }, Members)
		},
		`PUT /strays/{id}: field id of endpoint.Stray is an id: say with the tag ref which table it points to, such as ref:"locations", or ref:"-" where it is none`: func(api API) {
			Put(api, "/strays/{id}", "updateStray", "", handler[Stray], Members)
			Delete(api, "/strays/{id}", "deleteStray", "", handler[struct{ Stray }], Members) // is said once of a type
		},
		`POST /things: its answer has the field invite_link, and would be kept for a repeat: say endpoint.Secret`: func(api API) {
			type Issued struct {
				Each []struct {
					Link *string `json:"invite_link"`
				} `json:"each"`
			}
			issue := func(context.Context, db.Tx, *None) (out Issued, err error) { return out, nil }
			Post(api, "/secrets", "createSecret", "", issue, Members, Secret)
			Get(api, "/secrets", "getSecret", "", issue, Members)
			Post(api, "/things", "createThing", "", issue, Members)
		},
		`POST /things: id is never read: export the struct that is embedded for it`: func(api API) {
			type hidden struct {
				ID string `path:"id"`
			}
			Post(api, "/things", "createThing", "", handler[struct{ hidden }], Members)
		},
	} {
		api := testAPI()
		Post(api, "/first", "createFirst", "", handler[None], Members)
		register(api.Tag("other", "Others."))
		refused(t, api, want)
	}
}

func named(id string) func(API) {
	return func(api API) { Post(api, "/things", id, "", handler[None], Members) }
}

// refused sees that an API is refused in one sentence.
func refused(t *testing.T, api API, want string) {
	t.Helper()
	err := api.Err()
	if err == nil {
		t.Fatalf("registered, want: %s", want)
	}
	if !strings.HasSuffix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
		t.Errorf("have %v\nwant %s", err, want)
	}
	if _, again := api.OpenAPI(); again == nil || again.Error() != err.Error() {
		t.Errorf("the document: %v", again)
	}
}
