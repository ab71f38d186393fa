package server

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"contractor-portal/server/endpoint"
)

// The old pages run scripts within themselves and keep a token where scripts read it, so whoever gets a script into one of
// them has what its reader has. They live on an origin of their own therefore, where no cookie counts and none is set: what
// runs there has the token of that origin and nothing of the portal's own pages.

// OldPages is what the old pages' origin is made of.
type OldPages struct {
	Dir     string       // their directory, read anew at each request
	API     http.Handler // what New returns
	Log     *slog.Logger
	Timeout time.Duration // for a client to take each piece of a page; 0: 30 s
}

//go:embed oldpages.js
var oldPagesScript string

const (
	oldPagesConfig = "config.js"
	// A page has it before all of its own scripts. Own scripts that are in the directory's config.js come with the page's
	// own mention of that file.
	oldPagesTag = `<script src="/static/` + oldPagesConfig + `?first"></script>`
	// Scripts and styles stand within the pages, and come from where they load libraries. What is called, embedded and sent
	// is of this origin, but for the maps: a token does not leave by a call.
	oldPagesOnly = "default-src 'self'; script-src 'self' 'unsafe-inline' https:; style-src 'self' 'unsafe-inline' https:; img-src 'self' data: blob: https:; " +
		"font-src 'self' data: https:; connect-src 'self' https://*.mapbox.com https://nominatim.openstreetmap.org; worker-src 'self' blob:; object-src 'none'; " +
		"base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)

// NewOldPages serves the old pages under /static/, and the API beside them for bearer tokens only.
func NewOldPages(o OldPages) http.Handler {
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	e := echo.New()
	e.HTTPErrorHandler = endpoint.Answer
	e.Use(
		ownRequestID,
		middleware.RequestID(),
		accessLog(o.Log),
		recoverPanics(),
		middleware.SecureWithConfig(middleware.SecureConfig{ContentTypeNosniff: "nosniff", XFrameOptions: "DENY", ReferrerPolicy: "no-referrer", ContentSecurityPolicy: oldPagesOnly}),
		timeout(o.Timeout, nil),
	)
	// The portal's own pages log in by a cookie, so they are not here.
	get(e, "/", o.home)
	get(e, "/static", o.home)
	get(e, "/static/*", o.page)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.Clone(r.Context())
		r.Header.Del(echo.HeaderCookie)
		w = &cookieless{ResponseWriter: w}
		if at := r.URL.Path; at == "/" || under("/static", at) || under("/pages", at) {
			e.ServeHTTP(w, r)
			return
		}
		o.API.ServeHTTP(w, r)
	})
}

func under(dir, at string) bool { return at == dir || strings.HasPrefix(at, dir+"/") }

// home leads to the page with which to begin.
func (o OldPages) home(c echo.Context) error {
	for _, name := range []string{"index.html", "home.html", "login.html"} {
		if file, _, err := o.open(name); err == nil {
			return errors.Join(file.Close(), c.Redirect(http.StatusFound, "/static/"+name))
		}
	}
	return echo.ErrNotFound
}

// page serves a file of the directory, and the portal's script before it where that belongs there.
func (o OldPages) page(c echo.Context) error {
	name := strings.TrimPrefix(c.Request().URL.Path, "/static/")
	if name == "" {
		return o.home(c)
	}
	c.Response().Header().Set(echo.HeaderCacheControl, "no-cache")
	file, info, err := o.open(name)
	if name == oldPagesConfig && (err != nil || c.Request().URL.RawQuery == "first") {
		http.ServeContent(c.Response(), c.Request(), name, time.Time{}, strings.NewReader(oldPagesScriptWithPaths()))
		return nil
	}
	if err != nil {
		return echo.ErrNotFound
	}
	defer file.Close() //nolint:errcheck // only read
	complete := completions[path.Ext(strings.ToLower(name))]
	if name == oldPagesConfig {
		complete = func(own []byte) []byte { return slices.Concat([]byte(oldPagesScriptWithPaths()), []byte("\n"), own) }
	}
	if complete == nil {
		http.ServeContent(c.Response(), c.Request(), name, info.ModTime(), file)
		return nil
	}
	text, err := io.ReadAll(file)
	if err != nil {
		return err
	}
	// It changes with the program, too: no time says when.
	http.ServeContent(c.Response(), c.Request(), name, time.Time{}, bytes.NewReader(complete(text)))
	return nil
}

// completions are of files that are not served as they are, by the end of their names.
var completions = map[string]func([]byte) []byte{".html": withOldPagesTag, ".htm": withOldPagesTag}

// open opens a regular file of the directory: none outside of it, whatever links there are, and none whose name, or whose
// directory's, begins with a dot.
func (o OldPages) open(name string) (*os.File, fs.FileInfo, error) {
	if !fs.ValidPath(name) || strings.HasPrefix(name, ".") || strings.Contains(name, "/.") || strings.ContainsAny(name, "\\\x00") {
		return nil, nil, fs.ErrNotExist
	}
	root, err := os.OpenRoot(o.Dir)
	if err != nil {
		return nil, nil, err
	}
	defer root.Close() //nolint:errcheck // only read
	info, err := root.Stat(name)
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() { // opening a pipe would wait for who writes to it
		return nil, nil, fs.ErrNotExist
	}
	file, err := root.Open(name)
	return file, info, err
}

// pageBegins is what a script may stand behind. A page need have none of them.
var pageBegins = []*regexp.Regexp{regexp.MustCompile(`(?i)<head(\s[^>]*)?>`), regexp.MustCompile(`(?i)<html(\s[^>]*)?>`), regexp.MustCompile(`(?i)<!doctype[^>]*>`)}

// withOldPagesTag is a page with our script before its own.
func withOldPagesTag(page []byte) []byte {
	for _, begins := range pageBegins {
		if at := begins.FindIndex(page); at != nil {
			return slices.Concat(page[:at[1]], []byte(oldPagesTag), page[at[1]:])
		}
	}
	return slices.Concat([]byte(oldPagesTag), page)
}

var pathParameter = regexp.MustCompile(`\\\{[^/]+?\\\}`)

// oldPagesScriptWithPaths is the script, which knows the paths of the API's operations.
var oldPagesScriptWithPaths = sync.OnceValue(func() string {
	var document struct{ Paths map[string]any }
	text, err := OpenAPI()
	if err == nil {
		err = json.Unmarshal(text, &document)
	}
	if err != nil {
		panic(err) // the document is made of this program alone
	}
	var paths []string
	for p := range document.Paths {
		paths = append(paths, pathParameter.ReplaceAllString(regexp.QuoteMeta(strings.TrimSuffix(p, "/")), `[^/]+`))
	}
	slices.Sort(paths)
	pattern, err := json.Marshal(`^(?:` + strings.Join(slices.Compact(paths), "|") + `)/?$`)
	if err != nil {
		panic(err)
	}
	return strings.Replace(oldPagesScript, `"{{PATHS}}"`, string(pattern), 1)
})

// cookieless sets no cookie.
type cookieless struct {
	http.ResponseWriter
}

func (w *cookieless) WriteHeader(status int) {
	w.Header().Del(echo.HeaderSetCookie)
	w.ResponseWriter.WriteHeader(status)
}

func (w *cookieless) Write(text []byte) (int, error) {
	w.Header().Del(echo.HeaderSetCookie)
	return w.ResponseWriter.Write(text)
}

func (w *cookieless) FlushError() error {
	w.Header().Del(echo.HeaderSetCookie)
	return http.NewResponseController(w.ResponseWriter).Flush()
}

func (w *cookieless) Unwrap() http.ResponseWriter { return w.ResponseWriter }
