package harness

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
)

// Models are OpenAI and Anthropic of a test's own. They take what these take, each with its key, and fail the test on a
// field that they do not know. What they answer the test says.
type Models struct {
	URL string

	t      testing.TB
	mu     sync.Mutex
	says   func(Asked) Said
	answer http.HandlerFunc
	asked  []Asked
}

// Asked is one question to a model.
type Asked struct {
	Provider, Key, Model string
	Temperature          float64
	MaxTokens            int
	System               string
	Tools                []string
	Results              []string // of tools, since the assistant spoke last
	Last                 string   // what the person said last
	Body                 string   // all of it
}

// Said is what a model says: words, or calls of tools with their arguments, or both.
type Said struct {
	Text  string
	Calls []ToolCall
	Usage int // tokens; 0: 100
}

// A ToolCall names a tool and its arguments, as JSON.
type ToolCall struct{ Tool, Arguments string }

// Keys of the fakes.
const (
	OpenAIKey    = "openai-key-of-a-test"
	AnthropicKey = "anthropic-key-of-a-test"
)

// NewModels serves until the test ends, and says hello.
func NewModels(t testing.TB) *Models {
	t.Helper()
	m := &Models{t: t, says: func(Asked) Said { return Said{Text: "Hello."} }}
	web := httptest.NewServer(m)
	t.Cleanup(web.Close)
	m.URL = web.URL
	return m
}

// Over lets a portal ask them, and gives all companies the keys of that name.
func (m *Models) Over(settings *Settings, keys ...string) {
	settings.Server.Assistant.OpenAIURL, settings.Server.Assistant.AnthropicURL = m.URL+"/openai/v1", m.URL+"/anthropic"
	settings.Server.ServiceKeys = map[string]string{}
	for _, key := range keys {
		settings.Server.ServiceKeys[key] = map[string]string{"openai_api_key": OpenAIKey, "anthropic_api_key": AnthropicKey}[key]
	}
}

// Say says what is said from now on.
func (m *Models) Say(says func(Asked) Said) { m.mu.Lock(); defer m.mu.Unlock(); m.says = says }

// Answer says what is answered from now on, whatever is asked; nil: what Say says.
func (m *Models) Answer(by http.HandlerFunc) { m.mu.Lock(); defer m.mu.Unlock(); m.answer = by }

// Asked are the questions since the last time.
func (m *Models) Asked() []Asked {
	m.mu.Lock()
	defer m.mu.Unlock()
	asked := m.asked
	m.asked = nil
	return asked
}

// ServeHTTP answers one question.
func (m *Models) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
		m.t.Errorf("a model was asked by %s with %q", r.Method, r.Header.Get("Content-Type"))
	}
	asked := Asked{Body: string(body)}
	var answer func(Said) any
	switch r.URL.Path {
	case "/openai/v1/chat/completions":
		asked.Provider, asked.Key = "OpenAI", r.Header.Get("Authorization")
		answer = m.openAI(body, &asked)
		m.wantKey(w, asked.Key, "Bearer "+OpenAIKey, &answer)
	case "/anthropic/v1/messages":
		asked.Provider, asked.Key = "Anthropic", r.Header.Get("X-Api-Key")
		if r.Header.Get("Anthropic-Version") == "" || r.Header.Get("Authorization") != "" {
			m.t.Errorf("Anthropic was asked with %v", r.Header)
		}
		answer = m.anthropic(body, &asked)
		m.wantKey(w, asked.Key, AnthropicKey, &answer)
	default:
		m.t.Errorf("a model was asked at %s", r.URL.Path)
	}
	m.mu.Lock()
	m.asked = append(m.asked, asked)
	says, by := m.says, m.answer
	m.mu.Unlock()
	switch {
	case answer == nil: // refused
	case by != nil:
		by(w, r)
	default:
		said := says(asked)
		if said.Usage == 0 {
			said.Usage = 100
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer(said))
	}
}

func (m *Models) wantKey(w http.ResponseWriter, have, want string, answer *func(Said) any) {
	if have == want {
		return
	}
	*answer = nil
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusUnauthorized)
	_, _ = fmt.Fprintf(w, `{"error": {"type": "authentication_error", "message": "Incorrect API key provided: %s"}}`, have)
}

func (m *Models) decode(body []byte, into any) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		m.t.Errorf("a model does not understand %s: %v", body, err)
	}
}

// A schema of a tool's arguments; it is closed.
type toolSchema struct {
	Type                 string         `json:"type"`
	Properties           map[string]any `json:"properties"`
	Required             []string       `json:"required"`
	AdditionalProperties *bool          `json:"additionalProperties"`
}

func (m *Models) tool(asked *Asked, name, description string, s toolSchema) {
	if name == "" || description == "" || s.Type != "object" || s.AdditionalProperties == nil || *s.AdditionalProperties {
		m.t.Errorf("tool %s: %q, %+v", name, description, s)
	}
	asked.Tools = append(asked.Tools, name)
}

