package recorder

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
)

const (
	// readCommand is how much of a command line is read, maxCommand how many bytes of it are kept.
	readCommand = 4096
	maxCommand  = 240
	maxComm     = 64
)

// readCommands reads the command lines that are asked for, until ctx ends. It does so apart from the sampling: to read
// one waits for the lock on the memory of that process, which it may hold for long when memory is short.
func (r *Recorder) readCommands(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case t := <-r.asks:
			r.readCommand(t)
		}
	}
}

// readCommand reads the command line of one process.
func (r *Recorder) readCommand(t *task) {
	dir := filepath.Join(r.o.Proc, strconv.FormatInt(t.pid, 10))
	command := commandLine(readSome(filepath.Join(dir, "cmdline"), readCommand))
	// The number may have gone to another process meanwhile.
	if _, start := taskStat(readSome(filepath.Join(dir, "stat"), readCommand)); start != t.start {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	t.command = command
}

// readSome reads the start of a file; nil where it can't be read.
func readSome(name string, n int) []byte {
	f, err := os.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	buf := make([]byte, n)
	n, err = f.Read(buf)
	if err != nil {
		return nil
	}
	return buf[:n]
}

// commandLine makes the arguments of a process, each ended by a zero byte, fit to send: redacted, then cut. Where not all of
// them were read, the last one goes, since a part of a secret may not look like one.
func commandLine(data []byte) string {
	if len(data) == readCommand {
		if i := bytes.LastIndexByte(data, 0); i > 0 {
			data = data[:i]
		} else {
			return ""
		}
	}
	data = bytes.TrimRight(data, "\x00")
	line := string(bytes.ReplaceAll(data, []byte{0}, []byte{' '}))
	return investigations.CleanText(redact.Text(line), maxCommand)
}

// commName makes the name of a process fit to send.
func commName(comm string) string {
	return investigations.CleanText(redact.Text(comm), maxComm)
}
