package mail

import (
	"bytes"
	"embed"
	htmltemplate "html/template"
	"text/template"
)

// A letter is what a mail says. It is stored so, sealed, and becomes text and HTML when it is sent.
type letter struct {
	Subject    string
	Paragraphs []string `json:",omitempty"`
	Facts      []fact   `json:",omitempty"`
	Link       *link    `json:",omitempty"`
	HTML       string   `json:",omitempty"` // of a person who writes his own; else it is made of the rest
	ByPerson   bool     `json:",omitempty"` // else the portal tells of something by itself
}

type fact struct{ Name, Value string }

type link struct{ Text, URL string }

//go:embed templates
var files embed.FS

var (
	textTemplate = template.Must(template.ParseFS(files, "templates/letter.txt"))
	htmlTemplate = htmltemplate.Must(htmltemplate.ParseFS(files, "templates/letter.html"))
)

// render makes the two forms of a letter of a company. Whatever stands in it, the HTML shows as text.
func (l letter) render(company string) (text, html string, err error) {
	said := struct {
		letter
		Company string
	}{l, company}
	var plain, formatted bytes.Buffer
	if err := textTemplate.Execute(&plain, said); err != nil {
		return "", "", err
	}
	if l.HTML != "" {
		return plain.String(), l.HTML, nil
	}
	err = htmlTemplate.Execute(&formatted, said)
	return plain.String(), formatted.String(), err
}

// with adds a fact that is known.
func (l letter) with(name, value string) letter {
	if value != "" {
		l.Facts = append(l.Facts, fact{name, value})
	}
	return l
}

// leading adds a link to the portal, where it knows its own address.
func (l letter) leading(publicURL, text string) letter {
	if publicURL != "" {
		l.Link = &link{text, publicURL + "/"}
	}
	return l
}
