package modeltest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// faults says in what the request breaks the rules that hold between its fields, which a schema can't say.
func (w wireRequest) faults() []Error {
	var faults []Error
	for _, check := range []func(wireRequest) []Error{
		optionFaults, formatFaults, toolFaults, choiceFaults, contentFaults, answerFaults,
	} {
		faults = append(faults, check(w)...)
	}
	return faults
}

// optionFaults looks at options that need or exclude one another.
func optionFaults(w wireRequest) []Error {
	var faults []Error
	if w.StreamOptions != nil && (w.Stream == nil || !*w.Stream) {
		faults = append(faults, invalid("stream_options", "", "The 'stream_options' parameter is only allowed when 'stream' is enabled."))
	}
	if w.MaxTokens != nil && w.MaxCompletionTokens != nil {
		faults = append(faults, invalid("max_tokens", "invalid_parameter_combination", "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported."))
	}
	if w.TopLogprobs != nil && (w.Logprobs == nil || !*w.Logprobs) {
		faults = append(faults, invalid("top_logprobs", "", "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled."))
	}
	return faults
}

// formatFaults looks at the response format.
func formatFaults(w wireRequest) []Error {
	if w.ResponseFormat == nil {
		return nil
	}
	switch w.ResponseFormat.Type {
	case "json_object":
		named := slices.ContainsFunc(w.Messages, func(m wireMessage) bool {
			return strings.Contains(strings.ToLower(m.Content.text), "json")
		})
		if !named {
			return []Error{invalid("messages", "", "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.")}
		}
	case "json_schema":
		if schema := w.ResponseFormat.JSONSchema.Schema; schema != nil {
			if why := schemaFault(schema, false); why != "" {
				return []Error{invalid("response_format", "", "Invalid schema for response_format: %s", why)}
			}
		}
	}
	return nil
}

// toolFaults looks at the functions that are offered.
func toolFaults(w wireRequest) []Error {
	var faults []Error
	seen := map[string]bool{}
	for i, t := range w.Tools {
		f := t.Function
		if seen[f.Name] {
			faults = append(faults, invalid(fmt.Sprintf("tools[%d].function.name", i), "invalid_value", "Function '%s' is offered more than once.", f.Name))
		}
		seen[f.Name] = true
		if f.Parameters == nil {
			continue
		}
		if why := schemaFault(f.Parameters, f.Strict != nil && *f.Strict); why != "" {
			faults = append(faults, invalid(fmt.Sprintf("tools[%d].function.parameters", i), "invalid_function_parameters", "Invalid schema for function '%s': %s", f.Name, why))
		}
	}
	return faults
}

// choiceFaults looks at what is said about functions where none, or not that one, is offered.
func choiceFaults(w wireRequest) []Error {
	var faults []Error
	only := func(name string) Error {
		return invalid(name, "", "Invalid value for '%s': '%s' is only allowed when 'tools' are specified.", name, name)
	}
	if w.Parallel != nil && len(w.Tools) == 0 {
		faults = append(faults, only("parallel_tool_calls"))
	}
	if w.ToolChoice == nil {
		return faults
	}
	if len(w.Tools) == 0 {
		return append(faults, only("tool_choice"))
	}
	if r := w.request(); r.Must != "" {
		if _, ok := r.Tool(r.Must); !ok {
			faults = append(faults, invalid("tool_choice", "", "Invalid value for 'tool_choice': tool choice '%s' not found in 'tools' parameter.", r.Must))
		}
	}
	return faults
}

// contentFaults looks for assistants that said nothing.
func contentFaults(w wireRequest) []Error {
	var faults []Error
	for i, m := range w.Messages {
		if m.Role == roleAssistant && !m.Content.known && m.Refusal == nil && len(m.ToolCalls) == 0 {
			faults = append(faults, invalid(fmt.Sprintf("messages.[%d].content", i), "", "Invalid value for 'content': expected a string, got null."))
		}
	}
	return faults
}

