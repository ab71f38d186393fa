package harness

import (
	"net/http"
	"strings"
)

// A Browser is a person's: it keeps cookies, and goes on to where it is sent one step at a time.
type Browser struct {
	*Portal
	Cookies map[string]*http.Cookie
}

// NewBrowser is one without cookies.
func (p *Portal) NewBrowser() *Browser { return &Browser{p, map[string]*http.Cookie{}} }

var stays = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// Get goes to an address: of the portal, as people know it or without its host, or of somebody else, who gets no cookie.
func (b *Browser) Get(address string, header ...string) (Answer, string) {
	b.T.Helper()
	return b.Send("GET", address, nil, header...)
}

// Post sends JSON to the portal.
func (b *Browser) Post(path string, body any) Answer {
	b.T.Helper()
	a, _ := b.Send("POST", path, body)
	return a
}

// Send sends what a browser sends, with its cookies and more headers.
func (b *Browser) Send(method, address string, body any, header ...string) (a Answer, location string) {
	b.T.Helper()
	path, ours := strings.CutPrefix(address, PublicURL)
	ours = ours || strings.HasPrefix(address, "/")
	if !ours {
		path = ""
	}
	req, err := b.NewRequest(b.T.Context(), method, path, body)
	if err == nil && !ours {
		req, err = http.NewRequestWithContext(b.T.Context(), method, address, http.NoBody)
	}
	if err != nil {
		b.T.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		if req.Header.Set(header[i], header[i+1]); header[i] == "Host" {
			req.Host = header[i+1]
		}
	}
	if ours {
		for _, c := range b.Cookies {
			req.AddCookie(c)
		}
	}
	res, err := stays.Do(req)
	if err != nil {
		b.T.Fatal(err)
	}
	defer res.Body.Close()
	if a, err = answerOf(res); err != nil {
		b.T.Fatal(err)
	}
	if ours {
		for _, c := range res.Cookies() {
			b.Cookies[c.Name] = c
		}
	}
	return a, res.Header.Get("Location")
}
