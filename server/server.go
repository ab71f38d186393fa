// Package server is the Echo API: the order of its middleware, then one line per feature.
package server

import (
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	swgui "github.com/swaggest/swgui/v5emb"

	"contractor-portal/db"
	"contractor-portal/server/assignments"
	"contractor-portal/server/assistant"
	"contractor-portal/server/auditlog"
	"contractor-portal/server/auth"
	"contractor-portal/server/automation"
	"contractor-portal/server/checkins"
	"contractor-portal/server/customers"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/equipment"
	"contractor-portal/server/exports"
	"contractor-portal/server/greenlogs"
	"contractor-portal/server/isolation"
	"contractor-portal/server/jobber"
	"contractor-portal/server/jobs"
	"contractor-portal/server/lists"
	"contractor-portal/server/login"
	"contractor-portal/server/mail"
	"contractor-portal/server/outbound"
	"contractor-portal/server/outbox"
	"contractor-portal/server/pages"
	"contractor-portal/server/products"
	"contractor-portal/server/properties"
	"contractor-portal/server/quickbooks"
	"contractor-portal/server/reports"
	"contractor-portal/server/routes"
	"contractor-portal/server/settings"
	"contractor-portal/server/sms"
	"contractor-portal/server/users"
	"contractor-portal/server/vault"
	"contractor-portal/server/weather"
	"contractor-portal/server/winterevents"
	"contractor-portal/server/winterlogs"
)

// Config is what the server is made of.
type Config struct {
	DB            *db.DB
	Auth          *auth.Auth
	Log           *slog.Logger
	SchemaVersion int32             // the version of the schema that this program expects
	Origins       []string          // CORS: the origins of pages that may call; none by default
	TrustProxy    bool              // take the client's address from X-Forwarded-For, behind a proxy on a private network
	Timeout       time.Duration     // of one request, and then of its client to take each piece of the answer; 0: 30 s
	Clock         func() time.Time  // what operations take for now; nil: time.Now
	Vault         *vault.Vault      // seals what companies store of other services' keys
	ServiceKeys   map[string]string // keys of other services that all companies may use, by name (settings.Names)
	Outbound      *outbound.Calls   // calls other companies; nil: public addresses, without a proxy
	Weather       weather.Config    // other addresses than the usual ones
	SMS           sms.Config        // the same
	Jobber        jobber.Config     // the same
	QuickBooks    quickbooks.Config // the same, and whether it is the sandbox
	Workers       *jobs.Workers     // do what outlives a request, once they are started; nil: somebody else's do
	Mail          mail.Config       // the same, and the operator's server
	Assistant     assistant.Config  // other addresses and models than the usual ones
	SignOn        login.SignOn      // the portal's accounts at Google and Microsoft
	Tiles         string            // address of the map's tiles, with {z}, {x} and {y}; may be empty
	AttackReport  string            // the path of the summary that task attack writes; may be empty
	PublicURL     string            // scheme and host at which people reach the portal, for links; may be empty
}

// New returns the server. It serves nothing yet.
func New(cfg Config) (*echo.Echo, error) {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = endpoint.Answer
	e.IPExtractor = echo.ExtractIPDirect()
	if cfg.TrustProxy {
		e.IPExtractor = echo.ExtractIPFromXFFHeader()
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 30 * time.Second
	}

	e.Pre(decodedPath, middleware.RemoveTrailingSlash())
	e.Use(
		ownRequestID,
		middleware.RequestID(),
		accessLog(cfg.Log),
		recoverPanics(),
		middleware.SecureWithConfig(middleware.SecureConfig{ContentTypeNosniff: "nosniff", XFrameOptions: "DENY", ReferrerPolicy: "no-referrer"}),
		noStore,
		timeout(cfg.Timeout, map[string]time.Duration{"/ai/chat": assistant.MaxTime, exports.Path: exports.MaxTime}),
	)
	if len(cfg.Origins) > 0 {
		e.Use(middleware.CORSWithConfig(middleware.CORSConfig{
			AllowOrigins:  cfg.Origins,
			AllowHeaders:  []string{echo.HeaderAuthorization, echo.HeaderContentType, endpoint.KeyHeader},
			ExposeHeaders: []string{"X-Total-Count", echo.HeaderXRequestID},
		}))
	}

	if cfg.Workers == nil {
		cfg.Workers = jobs.New(jobs.Config{DB: cfg.DB, Log: cfg.Log})
	}
	ready := newReadiness(cfg.DB, cfg.SchemaVersion)
	api := features(e, cfg, ready)
	if err := api.Err(); err != nil {
		return nil, err
	}
	files, err := pages.New(pages.Config{SignOn: cfg.SignOn.Providers(), Tiles: cfg.Tiles})
	if err != nil {
		return nil, err
	}
	get(e, "/", orNotFound(files))
	get(e, "/pages/*", orNotFound(files))
	documents(e, api, cfg.Auth.Keys())
	health(e, ready, cfg.Vault)
	return e, nil
}

