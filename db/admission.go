package db

import (
	"container/list"
	"context"
	"slices"
	"sync"
	"time"
)

// An admission hands out the connections of the tenants' pool so that one customer's flood leaves the
// others theirs: a customer holds at most its share at once, further units of work wait in a line of
// the customer's own, and a connection that comes free goes to the customers that wait, in turn.
//
// Connections are half of it, processors the other: of one customer only a few units of work may be
// starting at once. One that goes on for longer does not keep the customer's others waiting. And while others
// come too, a customer that has a line rests after each unit of work for as long as it took.
type admission struct {
	share  int           // of one customer: connections at once
	starts int           // of one customer: units of work that are starting at once
	start  time.Duration // how long a unit of work is starting
	line   int           // of one customer: units of work that wait
	wait   time.Duration // of one unit of work

	mu        sync.Mutex
	free      int                  // connections that nobody holds
	customers map[string]*customer // those that hold a connection or wait for one
	turns     list.List            // of *customer: those that wait, who is next first
	latest    [2]entrance          // of the two customers that came last
}

type entrance struct {
	name string
	at   time.Time
}

// newAdmission hands out the connections of the tenants' pool, as a configuration without gaps says.
func newAdmission(cfg Config) *admission {
	return &admission{
		share: int(cfg.CustomerConns), starts: int(cfg.CustomerStarts), start: 50 * time.Millisecond,
		line: cfg.CustomerLine, wait: cfg.AcquireTimeout,
		free: int(cfg.AppConns), customers: map[string]*customer{},
	}
}

type customer struct {
	name    string
	inside  []*stay
	waiting list.List     // of chan *stay, which has room for the one that ends the waiting
	turn    *list.Element // in turns, while somebody waits
	again   *time.Timer   // likewise: those inside may have started meanwhile, or the rest be over
	rests   time.Time     // until when
}

// A stay is the time of a unit of work with its connection.
type stay struct {
	of    *customer
	began time.Time
}

// admit waits until the customer may take a connection. It fails with ErrCrowded where the line is full,
// or where the customer's own units of work were as many as may be all the time; with ErrBusy where
// others held the pool. The caller hands what it got to leave.
func (a *admission) admit(ctx context.Context, name string) (*stay, error) {
	a.mu.Lock()
	c := a.customers[name]
	if c == nil {
		c = &customer{name: name}
		a.customers[name] = c
	}
	// Who has waited goes first.
	if a.free > 0 && c.turn == nil && a.may(c) {
		s := a.grant(c)
		a.mu.Unlock()
		return s, nil
	}
	if c.waiting.Len() >= a.line {
		a.mu.Unlock()
		return nil, &Refusal{Kind: ErrCrowded}
	}
	admitted := make(chan *stay, 1)
	place := c.waiting.PushBack(admitted)
	if c.turn == nil {
		c.turn = a.turns.PushBack(c)
		c.again = time.AfterFunc(a.pause(c), func() { a.again(c) })
	}
	a.mu.Unlock()

	over := time.NewTimer(a.wait)
	defer over.Stop()
	select {
	case s := <-admitted:
		return s, nil
	case <-ctx.Done():
	case <-over.C:
	}
	return a.giveUp(ctx, c, place, admitted)
}

func (a *admission) giveUp(ctx context.Context, c *customer, place *list.Element, admitted chan *stay) (*stay, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	select {
	case s := <-admitted: // in the same instant
		if ctx.Err() == nil {
			return s, nil
		}
		a.release(s)
	default:
		c.waiting.Remove(place)
		a.settle(c)
	}
	switch {
	case ctx.Err() != nil:
		return nil, translate(ctx, ctx.Err())
	case !a.may(c):
		return nil, &Refusal{Kind: ErrCrowded}
	}
	return nil, &Refusal{Kind: ErrBusy}
}

// leave gives back what admit handed out.
func (a *admission) leave(s *stay) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.release(s)
}

// may tells whether the customer's next unit of work may begin, as far as it is the customer's doing.
func (a *admission) may(c *customer) bool {
	starting := 0
	for _, s := range c.inside {
		if time.Since(s.began) < a.start {
			starting++
		}
	}
	return len(c.inside) < a.share && starting < a.starts && !time.Now().Before(c.rests)
}

// pause is after what time it is to be looked whether a customer that waits may begin.
func (a *admission) pause(c *customer) time.Duration {
	if rest := time.Until(c.rests); rest > 0 {
		return rest
	}
	return a.start
}

// pace is how long a unit of work that has been at it for some time lets the processors to the others: a quarter of that,
// while others come. It must end within its request.
func (a *admission) pace(s *stay, worked time.Duration) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.othersCome(s.of) {
		return 0
	}
	return min(worked/4, a.start)
}

// othersCome tells whether another customer came just now.
func (a *admission) othersCome(c *customer) bool {
	other := a.latest[0]
	if other.name == c.name {
		other = a.latest[1]
	}
	return time.Since(other.at) <= a.start
}

// rest lets the processors to the others for as long as a unit of work of the customer took of them.
func (a *admission) rest(c *customer, s *stay) {
	if c.turn == nil || !a.othersCome(c) {
		return
	}
	c.rests = time.Now().Add(min(time.Since(s.began)/time.Duration(a.starts), a.start))
	c.again.Reset(a.pause(c))
}

func (a *admission) grant(c *customer) *stay {
	a.free--
	s := &stay{of: c, began: time.Now()}
	if a.latest[0].name != c.name {
		a.latest[1] = a.latest[0]
	}
	a.latest[0] = entrance{c.name, s.began}
	c.inside = append(c.inside, s)
	return s
}

func (a *admission) release(s *stay) {
	c := s.of
	a.free++
	c.inside = slices.DeleteFunc(c.inside, func(other *stay) bool { return other == s })
	a.rest(c, s)
	a.next()
	a.settle(c)
}

// next admits the one whose turn it is, where a connection is free.
func (a *admission) next() (admitted bool) {
	for e := a.turns.Front(); e != nil && a.free > 0; e = e.Next() {
		c := e.Value.(*customer)
		if !a.may(c) {
			continue
		}
		c.waiting.Remove(c.waiting.Front()).(chan *stay) <- a.grant(c)
		a.turns.MoveToBack(e)
		a.settle(c)
		return true
	}
	return false
}

// again looks after some time whether a customer that waits may begin, as nobody needs to leave for that.
func (a *admission) again(c *customer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for a.next() {
	}
	if c.turn != nil {
		c.again.Reset(a.pause(c))
	}
}

// settle takes a customer that does not wait any more out of the turns, and forgets one that holds
// nothing either.
func (a *admission) settle(c *customer) {
	if c.waiting.Len() > 0 {
		return
	}
	if c.turn != nil {
		a.turns.Remove(c.turn)
		c.turn = nil
		c.again.Stop()
	}
	if len(c.inside) == 0 {
		delete(a.customers, c.name)
	}
}
