package functions

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/oombot/oombot/investigations"
)

// function is one that a model may call.
type function struct {
	name, summary string
	// schema is the JSON schema of its arguments, all of which may be left out.
	schema string
	// tool is the source that its facts are of, and most how many of them an answer holds.
	tool   string
	most   int
	answer func(s *Set, ctx context.Context, args args, a *answer) error

	properties []property
	compiled   *jsonschema.Schema
}

// property is one argument, as its schema says.
type property struct {
	name      string
	Type      string   `json:"type"`
	Format    string   `json:"format"`
	Enum      []string `json:"enum"`
	Minimum   *float64 `json:"minimum"`
	Maximum   *float64 `json:"maximum"`
	MaxLength int      `json:"maxLength"`
}

// Pieces of schemas.
const (
	nameSchema  = `{"type":"string","maxLength":253}`
	timeSchema  = `{"type":"string","format":"date-time"}`
	wholeSchema = `{"type":"integer","minimum":0}`
	boolSchema  = `{"type":"boolean"}`
)

func object(properties ...string) string {
	return `{"type":"object","properties":{` + strings.Join(properties, ",") + `},"additionalProperties":false}`
}

func one(of ...string) string { return `{"enum":["` + strings.Join(of, `","`) + `"]}` }

// all returns the functions, in the order in which they are offered.
var all = sync.OnceValue(func() []function {
	list := []function{
		{
			name: "kernlog", tool: investigations.ToolKernlog, most: mostFacts, answer: (*Set).kernlog,
			summary: "Kernel OOM reports: memory counters, largest processes, all kills. Default: the report of this kill.",
			schema: object(`"what":`+one(kernelReport, kernelTasks, kernelStats, kernelKills, kernelUserKills), `"node":`+nameSchema,
				`"at":`+timeSchema, `"top":{"type":"integer","minimum":1,"maximum":10}`),
		},
		{
			name: "pods", tool: investigations.ToolPods, most: mostFacts, answer: (*Set).pods,
			summary: "A pod's containers, limits, ends and events; its node and the pods on it; quotas. Default: the target's.",
			schema: object(`"what":`+one(podSpec, podState, podEvents, podNeighbours, podNode, podQuota), `"namespace":`+nameSchema,
				`"pod":`+nameSchema, `"node":`+nameSchema),
		},
		{
			name: "metrics", tool: investigations.ToolMetrics, most: mostFacts, answer: (*Set).metrics,
			summary: "Time series: first, last, extremes, trend, falls, gaps; or values at a moment. Without query: what there is.",
			schema: object(`"query":`+one(queryNames()...), `"pod":`+nameSchema, `"container":`+nameSchema, `"from":`+timeSchema, `"to":`+timeSchema,
				`"at":`+timeSchema),
		},
		{
			name: "rollouts", tool: investigations.ToolRollouts, most: mostFacts, answer: (*Set).rollouts,
			summary: "A workload's revisions and what differs between two, ConfigMaps, autoscalers, GitOps. Default: the target's.",
			schema: object(`"what":`+one(rolloutRevisions, rolloutDiff, rolloutTemplate, rolloutConfigMaps, rolloutAutoscalers, rolloutGitOps),
				`"namespace":`+nameSchema, `"workload":`+nameSchema, `"from_revision":`+wholeSchema, `"to_revision":`+wholeSchema),
		},
		{
			name: "logs", tool: investigations.ToolLogs, most: mostLines, answer: (*Set).logs,
			summary: "Lines kept of containers' logs: memory errors, large work, signals, the last ones. contains: text in a line.",
			schema: object(`"namespace":`+nameSchema, `"pod":`+nameSchema, `"container":`+nameSchema, `"contains":{"type":"string","maxLength":100}`,
				`"from":`+timeSchema, `"to":`+timeSchema, `"previous":`+boolSchema),
		},
		{
			name: "profiles", tool: investigations.ToolProfiles, most: mostFacts, answer: (*Set).profiles,
			summary: "Heap profiles: functions by bytes in use, growth between two, or one function in each.",
			schema:  object(`"pod":`+nameSchema, `"container":`+nameSchema, `"at":`+timeSchema, `"function":{"type":"string","maxLength":300}`),
		},
		{
			name: "past_incidents", tool: investigations.ToolMemory, most: mostFacts, answer: (*Set).pastIncidents,
			summary: "Earlier incidents like this one: cause, who judged it, what helped. similar: also weaker ones.",
			schema:  object(`"id":{"type":"string","maxLength":40}`, `"similar":`+boolSchema),
		},
	}
	for i := range list {
		if err := list[i].compile(); err != nil {
			panic("functions: " + err.Error()) // the schemas are the program's own
		}
	}
	return list
})

// compile reads the schema.
func (f *function) compile() error {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(f.schema))
	if err != nil {
		return fmt.Errorf("read the schema of %s: %w", f.name, err)
	}
	c := jsonschema.NewCompiler()
	c.RegisterFormat(&jsonschema.Format{Name: "date-time", Validate: isTime})
	c.AssertFormat()
	if err := c.AddResource(f.name, doc); err != nil {
		return fmt.Errorf("add the schema of %s: %w", f.name, err)
	}
	if f.compiled, err = c.Compile(f.name); err != nil {
		return fmt.Errorf("compile the schema of %s: %w", f.name, err)
	}
	return f.readProperties()
}

// readProperties keeps the properties in the order in which the schema names them.
func (f *function) readProperties() error {
	var s struct {
		Properties json.RawMessage `json:"properties"`
	}
	if err := json.Unmarshal([]byte(f.schema), &s); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(s.Properties))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		var p property
		if err := d.Decode(&p); err != nil {
			return err
		}
		p.name, _ = key.(string)
		f.properties = append(f.properties, p)
	}
	return nil
}

// isTime takes a moment as people write it, since facts and logs print times in more than one form.
func isTime(v any) error {
	text, ok := v.(string)
	if !ok {
		return nil // not a text: its type is wrong, which is another fault
	}
	if _, err := investigations.ParseTime(text); err != nil {
		return errors.New("no time")
	}
	return nil
}
