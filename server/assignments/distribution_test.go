package assignments

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCrew_Type(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		equipment *string
		want      string
	}{
		{nil, nonSidewalk},
		{new(""), nonSidewalk},
		{new("Plow Truck"), nonSidewalk},
		{new("Sidewalk Plow"), sidewalk},
		{new("old SIDEWALK machine"), sidewalk},
		{new("side walk"), nonSidewalk},
	} {
		if have := (Crew{Equipment: tt.equipment}).Type(); have != tt.want {
			t.Errorf("%v: %s, want %s", tt.equipment, have, tt.want)
		}
	}
}

// crew makes one of a type.
func crew(id int64, walks bool) Crew {
	if walks {
		return Crew{ID: id, Equipment: new("Sidewalk Plow")}
	}
	return Crew{ID: id}
}

func placesOf(ids ...int64) (places []Place) {
	for _, id := range ids {
		places = append(places, Place{ID: id})
	}
	return places
}

type pair struct{ Property, Contractor int64 }

func pairsOf(proposals []Proposal) (pairs []pair) {
	for _, p := range proposals {
		pairs = append(pairs, pair{p.PropertyID, p.ContractorID})
	}
	return pairs
}

func TestRoundRobin(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		places []Place
		crews  []Crew
		want   []pair
	}{
		"nobody":             {placesOf(1), nil, nil},
		"nothing":            {nil, []Crew{crew(1, true)}, nil},
		"sidewalk first":     {placesOf(1, 2), []Crew{crew(7, false), crew(8, true)}, []pair{{1, 8}, {2, 7}}},
		"by id":              {placesOf(1, 2, 3, 4), []Crew{crew(9, true), crew(4, false), crew(3, true), crew(2, false)}, []pair{{1, 3}, {2, 9}, {3, 2}, {4, 4}}},
		"begins anew":        {placesOf(5, 6, 7), []Crew{crew(1, true), crew(2, false)}, []pair{{5, 1}, {6, 2}, {7, 1}}},
		"in the given order": {placesOf(9, 1), []Crew{crew(1, true), crew(2, false)}, []pair{{9, 1}, {1, 2}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, pairsOf(roundRobin(tt.places, tt.crews))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// An assistant answers with what a test says.
type assistantStub struct {
	proposals []Proposal
	err       error
	asked     *int
}

func (a assistantStub) Propose(context.Context, []Place, []Crew) ([]Proposal, error) {
	*a.asked++
	return a.proposals, a.err
}

func TestAssisted(t *testing.T) {
	t.Parallel()
	both := []Crew{crew(1, true), crew(2, false)}
	for name, tt := range map[string]struct {
		crews     []Crew
		proposals []Proposal
		err       error
		asked     int
		want      []pair
	}{
		"as proposed":         {both, []Proposal{{PropertyID: 12, ContractorID: 2}, {PropertyID: 11, ContractorID: 2}}, nil, 1, []pair{{12, 2}, {11, 2}}},
		"each place once":     {both, []Proposal{{PropertyID: 11, ContractorID: 2}, {PropertyID: 11, ContractorID: 1}, {PropertyID: 12, ContractorID: 1}}, nil, 1, []pair{{11, 2}, {12, 1}}},
		"an unknown place":    {both, []Proposal{{PropertyID: 99, ContractorID: 2}, {PropertyID: 11, ContractorID: 2}, {PropertyID: 12, ContractorID: 2}}, nil, 1, []pair{{11, 2}, {12, 2}}},
		"an unknown crew":     {both, []Proposal{{PropertyID: 11, ContractorID: 99}, {PropertyID: 12, ContractorID: 2}}, nil, 1, []pair{{12, 2}, {11, 1}}},
		"missing ones":        {both, nil, nil, 1, []pair{{11, 1}, {12, 2}}},
		"failure":             {both, []Proposal{{PropertyID: 11, ContractorID: 2}}, errors.New("no answer"), 1, []pair{{11, 1}, {12, 2}}},
		"one type of crew":    {both[:1], nil, nil, 0, nil},
		"the other type only": {both[1:], nil, nil, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			have, err := assisted(assistantStub{tt.proposals, tt.err, &asked})(t.Context(), plan{places: placesOf(11, 12), crews: tt.crews, count: count(tt.crews)})
			if diff := cmp.Diff(tt.want, pairsOf(have.proposals)); diff != "" || err != nil || asked != tt.asked {
				t.Errorf("asked %d times, want %d; %v; %s", asked, tt.asked, err, diff)
			}
		})
	}
}
