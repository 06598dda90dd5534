package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/oombot/oombot/e2e/vm/scene"
)

// port is the serial port to the host.
type port struct {
	file *os.File

	mu     sync.Mutex // guards what follows, and writing
	last   int64
	wanted map[int64]chan scene.Answer
}

// openPort opens a serial port for bytes as they are, and hears the host's answers from then on.
func openPort(name string) (*port, error) {
	f, err := os.OpenFile(name, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	t, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		return nil, err
	}
	t.Iflag, t.Oflag, t.Lflag = 0, 0, 0
	t.Cflag = t.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8 | unix.CREAD | unix.CLOCAL
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	if err := unix.IoctlSetTermios(int(f.Fd()), unix.TCSETS, t); err != nil {
		return nil, err
	}
	p := &port{file: f, wanted: map[int64]chan scene.Answer{}}
	go p.hear() // ends with the machine
	return p, nil
}

func (p *port) hear() {
	lines := bufio.NewScanner(p.file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var a scene.Answer
		if json.Unmarshal(lines.Bytes(), &a) != nil {
			continue
		}
		p.mu.Lock()
		if c := p.wanted[a.ID]; c != nil {
			delete(p.wanted, a.ID)
			c <- a
		}
		p.mu.Unlock()
	}
}

// tell writes a frame.
func (p *port) tell(f scene.Frame) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.write(f)
}

func (p *port) write(f scene.Frame) {
	if f.At.IsZero() {
		f.At = time.Now()
	}
	line, err := json.Marshal(f)
	if err != nil {
		line = []byte(err.Error())
	}
	_, _ = p.file.Write(append(line, '\n')) // there is nobody else to tell
}

// ask writes a frame, and returns where its answer comes.
func (p *port) ask(f scene.Frame) (id int64, answer <-chan scene.Answer) {
	c := make(chan scene.Answer, 1)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last++
	f.ID = p.last
	p.wanted[f.ID] = c
	p.write(f)
	return f.ID, c
}

// serve hands requests to the host. Its address is where the agent finds the bot.
func (p *port) serve() (address string, err error) {
	var listen net.ListenConfig
	l, err := listen.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	s := &http.Server{Handler: p, ReadHeaderTimeout: time.Minute}
	go func() { _ = s.Serve(l) }() // ends with the machine
	return l.Addr().String(), nil
}

// ServeHTTP implements http.Handler.
func (p *port) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f := scene.Frame{Kind: scene.KindPost, At: time.Now(), Method: r.Method, Path: r.URL.Path, Header: map[string]string{}}
	for name := range r.Header {
		f.Header[name] = r.Header.Get(name)
	}
	var err error
	if f.Body, err = io.ReadAll(r.Body); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	_, answer := p.ask(f)
	select {
	case a := <-answer:
		for name, value := range a.Header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(a.Status)
		_, _ = w.Write(a.Body)
	case <-time.After(30 * time.Second):
		w.WriteHeader(http.StatusGatewayTimeout)
	}
}
