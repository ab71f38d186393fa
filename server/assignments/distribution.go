package assignments

import (
	"cmp"
	"slices"
	"strings"
)

// The two types of crew.
const (
	sidewalk    = "sidewalk"
	nonSidewalk = "non-sidewalk"
)

// A Place is a property to be assigned.
type Place struct {
	ID      int64  `db:"id"`
	Name    string `db:"name"`
	Address string `db:"address"`
}

// A Crew is somebody who can be assigned.
type Crew struct {
	ID        int64   `db:"id"`
	Name      string  `db:"name"`
	Equipment *string `db:"default_equipment"`
}

// Type is sidewalk for whoever drives something of that name, and non-sidewalk for all others.
func (c Crew) Type() string {
	if c.Equipment != nil && strings.Contains(strings.ToLower(*c.Equipment), sidewalk) {
		return sidewalk
	}
	return nonSidewalk
}

// A Proposal gives a place to a crew.
type Proposal struct {
	PropertyID   int64
	ContractorID int64
	Reasoning    string
}

// roundRobin gives the i-th place to crew i modulo their count: sidewalk crews first, then the others,
// each by id.
func roundRobin(places []Place, crews []Crew) []Proposal {
	if len(crews) == 0 {
		return nil
	}
	turn := slices.Clone(crews)
	slices.SortFunc(turn, func(a, b Crew) int {
		return cmp.Or(-cmp.Compare(a.Type(), b.Type()), cmp.Compare(a.ID, b.ID))
	})
	var all []Proposal
	for i, place := range places {
		all = append(all, Proposal{PropertyID: place.ID, ContractorID: turn[i%len(turn)].ID, Reasoning: "In turn."})
	}
	return all
}

// checked keeps of an assistant's proposals those that name a place and a crew of the question, each
// place once. The places that it left out are given in turn.
func checked(proposals []Proposal, places []Place, crews []Crew) []Proposal {
	open := map[int64]bool{}
	for _, p := range places {
		open[p.ID] = true
	}
	var all []Proposal
	for _, p := range proposals {
		if open[p.PropertyID] && slices.ContainsFunc(crews, func(c Crew) bool { return c.ID == p.ContractorID }) {
			all = append(all, p)
			open[p.PropertyID] = false
		}
	}
	left := slices.DeleteFunc(slices.Clone(places), func(p Place) bool { return !open[p.ID] })
	return append(all, roundRobin(left, crews)...)
}
