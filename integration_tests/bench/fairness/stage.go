package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/bench/stage"
)

// Both companies are alike.
const seedSQL = `
insert into platform.customers (customer_id, company_name, max_users, max_properties)
values ('AAAA22222', 'Alder Grounds', 10, 1000), ('BBBB33333', 'Birch Grounds', 10, 1000);
insert into portal.users (customer_id, name, email, role, status)
values ('AAAA22222', 'Admin One', 'admin@a.example', 'Admin', 'active'), ('BBBB33333', 'Admin One', 'admin@b.example', 'Admin', 'active');
insert into portal.locations (customer_id, name, address, sqft, area_manager, plow, salt)
select c, 'Property ' || n, n || ' Same Street, Springfield, NY 14201', 1000 * n, 'Pat Doyle', true, n % 2 = 0
from unnest(array['AAAA22222', 'BBBB33333']) as c, generate_series(1, 500) as n;
analyze`

// Both are a PostgreSQL with two companies, and the real program that serves it.
type both struct {
	*stage.Stage
	self        string
	version     string // PostgreSQL's
	share       int
	tokens, ids map[string]string // by company: of its Admin, of a property
	server      *stage.Server
}

func prepare(ctx context.Context, o options) (_ *both, err error) {
	b := &both{tokens: map[string]string{}, ids: map[string]string{}, share: o.share}
	if b.share == 0 {
		b.share = max(1, o.conns/2)
	}
	if b.self, err = os.Executable(); err != nil {
		return nil, err
	}
	if b.Stage, err = stage.New(ctx, "", nil); err != nil {
		return nil, err
	}
	if err := b.fill(ctx, o); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

func (b *both) close() error {
	if b.server != nil {
		b.server.Stop()
	}
	return b.Close()
}

// fill makes the data, starts the server and logs in.
func (b *both) fill(ctx context.Context, o options) error {
	env, err := b.Install(b.Super)
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, b.Super.String())
	if err != nil {
		return err
	}
	defer conn.Close(ctx) //nolint:errcheck // nothing is lost with it
	b.version = "PostgreSQL " + conn.PgConn().ParameterStatus("server_version")
	if _, err := conn.PgConn().Exec(ctx, seedSQL).ReadAll(); err != nil {
		return err
	}
	emails := map[string]string{"A": "admin@a.example", "B": "admin@b.example"}
	if err := stage.LetIn(ctx, conn, emails["A"], emails["B"]); err != nil {
		return err
	}
	env = append(env, "PORTAL_APP_CONNECTIONS="+strconv.Itoa(o.conns), "PORTAL_CUSTOMER_CONNECTIONS="+strconv.Itoa(b.share),
		"PORTAL_CUSTOMER_STARTS="+strconv.Itoa(o.starts))
	if b.server, err = stage.Serve(ctx, env, b.Portal, "serve"); err != nil {
		return err
	}
	for company, email := range emails {
		if b.tokens[company], err = b.server.Login(ctx, email); err != nil {
			return err
		}
		if b.ids[company], err = b.property(ctx, b.tokens[company]); err != nil {
			return err
		}
	}
	return nil
}

// property is the id of one of the company's.
func (b *both) property(ctx context.Context, token string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+b.server.Address+"/properties/?limit=1", nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	list, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer list.Body.Close() //nolint:errcheck // nothing is lost with it
	var properties []struct {
		ID int64 `json:"id"`
	}
	if err := json.NewDecoder(list.Body).Decode(&properties); err != nil || len(properties) != 1 {
		return "", fmt.Errorf("properties: status %d, %w", list.StatusCode, err)
	}
	return strconv.FormatInt(properties[0].ID, 10), nil
}
