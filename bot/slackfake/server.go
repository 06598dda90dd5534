package slackfake

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Server is the stand-in. It is an http.Handler; its methods are safe for concurrent use.
type Server struct {
	o   Options
	mux *http.ServeMux

	// stop ends what Close waits for in running.
	ctx     context.Context
	stop    context.CancelFunc
	running sync.WaitGroup

	mu sync.Mutex
	// changed is closed, and replaced, whenever anything below changes; revision counts that.
	changed  chan struct{}
	revision int
	closed   bool
	url      string
	httpd    *http.Server

	ids       int
	lastMicro int64

	users    map[string]*User
	bots     map[string]*Bot
	groups   map[string]*Group
	channels map[string]*channel
	order    []string // of channels
	files    map[string]*File
	uploads  map[string]string // by ticket: the file's id
	views    map[string]*View
	stacks   map[string][]string // by user: the modals that are open, the one on top last
	homes    map[string]string   // by user: the Home tab's view
	statuses map[thread]*Status
	triggers map[string]*trigger
	answers  map[string]*answerTo // by token of a response_url

	conns      []*conn
	tickets    map[string]bool
	turn       int // whose turn among conns it is
	deliveries []*Delivery
	outbox     map[string]*Delivery // what is not acknowledged, by envelope id
	waiting    []*Delivery          // what found no connection

	faults  []*Fault
	down    Down
	revoked string
	calls   []Call
	posts   map[string][]time.Time
}

// New returns a stand-in with an empty workspace: the app's own bot user and nobody else. Whoever calls it calls
// Close.
func New(o Options) *Server {
	o = o.withDefaults()
	s := &Server{
		o: o, mux: http.NewServeMux(), changed: make(chan struct{}),
		users: map[string]*User{}, bots: map[string]*Bot{}, groups: map[string]*Group{}, channels: map[string]*channel{},
		files: map[string]*File{}, uploads: map[string]string{}, views: map[string]*View{}, stacks: map[string][]string{},
		homes: map[string]string{}, statuses: map[thread]*Status{}, triggers: map[string]*trigger{},
		answers: map[string]*answerTo{}, tickets: map[string]bool{}, outbox: map[string]*Delivery{}, posts: map[string][]time.Time{},
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.users[o.BotUserID] = &User{ID: o.BotUserID, Name: o.BotName, BotID: o.BotID, TeamID: o.TeamID}
	s.bots[o.BotID] = &Bot{ID: o.BotID, AppID: o.AppID, UserID: o.BotUserID, Name: o.BotName}
	s.mux.HandleFunc("/api/{method}", s.serveAPI)
	s.mux.HandleFunc("/link/", s.serveSocket)
	s.mux.HandleFunc("/upload/{ticket}", s.serveUpload)
	s.mux.HandleFunc("/files-pri/{id}/{name}", s.serveFile)
	s.mux.HandleFunc("POST /response/{token}", s.serveResponseURL)
	s.routePage()
	return s
}

// ServeHTTP answers as Slack's hosts do, all of them in one.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	if s.url == "" {
		s.url = "http://" + r.Host
	}
	down := s.down
	s.mu.Unlock()
	if down != Up && !ofPage(r.URL.Path) {
		refuse(w, down)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// ofPage says whether a path is the person's page rather than Slack: it stays up when Slack is down.
func ofPage(path string) bool {
	return path == "/" || strings.HasPrefix(path, "/page/") || strings.HasPrefix(path, "/archives/")
}

// ErrNotLoopback is that of an address that others than this machine may reach.
var ErrNotLoopback = errors.New("the stand-in has no protection against strangers; give an address of a loopback interface")

// Start listens on addr, which must be of a loopback interface ("127.0.0.1:0" takes any free port), and serves
// until Close.
func (s *Server) Start(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", addr, err)
	}
	if !loopback(host) {
		return fmt.Errorf("listen on %s: %w", addr, ErrNotLoopback)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(s.ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", addr, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errors.Join(errors.New("listen: the stand-in is closed"), l.Close())
	}
	s.url = "http://" + l.Addr().String()
	s.httpd = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	httpd := s.httpd
	s.running.Go(func() {
		if err := httpd.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.o.Logger.Error("the Slack stand-in stopped serving", "err", err)
		}
	})
	return nil
}

// loopback says whether host names a loopback interface.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// Close ends all connections and deliveries, and waits for them.
func (s *Server) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	for _, c := range s.conns {
		c.close()
	}
	for _, d := range s.outbox {
		d.stop()
	}
	httpd := s.httpd
	s.changedLocked()
	s.mu.Unlock()
	s.stop()
	var err error
	if httpd != nil {
		err = httpd.Close()
	}
	s.running.Wait()
	return err
}

// URL is the address of the stand-in, without a slash at its end; it is empty before Start (or before the first
// request, where something else serves it).
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.url
}

// APIURL is the address of the Web API, for a client; it ends in a slash.
func (s *Server) APIURL() string { return s.URL() + "/api/" }

// Tokens returns the bot token and the app token.
func (s *Server) Tokens() (bot, app string) { return s.o.BotToken, s.o.AppToken }

// changedLocked tells those who wait that something changed.
func (s *Server) changedLocked() {
	s.revision++
	close(s.changed)
	s.changed = make(chan struct{})
}

// Wait returns when done says so of the stand-in, or with the context's error. done is asked at once and after
// each change; it may call all methods of the Server.
func (s *Server) Wait(ctx context.Context, done func(*Server) bool) error {
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if done(s) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// id returns a new id that starts with prefix.
func (s *Server) id(prefix string) string {
	s.ids++
	return fmt.Sprintf("%s%08X", prefix, s.ids)
}

// ts returns a new message timestamp, later than all before it.
func (s *Server) ts() string {
	micro := s.o.Now().UnixMicro()
	if micro <= s.lastMicro {
		micro = s.lastMicro + 1
	}
	s.lastMicro = micro
	return fmt.Sprintf("%d.%06d", micro/1e6, micro%1e6)
}
