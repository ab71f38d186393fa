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

// A place is a property to be assigned.
type place struct {
	ID      int64  `db:"id"`
	Name    string `db:"name"`
	Address string `db:"address"`
}

// A crew is somebody who can be assigned.
type crew struct {
	ID        int64   `db:"id"`
	Name      string  `db:"name"`
	Equipment *string `db:"default_equipment"`
}

// kind is sidewalk for whoever drives something of that name, and non-sidewalk for all others.
func (c crew) kind() string {
	if c.Equipment != nil && strings.Contains(strings.ToLower(*c.Equipment), sidewalk) {
		return sidewalk
	}
	return nonSidewalk
}

// inTurn gives the i-th place to crew i modulo their count: sidewalk crews first, then the others, each by
// id. Nothing is stored yet.
func inTurn(places []place, crews []crew) (all []AutomaticAssignment) {
	if len(crews) == 0 {
		return nil
	}
	turn := slices.Clone(crews)
	slices.SortFunc(turn, func(a, b crew) int {
		return cmp.Or(-cmp.Compare(a.kind(), b.kind()), cmp.Compare(a.ID, b.ID))
	})
	for i, p := range places {
		c := turn[i%len(turn)]
		all = append(all, AutomaticAssignment{
			PropertyID: p.ID, PropertyName: p.Name, ContractorID: c.ID, ContractorName: c.Name, CrewType: c.kind(), Reasoning: "In turn.",
		})
	}
	return all
}
