package follow_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/oombot/oombot/tools/kernlog"
	"github.com/oombot/oombot/tools/nodeagent/follow"
)

// printer prints the kills that a kernel log tells of.
type printer struct {
	parser *kernlog.Parser
}

func (p printer) Record(r follow.Record) { p.parser.Line(r.Line) }

func (p printer) Lost(l follow.Loss) { fmt.Println("lost:", l.Records, l.Why) }

func (p printer) Idle() {
	p.parser.Flush()
	for r := p.parser.Next(); r != nil; r = p.parser.Next() {
		fmt.Println("killed:", r.Killed)
	}
}

func ExampleOpen() {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	l, err := follow.Open(follow.Options{Kind: follow.Syslog, Log: log})
	if err != nil {
		log.Error("the kernel log is not followed", "err", err)
		return
	}
	defer func() { _ = l.Close() }() // nothing was written
	if !l.Start().ReachesBoot {
		fmt.Println("complete since", l.Start().OldestAt)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := l.Follow(ctx, printer{kernlog.NewParser(kernlog.Options{})}); err != nil {
		log.Error("the kernel log is no longer followed", "err", err)
	}
	fmt.Println("next time from", l.Position())
}
