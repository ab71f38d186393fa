package moving

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"contractor-portal/db"
	"contractor-portal/db/install"
	"contractor-portal/server/auth"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// An Erased says what is gone.
type Erased struct {
	Rows map[string]int64 // what there was, by table
	// Left is what the catalogue's tables have of the customer afterwards: nothing.
	Left map[string]int64
	// Kept are the entries of the platform's audit log that stay, as deeds with a customer's id and without any detail.
	Kept int64
	// Forgotten are rows without a customer that spoke of it: attempts to log in, answers kept for repeats.
	Forgotten int64
}

// Tables are the names of those that had rows.
func (e Erased) Tables() []string { return sortedKeys(e.Rows) }

// EraseOptions say what must be so before a customer is erased.
type EraseOptions struct {
	// Archive is a directory that must hold exactly what there is; empty: the customer is erased without one.
	Archive string
	// Deed is entered in the platform's audit log, with the number of rows.
	Deed auth.Deed
}

const erasableSQL = `
select
  c.status,
  array_agg(distinct said.word) filter (where char_length(said.word) > 4) as words,
  coalesce(array_agg(distinct l.email) filter (where l.email is not null), '{}') as emails
from platform.customers c
left join platform.logins l on l.customer_id = c.customer_id
left join lateral (values (c.customer_id), (c.company_name), (c.contact_email), (c.billing_email), (l.email)) as said (word) on true
where c.customer_id = @customer
group by c.customer_id`

type erasable struct {
	Status string   `db:"status"`
	Words  []string `db:"words"`
	Emails []string `db:"emails"`
}

