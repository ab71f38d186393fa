package legacy

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/go-sql-driver/mysql"
)

// A source is the old portal's database, of which one picture is seen: that of the beginning.
type source struct {
	db     *sql.DB
	conn   *sql.Conn
	name   string
	tables map[string]*table
}

// A table is one of the source's, with the columns that are there.
type table struct {
	name    string
	columns []string
	kinds   []string
	index   map[string]int
}

func (t *table) has(column string) bool { _, ok := t.index[column]; return ok }

// kind is the type of a column, as information_schema names it.
func (t *table) kind(column string) string {
	i, ok := t.index[column]
	if !ok {
		return ""
	}
	return t.kinds[i]
}

// hasKey tells whether the rows have a number.
func (t *table) hasKey() bool {
	return t.has("id") && slices.Contains([]string{"tinyint", "smallint", "mediumint", "int", "bigint"}, t.kind("id"))
}

// open connects and reads the catalogue. Its errors are sentences for whoever typed the name of the source.
func open(ctx context.Context, dsn string) (opened *source, err error) {
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, errors.New("--from: expected user:password@tcp(host:3306)/database")
	}
	if config.DBName == "" {
		return nil, errors.New("--from names no database: user:password@tcp(host:3306)/database")
	}
	// Texts come as they are: what a driver makes of a date of zeros says nothing of the row.
	config.ParseTime, config.MultiStatements, config.InterpolateParams = false, false, true
	if config.Params == nil {
		config.Params = map[string]string{}
	}
	config.Params["time_zone"] = "'+00:00'"
	config.Logger = silence{}
	s := &source{name: config.DBName, tables: map[string]*table{}}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, errors.New("--from: expected user:password@tcp(host:3306)/database")
	}
	s.db = sql.OpenDB(connector)
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.conn, err = s.db.Conn(ctx); err != nil {
		return nil, explain(err, config)
	}
	if _, err = s.conn.ExecContext(ctx, "start transaction with consistent snapshot, read only"); err != nil {
		return nil, explain(err, config)
	}
	if err = s.catalogue(ctx); err != nil {
		return nil, explain(err, config)
	}
	if s.tables["users"] == nil && s.tables["locations"] == nil {
		return nil, fmt.Errorf("the database %s has neither users nor locations: it is none of a contractor portal", config.DBName)
	}
	return s, nil
}

// silence keeps the driver from writing to the terminal what it returns as an error too.
type silence struct{}

func (silence) Print(...any) {}

func (s *source) close() {
	if s.conn != nil {
		// A connection that somebody has stays open, and with it what its transaction holds.
		_ = s.conn.Close()
	}
	_ = s.db.Close()
}

// explain says in one sentence why the source does not answer. The driver's own text may quote what was typed.
func explain(err error, c *mysql.Config) error {
	var refused *mysql.MySQLError
	var dns *net.DNSError
	var network *net.OpError
	switch {
	case errors.As(err, &refused) && (refused.Number == 1045 || refused.Number == 1698):
		return fmt.Errorf("MySQL at %s refuses %s: the name or the password is wrong", c.Addr, c.User)
	case errors.As(err, &refused) && refused.Number == 1044:
		return fmt.Errorf("MySQL at %s lets %s not read the database %s", c.Addr, c.User, c.DBName)
	case errors.As(err, &refused) && refused.Number == 1049:
		return fmt.Errorf("MySQL at %s has no database %s", c.Addr, c.DBName)
	case errors.As(err, &dns):
		return fmt.Errorf("there is no host %s", dns.Name)
	case errors.As(err, &network):
		return fmt.Errorf("nothing answers at %s", c.Addr)
	}
	return fmt.Errorf("MySQL: %w", err)
}

// columnsThere is MySQL's, and none of PostgreSQL's statements.
const columnsThere = `
select c.table_name, c.column_name, lower(c.data_type)
from information_schema.columns c
join information_schema.tables t on t.table_schema = c.table_schema and t.table_name = c.table_name
where c.table_schema = database() and t.table_type = 'BASE TABLE'
order by c.table_name, c.ordinal_position`

func (s *source) catalogue(ctx context.Context) error {
	return s.each(ctx, columnsThere, nil, func(v []sql.RawBytes) error {
		name := strings.ToLower(string(v[0]))
		t := s.tables[name]
		if t == nil {
			t = &table{name: string(v[0]), index: map[string]int{}}
			s.tables[name] = t
		}
		column := strings.ToLower(string(v[1]))
		t.index[column] = len(t.columns)
		t.columns, t.kinds = append(t.columns, column), append(t.kinds, string(v[2]))
		return nil
	})
}

// each hands every row of a query on. Its values hold until the next row.
func (s *source) each(ctx context.Context, query string, args []any, do func([]sql.RawBytes) error) error {
	rows, err := s.conn.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("MySQL: %w", err)
	}
	defer rows.Close() //nolint:errcheck // Err says it
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	values, into := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if err := do(values); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("MySQL: %w", err)
	}
	return nil
}

func quoted(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// page is how many rows of a table are asked for at a time.
const page = 10_000

// rows hands every row of a table on that is one of some owners', in the order of their keys: a page at a time, so that
// neither side holds a long answer. No owners: every row.
func (s *source) rows(ctx context.Context, t *table, owners owners, do func([]sql.RawBytes) error) error {
	list := make([]string, len(t.columns))
	for i, c := range t.columns {
		list[i] = "t." + quoted(c)
	}
	query := "select " + strings.Join(list, ", ") + " from " + quoted(t.name) + " t" + owners.join
	where := owners.where
	if !t.hasKey() {
		return s.each(ctx, query+concat(" where ", where), owners.args, do)
	}
	last, at := "", t.index["id"]
	for {
		conditions := slices.DeleteFunc([]string{where, concat("t.id > ", last)}, func(c string) bool { return c == "" })
		n := 0
		err := s.each(ctx, query+concat(" where ", strings.Join(conditions, " and "))+fmt.Sprintf(" order by t.id limit %d", page), owners.args, func(v []sql.RawBytes) error {
			n++
			last = string(v[at])
			return do(v)
		})
		if err != nil || n < page {
			return err
		}
	}
}

// count is how many rows of a table are of some owners.
func (s *source) count(ctx context.Context, t *table, owners owners) (n int64, err error) {
	query := "select count(*) from " + quoted(t.name) + " t" + owners.join + concat(" where ", owners.where)
	err = s.conn.QueryRowContext(ctx, query, owners.args...).Scan(&n)
	return n, err
}

func concat(before, text string) string {
	if text == "" {
		return ""
	}
	return before + text
}
