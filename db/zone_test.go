package db

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestLocation_IsOfTheList(t *testing.T) {
	t.Parallel()
	for name, offset := range map[string]int{
		"America/New_York": -5, "UTC": 0, "Etc/GMT+5": -5, "EST5EDT": -5, "US/Eastern": -5, "Asia/Tokyo": 9, "America/Argentina/Buenos_Aires": -3,
	} {
		zone, err := Location(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, have := time.Date(2026, 1, 10, 0, 0, 0, 0, zone).Zone(); have != offset*3600 || zone.String() != name {
			t.Errorf("%s: %s is %d seconds from UTC, want %d hours", name, zone, have, offset)
		}
	}
	for _, name := range []string{
		"", "Local", "local", "right/UTC", "posix/America/New_York", "localtime", "posixrules", "Factory", "America", "America/", "america/new_york",
		"../UTC", "America/../UTC", "/usr/share/zoneinfo/UTC", "UTC\x00", "tzdata.zi", "zone.tab", "Mars/Olympus_Mons", "UTC+5", "-05:00",
	} {
		if zone, err := Location(name); err == nil {
			t.Errorf("%q is taken for %s", name, zone)
		}
	}
	all, err := zones()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all.File {
		if _, err := Location(f.Name); err != nil && !f.FileInfo().IsDir() && f.Name != noZone {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
	if len(all.File) < 400 {
		t.Errorf("only %d zones", len(all.File))
	}
}

// A machine whose New York is in Japan changes nothing.
func TestLocation_AsksNoMachine(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("ZONEINFO", dir)
	if err := os.Mkdir(filepath.Join(dir, "America"), 0o700); err != nil {
		t.Fatal(err)
	}
	all, err := zones()
	if err != nil {
		t.Fatal(err)
	}
	tokyo, err := all.Open("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	text := make([]byte, 1<<10)
	n, _ := tokyo.Read(text) // it is smaller, so this is all of it
	if err := os.WriteFile(filepath.Join(dir, "America", "Chicago"), text[:n], 0o600); err != nil {
		t.Fatal(err)
	}
	offset := func(load func(string) (*time.Location, error)) int {
		zone, err := load("America/Chicago")
		if err != nil {
			t.Fatal(err)
		}
		_, seconds := time.Date(2026, 1, 10, 0, 0, 0, 0, zone).Zone()
		return seconds / 3600
	}
	if have := offset(time.LoadLocation); have != 9 {
		t.Fatalf("the machine's Chicago is %d hours from UTC, so this test shows nothing", have)
	}
	if have := offset(Location); have != -6 {
		t.Errorf("Chicago is %d hours from UTC", have)
	}
}
