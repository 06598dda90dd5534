package openai

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

// checkTool is what stands for the model in a doctor's report.
const checkTool = "llm"

// Check says whether the endpoint can be reached, takes the key, and offers the model, by one request for its list of
// models. It returns promptly once ctx is done.
func (c *Client) Check(ctx context.Context) []investigations.Check {
	k := investigations.Check{Tool: checkTool, Name: "list models", State: investigations.CheckFail}
	key, err := c.readKey()
	if err != nil {
		k.Says, k.Fix = scrub(err.Error(), ""), "set llm.api_key_file to a file that holds the key, or OPENAI_API_KEY"
		return []investigations.Check{k}
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	x := &exchange{client: c.http, agent: c.agent, now: time.Now}
	_, err = c.library(key, x).ListModels(ctx)
	var f *failure
	switch {
	case x.whole != nil: // the library may not read it: its types are stricter than what some endpoints list
		return []investigations.Check{c.checkList(k, modelNames(x.whole), key)}
	case errors.As(err, &f):
		return []investigations.Check{c.checkFailure(k, f, key)}
	}
	k.Says, k.Fix = "the endpoint can't be reached", "check llm.base_url, and that nothing stands in the way to it"
	if err != nil {
		k.Says += ": " + scrub(err.Error(), key)
	}
	return []investigations.Check{k}
}

func (c *Client) checkFailure(k investigations.Check, f *failure, key string) investigations.Check {
	k.Says = fmt.Sprintf("the endpoint answers with status %d: %s", f.status, scrub(f.message, key))
	switch s := f.status; {
	case s == http.StatusUnauthorized || s == http.StatusForbidden:
		k.Fix = "check the key in llm.api_key_file or OPENAI_API_KEY, and what it may use"
		if key == "" {
			k.Fix = "the endpoint wants a key: set llm.api_key_file or OPENAI_API_KEY"
		}
	case s == http.StatusNotFound || s == http.StatusMethodNotAllowed || s == http.StatusNotImplemented:
		k.State = investigations.CheckWarn
		k.Says = "the endpoint can be reached, but lists no models: whether it offers " + c.model + " shows when it is asked"
		k.Fix = "where it can't be asked either: llm.base_url is what stands before /chat/completions, often with /v1 at its end"
	case s/100 == 3:
		k.Fix = "set llm.base_url to where it redirects"
	case s == http.StatusTooManyRequests:
		k.State, k.Fix = investigations.CheckWarn, "try again later, or check the account's limits"
	default:
		k.Fix = "look at the endpoint's own logs"
	}
	return k
}

// checkList looks for the model in a list, whose names are nil where it is none.
func (c *Client) checkList(k investigations.Check, names []string, key string) investigations.Check {
	if names == nil {
		k.State = investigations.CheckWarn
		k.Says = "the endpoint answers, but not with a list of models"
		k.Fix = "llm.base_url is what stands before /chat/completions, often with /v1 at its end"
		return k
	}
	for _, name := range names {
		// Gemini's names have a folder, Ollama's a tag where none is asked for.
		if name == c.model || name == "models/"+c.model || name == c.model+":latest" {
			k.State, k.Says = investigations.CheckOK, "it offers "+c.model
			return k
		}
	}
	k.State = investigations.CheckWarn
	k.Says = fmt.Sprintf("it doesn't list %s", c.model)
	k.Fix = "set llm.model to a name that it lists"
	const few = 5
	if len(names) > 0 {
		k.Says += fmt.Sprintf(", but %d others, as %s", len(names), scrub(strings.Join(names[:min(len(names), few)], ", "), key))
	}
	return k
}

// modelNames reads a list of models: {"data": [{"id": …}]} or the list alone, or with names in place of ids. It returns
// nil for what is no list.
func modelNames(body []byte) []string {
	type model struct{ ID, Name string }
	var list struct{ Data, Models []model }
	if json.Unmarshal(body, &list) != nil {
		list.Data = nil
		if json.Unmarshal(body, &list.Data) != nil {
			return nil
		}
	}
	if list.Data == nil {
		list.Data = list.Models
	}
	if list.Data == nil {
		return nil
	}
	names := []string{}
	for _, m := range list.Data {
		if m.ID == "" {
			m.ID = m.Name
		}
		if m.ID != "" {
			names = append(names, m.ID)
		}
	}
	return names
}
