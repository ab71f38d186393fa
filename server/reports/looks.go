package reports

import (
	"github.com/xuri/excelize/v2"
)

// looks is how a cell looks, and with it how its number is read.
type looks int

const (
	aText looks = iota
	aDate
	aShortClock
	aClock
	aLongClock
	aTwelveClock
	aMoment
	aCount
	aNumber
	aMoney
	aHeading
	aBold
	aBoldNumber
	aBoldMoney
	aTitle
	aSection
	allLooks
)

// formats are the number formats; a text is marked as one, so that it stays a text when somebody edits it.
var formats = [allLooks]string{
	aText: "@", aDate: "mm/dd/yyyy", aShortClock: "hhmm", aClock: "hh:mm", aLongClock: "hh:mm:ss AM/PM", aTwelveClock: "hh:mm AM/PM",
	aMoment: "mm/dd/yyyy hh:mm", aCount: "0", aNumber: "0.00", aMoney: "#,##0.00",
	aHeading: "@", aBold: "@", aBoldNumber: "0.00", aBoldMoney: "#,##0.00", aTitle: "@", aSection: "@",
}

// widths are those of columns that are not of text.
var widths = [allLooks]float64{
	aDate: 12, aShortClock: 12, aClock: 12, aLongClock: 14, aTwelveClock: 18, aMoment: 18, aCount: 12, aNumber: 15, aMoney: 14,
}

// styled registers all looks with a workbook.
func styled(f *excelize.File) (ids [allLooks]int, err error) {
	for l := range allLooks {
		s := &excelize.Style{CustomNumFmt: &formats[l]}
		switch l {
		case aHeading, aSection:
			s.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"D9D9D9"}}
			s.Font = &excelize.Font{Bold: true}
			s.Alignment = &excelize.Alignment{WrapText: l == aHeading, Vertical: "center"}
		case aBold, aBoldNumber, aBoldMoney:
			s.Font = &excelize.Font{Bold: true}
		case aTitle:
			s.Font = &excelize.Font{Bold: true, Size: 16}
			s.Alignment = &excelize.Alignment{Horizontal: "center"}
		}
		if ids[l], err = f.NewStyle(s); err != nil {
			return ids, err
		}
	}
	return ids, nil
}

// A cell is a value and its looks.
type cell struct {
	looks
	value any
}

// none is a cell that stays empty.
var none = cell{}

func text(s string) cell          { return cell{aText, s} }
func bold(s string) cell          { return cell{aBold, s} }
func section(s string) cell       { return cell{aSection, s} }
func number(v any, as looks) cell { return cell{as, v} }
