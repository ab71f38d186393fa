package isolation

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
)

// An AttackReport is the head of a report of attacks: the attack matrix of integration_tests/isolation.
type AttackReport struct {
	_ struct{} `nullable:"true"`

	Made       string   `json:"made" example:"2026-11-30 22:51 UTC"`
	PostgreSQL string   `json:"postgresql" doc:"Of the server that was attacked."`
	Commit     string   `json:"commit" doc:"Of the program that was attacked; may be empty."`
	Vectors    int      `json:"vectors" doc:"Distinct ways of attacking."`
	Cells      int      `json:"cells" doc:"Attacks: a way, a route, an object, a command."`
	Held       int      `json:"held" doc:"Attacks that got nothing."`
	Leaked     int      `json:"leaked" doc:"Attacks that got something."`
	Controls   int      `json:"controls" doc:"What the same showed to whom it belongs, without which a refusal proves nothing."`
	Empty      int      `json:"empty" doc:"Controls that showed nothing."`
	Statements int64    `json:"statements"`
	Routes     []string `json:"routes" doc:"How many attacks came by which route."`
}

// maxReport is far above what a head takes, and far below the report itself.
const maxReport = 64 << 10

// readAttackReport reads the head of the last report. A report is not there before somebody attacks, which is no fault; what
// is there and cannot be read is one, and is told without the path.
func readAttackReport(path string) (r *AttackReport, fault *string) {
	if path == "" {
		return nil, nil
	}
	text, err := readHead(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, new("the report cannot be read: " + err.Error())
	}
	r = &AttackReport{}
	if err := json.Unmarshal(text, r); err != nil || r.Vectors <= 0 || r.Cells <= 0 || r.Cells != r.Held+r.Leaked+r.Empty || r.Made == "" {
		return nil, new("the file is no attack-summary.json, which `task attack` writes")
	}
	if r.Routes == nil {
		r.Routes = []string{}
	}
	return r, nil
}

// readHead reads a file that is short. Its errors name no path.
func readHead(path string) ([]byte, error) {
	info, err := os.Stat(path)
	var file *os.File
	if err == nil && !info.Mode().IsRegular() { // opening a pipe would wait for who writes to it
		return nil, errors.New("it is no file")
	}
	if err == nil {
		file, err = os.Open(path) //nolint:gosec // the operator's own setting
	}
	if pathError := (*fs.PathError)(nil); errors.As(err, &pathError) {
		err = pathError.Err
	}
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(io.LimitReader(file, maxReport+1))
	if err == nil && len(text) > maxReport {
		err = errors.New("it is too long")
	}
	return text, err
}
