package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/oombot/oombot/investigations"
)

// historyFilter is what of the past incidents a command is about.
type historyFilter struct {
	namespace, workload, cause, since string
	limit                             int
}

// add adds the flags that select incidents, and --limit where what says of what at most that many are shown.
func (f *historyFilter) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.namespace, "namespace", "", "only those in this namespace")
	cmd.Flags().StringVar(&f.workload, "workload", "", "only those of this workload: kind/name, or the name alone")
	cmd.Flags().StringVar(&f.cause, "cause", "", "only those whose verdict names this cause")
	cmd.Flags().StringVar(&f.since, "since", "", "only those since then: a duration as 24h or 7d, or a time")
}

// addLimit adds --limit.
func (f *historyFilter) addLimit(cmd *cobra.Command, usage string) {
	cmd.Flags().IntVar(&f.limit, "limit", 0, usage)
}

// read returns the filter that the flags ask for. words may be nil.
func (f *historyFilter) read(cmd *cobra.Command, now time.Time, words []string) (investigations.Filter, error) {
	out := investigations.Filter{Namespace: f.namespace, Workload: f.workload, Words: words}
	for _, name := range []string{"namespace", "workload", "cause", "since"} {
		if flag := cmd.Flags().Lookup(name); flag.Changed && flag.Value.String() == "" {
			return out, usagef("--%s needs a value", name)
		}
	}
	if kind, name, both := strings.Cut(f.workload, "/"); both {
		out.Workload = investigations.WorkloadKind(kind) + "/" + name
	}
	var err error
	if out.Cause, err = readCause("--cause", f.cause); err != nil {
		return out, err
	}
	if f.since != "" {
		if out.Since, err = readSince("--since", f.since, now); err != nil {
			return out, err
		}
	}
	if limit := cmd.Flags().Lookup("limit"); limit != nil && limit.Changed && f.limit < 1 {
		return out, usagef("--limit is how many at most, 1 or more; leave it away for all")
	}
	return out, nil
}

// readCause reads a cause as people write it: load_spike, load-spike or "load spike". Empty stays empty.
func readCause(flag, s string) (investigations.Cause, error) {
	if s == "" {
		return "", nil
	}
	c := investigations.Cause(strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(s)))
	if slices.Contains(investigations.Causes, c) {
		return c, nil
	}
	var known []string
	for _, c := range investigations.Causes {
		known = append(known, string(c))
	}
	return "", usagef("%s %s is no cause: it is one of %s%s", flag, investigations.Quote(s, 40), strings.Join(known, ", "),
		didYouMean("", string(c), known))
}

// readSince reads a moment: a time, a day, or how long before now.
func readSince(flag, s string, now time.Time) (time.Time, error) {
	if d, err := investigations.ParseDuration(s); err == nil {
		return now.Add(-d).UTC(), nil
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t, nil
	}
	t, err := investigations.ParseTime(s)
	if err != nil {
		return t, usageError{fmt.Errorf("%s %s is neither a duration, as 24h or 7d, nor a time, as 2026-03-04 or 2026-03-04T02:17:09Z",
			flag, investigations.Quote(s, 60))}
	}
	return t, nil
}
