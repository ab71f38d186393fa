package stage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// A Server is a process that serves the API, and who calls it.
type Server struct {
	Address string
	Token   string  // of the calls
	IDs     []int64 // of the properties that calls name

	http *http.Client
	cmd  *exec.Cmd
}

// Serve starts a program on a free address, and returns when it answers. The environment is further
// to ours.
func Serve(ctx context.Context, env []string, program string, args ...string) (s *Server, err error) {
	var l net.ListenConfig
	free, err := l.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s = &Server{
		Address: free.Addr().String(), http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}},
		cmd: exec.CommandContext(ctx, program, args...), //nolint:gosec // built a moment ago
	}
	_ = free.Close()
	var complaint bytes.Buffer
	s.cmd.Stderr = &complaint
	s.cmd.Env = append(append(os.Environ(), env...), "PORTAL_LISTEN="+s.Address)
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for range 1000 {
		res, err := s.http.Get("http://" + s.Address + "/healthz") //nolint:noctx // bounded by the loop
		if err == nil {
			_ = res.Body.Close()
			return s, nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.Stop()
	return nil, fmt.Errorf("the server does not answer: %s", complaint.Bytes())
}

// Stop ends the process.
func (s *Server) Stop() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// Login returns a token of a person that was let in.
func (s *Server) Login(ctx context.Context, email string) (token string, err error) {
	form := strings.NewReader(url.Values{"username": {email}, "password": {password}}.Encode())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.Address+"/api/login/", form)
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := s.http.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	var pair struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&pair); err != nil || pair.AccessToken == "" {
		return "", fmt.Errorf("log-in: status %d, %w", res.StatusCode, err)
	}
	return pair.AccessToken, nil
}

// Memory is what the process has of the machine's, and had at the most, in MB.
func (s *Server) Memory() (now, peak float64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, 0, err
	}
	return megabytes(string(text))
}

func megabytes(status string) (now, peak float64, err error) {
	read := func(name string) (mb float64) {
		_, rest, _ := strings.Cut(status, "\n"+name+":")
		kb, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
		mb, wrong := strconv.ParseFloat(kb, 64)
		if wrong != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", name, wrong))
		}
		return mb / 1024
	}
	now, peak = read("VmRSS"), read("VmHWM")
	return now, peak, err
}