func (m *Models) openAI(body []byte, asked *Asked) func(Said) any {
	var q struct {
		Model               string  `json:"model"`
		Temperature         float64 `json:"temperature"`
		MaxCompletionTokens int     `json:"max_completion_tokens"`
		Messages            []struct {
			Role       string `json:"role"`
			Content    string `json:"content"`
			ToolCallID string `json:"tool_call_id"`
			ToolCalls  []struct {
				ID       string                           `json:"id"`
				Type     string                           `json:"type"`
				Function struct{ Name, Arguments string } `json:"function"`
			} `json:"tool_calls"`
		} `json:"messages"`
		Tools []struct {
			Type     string `json:"type"`
			Function struct {
				Name, Description string
				Parameters        toolSchema
			} `json:"function"`
		} `json:"tools"`
	}
	m.decode(body, &q)
	asked.Model, asked.Temperature, asked.MaxTokens = q.Model, q.Temperature, q.MaxCompletionTokens
	var called []string
	for i, message := range q.Messages {
		switch message.Role {
		case "system":
			asked.System = message.Content
		case "user":
			asked.Last = message.Content
		case "assistant":
			called, asked.Results = nil, nil
			for _, c := range message.ToolCalls {
				called = append(called, c.ID)
			}
		case "tool":
			if !slices.Contains(called, message.ToolCallID) {
				m.t.Errorf("a result of %s, which was not called", message.ToolCallID)
			}
			asked.Results = append(asked.Results, message.Content)
		}
		if (message.Role == "system") != (i == 0) || !slices.Contains([]string{"system", "user", "assistant", "tool"}, message.Role) {
			m.t.Errorf("message %d is of role %q", i, message.Role)
		}
	}
	for _, t := range q.Tools {
		m.tool(asked, t.Function.Name, t.Function.Description, t.Function.Parameters)
	}
	return func(said Said) any {
		message := map[string]any{"role": "assistant", "content": said.Text}
		var calls []any
		for i, c := range said.Calls {
			calls = append(calls, map[string]any{"id": fmt.Sprintf("call_%d", i), "type": "function", "function": map[string]any{"name": c.Tool, "arguments": c.Arguments}})
		}
		if calls != nil {
			message["tool_calls"] = calls
		}
		return map[string]any{
			"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": q.Model,
			"choices": []any{map[string]any{"index": 0, "message": message, "finish_reason": "stop"}},
			"usage":   map[string]any{"prompt_tokens": said.Usage - 1, "completion_tokens": 1, "total_tokens": said.Usage},
		}
	}
}

func (m *Models) anthropic(body []byte, asked *Asked) func(Said) any {
	var q struct {
		Model       string  `json:"model"`
		Temperature float64 `json:"temperature"`
		MaxTokens   int     `json:"max_tokens"`
		System      []struct{ Type, Text string }
		Messages    []struct {
			Role    string `json:"role"`
			Content []struct {
				Type      string          `json:"type"`
				Text      string          `json:"text"`
				ID        string          `json:"id"`
				Name      string          `json:"name"`
				Input     json.RawMessage `json:"input"`
				ToolUseID string          `json:"tool_use_id"`
				IsError   bool            `json:"is_error"`
				Content   []struct{ Type, Text string }
			} `json:"content"`
		} `json:"messages"`
		Tools []struct {
			Name        string     `json:"name"`
			Description string     `json:"description"`
			InputSchema toolSchema `json:"input_schema"`
		} `json:"tools"`
	}
	m.decode(body, &q)
	asked.Model, asked.Temperature, asked.MaxTokens = q.Model, q.Temperature, q.MaxTokens
	for _, s := range q.System {
		asked.System += s.Text
	}
	var called []string
	for i, message := range q.Messages {
		if i == 0 && message.Role != "user" || !slices.Contains([]string{"user", "assistant"}, message.Role) || len(message.Content) == 0 {
			m.t.Errorf("message %d is of role %q, with %d blocks", i, message.Role, len(message.Content))
		}
		if message.Role == "assistant" {
			called, asked.Results = nil, nil
		}
		for _, block := range message.Content {
			switch block.Type {
			case "text":
				if message.Role == "user" {
					asked.Last = block.Text
				}
			case "tool_use":
				called = append(called, block.ID)
			case "tool_result":
				if !slices.Contains(called, block.ToolUseID) {
					m.t.Errorf("a result of %s, which was not called", block.ToolUseID)
				}
				asked.Results = append(asked.Results, block.Content[0].Text)
			default:
				m.t.Errorf("a block of type %q", block.Type)
			}
		}
	}
	for _, t := range q.Tools {
		m.tool(asked, t.Name, t.Description, t.InputSchema)
	}
	return func(said Said) any {
		content := []any{}
		if said.Text != "" {
			content = append(content, map[string]any{"type": "text", "text": said.Text})
		}
		for i, c := range said.Calls {
			content = append(content, map[string]any{"type": "tool_use", "id": fmt.Sprintf("toolu_%d", i), "name": c.Tool, "input": json.RawMessage(c.Arguments)})
		}
		return map[string]any{
			"id": "msg_1", "type": "message", "role": "assistant", "model": q.Model, "stop_reason": "end_turn", "content": content,
			"usage": map[string]any{"input_tokens": said.Usage - 1, "output_tokens": 1},
		}
	}
}
