package endpoint

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"

	"contractor-portal/db"
	"contractor-portal/server/auth"
)

// An API is where features register their operations.
type API struct {
	huma huma.API
	db   *db.DB
	keys *auth.Keys
	log  *slog.Logger
	now  func() time.Time
	url  string
	tags []string

	claimed map[string]string // operation id, and route → operation
	faults  *faults
	exports *Turnstile
}

// No list is null, in a request or in an answer, and keys have the case of the document.
func init() { huma.DefaultArrayNullable, huma.ValidateStrictCasing = false, true }

// New returns an API on an Echo server, whose document names the program's version. The paths /openapi.json and /docs are not registered here.
func New(e *echo.Echo, d *db.DB, keys *auth.Keys, log *slog.Logger, version string) API {
	cfg := huma.DefaultConfig("Contractor portal", version)
	cfg.Info.Description = "Each company sees its own data only: PostgreSQL's row-level security decides, row by row. " +
		"Log in at /api/login/ and send the access token as a bearer token, or have a page of this origin keep it in a cookie."
	cfg.Servers = []*huma.Server{{URL: "/", Description: "The server that this document comes from."}}
	cfg.OpenAPIPath, cfg.DocsPath, cfg.SchemasPath = "", "", ""
	cfg.CreateHooks = nil // huma's adds $schema fields to answers
	cfg.AllowAdditionalPropertiesByDefault = true
	cfg.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	cfg.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"bearer": {Type: "http", Scheme: "bearer", BearerFormat: "JWT"},
		"cookie": {Type: "apiKey", In: "cookie", Name: accessCookie, Description: "Set by a log-in with session=cookie, for pages of this origin."},
	}
	cfg.Formats = map[string]huma.Format{"application/json": jsonFormat, "json": jsonFormat}
	cfg.DefaultFormat = "application/json"

	inner := humaecho.New(e, huma.Config{OpenAPI: &huma.OpenAPI{Components: &huma.Components{}}, Formats: cfg.Formats}).Adapter()
	return API{
		huma: answers{huma.NewAPI(cfg, slashless{inner})}, db: d, keys: keys, log: log, now: time.Now, claimed: map[string]string{}, faults: &faults{types: map[string]bool{}},
		// One keeps a processor busy, and PostgreSQL half of another.
		exports: NewTurnstile(max(1, runtime.GOMAXPROCS(0)/2)),
	}
}

// jsonFormat writes characters as they are, without HTML escapes.
var jsonFormat = huma.Format{
	Marshal: func(w io.Writer, v any) error {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		return e.Encode(v)
	},
	Unmarshal: unmarshal,
}

// slashless registers every path without its trailing slash, the form to which the server reduces
// what clients ask for, and HEAD beside GET but for a Download. The document keeps paths and methods as they are registered.
type slashless struct{ huma.Adapter }

func (a slashless) Handle(op *huma.Operation, handler func(huma.Context)) {
	routed := *op
	if routed.Path != "/" {
		routed.Path = strings.TrimSuffix(routed.Path, "/")
	}
	a.Adapter.Handle(&routed, handler)
	if routed.Method == http.MethodGet && routed.Metadata["streams"] != true {
		head := routed
		head.Method = http.MethodHead
		a.Adapter.Handle(&head, handler)
	}
}

// Clock returns the API with another clock, which Now(ctx) asks; a nil clock changes nothing.
func (api API) Clock(now func() time.Time) API {
	if now != nil {
		api.now = now
	}
	return api
}

// PublicURL returns the API with the address at which people reach the portal, for links (PublicURL(ctx)).
func (api API) PublicURL(url string) API {
	api.url = url
	return api
}

// Tag returns the API for one group of operations of the document, which a sentence describes there.
func (api API) Tag(name, sentence string) API {
	doc := api.huma.OpenAPI()
	doc.Tags = append(doc.Tags, &huma.Tag{Name: name, Description: sentence})
	api.tags = []string{name}
	return api
}

// OpenAPI returns the document (OpenAPI 3.1, JSON).
func (api API) OpenAPI() ([]byte, error) {
	if err := api.Err(); err != nil {
		return nil, err
	}
	return json.MarshalIndent(api.huma.OpenAPI(), "", "  ")
}

// Roles say who may call an operation. The zero value is refused at start: every operation declares
// its roles.
type Roles struct {
	public  bool
	members []string
	outside bool   // operators outside of any customer
	acting  bool   // operators acting inside a customer, and nobody else
	service string // the scope of a service, and no person; "": no service
	own     bool   // not operators who act inside a customer: they have no record of their own there
}

var (
	// Public needs no token.
	Public = Roles{public: true}
	// Members is every role of a customer.
	Members = Roles{members: auth.Roles}
	// Everybody is every role of a customer, and operators outside of any.
	Everybody = Roles{members: Members.members, outside: true}
	// Operators are super admins outside of any customer.
	Operators = Roles{outside: true}
	// Acting is super admins who act inside a customer.
	Acting = Roles{acting: true}
)

// Only is one or more roles of a customer.
func Only(roles ...string) Roles { return Roles{members: roles} }

// Service is a service whose key has a scope, and no person.
func Service(scope string) Roles { return Roles{service: scope} }

// Own narrows roles to callers with a record of their own: an operator who acts inside a customer has
// none there.
func (r Roles) Own() Roles {
	r.own = true
	return r
}

