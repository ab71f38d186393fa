package automation

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
	"contractor-portal/server/jobs"
	"contractor-portal/server/outbound"
	"contractor-portal/server/outbox"
)

const (
	addressKey = "n8n_webhook_url"
	secretKey  = "n8n_webhook_secret"

	deliveryTime = 10 * time.Second
	tries        = 3
)

// A delivery is what the outbox keeps of a webhook, sealed: the path below the company's address, and the body as it goes out.
type delivery struct {
	Path string `json:"path"`
	Body any    `json:"body"`
}

// A decision is what an Admin has answered, in the form that the workflow has had from the beginning.
type decision struct {
	Body struct {
		ErrorID   string `json:"error_id"`
		Message   string `json:"message"`
		Phone     string `json:"phone"`
		Timestamp string `json:"timestamp"`
	} `json:"body"`
}

// Decide hands what an Admin has answered to the workflow that asked, when the unit of work is committed.
func (s *Service) Decide(ctx context.Context, tx db.Tx, errorID, message, phone string) error {
	var d decision
	d.Body.ErrorID, d.Body.Message, d.Body.Phone, d.Body.Timestamp = errorID, message, phone, endpoint.Now(ctx).UTC().Format(time.RFC3339)
	return s.outbox.Add(ctx, tx, outbox.Message{Channel: outbox.Webhook, Kind: "human_decision", Content: delivery{"human-decision", d}, Tries: tries})
}

// Open finds where a company's deliveries go, and by what they are signed.
func (s *Service) Open(ctx context.Context, j *jobs.Job) (outbox.Round, error) {
	var address, secret []string
	err := j.Do(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		if address, _, err = s.keys.Account(ctx, tx, addressKey); err == nil {
			secret, _, err = s.keys.Account(ctx, tx, secretKey)
		}
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case address == nil || secret == nil:
		return nil, jobs.Retry(jobs.NotConfigured, errors.New("no address of the workflow, or no secret to sign with"))
	}
	signs, err := standardwebhooks.NewWebhook(secret[0])
	if err != nil {
		return nil, jobs.GiveUp(jobs.BadAccount, err)
	}
	return &round{s.calls, address[0], signs}, nil
}

// A round delivers to one address. Each delivery has a connection of the provider's pool.
type round struct {
	calls   *outbound.Provider
	address string
	signs   *standardwebhooks.Webhook
}

func (*round) Close() error { return nil }

// Send delivers one message. Its id is the same for all tries, so that who gets it twice can tell.
func (r *round) Send(ctx context.Context, id int64, content []byte) (string, error) {
	var d struct {
		Path string
		Body json.RawMessage
	}
	if err := json.Unmarshal(content, &d); err != nil {
		return "", jobs.GiveUp(jobs.Internal, err)
	}
	to, err := url.JoinPath(r.address, d.Path)
	if err != nil {
		return "", jobs.GiveUp(jobs.BadAccount, errAddress)
	}
	name, now := "msg_"+strconv.FormatInt(id, 10), time.Now()
	signature, err := r.signs.Sign(name, now, d.Body)
	if err != nil {
		return "", jobs.GiveUp(jobs.Internal, err)
	}
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(d.Body))
	if err != nil {
		return "", jobs.GiveUp(jobs.BadAccount, errAddress)
	}
	q.Header.Set("Content-Type", "application/json")
	q.Header.Set(standardwebhooks.HeaderWebhookID, name)
	q.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	q.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	return name, failure(r.calls.Send(q))
}

// errAddress is in place of an error that would quote the address.
var errAddress = errors.New("the address is none")

// failure says in the outbox's codes why nothing was delivered. What another try may bring is tried again.
func failure(err error) error {
	var e *outbound.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Outcome {
	case outbound.Blocked:
		return jobs.GiveUp(jobs.BadAccount, err)
	case outbound.Refused, outbound.NoKey:
		return jobs.GiveUp(jobs.Refused, err)
	case outbound.Limited:
		return jobs.Retry(jobs.Throttled, err)
	}
	return jobs.Retry(jobs.Unreachable, err)
}

// WebhookSecret is the answer to who makes a secret. It is in no other answer.
type WebhookSecret struct {
	Message       string `json:"message"`
	WebhookSecret string `json:"webhook_secret" example:"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" doc:"It is shown this once: store it where deliveries are verified."`
}

func (s *Service) makeSecret(ctx context.Context, tx db.Tx, _ *endpoint.None) (WebhookSecret, error) {
	var random [32]byte
	if _, err := rand.Read(random[:]); err != nil {
		return WebhookSecret{}, err
	}
	secret := "whsec_" + base64.StdEncoding.EncodeToString(random[:])
	endpoint.Note(ctx, "api_key", secretKey, nil)
	return WebhookSecret{"Secret made", secret}, s.keys.Keep(ctx, tx, secretKey, secret)
}

// A WebhookDelivery is what became of one.
type WebhookDelivery struct {
	ID         int64       `json:"id" db:"id"`
	Kind       string      `json:"kind" db:"kind" example:"human_decision"`
	Status     string      `json:"status" db:"status" enum:"queued,sending,sent,failed"`
	Tries      int         `json:"tries" db:"attempts"`
	CreatedAt  field.Time  `json:"created_at" db:"created_at"`
	FinishedAt *field.Time `json:"finished_at" db:"finished_at" nullable:"true"`
	ErrorCode  *jobs.Code  `json:"error_code" db:"failure" nullable:"true" example:"unreachable" doc:"Why the last try failed."`
	Error      *string     `json:"error" db:"-" nullable:"true" doc:"The same in words."`
}

// AutomationStatus is how the way out is.
type AutomationStatus struct {
	WebhookConfigured bool              `json:"webhook_configured" doc:"There is an address, of the company or the portal's operator."`
	WebhookSigned     bool              `json:"webhook_signed" doc:"There is a secret to sign with. Without it nothing is delivered."`
	Deliveries        []WebhookDelivery `json:"deliveries" doc:"The last 20, newest first."`
	Failures          int64             `json:"failures" doc:"How many of those that are kept failed for good."`
}

const deliveriesSQL = `
select o.id, o.kind, o.status, o.attempts, o.created_at, o.finished_at, o.failure
from outbox o
where o.channel = 'webhook'
order by o.id desc
limit 20`

const failuresSQL = `select count(*) from outbox o where o.channel = 'webhook' and o.status = 'failed'`

func (s *Service) status(ctx context.Context, tx db.Tx, _ *endpoint.None) (out AutomationStatus, err error) {
	address, _, err := s.keys.Account(ctx, tx, addressKey)
	if err != nil {
		return out, err
	}
	secret, _, err := s.keys.Account(ctx, tx, secretKey)
	if err != nil {
		return out, err
	}
	out.WebhookConfigured, out.WebhookSigned = address != nil, secret != nil
	if out.Deliveries, err = db.All[WebhookDelivery](ctx, tx, deliveriesSQL); err != nil {
		return out, err
	}
	for i, d := range out.Deliveries {
		if d.ErrorCode != nil {
			out.Deliveries[i].Error = new(d.ErrorCode.Sentence())
		}
	}
	out.Failures, err = db.Value[int64](ctx, tx, failuresSQL)
	return out, err
}
