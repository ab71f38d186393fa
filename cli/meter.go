package cli

import (
	"fmt"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
)

// A meter shows how far a long command is: a bar for each table on a terminal, a line for each elsewhere.
type meter struct {
	file *os.File
	bars bool

	bar   *progressbar.ProgressBar
	name  string
	began time.Time
	rows  int64
}

func newMeter(file *os.File) *meter {
	info, err := file.Stat()
	return &meter{file: file, bars: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

// Table begins with a table.
func (m *meter) Table(name string, rows int64) {
	m.name, m.rows, m.began = name, rows, time.Now()
	if m.bars {
		m.bar = progressbar.NewOptions64(rows, progressbar.OptionSetWriter(m.file), progressbar.OptionSetDescription(fmt.Sprintf("%-28s", name)),
			progressbar.OptionShowCount(), progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
	}
}

// Rows are so many rows more.
func (m *meter) Rows(n int64) {
	if m.bars {
		_ = m.bar.Add64(n)
	}
}

// Done is the end of the table.
func (m *meter) Done() {
	if m.bars {
		_ = m.bar.Finish()
		return
	}
	fmt.Fprintf(m.file, "· %s: %d rows in %s\n", m.name, m.rows, time.Since(m.began).Round(time.Millisecond))
}
