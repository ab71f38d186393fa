package assignments

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCrew_Kind(t *testing.T) {
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
		if have := (crew{Equipment: tt.equipment}).kind(); have != tt.want {
			t.Errorf("%v: %s, want %s", tt.equipment, have, tt.want)
		}
	}
}

func crewOf(id int64, walks bool) crew {
	if walks {
		return crew{ID: id, Equipment: new("Sidewalk Plow")}
	}
	return crew{ID: id}
}

func placesOf(ids ...int64) (places []place) {
	for _, id := range ids {
		places = append(places, place{ID: id})
	}
	return places
}

type pair struct{ Property, Contractor int64 }

func pairsOf(all []AutomaticAssignment) (pairs []pair) {
	for _, p := range all {
		pairs = append(pairs, pair{p.PropertyID, p.ContractorID})
	}
	return pairs
}

func TestInTurn(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		places []place
		crews  []crew
		want   []pair
	}{
		"nobody":             {placesOf(1), nil, nil},
		"nothing":            {nil, []crew{crewOf(1, true)}, nil},
		"sidewalk first":     {placesOf(1, 2), []crew{crewOf(7, false), crewOf(8, true)}, []pair{{1, 8}, {2, 7}}},
		"by id":              {placesOf(1, 2, 3, 4), []crew{crewOf(9, true), crewOf(4, false), crewOf(3, true), crewOf(2, false)}, []pair{{1, 3}, {2, 9}, {3, 2}, {4, 4}}},
		"begins anew":        {placesOf(5, 6, 7), []crew{crewOf(1, true), crewOf(2, false)}, []pair{{5, 1}, {6, 2}, {7, 1}}},
		"in the given order": {placesOf(9, 1), []crew{crewOf(1, true), crewOf(2, false)}, []pair{{9, 1}, {1, 2}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, pairsOf(inTurn(tt.places, tt.crews))); diff != "" {
				t.Error(diff)
			}
		})
	}
}
