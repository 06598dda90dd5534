package main

import (
	"context"
	"fmt"
	"time"

	"github.com/oombot/oombot/cmd/oombot/config"
	"github.com/oombot/oombot/investigations"
)

// checkModel says whether the configured model can be asked, within the time of a source. Where none is configured,
// nothing is reached out to.
func checkModel(ctx context.Context, cfg *config.Config) []investigations.Check {
	k := investigations.Check{Tool: "llm", Name: "model", State: investigations.CheckOK, Says: "no model is configured: verdicts are by rules"}
	c := cfg.LLM
	if c.Model == "" {
		if c.BaseURL != "" { // a key alone may be there for other programs
			k.State, k.Says = investigations.CheckWarn, "an endpoint is configured, and no model: verdicts are by rules"
			k.Fix = "set llm.model or OPENAI_MODEL to the name that the endpoint calls it"
		}
		return []investigations.Check{k}
	}
	client, err := openModel(c)
	if err != nil {
		k.State, k.Says, k.Fix = investigations.CheckFail, err.Error(), "correct llm.base_url and llm.model (docs/model.md)"
		return []investigations.Check{k}
	}
	k.Says = fmt.Sprintf("%s is asked, at most %d times and for %d tokens an investigation", oneLine(c.Model), c.MaxCalls, c.MaxTokens)
	limited, cancel := context.WithTimeout(ctx, min(time.Duration(cfg.Limits.SourceTimeout), time.Duration(c.Timeout)))
	defer cancel()
	return append([]investigations.Check{k}, client.Check(limited)...)
}
