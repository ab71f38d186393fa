package reports

import (
	"fmt"
	"testing"
	"time"

	"contractor-portal/server/field"
)

// BenchmarkBook_Sheets makes a workbook of a thousand sheets.
func BenchmarkBook_Sheets(b *testing.B) {
	for b.Loop() {
		book, err := newBook(timesheets, &request{zone: time.UTC, now: time.Unix(0, 0), summary: summary{Company: "Alder"}})
		if err != nil {
			b.Fatal(err)
		}
		at := field.Time{Time: time.Date(2026, 1, 10, 6, 0, 0, 0, time.UTC)}
		for n := range 1000 {
			if err := book.add(&ticket{Opens: true, Worker: fmt.Sprint("Worker ", n), TimeIn: &at, TimeOut: &at, Hours: "1.25", BulkSalt: "0.5", SheetHours: "1.25"}); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := book.file("a.xlsx"); err != nil {
			b.Fatal(err)
		}
		book.close()
	}
}
