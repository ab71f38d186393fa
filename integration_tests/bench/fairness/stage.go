package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"contractor-portal/db/embedded"
	"contractor-portal/server/auth"
)

const password = "correct horse battery"

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

// A stage is an embedded PostgreSQL with two companies, and the real program that serves it.
type stage struct {
	dir, self, address string
	version            string // PostgreSQL's
	share              int
	tokens, ids        map[string]string // by company: of its Admin, of a property
	pg                 *embedded.Server
	server             *exec.Cmd
}

func newStage(ctx context.Context, o options) (s *stage, err error) {
	s = &stage{tokens: map[string]string{}, ids: map[string]string{}, share: o.share}
	if s.share == 0 {
		s.share = max(1, o.conns/2)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.self, err = os.Executable(); err != nil {
		return s, err
	}
	if s.dir, err = os.MkdirTemp("", "portal-fairness-"); err != nil {
		return s, err
	}
	if err = os.Chmod(s.dir, 0o755); err != nil { //nolint:gosec // the database's user must enter it
		return s, err
	}
	program := filepath.Join(s.dir, "portal")
	if _, err = output(ctx, nil, "go", "build", "-o", program, "contractor-portal"); err != nil {
		return s, err
	}
	binaries, err := embedded.Find(ctx)
	if err != nil {
		return s, err
	}
	if s.pg, err = embedded.Start(ctx, binaries, embedded.Config{Data: filepath.Join(s.dir, "data")}); err != nil {
		return s, err
	}
	s.version = "PostgreSQL " + strconv.Itoa(s.pg.Major())
	env, err := s.install(ctx, program)
	if err != nil {
		return s, err
	}
	env = append(env, "PORTAL_APP_CONNECTIONS="+strconv.Itoa(o.conns), "PORTAL_CUSTOMER_CONNECTIONS="+strconv.Itoa(s.share),
		"PORTAL_CUSTOMER_STARTS="+strconv.Itoa(o.starts))
	if err = s.serve(ctx, program, env); err != nil {
		return s, err
	}
	for company, email := range map[string]string{"A": "admin@a.example", "B": "admin@b.example"} {
		if err = s.login(ctx, company, email); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (s *stage) close() error {
	var err error
	if s.server != nil && s.server.Process != nil {
		_ = s.server.Process.Kill()
		_ = s.server.Wait()
	}
	if s.pg != nil {
		err = s.pg.Stop()
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

// install makes the database and returns the environment of the program.
func (s *stage) install(ctx context.Context, program string) ([]string, error) {
	keys, err := output(ctx, nil, program, "keys", "new")
	if err != nil {
		return nil, err
	}
	super := s.pg.URL("postgres")
	env := append(os.Environ(), "DATABASE_URL="+super, "PORTAL_KEYS="+keys)
	for role, name := range map[string]string{"portal_app": "APP", "portal_auth": "AUTH", "portal_platform": "PLATFORM"} {
		u, err := url.Parse(super)
		if err != nil {
			return nil, err
		}
		u.User = url.UserPassword(role, "role-password-of-the-benchmark")
		env = append(env, "DATABASE_URL_"+name+"="+u.String())
	}
	if _, err := output(ctx, env, program, "migrate"); err != nil {
		return nil, err
	}
	hash, err := auth.HashPassword(ctx, password)
	if err != nil {
		return nil, err
	}
	conn, err := pgx.Connect(ctx, super)
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx) //nolint:errcheck // nothing is lost with it
	if _, err := conn.PgConn().Exec(ctx, seedSQL).ReadAll(); err != nil {
		return nil, err
	}
	_, err = conn.Exec(ctx, `update platform.logins set password_hash = $1, confirmed_at = now()`, hash)
	return env, err
}

func output(ctx context.Context, env []string, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...) //nolint:gosec // the portal's, and go
	cmd.Env = env
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", program, strings.Join(args, " "), err, complaint.Bytes())
	}
	return strings.TrimSpace(string(out)), nil
}

func (s *stage) serve(ctx context.Context, program string, env []string) error {
	var l net.ListenConfig
	free, err := l.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.address = free.Addr().String()
	_ = free.Close()
	s.server = exec.CommandContext(ctx, program, "serve", "--listen", s.address) //nolint:gosec // the portal
	s.server.Env = env
	var complaint bytes.Buffer
	s.server.Stderr = &complaint
	if err := s.server.Start(); err != nil {
		return err
	}
	for range 1000 {
		if res, err := get(ctx, "http://"+s.address+"/readyz", ""); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("the server does not answer: %s", complaint.Bytes())
}

// login takes a token and the id of a property for a company.
func (s *stage) login(ctx context.Context, company, email string) error {
	form := url.Values{"username": {email}, "password": {password}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.address+"/api/login/", strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close() //nolint:errcheck // nothing is lost with it
	var pair struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&pair); err != nil || pair.AccessToken == "" {
		return fmt.Errorf("log-in: status %d, %w", res.StatusCode, err)
	}
	s.tokens[company] = pair.AccessToken

	list, err := get(ctx, "http://"+s.address+"/properties/?limit=1", pair.AccessToken)
	if err != nil {
		return err
	}
	defer list.Body.Close() //nolint:errcheck // nothing is lost with it
	var properties []struct {
		ID int64 `json:"id"`
	}
	if err := json.NewDecoder(list.Body).Decode(&properties); err != nil || len(properties) != 1 {
		return fmt.Errorf("properties: status %d, %w", list.StatusCode, err)
	}
	s.ids[company] = strconv.FormatInt(properties[0].ID, 10)
	return nil
}

func get(ctx context.Context, target, token string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return nil, err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return http.DefaultClient.Do(req)
}
