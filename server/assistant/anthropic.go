package assistant

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"

	"contractor-portal/server/outbound"
)

type claude struct {
	http      *outbound.Provider
	url, name string
}

func newAnthropic(calls *outbound.Calls, within time.Duration, url, name string) model {
	return &claude{calls.Provider("Anthropic", within), cmp.Or(url, "https://api.anthropic.com"), cmp.Or(name, string(anthropic.ModelClaudeSonnet5_5))}
}

const smallAnthropic = anthropic.ModelClaudeHaiku5_5

func (*claude) key() string      { return "anthropic_api_key" }
func (*claude) provider() string { return "Anthropic" }

// ask calls the service by itself: the module's client would take keys and addresses from the environment.
func (c *claude) ask(ctx context.Context, key string, q question) (r reply, err error) {
	messages := anthropic.NewMessageService(
		option.WithHTTPClient(c.http.Client), option.WithBaseURL(c.url), option.WithAPIKey(key), option.WithMaxRetries(0))
	params := anthropic.MessageNewParams{
		Model: anthropic.Model(c.name), Temperature: anthropic.Float(q.temperature), MaxTokens: q.most,
		System: []anthropic.TextBlockParam{{Text: q.system}},
	}
	if q.small {
		params.Model = smallAnthropic
	}
	for _, t := range q.turns {
		params.Messages = append(params.Messages, claudeTurn(t))
	}
	for _, t := range q.tools {
		schema := t.schema()
		required, _ := schema["required"].([]string)
		params.Tools = append(params.Tools, anthropic.ToolUnionParam{OfTool: &anthropic.ToolParam{
			Name: t.name, Description: anthropic.String(t.description),
			InputSchema: anthropic.ToolInputSchemaParam{
				Properties: schema["properties"], Required: required, ExtraFields: map[string]any{"additionalProperties": false},
			},
		}})
	}
	answer, err := messages.New(ctx, params)
	if err != nil {
		return r, c.failed(err)
	}
	r.tokens = answer.Usage.InputTokens + answer.Usage.OutputTokens
	for _, block := range answer.Content {
		switch block.Type {
		case "text":
			r.text += block.Text
		case "tool_use":
			r.calls = append(r.calls, call{block.ID, block.Name, block.Input})
		}
	}
	if r.text == "" && len(r.calls) == 0 {
		return r, c.http.Wrong("Anthropic had nothing to say")
	}
	return r, nil
}

func claudeTurn(t turn) anthropic.MessageParam {
	var blocks []anthropic.ContentBlockParamUnion
	for _, r := range t.results {
		blocks = append(blocks, anthropic.NewToolResultBlock(r.id, r.text, r.failed))
	}
	if t.text != "" {
		blocks = append(blocks, anthropic.NewTextBlock(t.text))
	}
	for _, c := range t.calls {
		blocks = append(blocks, anthropic.NewToolUseBlock(c.id, inputOf(c.arguments), c.tool))
	}
	if t.role == assistant {
		return anthropic.NewAssistantMessage(blocks...)
	}
	return anthropic.NewUserMessage(blocks...)
}

// inputOf is an object in every case: Anthropic takes no other.
func inputOf(arguments json.RawMessage) any {
	var input map[string]any
	if json.Unmarshal(arguments, &input) != nil || input == nil {
		return map[string]any{}
	}
	return input
}

func (c *claude) failed(err error) error {
	var answered *anthropic.Error
	if errors.As(err, &answered) {
		return c.http.Answered(answered.StatusCode, answered.Response.Header)
	}
	return c.http.Failed(err)
}
