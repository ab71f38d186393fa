package moving

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A Manifest says what is in an archive. It is the archive's file manifest.json; beside it is a file of JSON lines for each
// table, TABLE.jsonl, with one object for each row in the order of the primary key.
type Manifest struct {
	Format   int    `json:"format"` // 1
	Customer string `json:"customer_id"`
	// Schema is the version of the database that it was taken from.
	Schema int32     `json:"schema_version"`
	At     time.Time `json:"at"`
	Tables []File    `json:"tables"`
	// LeftOut are tables and columns of the customer that are not in the archive, each with its reason.
	LeftOut map[string]string `json:"left_out"`
	// SecretsFor are the ids of the vault keys that open the secrets; none: there are no secrets in the archive.
	SecretsFor []uint32 `json:"secrets_for,omitempty"`
}

// A File is what an archive has of one table.
type File struct {
	Table   string   `json:"table"`
	Columns []string `json:"columns"`
	Rows    int64    `json:"rows"`
	Bytes   int64    `json:"bytes"`
	SHA256  string   `json:"sha256"`
	IDs     *Range   `json:"ids,omitempty"`
}

const manifestName = "manifest.json"

func (f File) name() string { return f.Table + ".jsonl" }

// Omitted are the names of what is left out, in order.
func (m Manifest) Omitted() []string { return sortedKeys(m.LeftOut) }

// Rows is how many rows there are in all tables.
func (m Manifest) Rows() (n int64) {
	for _, f := range m.Tables {
		n += f.Rows
	}
	return n
}

func (m Manifest) file(table string) (File, bool) {
	for _, f := range m.Tables {
		if f.Table == table {
			return f, true
		}
	}
	return File{}, false
}

// ranges are those of the ids, for Reserve.
func (m Manifest) ranges() map[string]Range {
	all := map[string]Range{}
	for _, f := range m.Tables {
		if f.IDs != nil {
			all[f.Table] = *f.IDs
		}
	}
	return all
}

func (m Manifest) write(dir string) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, manifestName), append(text, '\n'), 0o600)
}

// ReadManifest reads the manifest of an archive and compares every file with it: a file that is missing, cut off or changed
// is an error.
func ReadManifest(dir string) (m Manifest, err error) {
	text, err := os.ReadFile(filepath.Join(dir, manifestName)) //nolint:gosec // the archive that was named
	if errors.Is(err, os.ErrNotExist) {
		return m, errors.New("this is no archive of a customer: it has no " + manifestName)
	}
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("%s cannot be read: %w", manifestName, err)
	}
	if m.Format != 1 {
		return m, fmt.Errorf("the archive is of format %d; this program reads format 1", m.Format)
	}
	for _, f := range m.Tables {
		if err := f.check(dir); err != nil {
			return m, err
		}
	}
	return m, nil
}

func (f File) check(dir string) error {
	if f.Table != filepath.Base(f.Table) || strings.HasPrefix(f.Table, ".") {
		return fmt.Errorf("the archive names a table %q, which is none", f.Table)
	}
	file, err := os.Open(filepath.Join(dir, f.name())) //nolint:gosec // below the archive that was named
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("the archive is not whole: %s is missing", f.name())
	}
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	sum := sha256.New()
	n, err := io.Copy(sum, file)
	if err != nil {
		return err
	}
	if n != f.Bytes || hex.EncodeToString(sum.Sum(nil)) != f.SHA256 {
		return fmt.Errorf("the archive is not whole: %s is not what the manifest says (%d bytes, and %d are there)", f.name(), f.Bytes, n)
	}
	return nil
}
