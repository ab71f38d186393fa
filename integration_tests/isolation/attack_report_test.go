package isolation

import (
	"bufio"
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html/template"
	"os"
	"slices"
	"strings"
	"sync"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/integration_tests/report"
)

//go:embed testdata/attack-report.html
var reportHTML string

// found is what all attacks of the run have found out.
var found struct {
	sync.Mutex
	cells []*cell
}

func record(cells ...*cell) {
	found.Lock()
	defer found.Unlock()
	found.cells = append(found.cells, cells...)
}

// A summary is the head of the report, as GET /api/isolation shows it.
type summary struct {
	report.Head
	Vectors    int      `json:"vectors"` // numbers of distinct ways
	Cells      int      `json:"cells"`
	Held       int      `json:"held"`
	Leaked     int      `json:"leaked"`
	Empty      int      `json:"empty"`
	Controls   int      `json:"controls"`
	Statements int64    `json:"statements"`
	Routes     []string `json:"routes"`
}

func (s summary) String() string {
	return fmt.Sprintf("attack matrix: %d vectors, %d cells (%s), %d controls, %d statements: %d leaked, %d controls empty",
		s.Vectors, s.Cells, strings.Join(s.Routes, ", "), s.Controls, s.Statements, s.Leaked, s.Empty)
}

// summarize sorts the cells and counts them.
func summarize(cells []*cell) (s summary) {
	slices.SortStableFunc(cells, func(a, b *cell) int {
		return cmp.Or(cmp.Compare(a.Vector, b.Vector), strings.Compare(a.Name, b.Name), strings.Compare(a.Route, b.Route), strings.Compare(a.Object, b.Object), strings.Compare(a.Command, b.Command))
	})
	s = summary{Head: report.NewHead(harness.Suite.Cluster.Version(context.Background())), Statements: attacked.statements.Load()}
	numbers, routes := map[int]bool{}, map[string]int{}
	for _, c := range cells {
		numbers[c.Vector] = true
		routes[c.Route]++
		s.Cells++
		s.Controls += c.controls
		switch c.verdict() {
		case leaked:
			s.Leaked++
		case controlEmpty:
			s.Empty++
		default:
			s.Held++
		}
	}
	for _, route := range routeOrder {
		if routes[route] > 0 {
			s.Routes = append(s.Routes, fmt.Sprintf("%s %d", route, routes[route]))
		}
	}
	s.Vectors = len(numbers)
	return s
}

// writeReport ends a run: one line, and the files where they are asked for.
func writeReport() error {
	found.Lock()
	defer found.Unlock()
	if len(found.cells) == 0 {
		return nil
	}
	s := summarize(found.cells)
	harness.Summarize("%s\n", s)
	if report.Path("") == "" {
		return nil
	}
	if err := report.Write("attack-summary.json", s); err != nil {
		return err
	}
	for name, write := range map[string]func(*bufio.Writer) error{
		"attack-report.json": writeJSON, "attack-report.xml": writeJUnit,
		"attack-report.html": func(w *bufio.Writer) error { return writeHTML(w, s) },
	} {
		if err := writeFile(report.Path(name), write); err != nil {
			return err
		}
	}
	return nil
}

func writeFile(path string, write func(*bufio.Writer) error) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	w := bufio.NewWriter(file)
	if err := write(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return file.Close()
}

// writeJSON writes a line for each cell.
func writeJSON(w *bufio.Writer) error {
	for _, c := range found.cells {
		line, err := json.Marshal(struct {
			*cell
			Verdict string `json:"verdict"`
		}{c, c.verdict()})
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%s\n", line); err != nil {
			return err
		}
	}
	return nil
}

// A junitCase is a cell as CI shows it.
type junitCase struct {
	XMLName xml.Name `xml:"testcase"`
	Class   string   `xml:"classname,attr"`
	Name    string   `xml:"name,attr"`
	Failure *string  `xml:"failure,omitempty"`
}

func writeJUnit(w *bufio.Writer) error {
	suite := struct {
		XMLName  xml.Name `xml:"testsuite"`
		Name     string   `xml:"name,attr"`
		Tests    int      `xml:"tests,attr"`
		Failures int      `xml:"failures,attr"`
		Cases    []junitCase
	}{Name: "attack matrix", Tests: len(found.cells)}
	for _, c := range found.cells {
		one := junitCase{Class: fmt.Sprintf("%s.%d %s", c.Route, c.Vector, c.Name), Name: c.Command + " " + c.Object}
		if c.verdict() != held {
			text := c.String()
			one.Failure = &text
			suite.Failures++
		}
		suite.Cases = append(suite.Cases, one)
	}
	if _, err := w.WriteString(xml.Header); err != nil {
		return err
	}
	return xml.NewEncoder(w).Encode(suite)
}

// A reportRow is a vector by one route, with how it went for each object.
type reportRow struct {
	Vector      int
	Name, Route string
	Marks       []reportMark // in the order of the columns
	Cells       []*cell
	Verdict     string
}

type reportMark struct {
	Verdict string
	Cells   int
}

// Verdict is for the page.
func (c *cell) Verdict() string { return c.verdict() }

func writeHTML(w *bufio.Writer, s summary) error {
	var columns []string // tables that several vectors aim at
	seen := map[string]int{}
	for _, c := range found.cells {
		if strings.HasPrefix(c.Object, "portal.") || strings.HasPrefix(c.Object, "platform.") {
			if seen[c.Object]++; seen[c.Object] == 20 {
				columns = append(columns, c.Object)
			}
		}
	}
	slices.Sort(columns)
	columns = append(columns, "other objects")
	var rows []*reportRow
	for _, c := range found.cells {
		if n := len(rows); n == 0 || rows[n-1].Vector != c.Vector || rows[n-1].Name != c.Name || rows[n-1].Route != c.Route {
			rows = append(rows, &reportRow{Vector: c.Vector, Name: c.Name, Route: c.Route, Marks: make([]reportMark, len(columns)), Verdict: held})
		}
		row := rows[len(rows)-1]
		at := slices.Index(columns, c.Object)
		if at < 0 {
			at = len(columns) - 1
		}
		row.Cells = append(row.Cells, c)
		row.Verdict = worse(row.Verdict, c.verdict())
		row.Marks[at] = reportMark{worse(row.Marks[at].Verdict, c.verdict()), row.Marks[at].Cells + 1}
	}
	page, err := template.New("report").Parse(reportHTML)
	if err != nil {
		return err
	}
	return page.Execute(w, map[string]any{"Summary": s, "Columns": columns, "Rows": rows})
}

// routeOrder is that of the report.
var routeOrder = []string{"SQL", "PgBouncer", "standby", "HTTP"}

func worse(a, b string) string {
	order := []string{"", held, controlEmpty, leaked}
	return order[max(slices.Index(order, a), slices.Index(order, b))]
}