// features registers every feature, in one line each, under the tags of the document.
func features(e *echo.Echo, cfg Config, ready *readiness) endpoint.API {
	api := endpoint.New(e, cfg.DB, cfg.Auth.Keys(), cfg.Log, Version()).Clock(cfg.Clock).PublicURL(cfg.PublicURL)
	account := api.Tag("auth", "Logging in, the own account, and the people of a company.")
	misc := api.Tag("misc", "Requests for an account, passwords that an Admin sets, and whether the portal is well.")
	ops := api.Tag("ops", "Logs of work: winter tickets with their times and materials, and landscape services.")

	keys := settings.New(cfg.Vault, cfg.ServiceKeys)
	messages := outbox.New(outbox.Config{Vault: cfg.Vault, Workers: cfg.Workers})
	cfg.Mail.Accounts, cfg.Mail.Calls, cfg.Mail.Outbox = keys, cfg.Outbound, messages
	post := mail.New(cfg.Mail)
	messages.Carry(outbox.Mail, post)
	cfg.Assistant.Keys, cfg.Assistant.Calls = keys, cfg.Outbound
	helper := assistant.New(cfg.Assistant)
	flows := automation.New(automation.Config{Keys: keys, Calls: cfg.Outbound, Outbox: messages})
	messages.Carry(outbox.Webhook, flows)
	texts := texting(cfg, keys, messages, flows, helper)
	texts.Work(cfg.Workers)

	wellness(misc, ready)
	cfg.SignOn.Calls, cfg.SignOn.Newcomer = cfg.Outbound, users.Newcomer(post)
	login.Routes(account, cfg.Auth, cfg.SignOn, post)
	properties.Routes(api.Tag("property", "Properties, the people who are assigned to them, and their import from a spreadsheet."), texts.Assigned)
	users.Routes(account, misc, cfg.Auth, post)
	customers.Routes(
		api.Tag("customer", "Customers: for operators, who may act inside one, the own company for its people, and invitations into it."),
		api.Tag("tenant", "Customers in the older form, for super admins: an Admin of a company is none, of the one that runs the portal neither."), cfg.Auth, users.Join, post)
	exports.New(exports.Config{Tell: post, PublicURL: cfg.PublicURL}).Work(cfg.Workers)
	exports.Routes(api.Tag("export", "All data of the own company, as one file that can be downloaded once."))
	auditlog.Routes(api.Tag("audit_log", "Who changed what in the own company."))
	isolation.Routes(api.Tag("isolation", "For operators: what keeps companies apart, as the audit of the database sees it now."), cfg.AttackReport)
	routes.Routes(api.Tag("route", "Routes: properties in the order in which they are served, and who drives them."), texts.RouteGiven)
	assignments.Routes(api.Tag("assignment", "Work that is given out: sharing it among the crews, accepting, declining and doing it."), texts.Assigned)
	winterevents.Routes(api.Tag("winter_event", "Storms, from their start to their end."), winterlogs.Match, texts.EventStarted)
	winterlogs.Routes(ops)
	greenlogs.Routes(ops)
	checkins.Routes(api.Tag("checkin", "Who is at work in a winter event, where, and doing what."))
	lists.Routes(api.Tag("property_list", "Lists of properties, own and shared."))
	products.Routes(api.Tag("product", "What winter and landscape work uses up."))
	equipment.Routes(api.Tag("equipment", "Equipment, its rates, and how long it was used."))
	sms.Routes(api.Tag("sms", "The portal by text message, for people in the field."), texts)
	settings.Routes(api.Tag("settings", "Keys of other services: the own ones, and the company's."), keys)
	mail.Routes(api.Tag("email", "Mails: written by people, and by which the portal tells of something."), post)
	cfg.Weather.Keys, cfg.Weather.Mail, cfg.Weather.Text, cfg.Weather.Calls = keys, post, texts, cfg.Outbound
	sky := weather.New(cfg.Weather)
	weather.Routes(api.Tag("weather", "The weather, and the snow that each property is to get."), sky)
	reports.Routes(api.Tag("report", "Sums of what the logs say, on screen and in workbooks."), sky)
	assistant.Routes(api.Tag("ai", "An assistant that answers in words and writes nothing by itself, and documents about how the portal works."), helper)
	automation.Routes(api.Tag("n8n", "Services that work for a company: their keys, what they report, and what they are told."), cfg.Auth, flows, texts, sky.Alert)
	cfg.Jobber.Connect, cfg.Jobber.Properties = connections(cfg, keys), properties.Keeper{}
	fieldwork := jobber.New(cfg.Jobber)
	fieldwork.Work(cfg.Workers)
	jobber.Routes(api.Tag("jobber", "The company's clients and their properties at Jobber, and which of them are properties of the portal."), fieldwork)
	cfg.QuickBooks.Connect = connections(cfg, keys)
	books := quickbooks.New(cfg.QuickBooks)
	books.Work(cfg.Workers)
	quickbooks.Routes(api.Tag("quickbooks", "Invoices at QuickBooks of the work that was logged in winter events."), books)
	jobs.Routes(api.Tag("jobs", "Work that goes on after its request was answered."))
	return api
}

