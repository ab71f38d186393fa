package cli

import "testing"

// What is no host with a port, or no address, is a fault of the environment.
func TestConfig_Mail(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"smtp.example.com": "smtp.example.com:465", "smtp.example.com:2465": "smtp.example.com:2465", "[2001:db8::1]:465": "[2001:db8::1]:465",
		"": "", ":465": "", "smtp.example.com:": "", "smtp.example.com:0": "", "smtp.example.com:99999": "", "https://smtp.example.com": "", "2001:db8::1": "",
	} {
		var h smtpHost
		if err := h.UnmarshalText([]byte(text)); string(h) != want || (err == nil) != (want != "") {
			t.Errorf("%q is read as %q, %v; want %q", text, h, err, want)
		}
	}
	for text, good := range map[string]bool{"portal@example.com": true, "": false, "portal": false, "Portal <portal@example.com>": false, "a@b.example\r\nBcc: c@d.example": false} {
		var s sender
		if err := s.UnmarshalText([]byte(text)); (err == nil) != good || string(s) != map[bool]string{true: text}[good] {
			t.Errorf("%q is read as %q, %v", text, s, err)
		}
	}
}

// Invoices are made where they count, or in the sandbox, and nowhere by a misspelling.
func TestConfig_QuickBooks(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct{ sandbox, good bool }{"production": {false, true}, "sandbox": {true, true}, "Sandbox": {}, "": {}, "test": {}} {
		var e environment
		if err := e.UnmarshalText([]byte(text)); bool(e) != want.sandbox || (err == nil) != want.good {
			t.Errorf("%q is read as %t, %v", text, e, err)
		}
	}
}

// The map's tiles come from one plain host under https, and nothing else of the policy can stand in their address.
func TestConfig_Tiles(t *testing.T) {
	t.Parallel()
	for text, good := range map[string]bool{
		"https://tiles.example.com/{z}/{x}/{y}.png": true, "https://tiles.example.com:8443/a/{z}/{y}/{x}?key=pk.1": true,
		"": false, "http://tiles.example.com/{z}/{x}/{y}.png": false, "https://tiles.example.com/{z}/{x}.png": false,
		"https://tiles.example.com/{z}/{x}/{y}/{y}.png": false, "https://{s}.example.com/{z}/{x}/{y}.png": false, "https://{z}.example.com/{x}/{y}.png": false,
		"https://*.example.com/{z}/{x}/{y}.png": false, "https://a@tiles.example.com/{z}/{x}/{y}.png": false, "https:///{z}/{x}/{y}.png": false,
		"https://tiles.example.com;script-src */{z}/{x}/{y}.png": false, "https://tiles.example.com /{z}/{x}/{y}.png": false, "https://tiles.example.com/{z}/{x}/{y} .png": false,
	} {
		var got tiles
		if err := got.UnmarshalText([]byte(text)); (err == nil) != good || string(got) != map[bool]string{true: text}[good] {
			t.Errorf("%q is read as %q, %v", text, got, err)
		}
	}
}
