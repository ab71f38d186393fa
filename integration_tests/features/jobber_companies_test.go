package features

import (
	"net/http"
	"testing"
	"time"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// Two companies are connected with one account: what each says of it is its own.
func TestJobber_TwoCompanies(t *testing.T) {
	t.Parallel()
	j := newJobbing(t)
	const a, b = harness.CompanyA, harness.CompanyB
	j.connect(a)
	j.connect(b)
	j.Has(many(60)...)
	for _, company := range []string{a, b} {
		if created, _, _ := j.sync(company, "full"); created != 120 {
			t.Errorf("%s: %d are new", company, created)
		}
	}
	j.assign(a, "place-1", map[string]any{"property_id": j.property(a, 1), "sync_enabled": false}).Want(t, http.StatusOK)
	j.assign(b, "place-1", map[string]any{"property_id": j.property(a, 1)}).Problem(t, http.StatusNotFound)
	if s, other := j.status(a), j.status(b); s.Mapped != 1 || other.Mapped != 0 || other.Properties != 60 {
		t.Errorf("%+v, %+v", s, other)
	}
	j.Do("POST", "/jobber/disconnect", j.Token(a, auth.Manager), nil).Want(t, http.StatusOK)
	if _, updated, _ := j.sync(b, "full"); updated != 120 {
		t.Errorf("%d are known", updated)
	}
	if s, other := j.status(a), j.status(b); s.Connected || !other.Connected || len(j.logs(a)) != 1 || len(j.logs(b)) != 2 {
		t.Errorf("%+v, %+v", s, other)
	}
}

// One sync runs at a time; one that does not go on any more keeps nobody from beginning.
func TestJobber_OneSyncAtATime(t *testing.T) {
	t.Parallel()
	now := time.Now()
	j := newJobbing(t, func(s *harness.Settings) { s.Workers = false; s.Server.Clock = func() time.Time { return now } })
	const a = harness.CompanyA
	j.connect(a)
	j.connect(harness.CompanyB)
	sync := func(company string) harness.Answer {
		return j.Do("POST", "/jobber/sync", j.Token(company, auth.Admin), map[string]any{})
	}
	var s synced
	sync(a).Want(t, http.StatusOK).JSON(t, &s)
	if s.Status != "started" || s.Message != "The sync has begun and goes on" {
		t.Errorf("%+v", s)
	}
	sync(a).Problem(t, http.StatusConflict)
	sync(harness.CompanyB).Want(t, http.StatusOK)
	if n := harness.Query[int](j.Portal, `select count(*) from jobs.river_job where kind = 'sync_jobber'`); n != 2 {
		t.Errorf("%d jobs", n)
	}
	now = now.Add(14 * time.Minute)
	sync(a).Problem(t, http.StatusConflict)
	now = now.Add(2 * time.Minute)
	sync(a).Want(t, http.StatusOK)
	if l := j.logs(a); len(l) != 2 || l[1].Status != "failed" || *l[1].Error != "it did not go on any more" {
		t.Errorf("%+v", l)
	}
}