// OpenAPI returns the document of all operations, without a database.
func OpenAPI() ([]byte, error) {
	return features(echo.New(), Config{Auth: auth.New(nil, &auth.Keys{}, auth.Config{}), Workers: jobs.New(jobs.Config{})}, nil).OpenAPI()
}

// documents serves the document, the part of it that is one operation, the page that shows it, the pages of the problems, and
// the public keys.
func documents(e *echo.Echo, api endpoint.API, keys *auth.Keys) {
	document := sync.OnceValues(api.OpenAPI) // most servers are never asked
	get(e, "/openapi.json", func(c echo.Context) error {
		text, err := document()
		if err != nil {
			return err
		}
		return c.Blob(http.StatusOK, echo.MIMEApplicationJSON, text)
	})
	get(e, "/openapi/:operation", func(c echo.Context) error {
		text, err := api.Excerpt(c.Param("operation"))
		if err == nil && text == nil {
			err = echo.ErrNotFound
		}
		if err != nil {
			return err
		}
		return c.Blob(http.StatusOK, echo.MIMEApplicationJSON, text)
	})
	docs := orNotFound(swgui.New("Contractor portal", "/openapi.json", "/docs/"))
	get(e, "/docs", docs)
	get(e, "/docs/*", docs)
	get(e, "/problems/:type", func(c echo.Context) error {
		text, ok := endpoint.Types[c.Param("type")]
		if !ok {
			return echo.ErrNotFound
		}
		return c.String(http.StatusOK, c.Param("type")+"\n\n"+text+"\n")
	})
	get(e, "/.well-known/jwks.json", func(c echo.Context) error {
		set, err := keys.JWKS()
		if err != nil {
			return err
		}
		c.Response().Header().Set(echo.HeaderCacheControl, "public, max-age=60")
		return c.JSONBlob(http.StatusOK, set)
	})
}

// get registers a page, for HEAD too.
func get(e *echo.Echo, path string, h echo.HandlerFunc) {
	e.Match([]string{http.MethodGet, http.MethodHead}, path, h)
}
