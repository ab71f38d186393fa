package settings

import (
	"context"
	"errors"
	"slices"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/vault"
)

// A Level is where a key comes from; empty where there is none.
type Level string

// The levels, in the order in which they count.
const (
	Own      Level = "own"
	Company  Level = "company"
	Operator Level = "operator"
)

type stored struct {
	UserID   *int64  `db:"user_id"`
	Sealed   []byte  `db:"key_ciphertext"`
	LastFour *string `db:"key_last_four"`
}

const findSQL = `
select k.user_id, k.key_ciphertext, k.key_last_four
from api_keys k
where k.key_name = @name and (k.user_id = @user or k.user_id is null)
order by k.user_id nulls last
limit 1`

// find returns the row of the key that counts for the caller; the operator's has none.
func (k *Keys) find(ctx context.Context, tx db.Tx, name string) (row stored, from Level, err error) {
	row, err = db.One[stored](ctx, tx, findSQL, db.Args{"name": name, "user": endpoint.Caller(ctx).UserID()})
	switch {
	case errors.Is(err, db.ErrNotFound) && k.operator[name] != "":
		return row, Operator, nil
	case errors.Is(err, db.ErrNotFound):
		return row, "", nil
	case err == nil && row.UserID != nil:
		return row, Own, nil
	}
	return row, Company, err
}

func (k *Keys) open(ctx context.Context, name string, row stored, from Level) (string, error) {
	if from == Operator || from == "" {
		return k.operator[name], nil
	}
	secret, err := k.vault.Open(place(ctx, name, row.UserID), row.Sealed)
	if err != nil {
		return "", unopened(err, name)
	}
	return secret, nil
}

// Secret returns the key of that name that counts for the caller, or "". It is for the call that the key is for, and
// for nothing that is answered, stored or logged.
func (k *Keys) Secret(ctx context.Context, tx db.Tx, name string) (string, error) {
	row, from, err := k.find(ctx, tx, name)
	if err != nil {
		return "", err
	}
	return k.open(ctx, name, row, from)
}

const accountSQL = `
select k.key_name, k.user_id, k.key_ciphertext, k.key_last_four
from api_keys k
where k.key_name = any (@names) and k.user_id is null`

type storedName struct {
	stored
	Name string `db:"key_name"`
}

// Account returns the keys of an account, in the order of their names: the company's where it has all of them, or else
// the operator's, and none where he has not all either. The two are never mixed, so that nobody's password goes to an
// account that is not his. What a person stores for himself is not the company's account.
func (k *Keys) Account(ctx context.Context, tx db.Tx, names ...string) (secrets []string, company bool, err error) {
	rows, err := db.All[storedName](ctx, tx, accountSQL, db.Args{"names": names})
	if err != nil {
		return nil, false, err
	}
	from := Operator
	if company = len(rows) == len(names); company {
		from = Company
	}
	secrets = make([]string, len(names))
	for i, name := range names {
		var row storedName
		if at := slices.IndexFunc(rows, func(r storedName) bool { return r.Name == name }); at >= 0 {
			row = rows[at]
		}
		if secrets[i], err = k.open(ctx, name, row.stored, from); err != nil {
			return nil, company, err
		}
		if secrets[i] == "" {
			return nil, false, nil
		}
	}
	return secrets, company, nil
}

// Operators tells whether the operator gives all of these keys.
func (k *Keys) Operators(names ...string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return k.operator[name] == "" })
}

// What a webhook may read: whose token it is, for the vault, and the token.
const signingTokenSQL = `select t.customer_id, t.sealed from tenancy.webhook_token() t`

// SigningToken returns the token with which the provider of text messages signs what it brings to the company that a
// webhook has entered: the company's, or else the operator's, or "".
func (k *Keys) SigningToken(ctx context.Context, tx db.Tx) (string, error) {
	row, err := db.One[struct {
		Customer string `db:"customer_id"`
		Sealed   []byte `db:"sealed"`
	}](ctx, tx, signingTokenSQL)
	if err != nil || row.Sealed == nil {
		return k.operator[signingToken], err
	}
	token, err := k.vault.Open(vault.Place{Customer: row.Customer, Table: "api_keys", Column: "key_ciphertext", Name: signingToken}, row.Sealed)
	if err != nil {
		return "", unopened(err, signingToken)
	}
	return token, nil
}

