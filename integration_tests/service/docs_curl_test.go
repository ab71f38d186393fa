package service

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"contractor-portal/integration_tests/harness"
)

// A request is what a curl command sends.
type request struct {
	method, url string
	header      http.Header
	body        string
	head        bool // -i: the answer is shown with its head
}

// An answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// readCurl reads the arguments of curl. Of files knows -F the content.
func readCurl(args []string, files map[string]string) (r request, err error) {
	r.header = http.Header{}
	var data []string
	var kind string
	form := &multipartForm{files: files}
	for len(args) > 0 {
		flag := args[0]
		args = args[1:]
		switch flag {
		case "-s":
			continue
		case "-i":
			r.head = true
			continue
		case "-X", "-H", "-d", "--data-urlencode", "--json", "-F":
		default:
			if strings.HasPrefix(flag, "-") || r.url != "" {
				return r, fmt.Errorf("curl: %s is not known here", flag)
			}
			r.url = flag
			continue
		}
		if len(args) == 0 {
			return r, fmt.Errorf("curl: %s needs a value", flag)
		}
		value := args[0]
		args = args[1:]
		name, content, found := strings.Cut(value, "=")
		switch flag {
		case "-X":
			r.method = value
		case "-H":
			header, text, _ := strings.Cut(value, ": ")
			r.header.Set(header, text)
		case "-d":
			data, kind = append(data, value), cmp.Or(kind, "application/x-www-form-urlencoded")
		case "--data-urlencode":
			data, kind = append(data, name+"="+url.QueryEscape(content)), cmp.Or(kind, "application/x-www-form-urlencoded")
		case "--json":
			data, kind = append(data, value), "application/json"
			r.header.Set("Accept", kind)
		case "-F":
			err = form.add(name, content)
		}
		if err != nil || strings.HasPrefix(value, "@") || !found && flag == "--data-urlencode" {
			return r, fmt.Errorf("curl: %s %s is not known here: %w", flag, value, err)
		}
	}
	r.body = strings.Join(data, "&")
	if kind == "" && form.w != nil {
		r.body, kind = form.end()
	}
	if kind != "" {
		r.method = cmp.Or(r.method, http.MethodPost)
		r.header.Set("Content-Type", kind)
	}
	r.method = cmp.Or(r.method, http.MethodGet)
	return r, nil
}

// A multipartForm is made of the -F of a command.
type multipartForm struct {
	files map[string]string
	text  bytes.Buffer
	w     *multipart.Writer
}

func (f *multipartForm) add(name, value string) error {
	if f.w == nil {
		f.w = multipart.NewWriter(&f.text)
	}
	file, isFile := strings.CutPrefix(value, "@")
	if !isFile {
		return f.w.WriteField(name, value)
	}
	content, known := f.files[file]
	if !known {
		return fmt.Errorf("there is no file %s", file)
	}
	part, err := f.w.CreateFormFile(name, file)
	if err == nil {
		_, err = io.WriteString(part, content)
	}
	return err
}

func (f *multipartForm) end() (body, kind string) {
	_ = f.w.Close() // a buffer takes everything
	return f.text.String(), f.w.FormDataContentType()
}

// fetch sends the requests of a page.
func fetch(t *testing.T) func(request) (answer, error) {
	return func(r request) (a answer, err error) {
		req, err := http.NewRequestWithContext(t.Context(), r.method, r.url, strings.NewReader(r.body))
		if err != nil {
			return a, err
		}
		req.Header = r.header
		got, err := harness.Send(req)
		return answer{got.Status, got.Header, string(got.Body)}, err
	}
}
