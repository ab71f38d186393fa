package legacy

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// A taking is a step on its way.
type taking struct {
	*pass
	*step
	out   *Table
	fresh [][]any // rows to be written
	known [][]any // rows that came before, to be compared
	any   bool    // rows wait in the stage

	writing chan error // what is being written says here how it ends; nil where nothing is
	spare   [][]any    // what was written, to be filled again
	// What is done at each property is added up, to be compared with what is there in the end.
	there, came map[int64]work
}

// row takes one row of the source.
func (w *taking) row(ctx context.Context, r *row, values []sql.RawBytes) error {
	w.out.Read++
	if w.out.Read%1000 == 0 && !w.silent {
		w.Progress.Rows(1000)
	}
	r.values, r.notes, r.refuse, r.key, r.id = values, r.notes[:0], "", 0, 0
	if r.table.hasKey() {
		text, _ := r.raw("id")
		r.key, _ = strconv.ParseInt(text, 10, 64)
	}
	here, proceed := w.whether(r)
	if !proceed {
		return nil
	}
	made := w.make(w.pass, r)
	if r.refuse != "" {
		return w.refused(r)
	}
	key := ""
	if w.once != nil {
		if key = w.once.key(made); key != "" {
			if other, ok := w.seen[key]; ok && (w.noID || other != r.id) {
				return w.doubled(r, other, here)
			}
		}
	}
	if err := w.accept(r, made, key, here); err != nil {
		return err
	}
	if len(w.fresh)+len(w.known) >= batch {
		return w.flush(ctx, false)
	}
	return nil
}

// whether says if the row has come before, and if it is to be looked at at all.
func (w *taking) whether(r *row) (here, proceed bool) {
	if w.with != "" {
		n := w.ids[w.with]
		key, _ := r.raw(w.by)
		parent, _ := strconv.ParseInt(key, 10, 64)
		switch _, ok := n.now.id(parent); {
		case ok:
			return false, true
		case w.silent:
			return false, false
		}
		if _, ok := n.of(parent); ok {
			w.out.Before++
			return true, false
		}
		r.refused("%s: ‹%d› is none of this customer's %s", w.by, parent, w.with)
		return false, true
	}
	if w.noID {
		return false, true
	}
	r.id, here = w.ids[w.from[0]].before.id(r.key)
	return here, true
}

// accept takes a row that is fit. One that is new gets its id only now: what is not taken draws none.
func (w *taking) accept(r *row, made []any, key string, here bool) (err error) {
	if !w.noID {
		if !here {
			if r.id, err = w.ids[w.from[0]].draw(r.key); err != nil {
				return err
			}
		}
		made = append([]any{r.id}, made...)
	}
	if key != "" {
		w.seen[key] = r.id
	}
	if here {
		w.out.Before++
		w.known = append(w.known, made)
		return nil
	}
	return w.fill(r, made)
}

func (w *taking) fill(r *row, made []any) error {
	if !w.noID {
		w.ids[w.from[0]].now.add(r.key, r.id)
		if r.id != r.key {
			w.out.IDs++
		}
	}
	w.fresh = append(w.fresh, made)
	if w.came != nil {
		w.came[r.property] = w.came[r.property].plus(r.work)
	}
	if w.silent {
		return nil
	}
	listed := false
	for _, n := range r.notes {
		if !n.listed {
			w.out.because(filled, n.text, r.key)
			continue
		}
		listed = true
		w.out.because(changed, n.text, r.key)
		if err := w.folder.row(w.id, w.out.Name, r.key, changed, n.text); err != nil {
			return err
		}
	}
	if listed {
		w.out.Changed++
	}
	return nil
}

func (w *taking) refused(r *row) error {
	if w.silent {
		return nil
	}
	w.out.Refused++
	w.out.because(refused, r.refuse, r.key)
	return w.folder.row(w.id, w.out.Name, r.key, refused, r.refuse)
}

