package socket

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory/memorytest"
)

// endless is a store whose listings and backup never end.
type endless struct {
	*memorytest.Fake
	ended chan error
}

func (e *endless) Heads(ctx context.Context, _ investigations.Filter) iter.Seq2[investigations.Head, error] {
	return func(yield func(investigations.Head, error) bool) {
		for ctx.Err() == nil && yield(investigations.Head{ID: strings.Repeat("x", 4000)}, nil) {
		}
		e.ended <- errors.New("nobody reads it any more")
	}
}

func (e *endless) Docs(ctx context.Context, _ string) iter.Seq2[investigations.Doc, error] {
	return func(yield func(investigations.Doc, error) bool) {
		for ctx.Err() == nil && yield(investigations.Doc{Key: strings.Repeat("x", 4000)}, nil) {
		}
		e.ended <- errors.New("nobody reads it any more")
	}
}

func (e *endless) Backup(_ context.Context, w io.Writer) (err error) {
	for err == nil {
		_, err = w.Write(bytes.Repeat([]byte("x"), 4000))
	}
	e.ended <- err
	return err
}

// TestClientThatDoesNotReadIsCutOff asks for what is longer than any buffer, and reads none of it.
func TestClientThatDoesNotReadIsCutOff(t *testing.T) {
	for _, name := range []string{callHeads, callDocs, callBackup} {
		t.Run(name, func(t *testing.T) {
			file, store := memoryFile(t), &endless{Fake: memorytest.New(time.Now), ended: make(chan error, 1)}
			start(t, file, store, hasty())
			c := raw(t, file)
			fmt.Fprintf(c, "POST /%s/%s HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", version, name)
			if err := <-store.ended; err == nil {
				t.Error("it ended without an error")
			}
			healthy(t, file)
		})
	}
}

// TestClientThatDoesNotSendIsCutOff begins requests and never ends them.
func TestClientThatDoesNotSendIsCutOff(t *testing.T) {
	file := memoryFile(t)
	start(t, file, memorytest.New(time.Now), hasty())
	for what, sent := range map[string]string{
		"nothing": "", "half a header": "POST /" + version, "a header without its end": "POST / HTTP/1.1\r\nHost: x\r\n",
		"half a body": "POST /" + version + "/keep HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{",
	} {
		c := raw(t, file)
		fmt.Fprint(c, sent)
		answer, err := io.ReadAll(c) // it comes to an end because the server ends it
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if bytes.Contains(answer, []byte("200 OK")) {
			t.Errorf("%s: answered %q", what, answer)
		}
	}
	healthy(t, file)
}

// TestRequestsThatAreNone sends what no client sends. The server answers with an error, or ends the connection.
func TestRequestsThatAreNone(t *testing.T) {
	file := memoryFile(t)
	start(t, file, memorytest.New(time.Now), defaultPace())
	long := strings.Repeat("x", 20_000)
	for what, sent := range map[string]string{
		"noise": "\x16\x03\x01\x02\x00\x01\r\n\r\n", "another call": request("drop", "{}"), "no call": request("", "{}"), "no JSON": request("keep", "nope"),
		"another type": request("trace", `{"ID": 7}`), "a listing without JSON": request("heads", "nope"), "documents without JSON": request("docs", "nope"),
		"a document that is none": request("putdocs", `{"Docs": [{"kind": "thread", "key": "a", "body": {]}`), "a long header": "POST / HTTP/1.1\r\nHost: x\r\nA: " + long + "\r\n\r\n",
		"a request that is said to be too long": fmt.Sprintf("POST /%s/keep HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n{", version, maxRequest+1),
	} {
		c := raw(t, file)
		fmt.Fprint(c, sent)
		if what == "a request that is said to be too long" {
			_ = c.CloseWrite()
		}
		line, err := bufio.NewReader(c).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", what, err)
		}
		if strings.Contains(line, "200") {
			t.Errorf("%s: answered %q", what, line)
		}
	}
	healthy(t, file)
}

func request(name, body string) string {
	return fmt.Sprintf("POST /%s/%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", version, name, len(body), body)
}

// raw connects without a client.
func raw(t *testing.T, file string) *net.UnixConn {
	t.Helper()
	c, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: file + ".sock", Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// healthy checks that others are served as ever.
func healthy(t *testing.T, file string) {
	t.Helper()
	c, err := Dial(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.Keep(t.Context(), memorytest.Trace(1, 0)); err != nil {
		t.Errorf("Keep: %v", err)
	}
	if _, err := c.Trace(t.Context(), memorytest.Trace(1, 0).Result.ID); err != nil {
		t.Errorf("Trace: %v", err)
	}
}
