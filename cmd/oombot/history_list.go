package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/report"
	"github.com/oombot/oombot/memory"
)

// listed is one incident of `oombot history list -o json`.
type listed struct {
	ID      string                 `json:"id"`
	At      time.Time              `json:"at"`
	Target  investigations.Target  `json:"target"`
	Verdict investigations.Verdict `json:"verdict"`
	Outcome investigations.Outcome `json:"outcome"`
}

// usualList is how many incidents are listed as text where nothing else is said.
const usualList = 50

func newHistoryList(a *app) *cobra.Command {
	var f historyFilter
	cmd := &cobra.Command{
		Use:   "list",
		Short: "list past incidents, the newest first",
		Long: `list prints past incidents, the newest first: where and when, the headline of the verdict, its cause and confidence,
what people said of it and what became of its advice. As text it prints 50 at most unless --limit is given; as JSON all.`,
		Example: `  oombot history list --since 7d
  oombot history list --namespace shop --workload deployment/checkout --cause leak
  oombot history list -o json | jq -r '.[] | [.at, .verdict.cause, .outcome.state] | @tsv'`,
		Args: noArgs,
	}
	output := outputFlag(cmd)
	f.add(cmd)
	f.addLimit(cmd, "how many at most")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return a.historyList(cmd, &f, nil, output.value) }
	return cmd
}

func newHistorySearch(a *app) *cobra.Command {
	var f historyFilter
	cmd := &cobra.Command{
		Use:   "search WORDS...",
		Short: "find past incidents by words",
		Long: `search lists the past incidents in which all words occur, whatever their case: in the headline, the names of workload,
container, node, image, command and growing functions, the cause, what changed, or what people noted.`,
		Example: `  oombot history search checkout leak
  oombot history search 'session.(*Store).Put' --since 30d -o json`,
		Args: func(_ *cobra.Command, args []string) error {
			for _, w := range args {
				if w != "" {
					return nil
				}
			}
			return usagef("say what to search for: one or more words, as checkout leak")
		},
	}
	output := outputFlag(cmd)
	f.add(cmd)
	f.addLimit(cmd, "how many at most")
	cmd.RunE = func(cmd *cobra.Command, words []string) error { return a.historyList(cmd, &f, words, output.value) }
	return cmd
}

func (a *app) historyList(cmd *cobra.Command, f *historyFilter, words []string, output string) error {
	filter, err := f.read(cmd, a.now(), words)
	if err != nil {
		return err
	}
	return a.withMemory(cmd, true, func(ctx context.Context, store memory.Store) error {
		if output == outputJSON {
			filter.Limit = f.limit
			return a.listJSON(ctx, store, filter)
		}
		most := f.limit
		if most == 0 {
			most = usualList
		}
		return a.listText(ctx, store, filter, most)
	})
}

// listJSON prints incidents one by one, so that a long history needs little room. One that is forgotten meanwhile is left
// out.
func (a *app) listJSON(ctx context.Context, store memory.Store, filter investigations.Filter) error {
	var ids []string
	for h, err := range store.Heads(ctx, filter) {
		if err != nil {
			return err
		}
		ids = append(ids, h.ID)
	}
	list := array{w: a.stdout}
	for _, id := range ids {
		t, err := store.Trace(ctx, id)
		switch {
		case errors.Is(err, investigations.ErrNotFound):
			continue
		case err != nil:
			return err
		}
		r := t.Result.Normalized()
		err = list.add(listed{ID: r.ID, At: r.At, Target: r.Target, Verdict: r.Verdict, Outcome: t.Outcome})
		if err != nil {
			return err
		}
	}
	return list.close()
}

// array writes a JSON array element by element, one a line.
type array struct {
	w     io.Writer
	begun bool
}

// add writes one element.
func (l *array) add(v any) error {
	var b bytes.Buffer
	b.WriteString("[\n")
	if l.begun {
		b.Reset()
		b.WriteString(",\n")
	}
	l.begun = true
	var doc bytes.Buffer
	if err := report.Document(&doc, v, ""); err != nil {
		return err
	}
	b.Write(bytes.TrimRight(doc.Bytes(), "\n"))
	_, err := l.w.Write(b.Bytes())
	return err
}

// close ends the array.
func (l *array) close() error {
	end := "[]\n"
	if l.begun {
		end = "\n]\n"
	}
	_, err := io.WriteString(l.w, end)
	return err
}