// An Integration is a service that the portal can use.
type Integration struct {
	Name         string `json:"name"`
	KeyName      string `json:"key_name"`
	Description  string `json:"description"`
	Cost         string `json:"cost"`
	SignupURL    string `json:"signup_url"`
	Icon         string `json:"icon"`
	IsConfigured bool   `json:"is_configured" doc:"By the company or the portal's operator."`
	Level        *Level `json:"level" doc:"company or operator; null where it is not configured."`
}

// known are the keys that can be stored, in the order in which a page shows them.
var known = []Integration{
	{Name: "OpenAI", KeyName: "openai_api_key", Description: "Summaries, chat and the reading of text messages", Cost: "Per use", SignupURL: "https://platform.openai.com/api-keys", Icon: "🤖"},
	{Name: "Anthropic", KeyName: "anthropic_api_key", Description: "Chat and suggestions", Cost: "Per use", SignupURL: "https://console.anthropic.com/", Icon: "🧠"},
	{Name: "OpenWeather", KeyName: "openweather_api_key", Description: "Weather and snow forecasts of the properties", Cost: "Free to 1,000 calls a day", SignupURL: "https://openweathermap.org/api", Icon: "🌨️"},
	{Name: "Mapbox", KeyName: mapToken, Description: "Map of the properties", Cost: "Free to 50,000 loads a month", SignupURL: "https://account.mapbox.com/", Icon: "🗺️"},
	{Name: "Twilio account", KeyName: "twilio_account_sid", Description: "Text messages: the account", Cost: "Per message", SignupURL: "https://www.twilio.com/try-twilio", Icon: "📱"},
	{Name: "Twilio token", KeyName: "twilio_auth_token", Description: "Text messages: the account's token", Cost: "Per message", SignupURL: "https://www.twilio.com/try-twilio", Icon: "🔑"},
	{Name: "Twilio number", KeyName: "twilio_phone_number", Description: "Text messages: the number that they come from", Cost: "Per month", SignupURL: "https://www.twilio.com/try-twilio", Icon: "☎️"},
	{Name: "QuickBooks client", KeyName: "quickbooks_client_id", Description: "Invoices: the application", Cost: "With QuickBooks", SignupURL: "https://developer.intuit.com/", Icon: "📒"},
	{Name: "QuickBooks secret", KeyName: "quickbooks_client_secret", Description: "Invoices: the application's secret", Cost: "With QuickBooks", SignupURL: "https://developer.intuit.com/", Icon: "🔒"},
	{Name: "Gmail address", KeyName: "gmail_address", Description: "Mail: the address that it comes from", Cost: "Free", SignupURL: "https://myaccount.google.com/apppasswords", Icon: "📧"},
	{Name: "Gmail app password", KeyName: "gmail_app_password", Description: "Mail: the address's app password", Cost: "Free", SignupURL: "https://myaccount.google.com/apppasswords", Icon: "🔐"},
	{Name: "n8n", KeyName: "n8n_webhook_url", Description: "Workflows: where events are sent", Cost: "Free where you run it", SignupURL: "https://n8n.io/", Icon: "🔗"},
}

// OperatorNames are those of the keys that no company has: of the portal itself, as an app of another company's system.
var OperatorNames = []string{"jobber_client_id", "jobber_client_secret"}

// Names are those of the keys that can be stored.
func Names() (names []string) {
	for _, i := range known {
		names = append(names, i.KeyName)
	}
	return names
}

type keyName struct {
	Name string `db:"key_name"`
}

const (
	companysSQL = `select k.key_name from api_keys k where k.user_id is null`
	countingSQL = `select k.key_name from api_keys k where k.user_id is null or k.user_id = @user`
)

func named(rows []keyName, err error) (map[string]bool, error) {
	names := map[string]bool{}
	for _, row := range rows {
		names[row.Name] = true
	}
	return names, err
}

// Configured are the names of the keys of which one counts for the caller.
func (k *Keys) Configured(ctx context.Context, tx db.Tx) (map[string]bool, error) {
	names, err := named(db.All[keyName](ctx, tx, countingSQL, db.Args{"user": endpoint.Caller(ctx).UserID()}))
	for name, value := range k.operator {
		if value != "" {
			names[name] = true
		}
	}
	return names, err
}

func (k *Keys) integrations(ctx context.Context, tx db.Tx, _ *endpoint.None) ([]Integration, error) {
	company, err := named(db.All[keyName](ctx, tx, companysSQL))
	all := make([]Integration, 0, len(known))
	for _, i := range known {
		switch {
		case company[i.KeyName]:
			i.Level = new(Company)
		case k.operator[i.KeyName] != "":
			i.Level = new(Operator)
		}
		i.IsConfigured = i.Level != nil
		all = append(all, i)
	}
	return all, err
}
