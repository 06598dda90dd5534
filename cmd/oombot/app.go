package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
	"github.com/oombot/oombot/investigations/report"
	"github.com/oombot/oombot/memory"
)

// app is what a run of the program is given from outside.
type app struct {
	env    map[string]string
	stdin  io.Reader
	stdout stream
	stderr stream
	now    func() time.Time
	// openFile opens a file of past incidents, and makes it where there is none.
	openFile func(ctx context.Context, path string, log *slog.Logger) (memory.Store, error)
	// user is the name of who runs the program.
	user func() string
}

// stream is a standard stream with what is known about where it leads.
type stream struct {
	io.Writer
	// terminal says that a person watches.
	terminal bool
	// color says that control characters are welcome.
	color bool
	// width is in columns, never 0.
	width int
}

func newApp(env []string, stdin io.Reader, stdout, stderr io.Writer) *app {
	a := &app{env: map[string]string{}, stdin: stdin, now: time.Now, openFile: openFile, user: localUser}
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		a.env[name] = value
	}
	a.stdout = a.newStream(stdout)
	a.stderr = a.newStream(stderr)
	return a
}

func (a *app) newStream(w io.Writer) stream {
	s := stream{Writer: w, width: report.DefaultWidth}
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return s
	}
	s.terminal = true
	// https://no-color.org: any value but an empty one counts.
	s.color = a.env["NO_COLOR"] == "" && a.env["TERM"] != "dumb"
	if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
		s.width = width
	}
	return s
}

// say prints one line for the person who watches to standard error.
func (a *app) say(format string, args ...any) {
	fmt.Fprintln(a.stderr, investigations.CleanText(redact.Text(fmt.Sprintf(format, args...)), maxMessage))
}

// printf prints a part of a result to standard output, without secrets.
func (a *app) printf(format string, args ...any) error {
	_, err := io.WriteString(a.stdout, redact.Text(fmt.Sprintf(format, args...)))
	return err
}

// logger logs to standard error from level on, without secrets. The handler quotes control characters.
func (a *app) logger(level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: level, ReplaceAttr: redactAttr}))
}

func redactAttr(_ []string, attr slog.Attr) slog.Attr {
	switch attr.Value.Kind() {
	case slog.KindString, slog.KindAny: // errors among them
		attr.Value = slog.StringValue(redact.Value(attr.Key, attr.Value.String()))
	}
	return attr
}
