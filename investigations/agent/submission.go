package agent

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// SubmitVerdict is the function by which a model ends its work.
const SubmitVerdict = "submit_verdict"

// mostArguments bounds what a model may submit, in bytes.
const mostArguments = 64 << 10

// submission is what a model submits, as it wrote it.
type submission struct {
	Cause           string      `json:"cause"`
	Trigger         string      `json:"trigger"`
	ChangeRevision  number      `json:"change_revision"`
	Culprit         *party      `json:"culprit"`
	Confidence      number      `json:"confidence"`
	Headline        string      `json:"headline"`
	Explanation     string      `json:"explanation"`
	Recommendations []submitted `json:"recommendations"`
}

type party struct {
	Namespace string `json:"namespace"`
	Pod       string `json:"pod"`
	Container string `json:"container"`
}

type submitted struct {
	Action    string `json:"action"`
	Revision  number `json:"revision"`
	Value     string `json:"value"`
	Container string `json:"container"`
	Why       cites  `json:"why"`
}

// number is a number that some models put into quotes; null is none.
type number struct {
	value float64
	given bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (n *number) UnmarshalJSON(data []byte) error {
	text := strings.TrimSpace(strings.Trim(string(data), `"`))
	if text == "null" || text == "" {
		return nil
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || v != v {
		return fmt.Errorf("%s is no number", investigations.CleanText(string(data), 40))
	}
	n.value, n.given = v, true
	return nil
}

// cites are ids of facts; some models write one alone, or with its brackets.
type cites []string

// UnmarshalJSON implements json.Unmarshaler.
func (c *cites) UnmarshalJSON(data []byte) error {
	var list []string
	if err := json.Unmarshal(data, &list); err != nil {
		var one string
		if err := json.Unmarshal(data, &one); err != nil {
			return errors.New(`why is a list of facts, as ["F3", "F5"]`)
		}
		list = strings.FieldsFunc(one, func(r rune) bool { return r == ',' || r == ' ' || r == ';' })
	}
	for _, id := range list {
		if id = strings.Trim(strings.TrimSpace(id), "[]"); id != "" {
			*c = append(*c, id)
		}
	}
	return nil
}

// readSubmission reads the arguments of submit_verdict. The error is for the model to read.
func readSubmission(arguments string) (submission, error) {
	var s submission
	if len(arguments) > mostArguments {
		return s, fmt.Errorf("the verdict has more than %d bytes", mostArguments)
	}
	dec := json.NewDecoder(strings.NewReader(arguments))
	if err := dec.Decode(&s); err != nil {
		return s, fmt.Errorf("the arguments of %s are no JSON object of its schema: %s", SubmitVerdict, investigations.CleanText(err.Error(), 200))
	}
	if dec.More() {
		return s, fmt.Errorf("the arguments of %s are more than one JSON object", SubmitVerdict)
	}
	var missing []string
	for _, f := range []struct {
		name  string
		given bool
	}{
		{"cause", s.Cause != ""},
		{"trigger", s.Trigger != ""},
		{"confidence", s.Confidence.given},
		{"headline", strings.TrimSpace(s.Headline) != ""},
		{"explanation", strings.TrimSpace(s.Explanation) != ""},
	} {
		if !f.given {
			missing = append(missing, f.name)
		}
	}
	if len(missing) > 0 {
		return s, fmt.Errorf("%s lacks %s", SubmitVerdict, strings.Join(missing, ", "))
	}
	return s, nil
}

// jsonObject finds the JSON object in a text that a model wrote around it, as "Here it is: ```json {…} ```". It returns
// false where there is none.
func jsonObject(text string) (json.RawMessage, bool) {
	start := strings.IndexByte(text, '{')
	if start < 0 || len(text) > 4*mostArguments {
		return nil, false
	}
	dec := json.NewDecoder(bytes.NewReader([]byte(text[start:])))
	var raw json.RawMessage
	if dec.Decode(&raw) != nil {
		return nil, false
	}
	return raw, true
}

// written is what a model without functions answers: calls, or a verdict, in either of two forms.
type written struct {
	Calls []struct {
		Name      string          `json:"name"`
		Arguments json.RawMessage `json:"arguments"`
	} `json:"calls"`
	Verdict json.RawMessage `json:"submit_verdict"`
	Answer  json.RawMessage `json:"submit_answer"`
	Cause   string          `json:"cause"`
	Text    string          `json:"answer"`
}

// callsIn reads the calls out of a text answer; none where there are none in it. bare is the function that an object
// without any wrapping stands for.
func callsIn(text, bare string) []investigations.FunctionCall {
	raw, ok := jsonObject(text)
	if !ok {
		return nil
	}
	var w written
	if json.Unmarshal(raw, &w) != nil {
		return nil
	}
	switch {
	case len(w.Verdict) > 0:
		return []investigations.FunctionCall{{ID: "text", Name: SubmitVerdict, Arguments: string(w.Verdict)}}
	case len(w.Answer) > 0:
		return []investigations.FunctionCall{{ID: "text", Name: SubmitAnswer, Arguments: string(w.Answer)}}
	case bare == SubmitVerdict && w.Cause != "", bare == SubmitAnswer && w.Text != "":
		return []investigations.FunctionCall{{ID: "text", Name: bare, Arguments: string(raw)}}
	}
	var out []investigations.FunctionCall
	for i, c := range w.Calls {
		arguments := string(c.Arguments)
		var quoted string // some write the object as a string, as functions' arguments come
		if json.Unmarshal(c.Arguments, &quoted) == nil {
			arguments = quoted
		}
		out = append(out, investigations.FunctionCall{ID: fmt.Sprintf("text%d", i), Name: c.Name, Arguments: arguments})
	}
	return out
}
