package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/report"
	"github.com/oombot/oombot/memory"
)

const (
	outputDOT     = "dot"
	outputMermaid = "mermaid"

	usualDepth = 2
	mostDepth  = 6
	// graphFanOut is how many edges of a node are followed: of a cause that half of all have, the newest few.
	graphFanOut = 12
)

func newHistoryGraph(a *app) *cobra.Command {
	depth := usualDepth
	cmd := &cobra.Command{
		Use:   "graph ID [ID2]",
		Short: "show what an incident is connected with, or what connects two",
		Long: `graph prints the neighbours of an incident in the context graph: workload, node, image, cause, growing functions, change,
fix, and the other incidents that share them, to a depth of two edges unless --depth is given. With two ids it prints
the best path between the incidents: one over what few share goes before one over what many do.

-o dot is for Graphviz, -o mermaid for Markdown.`,
		Example: `  oombot history graph 01KAXW8B4M
  oombot history graph 01KAXW8B4M 01KB0C2Q7X
  oombot history graph 01KAXW8B4M --depth 3 -o dot | dot -Tsvg > incident.svg`,
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return oneIncident(cmd, args)
			case len(args) > 2:
				return usagef("graph takes one id, or two, and was given %q as well", args[2])
			}
			return nil
		},
	}
	output := &enum{value: outputText, allowed: []string{outputText, outputJSON, outputDOT, outputMermaid}}
	cmd.Flags().VarP(output, "output", "o", "how to print the result")
	cmd.Flags().IntVar(&depth, "depth", usualDepth, "how many edges away the neighbours may be, 1 to 6")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case depth < 1 || depth > mostDepth:
			return usagef("--depth is how many edges away the neighbours may be, 1 to %d", mostDepth)
		case len(args) == 2 && cmd.Flags().Changed("depth"):
			return usagef("--depth is for the neighbours of one incident; a path between two is as long as it is")
		}
		return a.withMemory(cmd, true, func(ctx context.Context, store memory.Store) error {
			sub, err := subgraph(ctx, store, args, depth)
			if err != nil {
				return err
			}
			if err := labelIncidents(ctx, store, sub.Nodes); err != nil {
				return err
			}
			return a.printGraph(sub, len(args) == 2, output.value)
		})
	}
	return cmd
}

// subgraph returns the neighbours of one incident, or the path between two.
func subgraph(ctx context.Context, store memory.Store, args []string, depth int) (memory.Subgraph, error) {
	var ends []investigations.GraphNode
	for _, arg := range args {
		id, err := findIncident(ctx, store, arg)
		if err != nil {
			return memory.Subgraph{}, err
		}
		ends = append(ends, memory.Incident(id))
	}
	if len(ends) == 2 {
		return memory.Path(ctx, store, ends[0], ends[1])
	}
	return memory.Neighbourhood(ctx, store, ends[0], depth, graphFanOut)
}

// labelIncidents says of each incident where and when it was, and what its verdict names.
func labelIncidents(ctx context.Context, store memory.Store, nodes []memory.Member) error {
	var ids []string
	for _, n := range nodes {
		if n.Kind == investigations.NodeIncident {
			ids = append(ids, n.Name)
		}
	}
	heads, err := headsOf(ctx, store, ids)
	if err != nil {
		return err
	}
	for i, n := range nodes {
		if h, known := heads[n.Name]; known && n.Kind == investigations.NodeIncident {
			nodes[i].Label = fmt.Sprintf("%s, %s, %s", shortCause(memory.EffectiveCause(h)), placeWords(h), h.At.UTC().Format(time.DateOnly))
		}
	}
	return nil
}

func (a *app) printGraph(sub memory.Subgraph, isPath bool, output string) error {
	switch output {
	case outputJSON:
		return report.Document(a.stdout, sub, "  ")
	case outputDOT:
		_, err := io.WriteString(a.stdout, dotOf(sub))
		return err
	case outputMermaid:
		_, err := io.WriteString(a.stdout, mermaidOf(sub))
		return err
	}
	s := a.sheet()
	if isPath {
		writePath(s, sub)
	} else {
		writeTree(s, sub)
	}
	return a.printSheet(s)
}
