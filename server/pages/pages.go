// Package pages is what people see in a browser: static files, which are a client of the portal's API like any other. It
// knows no table and no operation, and nothing in it reads a row.
package pages

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"io/fs"
	"maps"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

//go:embed index.html portal.css icon.svg *.js views/*.js
var files embed.FS

// A file is ready to be sent.
type file struct {
	kind          string
	plain, packed []byte
	tag           string
}

// Config is what the pages are told.
type Config struct {
	SignOn []string // the providers that people may sign on with
	Tiles  string   // address of the map's tiles, with {z}, {x} and {y}; "": a map without any
}

// New serves the pages: the frame at /, and what it loads below /pages/. Of anything else it says that it is not there.
func New(cfg Config) (http.Handler, error) {
	embedded, err := read()
	if err != nil {
		return nil, err
	}
	all := maps.Clone(embedded)
	told, err := json.Marshal(map[string]any{"sign_on": append([]string{}, cfg.SignOn...), "tiles": cfg.Tiles})
	if err != nil {
		return nil, err
	}
	if all["config.json"], err = ready("config.json", told); err != nil {
		return nil, err
	}
	policy := policy(cfg.Tiles)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, ok := all[strings.TrimPrefix(r.URL.Path, "/pages/")]
		if r.URL.Path == "/" {
			f, ok = all["index.html"], true
		}
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Security-Policy", policy)
		f.send(w, r)
	}), nil
}

// policy lets a page load what this server serves and the tiles of the map, and run nothing that stands within a page. Text
// cannot become HTML by a script's mistake: browsers that know trusted types refuse it.
func policy(tiles string) string {
	images := "'self'"
	if host := tileHost(tiles); host != "" {
		images += " " + host
	}
	return "default-src 'self'; img-src " + images + "; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
}

func tileHost(tiles string) string {
	scheme, rest, ok := strings.Cut(tiles, "://")
	if !ok {
		return ""
	}
	host, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + host
}

// read packs the files once: it takes some memory, and they are the same for every server of the process.
var read = sync.OnceValues(func() (map[string]file, error) {
	all := map[string]file{}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := files.ReadFile(name)
		if err == nil {
			all[name], err = ready(name, text)
		}
		return err
	})
	return all, err
})

func ready(name string, text []byte) (f file, err error) {
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return f, err
	}
	if _, err := w.Write(text); err != nil {
		return f, err
	}
	if err := w.Close(); err != nil {
		return f, err
	}
	sum := sha256.Sum256(text)
	kind := mime.TypeByExtension(path.Ext(name))
	if path.Ext(name) == ".js" {
		kind = "text/javascript; charset=utf-8" // whatever the machine's table says
	}
	return file{kind: kind, plain: text, packed: packed.Bytes(), tag: base64.RawURLEncoding.EncodeToString(sum[:12])}, nil
}

// send answers with the file. A browser keeps it, and asks each time whether it is still the same.
func (f file) send(w http.ResponseWriter, r *http.Request) {
	header, text, tag := w.Header(), f.plain, f.tag
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		text, tag = f.packed, f.tag+"-gzip"
		header.Set("Content-Encoding", "gzip")
	}
	header.Set("Cache-Control", "no-cache")
	header.Set("Vary", "Accept-Encoding")
	header.Set("ETag", `"`+tag+`"`)
	header.Set("Content-Type", f.kind)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(text))
}