func (w *taking) doubled(r *row, other int64, here bool) error {
	if here {
		// It came before, and now another row has what is its own: both are here.
		w.out.Before++
		return nil
	}
	if !w.noID {
		w.ids[w.from[0]].same[r.key] = other
	}
	w.out.Doubled++
	text := "the same as ‹" + strconv.FormatInt(other, 10) + "›, which is here"
	if w.noID {
		text = "said twice"
	}
	w.out.because(doubled, text, r.key)
	return w.folder.row(w.id, w.out.Name, r.key, doubled, text)
}

// names are the columns of what a step makes.
func (s *step) names() []string {
	if s.noID {
		return s.columns
	}
	return append([]string{"id"}, s.columns...)
}

// flush has what has been collected written, while more is read. Rows that refer to later ones wait until all are there.
func (w *taking) flush(ctx context.Context, last bool) error {
	if !w.started[w.into] && len(w.fresh)+len(w.known) > 0 {
		if err := w.landing.Stage(ctx, w.into); err != nil {
			return err
		}
		w.started[w.into] = true
	}
	if err := w.settle(); err != nil {
		return err
	}
	if len(w.fresh) > 0 || w.any && last {
		rows := w.fresh
		w.fresh, w.spare = w.spare[:0], rows
		w.writing = make(chan error, 1)
		go func() { w.writing <- w.write(ctx, rows, last) }()
	}
	if !last && len(w.known) == 0 {
		return nil
	}
	if err := w.settle(); err != nil || len(w.known) == 0 || w.any {
		return err
	}
	return w.compare(ctx)
}

// settle waits until what is being written is: until then nobody else may use the transaction.
func (w *taking) settle() error {
	if w.writing == nil {
		return nil
	}
	err := <-w.writing
	w.writing = nil
	return err
}

func (w *taking) write(ctx context.Context, rows [][]any, last bool) error {
	if len(rows) > 0 {
		if _, err := w.landing.Copy(ctx, w.into, w.names(), pgx.CopyFromRows(rows)); err != nil {
			return err
		}
		w.any = true
	}
	if w.whole && !last {
		return nil
	}
	n, err := w.landing.Insert(ctx, w.into, w.names()...)
	w.out.Written += n
	w.any = false
	return err
}

// compare tells of the rows that came before which are otherwise here, and leaves them so.
func (w *taking) compare(ctx context.Context) error {
	if _, err := w.landing.Copy(ctx, w.into, w.names(), pgx.CopyFromRows(w.known)); err != nil {
		return err
	}
	least, greatest := w.known[0][0].(int64), w.known[0][0].(int64)
	for _, k := range w.known {
		least, greatest = min(least, k[0].(int64)), max(greatest, k[0].(int64))
	}
	w.known = w.known[:0]
	compared := slices.DeleteFunc(slices.Clone(w.columns), func(c string) bool {
		return c == "created_at" || c == "updated_at" || slices.Contains(w.free, c)
	})
	list := func(of string) string { return "(" + of + strings.Join(compared, ", "+of) + ")" }
	query := fmt.Sprintf(`select s.id, t.id is null from %s s left join %s t on t.id = s.id and t.id between $1 and $2 where t.id is null or %s is distinct from %s order by s.id`,
		w.landing.Staged(w.into), w.into, list("s."), list("t."))
	err := w.landing.AsMover(ctx, func() error {
		rows, _ := w.tx.Query(ctx, query, least, greatest)
		var id int64
		var gone bool
		_, err := pgx.ForEachRow(rows, []any{&id, &gone}, func() error { return w.differs(id, gone) })
		return err
	})
	if err != nil {
		return err
	}
	_, err = w.tx.Exec(ctx, "truncate "+w.landing.Staged(w.into))
	return err
}

func (w *taking) differs(id int64, gone bool) error {
	text := "imported before; otherwise in the source than here, and left as it is here"
	if gone {
		text = "imported before; deleted here since"
	}
	w.out.Unlike++
	w.out.because(unlike, text, id)
	return w.folder.row(w.id, w.out.Name, id, unlike, text)
}