// answerFaults looks whether each call is answered by one message, directly after the message that makes it.
func answerFaults(w wireRequest) []Error {
	var faults []Error
	var open []string            // calls that have no answer yet
	answered := map[string]int{} // of the last message with calls
	asked, at := -1, 0           // where that message stands
	missing := func() {
		if len(open) > 0 {
			faults = append(faults, invalid(fmt.Sprintf("messages.[%d].role", at), "", "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: %s", strings.Join(open, ", ")))
		}
		open = nil
	}
	for i, m := range w.Messages {
		at = i
		if m.Role == roleTool {
			where := slices.Index(open, m.ToolCallID)
			switch {
			case asked < 0:
				faults = append(faults, invalid(fmt.Sprintf("messages.[%d].role", i), "", "Invalid parameter: messages with role 'tool' must be a response to a preceding message with 'tool_calls'."))
			case answered[m.ToolCallID] > 0:
				faults = append(faults, invalid(fmt.Sprintf("messages.[%d].tool_call_id", i), "", "Duplicate value for 'tool_call_id' of '%s' in message[%d].", m.ToolCallID, i))
			case where < 0:
				faults = append(faults, invalid(fmt.Sprintf("messages.[%d].tool_call_id", i), "", "Invalid parameter: 'tool_call_id' of '%s' not found in 'tool_calls' of previous message.", m.ToolCallID))
			default:
				open = slices.Delete(open, where, where+1)
				answered[m.ToolCallID]++
			}
			continue
		}
		missing()
		asked, answered = -1, map[string]int{}
		for _, c := range m.ToolCalls {
			asked = i
			if slices.Contains(open, c.ID) {
				faults = append(faults, invalid(fmt.Sprintf("messages.[%d].tool_calls", i), "", "Duplicate value for 'tool_call_id' of '%s' in message[%d].", c.ID, i))
				continue
			}
			open = append(open, c.ID)
		}
	}
	missing()
	return faults
}

// schemaFault says why text is no schema of a function's arguments; empty where it is one. Strict ones name every
// property as required and allow no other.
func schemaFault(text json.RawMessage, strict bool) string {
	var top map[string]any
	if err := json.Unmarshal(text, &top); err != nil {
		return "it is no object."
	}
	if top["type"] != "object" {
		got := "None"
		if top["type"] != nil {
			got = fmt.Sprint(top["type"])
		}
		return fmt.Sprintf(`schema must be a JSON Schema of 'type: "object"', got 'type: "%s"'.`, got)
	}
	if _, ok := top["properties"]; !ok {
		return "In context=(), object schema missing properties."
	}
	if _, err := compile(text); err != nil {
		return err.Error()
	}
	return nodeFault(top, nil, strict)
}

// nodeFault looks at one schema within a schema, and those below it.
func nodeFault(node map[string]any, context []string, strict bool) string {
	where := "In context=(" + strings.Join(context, ", ") + "), "
	if node["type"] == "array" && node["items"] == nil {
		return where + "array schema missing items."
	}
	properties, _ := node["properties"].(map[string]any)
	names := make([]string, 0, len(properties))
	for name := range properties {
		names = append(names, name)
	}
	slices.Sort(names)
	if strict && node["type"] == "object" {
		if node["additionalProperties"] != false {
			return where + "'additionalProperties' is required to be supplied and to be false."
		}
		required, _ := node["required"].([]any)
		for _, name := range names {
			if !slices.Contains(required, any(name)) {
				return where + "'required' is required to be supplied and to be an array including every key in properties. Missing '" + name + "'."
			}
		}
	}
	for _, name := range names {
		if child, ok := properties[name].(map[string]any); ok {
			if why := nodeFault(child, append(slices.Clone(context), "'properties'", "'"+name+"'"), strict); why != "" {
				return why
			}
		}
	}
	if items, ok := node["items"].(map[string]any); ok {
		return nodeFault(items, append(slices.Clone(context), "'items'"), strict)
	}
	return ""
}
