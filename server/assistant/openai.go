package assistant

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"contractor-portal/server/outbound"
)

type openAI struct {
	http      *outbound.Provider
	url, name string
}

func newOpenAI(calls *outbound.Calls, within time.Duration, url, name string) model {
	return &openAI{calls.Provider("OpenAI", within), cmp.Or(url, "https://api.openai.com/v1"), cmp.Or(name, "gpt-4o")}
}

const smallOpenAI = "gpt-4o-mini"

func (*openAI) key() string      { return "openai_api_key" }
func (*openAI) provider() string { return "OpenAI" }

// ask calls the service by itself: the module's client would take keys and addresses from the environment.
func (o *openAI) ask(ctx context.Context, key string, q question) (r reply, err error) {
	completions := openai.NewChatCompletionService(
		option.WithHTTPClient(o.http.Client), option.WithBaseURL(o.url), option.WithAPIKey(key), option.WithMaxRetries(0))
	params := openai.ChatCompletionNewParams{
		Model: o.name, Temperature: openai.Float(q.temperature), MaxCompletionTokens: openai.Int(q.most),
		Messages: []openai.ChatCompletionMessageParamUnion{openai.SystemMessage(q.system)},
	}
	if q.small {
		params.Model = smallOpenAI
	}
	for _, t := range q.turns {
		params.Messages = append(params.Messages, openAITurn(t)...)
	}
	for _, t := range q.tools {
		params.Tools = append(params.Tools, openai.ChatCompletionFunctionTool(openai.FunctionDefinitionParam{
			Name: t.name, Description: openai.String(t.description), Parameters: t.schema(),
		}))
	}
	answer, err := completions.New(ctx, params)
	if err != nil {
		return r, o.failed(err)
	}
	if len(answer.Choices) == 0 {
		return r, o.http.Wrong("OpenAI had nothing to say")
	}
	r.text, r.tokens = answer.Choices[0].Message.Content, answer.Usage.TotalTokens
	for _, c := range answer.Choices[0].Message.ToolCalls {
		r.calls = append(r.calls, call{c.ID, c.Function.Name, json.RawMessage(c.Function.Arguments)})
	}
	return r, nil
}

func openAITurn(t turn) (messages []openai.ChatCompletionMessageParamUnion) {
	for _, r := range t.results {
		messages = append(messages, openai.ToolMessage(r.text, r.id))
	}
	switch {
	case t.role == user && t.text != "":
		messages = append(messages, openai.UserMessage(t.text))
	case t.role == assistant:
		said := openai.AssistantMessage(t.text)
		for _, c := range t.calls {
			said.OfAssistant.ToolCalls = append(said.OfAssistant.ToolCalls, openai.ChatCompletionMessageToolCallUnionParam{
				OfFunction: &openai.ChatCompletionMessageFunctionToolCallParam{
					ID: c.id, Function: openai.ChatCompletionMessageFunctionToolCallFunctionParam{Name: c.tool, Arguments: string(c.arguments)},
				},
			})
		}
		messages = append(messages, said)
	}
	return messages
}

func (o *openAI) failed(err error) error {
	var answered *openai.Error
	if errors.As(err, &answered) {
		return o.http.Answered(answered.StatusCode, answered.Response.Header)
	}
	return o.http.Failed(err)
}
