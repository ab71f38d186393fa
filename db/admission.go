package db

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// An admission hands out the connections of the tenants' pool so that one customer's flood leaves the
// others theirs: a customer holds at most its share at once, further units of work wait in a line of
// the customer's own, and a connection that comes free goes to the customers that wait, in turn.
type admission struct {
	share int           // of one customer: connections at once
	line  int           // of one customer: units of work that wait
	wait  time.Duration // of one unit of work

	mu        sync.Mutex
	free      int                  // connections that nobody holds
	customers map[string]*customer // those that hold a connection or wait for one
	turns     list.List            // of *customer: those that wait, who is next first
}

type customer struct {
	held    int
	waiting list.List     // of chan struct{}, which is closed when the unit of work is admitted
	turn    *list.Element // in turns, while somebody waits
}

// enter waits until the customer may take a connection. It fails with ErrCrowded where the line is full,
// or where the customer's own units of work held its share all the time; with ErrBusy where others held
// the pool. After nil the caller calls leave.
func (a *admission) enter(ctx context.Context, name string) error {
	a.mu.Lock()
	c := a.customers[name]
	if c == nil {
		c = &customer{}
		a.customers[name] = c
	}
	// Who has waited goes first: where a connection is free, everybody in a line has the whole share.
	if a.free > 0 && c.held < a.share {
		a.free--
		c.held++
		a.mu.Unlock()
		return nil
	}
	if c.waiting.Len() >= a.line {
		a.mu.Unlock()
		return &Refusal{Kind: ErrCrowded}
	}
	admitted := make(chan struct{})
	place := c.waiting.PushBack(admitted)
	if c.turn == nil {
		c.turn = a.turns.PushBack(c)
	}
	a.mu.Unlock()

	over := time.NewTimer(a.wait)
	defer over.Stop()
	select {
	case <-admitted:
		return nil
	case <-ctx.Done():
	case <-over.C:
	}
	return a.giveUp(ctx, name, c, place, admitted)
}

func (a *admission) giveUp(ctx context.Context, name string, c *customer, place *list.Element, admitted chan struct{}) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	select {
	case <-admitted: // in the same instant
		if ctx.Err() == nil {
			return nil
		}
		a.release(name, c)
	default:
		c.waiting.Remove(place)
		a.settle(name, c)
	}
	switch {
	case ctx.Err() != nil:
		return translate(ctx, ctx.Err())
	case c.held >= a.share:
		return &Refusal{Kind: ErrCrowded}
	}
	return &Refusal{Kind: ErrBusy}
}

// leave gives back what enter admitted to.
func (a *admission) leave(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.release(name, a.customers[name])
}

// release frees a connection of a customer and gives it to whose turn it is.
func (a *admission) release(name string, c *customer) {
	a.free++
	c.held--
	for e := a.turns.Front(); e != nil && a.free > 0; e = e.Next() {
		next := e.Value.(*customer)
		if next.held == a.share {
			continue
		}
		a.free--
		next.held++
		close(next.waiting.Remove(next.waiting.Front()).(chan struct{}))
		a.turns.MoveToBack(e)
		a.settle("", next)
		break
	}
	a.settle(name, c)
}

// settle takes a customer that does not wait any more out of the turns, and forgets one that holds
// nothing either.
func (a *admission) settle(name string, c *customer) {
	if c.waiting.Len() > 0 {
		return
	}
	if c.turn != nil {
		a.turns.Remove(c.turn)
		c.turn = nil
	}
	if c.held == 0 {
		delete(a.customers, name)
	}
}
