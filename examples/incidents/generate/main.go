// Command generate writes synthetic incident bundles.
//
//	go run ./examples/incidents/generate -kind leak_after_deploy -seed 3 -out DIR
//	go run ./examples/incidents/generate -all -seed 1 -out DIR   (every kind, each in DIR/KIND-SEED)
//	go run ./examples/incidents/generate -examples -out examples
//	go run ./examples/incidents/generate -list
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/oombot/oombot/examples/incidents"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is main with its surroundings as arguments. It returns the exit status.
func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("generate", flag.ContinueOnError)
	flags.SetOutput(stderr)
	var (
		list  = flags.Bool("list", false, "list the kinds of incidents")
		all   = flags.Bool("all", false, "write every kind, each into OUT/KIND-SEED")
		kind  = flags.String("kind", "", "the `kind` of incident to write")
		seed  = flags.Uint64("seed", 1, "the first `seed`")
		seeds = flags.Uint64("seeds", 1, "how `many` seeds of each kind, each into OUT/KIND-SEED where more than one")
		out   = flags.String("out", "", "the `folder` to write into")
		opt   incidents.Options

		examples bool
	)
	flags.BoolVar(&examples, "examples", false, "write the bundles that the project ships into OUT")
	flags.BoolVar(&opt.Small, "small", false, "short window, wide step, few pods")
	flags.DurationVar(&opt.Window, "window", 0, "replace the window of the metrics")
	flags.DurationVar(&opt.Step, "step", 0, "replace the step of the metrics")
	flags.IntVar(&opt.Neighbours, "neighbours", 0, "how many unrelated pods share the node")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if *list {
		for _, k := range incidents.Kinds() {
			fmt.Fprintf(stdout, "%-28s %s\n", k.Name, k.Teaches)
		}
		return 0
	}
	if examples && *out != "" {
		if err := incidents.WriteExamples(*out); err != nil {
			fmt.Fprintln(stderr, "generate:", err)
			return 1
		}
		return 0
	}
	if *out == "" || *all == (*kind != "") {
		fmt.Fprintln(stderr, "generate: give -out, and either -kind or -all (or -list alone)")
		return 2
	}
	kinds := []string{*kind}
	if *all {
		kinds = nil
		for _, k := range incidents.Kinds() {
			kinds = append(kinds, k.Name)
		}
	}
	for _, name := range kinds {
		for n := *seed; n < *seed+*seeds; n++ {
			dir := *out
			if *all || *seeds > 1 {
				dir = filepath.Join(*out, fmt.Sprintf("%s-%d", name, n))
			}
			if err := incidents.Write(dir, name, n, opt); err != nil {
				fmt.Fprintln(stderr, "generate:", err)
				return 1
			}
		}
	}
	return 0
}
