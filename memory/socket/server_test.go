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
	"sync"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
	"github.com/oombot/oombot/memory/memorytest"
)

// hasty is a pace at which a test needs not wait long for a server that gives up on somebody.
func hasty() pace {
	p := defaultPace()
	p.header, p.body, p.grace, p.stop = 50*time.Millisecond, 50*time.Millisecond, 50*time.Millisecond, 50*time.Millisecond
	return p
}

// TestErrorsKeepTheirIdentity sends every sentinel over the socket, alone and wrapped.
func TestErrorsKeepTheirIdentity(t *testing.T) {
	store := &failing{Fake: memorytest.New(time.Now)}
	c := served(t, store)
	for _, s := range sentinels {
		store.fail(fmt.Errorf("write /var/lib/é\n\x00.db: %w: %w", s.err, io.ErrShortWrite))
		_, traceErr := c.Trace(t.Context(), "x")
		var headsErr error
		for _, err := range c.Heads(t.Context(), investigations.Filter{}) {
			headsErr = err
		}
		for call, err := range map[string]error{"Trace": traceErr, "Heads": headsErr, "Backup": c.Backup(t.Context(), io.Discard)} {
			if !errors.Is(err, s.err) || !strings.Contains(err.Error(), "/var/lib/é\n\x00.db") {
				t.Errorf("%s: %v, want the error %s with its text", call, err, s.name)
			}
			for _, other := range sentinels {
				if other.name != s.name && errors.Is(err, other.err) {
					t.Errorf("%s: %v is %s, too", call, err, other.name)
				}
			}
			if errors.Is(err, ErrCut) || errors.Is(err, ErrGone) {
				t.Errorf("%s: %v looks as if nobody had answered", call, err)
			}
		}
	}
}

// failing is a store whose reads fail.
type failing struct {
	*memorytest.Fake
	mu  sync.Mutex
	err error
}

func (f *failing) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func (f *failing) get() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

func (f *failing) Trace(context.Context, string) (investigations.Trace, error) {
	return investigations.Trace{}, f.get()
}

func (f *failing) Heads(context.Context, investigations.Filter) iter.Seq2[investigations.Head, error] {
	return func(yield func(investigations.Head, error) bool) {
		_ = yield(investigations.Head{ID: "first"}, nil) && yield(investigations.Head{}, f.get())
	}
}

func (f *failing) Backup(_ context.Context, w io.Writer) error {
	_, err := w.Write([]byte("half of it"))
	return errors.Join(err, f.get())
}

// stuck is a store whose calls take until their context is done.
type stuck struct {
	*memorytest.Fake
	// begun gets one for each call that began, ended what it ended with.
	begun chan struct{}
	ended chan error
}

func newStuck() *stuck {
	return &stuck{Fake: memorytest.New(time.Now), begun: make(chan struct{}, 9), ended: make(chan error, 9)}
}

func (s *stuck) Keep(ctx context.Context, _ ...investigations.Trace) error {
	s.begun <- struct{}{}
	<-ctx.Done()
	s.ended <- ctx.Err()
	return ctx.Err()
}

func TestCallEndsWithItsContext(t *testing.T) {
	store := newStuck()
	c := served(t, store)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { // it ends with the call
		<-store.begun
		cancel()
	}()
	if err := c.Keep(ctx, memorytest.Trace(1, 0)); !errors.Is(err, context.Canceled) {
		t.Errorf("Keep: %v, want context.Canceled", err)
	}
	if err := <-store.ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the store's call ended with %v, want context.Canceled", err)
	}
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := c.Keep(short, memorytest.Trace(1, 0)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Keep: %v, want context.DeadlineExceeded", err)
	}
	if err := <-store.ended; err == nil {
		t.Error("the store's call did not end with its caller")
	}
}

