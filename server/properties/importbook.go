package properties

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// What a workbook may have.
const (
	maxUnzipped = 32 << 20 // bytes of all parts
	maxStrings  = 12 << 20 // bytes of the table of texts, which is held as a whole
	maxRatio    = 150      // unzipped to zipped, of a part of more than 1 MiB
	maxParts    = 1000
	maxFormulas = 10_000 // on the sheet that is read
)

// sheetName is the sheet of a workbook that is imported.
const sheetName = "locations"

var errDamaged = endpoint.Invalid("the file cannot be read as .xlsx; it is damaged, encrypted, or of another kind")

// readWorkbook reads the sheet locations of a workbook, as it is kept and not as it is shown.
func readWorkbook(content *io.SectionReader, add func(sheetRow) error) error {
	archive, err := zip.NewReader(content, content.Size())
	if err != nil {
		return errDamaged
	}
	if err := inspect(archive); err != nil {
		return err
	}
	// Nothing is larger than maxUnzipped, so that nothing goes to a temporary file.
	book, err := excelize.OpenReader(content, excelize.Options{
		UnzipSizeLimit: maxUnzipped, UnzipXMLSizeLimit: maxUnzipped, RawCellValue: true,
	})
	if err != nil {
		return errDamaged
	}
	defer book.Close() //nolint:errcheck // there is no temporary file
	name, err := chosenSheet(book)
	if err != nil {
		return err
	}
	i := inspector{charset: book.CharsetReader, sheet: name, formulas: map[string]bool{}}
	if err := i.inspect(archive); err != nil {
		return err
	}
	return eachRow(book, name, func(row sheetRow) error {
		row.formula = i.formula
		return add(row)
	})
}

// eachRow goes through the rows of a sheet that have cells; a sheet may have a million without.
func eachRow(book *excelize.File, name string, add func(sheetRow) error) error {
	rows, err := book.Rows(name)
	if err != nil {
		return errDamaged
	}
	for number := 1; rows.Next(); number++ {
		hidden := rows.GetRowOpts().Hidden
		cells, err := rows.Columns()
		if err != nil {
			return errDamaged
		}
		if len(cells) == 0 {
			continue
		}
		if err := add(sheetRow{number: number, cells: cells, hidden: hidden}); err != nil {
			return err
		}
	}
	if rows.Error() != nil {
		return errDamaged
	}
	return nil
}

func isChosen(sheet string) bool { return strings.EqualFold(field.Tidy(sheet), sheetName) }

// chosenSheet is the name of the sheet that is read, as it stands in the workbook. Where there is none, the
// refusal says what was found instead.
func chosenSheet(book *excelize.File) (string, error) {
	names := book.GetSheetList()
	for _, name := range names {
		if isChosen(name) {
			return name, nil
		}
	}
	if len(names) == 0 {
		return "", errDamaged
	}
	s := &sheet{}
	_ = eachRow(book, names[0], func(row sheetRow) error {
		if s.columns != nil {
			return io.EOF
		}
		return s.title(row)
	})
	advice := "rename the one with the properties"
	if s.columns == nil {
		advice = s.nearest.String()
	}
	return "", endpoint.Invalid(fmt.Sprintf("the workbook has no sheet named %s; it has %s; %s", sheetName, quoted(names), advice))
}

// inspect looks through a workbook before it is read, holding none of it: how large it is unzipped, and whether it
// has macros.
func inspect(archive *zip.Reader) error {
	if len(archive.File) > maxParts {
		return endpoint.Invalid(fmt.Sprintf("the workbook has more than %d parts", maxParts))
	}
	var total uint64
	for _, part := range archive.File {
		// Reading stops with an error where a part is larger than it says.
		size := part.UncompressedSize64
		if total += size; size > maxUnzipped || total > maxUnzipped {
			return endpoint.Invalid(fmt.Sprintf("the workbook has more than %d MiB when unzipped", maxUnzipped>>20))
		}
		if strings.EqualFold(path.Base(part.Name), "sharedStrings.xml") && size > maxStrings {
			return endpoint.Invalid(fmt.Sprintf("the workbook has more than %d MiB of texts; split it", maxStrings>>20))
		}
		if size > 1<<20 && size/maxRatio > part.CompressedSize64 {
			return endpoint.Invalid("the workbook is packed too tightly to be a list of properties")
		}
		if strings.HasSuffix(partName(part.Name), "vbaproject.bin") {
			return endpoint.Invalid("the workbook has macros; save it as .xlsx without them")
		}
	}
	return nil
}

