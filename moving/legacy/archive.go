package legacy

import (
	"context"
	"database/sql"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// known are tables that are looked at without being a step's.
var known = []string{"customers", "tenants"}

// caches are tables whose rows say nothing that is not had anew.
var caches = []string{"weather_data", "weather_cache", "login_states"}

// secretive are names of columns that may hold a secret.
var secretive = regexp.MustCompile(`(?i)passw|secret|token|api_?key|key_value|hash|salt$|credential|private`)

// An archived row is a line of archive.jsonl.
type archived struct {
	Table string         `json:"table"`
	Row   map[string]any `json:"row"`
}

// archive writes the rows of tables that have no place here into the folder, without what may be secret.
func (in *importer) archive(ctx context.Context) error {
	taken := slices.Clone(known)
	for _, s := range steps {
		if t := in.source.first(s.from); t != nil {
			taken = append(taken, strings.ToLower(t.name))
		}
	}
	for _, name := range in.source.names() {
		if slices.Contains(taken, name) {
			continue
		}
		t := in.source.tables[name]
		rows, err := in.source.count(ctx, t, owners{})
		if err != nil {
			return err
		}
		l := LeftOut{Table: t.name, Rows: rows, Reason: "have no place here"}
		switch {
		case slices.Contains(caches, name):
			l.Reason = "are a cache, and are not kept"
		case in.folder.archive != nil:
			l.Archived = true
			if l.Secrets, err = in.keep(ctx, t); err != nil {
				return err
			}
		case rows > 0:
			l.Reason = "have no place here, and are kept only where --report names a directory"
		}
		in.report.LeftOut = append(in.report.LeftOut, l)
	}
	return nil
}

// keep writes a table's rows as they are, and returns the columns that it left out.
func (in *importer) keep(ctx context.Context, t *table) (secrets []string, err error) {
	for _, c := range t.columns {
		if secretive.MatchString(c) {
			secrets = append(secrets, c)
		}
	}
	err = in.source.rows(ctx, t, owners{}, func(values []sql.RawBytes) error {
		row := map[string]any{}
		for i, c := range t.columns {
			if !slices.Contains(secrets, c) {
				row[c] = archivedValue(t.kinds[i], values[i])
			}
		}
		return in.folder.archive.Encode(archived{t.name, row})
	})
	return secrets, err
}

// archivedValue is a value as JSON has it: whole numbers as such, all else as text.
func archivedValue(kind string, value sql.RawBytes) any {
	if value == nil {
		return nil
	}
	if strings.HasSuffix(kind, "int") {
		if n, err := strconv.ParseInt(string(value), 10, 64); err == nil {
			return n
		}
	}
	return strings.ToValidUTF8(string(value), "�")
}