// TestServerEndsInBoundedTime has a call under way that would go on forever.
func TestServerEndsInBoundedTime(t *testing.T) {
	file, store := memoryFile(t), newStuck()
	stop := start(t, file, store, hasty())
	c, err := Dial(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	go func() { failed <- c.Keep(context.Background(), memorytest.Trace(1, 0)) }() // it ends with the server
	<-store.begun
	if err := stop(); err != nil {
		t.Errorf("serve: %v", err)
	}
	// It was not the caller's context that ended it, and nobody knows what became of the trace.
	if err := <-failed; !errors.Is(err, ErrCut) || errors.Is(err, context.Canceled) {
		t.Errorf("Keep: %v, want ErrCut", err)
	}
	if err := <-store.ended; err == nil {
		t.Error("the store's call went on")
	}
	if err := c.Keep(t.Context(), memorytest.Trace(1, 0)); !errors.Is(err, ErrGone) || errors.Is(err, ErrCut) {
		t.Errorf("Keep after the end: %v, want ErrGone", err)
	}
}

// slow is a store whose Keep waits until it is let go.
type slow struct {
	*memorytest.Fake
	begun, letGo chan struct{}
}

func (s *slow) Keep(ctx context.Context, traces ...investigations.Trace) error {
	close(s.begun)
	<-s.letGo
	return s.Fake.Keep(ctx, traces...)
}

func TestServerLetsEndWhatIsUnderWay(t *testing.T) {
	file := memoryFile(t)
	store := &slow{Fake: memorytest.New(time.Now), begun: make(chan struct{}), letGo: make(chan struct{})}
	l, err := Listen(file, quiet)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served, kept := make(chan error, 1), make(chan error, 1)
	go func() { served <- Serve(ctx, l, store, quiet) }()
	c, err := Dial(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	go func() { kept <- c.Keep(t.Context(), memorytest.Trace(1, 0)) }()
	<-store.begun
	cancel()
	for { // it takes no more from the moment on at which its socket is gone
		if _, err := Dial(t.Context(), file); errors.Is(err, ErrGone) {
			break
		}
	}
	close(store.letGo)
	if err := <-kept; err != nil {
		t.Errorf("Keep: %v", err)
	}
	if err := <-served; err != nil {
		t.Errorf("Serve: %v", err)
	}
	if _, err := store.Trace(t.Context(), memorytest.Trace(1, 0).Result.ID); err != nil {
		t.Error(err)
	}
}

// TestNobodyIsCutOffAtTheEnd has clients that ask all the time while servers end and begin: each call is answered, or
// reached nobody.
func TestNobodyIsCutOffAtTheEnd(t *testing.T) {
	file, store := memoryFile(t), memorytest.New(time.Now)
	var wg sync.WaitGroup
	var answered [6]int
	done := make(chan struct{})
	for n := range answered {
		wg.Go(func() {
			c := newClient(place{socket: file + ".sock"}, usersOf(file))
			for {
				select {
				case <-done:
					return
				default:
				}
				switch _, _, err := c.Begin(t.Context(), investigations.Work{Key: "post"}); {
				case err == nil:
					answered[n]++
				case !errors.Is(err, ErrGone) || errors.Is(err, ErrCut):
					t.Errorf("Begin: %v, want an answer or ErrGone", err)
					return
				}
			}
		})
	}
	for range 40 {
		stop := start(t, file, store, defaultPace())
		healthy(t, file)
		if err := stop(); err != nil {
			t.Errorf("serve: %v", err)
		}
	}
	close(done)
	wg.Wait()
	for n, calls := range answered {
		if calls == 0 {
			t.Errorf("client %d was never answered", n)
		}
	}
}

// endless is a store whose listing and backup never end.
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

func (e *endless) Backup(_ context.Context, w io.Writer) (err error) {
	for err == nil {
		_, err = w.Write(bytes.Repeat([]byte("x"), 4000))
	}
	e.ended <- err
	return err
}

// TestClientThatDoesNotReadIsCutOff asks for what is longer than any buffer, and reads none of it.
func TestClientThatDoesNotReadIsCutOff(t *testing.T) {
	for _, name := range []string{callHeads, callBackup} {
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
		"another type": request("trace", `{"ID": 7}`), "a listing without JSON": request("heads", "nope"), "a long header": "POST / HTTP/1.1\r\nHost: x\r\nA: " + long + "\r\n\r\n",
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

func TestManyClients(t *testing.T) {
	file, store := memoryFile(t), memorytest.New(time.Now)
	start(t, file, store, defaultPace())
	const clients, each = 40, 5
	var wg sync.WaitGroup
	for n := range clients {
		wg.Go(func() {
			c, err := Dial(t.Context(), file)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = c.Close() }()
			for i := range each {
				if err := c.Keep(t.Context(), memorytest.Trace(uint64(n), i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for n := range clients {
		for i := range each {
			if _, err := store.Trace(t.Context(), memorytest.Trace(uint64(n), i).Result.ID); err != nil {
				t.Error(err)
			}
		}
	}
}

func BenchmarkTrace(b *testing.B) {
	file := b.TempDir() + "/m"
	l, err := Listen(file, quiet)
	if err != nil {
		b.Fatal(err)
	}
	store := memorytest.New(time.Now)
	go func() { _ = Serve(b.Context(), l, store, quiet) }() // it ends with the benchmark
	tr := memorytest.Trace(1, 0)
	if err := store.Keep(b.Context(), tr); err != nil {
		b.Fatal(err)
	}
	c, err := Dial(b.Context(), file)
	if err != nil {
		b.Fatal(err)
	}
	var _ memory.Store = c
	for b.Loop() {
		if _, err := c.Trace(b.Context(), tr.Result.ID); err != nil {
			b.Fatal(err)
		}
	}
}
