package slackfake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Reasons of a disconnect frame.
const (
	Warning            = "warning"
	RefreshRequested   = "refresh_requested"
	TooManyWebsockets  = "too_many_websockets"
	LinkDisabled       = "link_disabled"
	writeDeadline      = 10 * time.Second
	longestClientFrame = 1 << 20
)

// conn is one websocket of Socket Mode. Frames wait in a queue, so that nobody who holds the server's lock waits
// for a network.
type conn struct {
	ws    *websocket.Conn
	once  sync.Once
	ended chan struct{}

	mu     sync.Mutex
	queue  [][]byte
	more   chan struct{}
	closes bool // after the queue is written
}

// send queues a frame.
func (c *conn) send(frame []byte) {
	c.mu.Lock()
	c.queue = append(c.queue, frame)
	c.mu.Unlock()
	c.wake()
}

// finish closes the connection when the queue is written.
func (c *conn) finish() {
	c.mu.Lock()
	c.closes = true
	c.mu.Unlock()
	c.wake()
}

func (c *conn) wake() {
	select {
	case c.more <- struct{}{}:
	default:
	}
}

func (c *conn) close() {
	c.once.Do(func() {
		close(c.ended)
		_ = c.ws.Close() // its reader and writer see it
	})
}

// write writes the queue and pings until the connection ends.
func (c *conn) write(ping time.Duration) {
	defer c.close()
	t := time.NewTicker(ping)
	defer t.Stop()
	for {
		select {
		case <-c.more:
		case <-t.C:
			if err := c.ws.WriteControl(websocket.PingMessage, []byte("ping"), time.Now().Add(writeDeadline)); err != nil {
				return
			}
		case <-c.ended:
			return
		}
		c.mu.Lock()
		queue, closes := c.queue, c.closes
		c.queue = nil
		c.mu.Unlock()
		for _, frame := range queue {
			if err := c.ws.SetWriteDeadline(time.Now().Add(writeDeadline)); err != nil {
				return
			}
			if err := c.ws.WriteMessage(websocket.TextMessage, frame); err != nil {
				return
			}
		}
		if closes {
			_ = c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(writeDeadline)) // it is closed next
			return
		}
	}
}

// connectionsOpen answers apps.connections.open.
func (s *Server) connectionsOpen(c *call) (object, error) {
	s.ids++
	ticket := fmt.Sprintf("ticket-%d-%d", s.ids, s.lastMicro)
	s.tickets[ticket] = true
	return object{"url": strings.Replace(c.base, "http", "ws", 1) + "/link/?ticket=" + ticket + "&app_id=" + s.o.AppID}, nil
}

// serveSocket is one websocket from its beginning to its end.
func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	ticket := r.URL.Query().Get("ticket")
	s.mu.Lock()
	known := s.tickets[ticket]
	delete(s.tickets, ticket)
	s.mu.Unlock()
	if !known {
		http.Error(w, "the ticket is unknown or used; apps.connections.open gives another", http.StatusForbidden)
		return
	}
	// Clients send the Origin of Slack's own host. The ticket is what lets them in.
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	ws, err := up.Upgrade(w, r, nil)
	if err != nil {
		return // it was answered
	}
	ws.SetReadLimit(longestClientFrame)
	c := &conn{ws: ws, ended: make(chan struct{}), more: make(chan struct{}, 1)}
	if !s.admit(c) {
		return
	}
	s.read(c)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns = slices.DeleteFunc(s.conns, func(o *conn) bool { return o == c })
	s.changedLocked()
}

// admit greets a new connection and makes it one of those that deliveries go to. It is false where the
// stand-in closes.
func (s *Server) admit(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		c.close()
		return false
	}
	s.running.Go(func() { c.write(s.o.PingInterval) })
	if len(s.conns) >= s.o.MaxConnections {
		c.send(disconnectFrame(TooManyWebsockets))
		c.finish()
		return true
	}
	s.conns = append(s.conns, c)
	c.send(marshal(object{
		"type": "hello", "num_connections": len(s.conns), "connection_info": object{"app_id": s.o.AppID},
		"debug_info": object{"host": "slackfake", "build_number": 1, "approximate_connection_time": 18060},
	}))
	s.flush()
	s.changedLocked()
	return true
}

// read takes acknowledgements until the connection ends.
func (s *Server) read(c *conn) {
	defer c.close()
	for {
		_, b, err := c.ws.ReadMessage()
		if err != nil {
			return
		}
		if len(b) >= maxAck {
			s.o.Logger.Warn("an acknowledgement is too large and was dropped, as Slack does", "bytes", len(b))
			continue
		}
		var ack struct {
			EnvelopeID string          `json:"envelope_id"`
			Payload    json.RawMessage `json:"payload"`
		}
		if err := json.Unmarshal(b, &ack); err != nil {
			s.o.Logger.Warn("what came by the websocket is no acknowledgement", "err", err)
			continue
		}
		s.acknowledge(ack.EnvelopeID, ack.Payload)
	}
}

// pick returns the connections for one delivery: the next in turn, and one more where duplicates are asked for.
func (s *Server) pick() []*conn {
	var live []*conn
	for _, c := range s.conns {
		select {
		case <-c.ended:
		default:
			live = append(live, c)
		}
	}
	if len(live) == 0 {
		return nil
	}
	s.turn++
	first := s.turn % len(live)
	if s.o.DuplicateDeliveries && len(live) > 1 {
		return []*conn{live[first], live[(first+1)%len(live)]}
	}
	return []*conn{live[first]}
}

// Connections is how many sockets are open.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// Disconnect sends a disconnect frame on all connections and, unless the reason is Warning, closes them.
func (s *Server) Disconnect(reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		c.send(disconnectFrame(reason))
		if reason != Warning {
			c.finish()
		}
	}
	if reason != Warning {
		s.conns = nil
	}
	s.changedLocked()
}

// Drop closes all connections without a word, as a network does.
func (s *Server) Drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop()
}

func (s *Server) drop() {
	for _, c := range s.conns {
		c.close()
	}
	s.conns = nil
	s.changedLocked()
}

func disconnectFrame(reason string) []byte {
	return marshal(object{"type": "disconnect", "reason": reason, "debug_info": object{"host": "slackfake"}})
}

// marshal is for what is built of strings, numbers and maps of them, which always marshals.
func marshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return []byte("null")
	}
	return b
}
