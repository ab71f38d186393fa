package legacy

import (
	"sort"
	"strconv"
	"strings"
)

// A run is a row of keys that follow each other, whose ids do so too: what is kept of many rows is little.
type run struct{ first, last, id int64 }

// runs say which ids keys have. Keys are added in their order.
type runs []run

func (r runs) id(key int64) (int64, bool) {
	i := sort.Search(len(r), func(i int) bool { return r[i].last >= key })
	if i == len(r) || r[i].first > key {
		return 0, false
	}
	return r[i].id + key - r[i].first, true
}

// holds tells whether an id is among those of the keys, which is asked where ids and keys are the same.
func (r runs) holds(key int64) bool { _, ok := r.id(key); return ok }

func (r *runs) add(key, id int64) {
	if n := len(*r); n > 0 {
		last := &(*r)[n-1]
		if last.last+1 == key && last.id+key-last.first == id {
			last.last = key
			return
		}
	}
	*r = append(*r, run{key, key, id})
}

// ids are those that the rows of one table of the old portal have here, or get.
type ids struct {
	before  runs            // from imports of before
	now     runs            // by this one
	same    map[int64]int64 // rows that are here as another one
	pending map[int64]int64 // of rows whose turn comes
	taken   runs            // those that some customer's row has, where the key would be the id
	keep    bool            // the key becomes the id where it is free
	draws   func() (int64, error)
}

// of is the id that the row of a key has here.
func (n *ids) of(key int64) (int64, bool) {
	if id, ok := n.before.id(key); ok {
		return id, true
	}
	if id, ok := n.now.id(key); ok {
		return id, true
	}
	if id, ok := n.same[key]; ok {
		return id, true
	}
	id, ok := n.pending[key]
	return id, ok
}

// draw is the id for a row that is not here yet.
func (n *ids) draw(key int64) (int64, error) {
	if id, ok := n.pending[key]; ok {
		return id, nil
	}
	if n.keep && key > 0 && !n.taken.holds(key) {
		return key, nil
	}
	return n.draws()
}

// parseMultirange reads the ids of a set as PostgreSQL writes it, {[1,5),[7,9)}.
func parseMultirange(text string) (set runs, err error) {
	for _, part := range strings.Split(strings.Trim(text, "{}"), "),") {
		low, high, ok := strings.Cut(strings.Trim(part, "[)"), ",")
		if !ok {
			continue
		}
		from, err := strconv.ParseInt(low, 10, 64)
		if err != nil {
			return nil, err
		}
		to, err := strconv.ParseInt(high, 10, 64)
		if err != nil {
			return nil, err
		}
		set = append(set, run{from, to - 1, from})
	}
	return set, nil
}