func (r Roles) document(op *huma.Operation) {
	if !r.public && !r.outside && !r.acting && r.service == "" && len(r.members) == 0 {
		panic("no roles are declared: say who may call it, such as endpoint.Members")
	}
	if op.Method != http.MethodGet || !r.public {
		op.Errors = append(op.Errors, http.StatusUnauthorized, http.StatusForbidden)
	}
	if r.public {
		return
	}
	op.Errors = append(op.Errors, http.StatusMisdirectedRequest)
	roles := slices.Clone(r.members)
	if r.outside || r.acting {
		roles = append(roles, auth.SuperAdmin)
	}
	if r.service != "" {
		roles = []string{auth.Service}
		extend(op, "x-scope", r.service)
	}
	op.Security = []map[string][]string{{"bearer": {}}, {"cookie": {}}}
	extend(op, "x-roles", roles)
	if r.own {
		extend(op, "x-own", true)
	}
	if r.acting {
		extend(op, "x-acting", true)
	}
}

// Admit refuses with 403 whoever is not among the roles, where it is known late who somebody is.
func (r Roles) Admit(p *auth.Principal) error {
	if problem := r.refuse(p); problem != nil {
		return problem
	}
	return nil
}

// admit verifies the token, and lets in whom the operation's roles name. saysOK: its answers have ok.
func (api API) admit(roles Roles, saysOK bool) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		c := humaecho.Unwrap(ctx)
		c.Set(operationKey, ctx.Operation().OperationID)
		c.Set(saysOKKey, saysOK)
		x := &exchange{api: api, request: c, op: ctx.Operation()}
		ctx = huma.WithValue(ctx, exchangeKey{}, x)
		ctx = huma.WithValue(ctx, auth.RequestID{}, requestID(c))
		if len(c.Request().Header.Values(echo.HeaderAuthorization)) > 1 {
			api.refuse(ctx, Unauthenticated("there are several Authorization headers; send one"))
			return
		}
		if roles.public {
			next(ctx)
			return
		}
		token, problem := x.token()
		if problem != nil {
			api.refuse(ctx, problem)
			return
		}
		x.shown = token
		p, err := api.keys.Verify(token)
		if err != nil {
			api.refuse(ctx, Unauthenticated("the token is not valid or has expired; log in again"))
			return
		}
		c.Set(principalKey, p)
		if problem := roles.refuse(p); problem != nil {
			api.refuse(ctx, problem)
			return
		}
		next(huma.WithValue(ctx, callerKey{}, p))
	}
}

// enterFirst has the database admit the caller before the work of a Preparer, and before a body is read for it.
func (api API) enterFirst(ctx huma.Context, next func(huma.Context)) {
	admitted := func(context.Context, db.Tx) error { return nil }
	if err := api.readOf(Caller(ctx.Context()))(ctx.Context(), admitted); err != nil {
		api.refuse(ctx, api.problem(ctx.Context(), err))
		return
	}
	next(ctx)
}

func (r Roles) refuse(p *auth.Principal) *Problem {
	switch {
	case r.service != "" && p.Has(r.service):
		return nil
	case r.service != "":
		return Forbidden("this is for a service whose key has the scope " + r.service)
	case p.IsService():
		return Forbidden("this is not for services: a key opens what its scopes name")
	case r.acting && p.Acting():
		return nil
	case r.acting:
		return Forbidden("this is for an operator who acts inside a company")
	case r.outside && len(r.members) == 0 && !p.Outside():
		return Forbidden("this is for super admins, who belong to no company: an Admin of a company is none, of the one that runs the portal neither")
	case p.Outside() && !r.outside:
		return Forbidden("this belongs to a company; switch into one first")
	case p.Outside():
		return nil
	case !slices.Contains(r.members, p.Role()):
		return Forbidden("the role " + p.Role() + " may not do this")
	case r.own && p.Acting():
		return Forbidden("an operator who acts inside a company has no record of his own there")
	}
	return nil
}

func bearer(header string) (token string, ok bool) {
	scheme, token, ok := strings.Cut(header, " ")
	return strings.TrimSpace(token), ok && strings.EqualFold(scheme, "bearer")
}

func (api API) refuse(ctx huma.Context, p *Problem) {
	c := humaecho.Unwrap(ctx)
	if err := p.write(c); err != nil {
		api.log.Error("answer not written", "error", err)
	}
}

// What the access log wants to know of a request, in Echo's context.
const (
	operationKey = "operation"
	principalKey = "principal"
	errorKey     = "error"
	saysOKKey    = "says ok"
)

// Facts are what became known of a request while it was served, for the access log. None of it is
// personal.
type Facts struct {
	Operation  string
	CustomerID string
	UserID     int64
	OperatorID int64
	ServiceID  int64
	Err        error // behind a status of 500 and above, or a sign of a bug or an attack
}

// FactsOf returns what is known of a request so far.
func FactsOf(c echo.Context) (f Facts) {
	f.Operation, _ = c.Get(operationKey).(string)
	f.Err, _ = c.Get(errorKey).(error)
	if p, ok := c.Get(principalKey).(*auth.Principal); ok {
		f.CustomerID, f.UserID, f.OperatorID, f.ServiceID = p.CustomerID(), p.UserID(), p.OperatorID(), p.ServiceID()
	}
	return f
}

type publicURLKey struct{}

// PublicURL is the address at which people reach the portal, as its operator says it and never as a client does: what
// stands in a Host header would stand in links that others follow. It is empty where nothing was said, which leaves a
// link without scheme and host.
func PublicURL(ctx context.Context) string {
	url, _ := ctx.Value(publicURLKey{}).(string)
	return url
}

// ClientAddress is the network address that the request of ctx came from; invalid where it is not
// known.
func ClientAddress(ctx interface{ Value(any) any }) netip.Addr {
	if x := exchangeOf(ctx); x != nil {
		if a, err := netip.ParseAddr(x.request.RealIP()); err == nil {
			return a
		}
	}
	return netip.Addr{}
}