// Erase deletes every row of a cancelled customer, in every table that has a column customer_id, and the customer itself,
// in one transaction that ends with a look at all of these tables: is anything left, nothing is done. It needs the sight
// of a migration, for what speaks of the customer without being its.
func Erase(ctx context.Context, url, customer string, o EraseOptions) (e Erased, err error) {
	err = install.Transaction(ctx, url, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select from platform.customers where customer_id = $1 for update`, customer); err != nil {
			return err
		}
		of, err := db.One[erasable](ctx, db.Adopt(tx), erasableSQL, db.Args{"customer": customer})
		if errors.Is(err, db.ErrNotFound) {
			return fmt.Errorf("there is no customer %s", customer)
		}
		if err != nil {
			return err
		}
		if of.Status != "cancelled" {
			return fmt.Errorf("customer %s is %s; only a cancelled one is erased, whose people are out", customer, of.Status)
		}
		if e.Rows, err = rowsOf(ctx, tx, customer); err != nil {
			return err
		}
		if err := o.matches(customer, e.Rows); err != nil {
			return err
		}
		if err := deleteAll(ctx, tx, customer); err != nil {
			return err
		}
		if err := e.forget(ctx, tx, customer, of); err != nil {
			return err
		}
		if e.Left, err = rowsOf(ctx, tx, customer); err != nil {
			return err
		}
		if len(e.Left) > 0 {
			return fmt.Errorf("rows are left in %s; nothing was erased", strings.Join(sortedKeys(e.Left), ", "))
		}
		o.Deed.Detail["rows"] = e.Rows
		return auth.RecordOnPlatform(ctx, db.Adopt(tx), o.Deed)
	})
	return e, err
}

// matches compares an archive with what there is of its tables.
func (o EraseOptions) matches(customer string, rows map[string]int64) error {
	if o.Archive == "" {
		return nil
	}
	m, err := ReadManifest(o.Archive)
	if err != nil {
		return err
	}
	if m.Customer != customer {
		return fmt.Errorf("the archive is of customer %s", m.Customer)
	}
	for _, f := range m.Tables {
		// Making the archive was entered since.
		if n := rows[f.Table]; n != f.Rows && f.Table != "platform.audit_log" {
			return fmt.Errorf("the archive is not of now: it has %d rows of %s, and there are %d; export the customer again", f.Rows, f.Table, n)
		}
	}
	return nil
}

const customersTablesSQL = `
select c.oid::regclass::text
from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attname = 'customer_id' and not a.attisdropped
join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'm', 'f')
  and not c.relispartition
  and n.nspname !~ '^pg_'
order by 1`

// rowsOf counts the rows of a customer in every table of every schema; tables without any are not named.
func rowsOf(ctx context.Context, tx pgx.Tx, customer string) (map[string]int64, error) {
	rows, _ := tx.Query(ctx, customersTablesSQL)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, err
	}
	counts := map[string]int64{}
	for _, t := range tables {
		var n int64
		// The name is as PostgreSQL prints it, quoted where it must be.
		if err := tx.QueryRow(ctx, "select count(*) from "+t+" where customer_id = $1", customer).Scan(&n); err != nil {
			return nil, fmt.Errorf("%s: %w", t, err)
		}
		if n > 0 {
			counts[t] = n
		}
	}
	return counts, nil
}

// deletableSQL are the tables in the order in which their rows can go: whoever refers comes before what it refers to, and
// what triggers count after what they count.
const deletableSQL = `
with recursive t as (
  select c.oid, c.oid::regclass::text as name
  from pg_class c
  where c.relnamespace in ('portal'::regnamespace, 'platform'::regnamespace, 'jobs'::regnamespace)
    and c.relkind in ('r', 'p')
    and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'customer_id' and not a.attisdropped)
),
below as (
  select t.oid, 0 as depth from t
  union
  select f.confrelid, b.depth + 1
  from below b
  join pg_constraint f on f.conrelid = b.oid and f.contype = 'f' and f.confrelid <> f.conrelid
  join t on t.oid = f.confrelid
  where b.depth < 100
)
select t.name
from t
join below b on b.oid = t.oid
group by t.name
order by t.name = 'platform.customers', t.name = 'platform.usage', max(b.depth), t.name`

func deleteAll(ctx context.Context, tx pgx.Tx, customer string) error {
	rows, _ := tx.Query(ctx, deletableSQL)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	if err := EnterCustomer(ctx, tx, customer); err != nil {
		return err
	}
	return asMover(ctx, tx, func() error {
		for _, t := range tables {
			// No condition: the wall is what keeps the others' rows.
			if _, err := tx.Exec(ctx, "delete from "+t); err != nil {
				return refusedRow(Table{Name: t}, err)
			}
		}
		return nil
	})
}

const (
	forgetDeedsSQL = `
update platform.audit_log a
set detail = '{}'
where a.customer_id is null
  and (a.object_id = @customer
    or not exists (select from platform.customers c where c.customer_id = a.object_id)
      and exists (select from unnest(@words::text[]) as w (word) where position(w.word in a.detail::text) > 0))`

	forgetAttemptsSQL = `
delete from platform.login_attempts a
where a.email = any (@emails)
  and not exists (select from platform.logins l where l.email = a.email)
  and not exists (select from platform.operators o where o.email = a.email)`

	forgetAnswersSQL = `
delete from platform.idempotency_keys k
where k.customer_id is null
  and exists (select from unnest(@words::text[]) as w (word) where position(convert_to(w.word, 'UTF8') in k.body) > 0)`
)

// forget takes away what speaks of the customer in rows that are nobody's: of deeds of the platform stays who did what and
// when.
func (e *Erased) forget(ctx context.Context, tx pgx.Tx, customer string, of erasable) (err error) {
	own := db.Adopt(tx)
	if e.Kept, err = db.Exec(ctx, own, forgetDeedsSQL, db.Args{"customer": customer, "words": of.Words}); err != nil {
		return err
	}
	attempts, err := db.Exec(ctx, own, forgetAttemptsSQL, db.Args{"emails": of.Emails})
	if err != nil {
		return err
	}
	answers, err := db.Exec(ctx, own, forgetAnswersSQL, db.Args{"words": of.Words})
	e.Forgotten = attempts + answers
	return err
}