// partName is how the parts of a workbook are compared.
func partName(name string) string {
	return strings.TrimPrefix(strings.ToLower(strings.ReplaceAll(name, `\`, "/")), "/")
}

// An inspector reads the XML of one sheet before excelize does, which passes over what is broken and does not tell
// which cells are computed.
type inspector struct {
	charset  func(charset string, input io.Reader) (io.Reader, error)
	sheet    string
	formulas map[string]bool // names of cells
	row, col int
}

// formula names a cell that holds a formula, with its sheet.
func (i *inspector) formula(row, column int) string {
	if cell, err := excelize.CoordinatesToCellName(column, row); err == nil && i.formulas[cell] {
		return i.sheet + "!" + cell
	}
	return ""
}

func (i *inspector) inspect(archive *zip.Reader) error {
	part := i.part(archive)
	if part == nil {
		return errDamaged
	}
	r, err := part.Open()
	if err != nil {
		return errDamaged
	}
	defer r.Close() //nolint:errcheck // read only
	filled, last := 0, 0
	d := xml.NewDecoder(r)
	d.CharsetReader = i.charset
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errDamaged
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		i.move(start)
		switch start.Name.Local {
		case "f":
			cell, _ := excelize.CoordinatesToCellName(i.col, i.row)
			i.formulas[cell] = true
		case "v", "is":
			if i.row != last {
				filled, last = filled+1, i.row
			}
		}
		if filled > maxRows+maxTitles+1 {
			return errTooLong
		}
		if len(i.formulas) > maxFormulas {
			return endpoint.Invalid(fmt.Sprintf("the sheet %s has more than %d formulas; copy the cells and paste them as values", i.sheet, maxFormulas))
		}
	}
}

// move keeps in which cell the inspector is; where the file does not say it, cells follow each other.
func (i *inspector) move(start xml.StartElement) {
	place := ""
	for _, a := range start.Attr {
		if a.Name.Local == "r" {
			place = a.Value
		}
	}
	switch start.Name.Local {
	case "row":
		i.row, i.col = i.row+1, 0
		if n, err := strconv.Atoi(place); err == nil {
			i.row = n
		}
	case "c":
		i.col++
		if col, row, err := excelize.CellNameToCoordinates(place); err == nil {
			i.col, i.row = col, row
		}
	}
}

// part finds in which part of the archive the sheet is kept.
func (i *inspector) part(archive *zip.Reader) *zip.File {
	var root, links relations
	var book struct {
		Sheets []struct {
			Name string `xml:"name,attr"`
			ID   string `xml:"id,attr"`
		} `xml:"sheets>sheet"`
	}
	i.decode(archive, "_rels/.rels", &root)
	at := root.target("", func(r relation) bool { return strings.HasSuffix(r.Type, "/officeDocument") })
	i.decode(archive, at, &book)
	folder, file := path.Split(at)
	i.decode(archive, folder+"_rels/"+file+".rels", &links)
	for _, s := range book.Sheets {
		if s.Name == i.sheet {
			return find(archive, links.target(folder, func(r relation) bool { return r.ID == s.ID }))
		}
	}
	return nil
}

type relation struct {
	ID     string `xml:"Id,attr"`
	Type   string `xml:"Type,attr"`
	Target string `xml:"Target,attr"`
}

// Relations say which part of an archive another one means.
type relations struct {
	All []relation `xml:"Relationship"`
}

// target is the path of the part that the first fitting relation means, seen from a folder.
func (r relations) target(folder string, fits func(relation) bool) string {
	for _, one := range r.All {
		if fits(one) {
			if strings.HasPrefix(one.Target, "/") {
				folder = ""
			}
			return path.Join(folder, one.Target)
		}
	}
	return ""
}

func find(archive *zip.Reader, name string) *zip.File {
	for _, part := range archive.File {
		if partName(part.Name) == partName(name) {
			return part
		}
	}
	return nil
}

// decode reads a small part; what cannot be read stays empty, so that no sheet is found.
func (i *inspector) decode(archive *zip.Reader, name string, into any) {
	part := find(archive, name)
	if part == nil {
		return
	}
	r, err := part.Open()
	if err != nil {
		return
	}
	defer r.Close() //nolint:errcheck // read only
	d := xml.NewDecoder(r)
	d.CharsetReader = i.charset
	_ = d.Decode(into)
}
