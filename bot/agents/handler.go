package agents

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/inbound"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
	"github.com/oombot/oombot/memory/nodes"
)

const (
	// maxBody and maxUnpacked bound a body, in bytes; maxHeld what is held at a time of all of them but one.
	maxBody     = 16 << 20
	maxUnpacked = 64 << 20
	maxHeld     = 64 << 20
	// maxChunk bounds the alerts of one item of the inbox.
	maxChunk = 100
)

// Ledger is where reports are written down. It is safe for concurrent use.
type Ledger interface {
	// Take writes down a report. What it returned without an error for is durable, and may be taken again without effect.
	Take(ctx context.Context, r investigations.NodeReport) error
}

// Options are what the handler works with.
type Options struct {
	Ledger Ledger
	// Inbox is where kills are written before they are acknowledged, To who takes them from there.
	Inbox investigations.Inbox
	To    bot.Receiver
	// Channel returns where kills of a namespace are shown, "" for nowhere; the namespace is empty for what is in none, or
	// in one that is not known. nil: nowhere.
	Channel func(namespace string) string
	// Token returns the shared token, "" where there is none. Its error is answered with 503.
	Token func() (string, error)
	// Reviewer says whose other tokens are; nil: nobody does. ServiceAccount is who may report then, as NAMESPACE/NAME.
	Reviewer       Reviewer
	ServiceAccount string
	// Profile returns a heap profile as it may be stored, without secrets, or why it may not be. It is called by one
	// goroutine at a time. nil: none is stored.
	Profile func(data []byte) ([]byte, error)
	// MaxAge bounds how old a kill may be of which something is said; older ones are written down only, and so are those
	// that an agent found in the log of its node when it started there. 0: something is said of any.
	MaxAge time.Duration
	Log    *slog.Logger
	// Now is the clock; nil stands for time.Now.
	Now func() time.Time
	// Count is told the outcome of each request, Took what a report held that was taken; nil: nobody is. They may be called
	// from several goroutines at a time.
	Count func(inbound.Outcome)
	Took  func(Took)
}

// Took is what one report held.
type Took struct{ Kernel, Counted, User, Recordings, Profiles, Heartbeats int }

type handler struct {
	o       Options
	door    *inbound.Door
	reviews *reviews
	// reading is held while a profile is read: that takes many times its size of memory.
	reading sync.Mutex
}

// New returns the handler of POST /v1/kernel-reports. It answers 202 only when a report is in the ledger and its kills are
// in the inbox, and 503 where that can't be: then the agent sends the report again, and what is there already stays as it
// is.
func New(o Options) http.Handler {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Took == nil {
		o.Took = func(Took) {}
	}
	if o.Profile == nil {
		o.Profile = func([]byte) ([]byte, error) { return nil, errors.New("nobody here takes profiles") }
	}
	if o.Channel == nil {
		o.Channel = func(string) string { return "" }
	}
	h := &handler{o: o, door: inbound.New(inbound.Options{
		Source: bot.SourceAgent, Log: o.Log, Now: o.Now, Count: o.Count, MaxHeld: maxHeld, Write: writeRefusal,
	})}
	if o.Reviewer != nil {
		h.reviews = newReviews(o.Reviewer, o.Now)
	}
	return h
}

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !h.door.Post(w, r) {
		return
	}
	who, ok := h.trusted(w, r)
	if !ok {
		return
	}
	body, free, ok := h.door.Body(w, r, inbound.Limits{Sent: maxBody, Unpacked: maxUnpacked, Advice: "send less in one report"})
	defer free()
	if !ok {
		return
	}
	report, faults, err := Decode(body)
	switch {
	case errors.Is(err, investigations.ErrTooLarge):
		h.refuse(w, r, inbound.Refusal{Outcome: inbound.TooLarge, Status: http.StatusRequestEntityTooLarge, Says: err.Error()})
		return
	case err != nil:
		h.refuse(w, r, inbound.Refusal{Outcome: inbound.Payload, Status: http.StatusBadRequest, Says: err.Error()})
		return
	case who.Node != "" && who.Node != report.Node:
		h.refuse(w, r, inbound.Refusal{
			Outcome: inbound.Forbidden, Status: http.StatusForbidden, Says: "the token is of another node's agent",
			Err: fmt.Errorf("it is of %s, and the report of %s", quoted(who.Node), quoted(report.Node)),
		})
		return
	}
	if date, err := http.ParseTime(r.Header.Get("Date")); err == nil && report.SentAt.IsZero() {
		report.SentAt = date
	}
	faults = append(faults, h.profiles(&report)...)
	if len(faults) > 0 {
		h.o.Log.WarnContext(r.Context(), "parts of a node agent's report are left out", "node", report.Node, "faults", strings.Join(faults, "; "))
	}
	kills, err := h.take(r.Context(), report)
	if err != nil {
		h.door.TryAgain(w, r, err)
		return
	}
	h.o.Took(tookOf(&report))
	h.door.Answer(w, http.StatusAccepted, inbound.Accepted, fmt.Sprintf("accepted %d reports, %d kills", len(report.Reports), kills))
}

// writeRefusal writes a refusal so that an agent can tell it from one of a proxy: what the bot refuses it refuses always.
func writeRefusal(w http.ResponseWriter, no inbound.Refusal) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(no.Status)
	_ = json.NewEncoder(w).Encode(investigations.NodeRefusal{ // who does not read it sends again
		By: investigations.RefusedByBot, Reason: string(no.Outcome), Says: no.Says,
	})
}

// profiles leaves of the profiles of a report what may be stored. It returns why others are left out.
func (h *handler) profiles(r *investigations.NodeReport) (faults []string) {
	if len(r.Profiles) == 0 {
		return nil
	}
	h.reading.Lock()
	defer h.reading.Unlock()
	kept := r.Profiles[:0]
	for _, p := range r.Profiles {
		data, err := h.o.Profile(p.Data)
		if err != nil {
			faults = append(faults, "a profile of "+p.Namespace+"/"+p.Pod+"/"+p.Container+": "+investigations.CleanText(redact.Text(err.Error()), maxFault))
			continue
		}
		p.Data = data
		kept = append(kept, p)
	}
	r.Profiles = kept
	return faults
}

func tookOf(r *investigations.NodeReport) Took {
	t := Took{Kernel: len(r.Reports), Counted: len(r.Counted), User: len(r.UserKills), Profiles: len(r.Profiles)}
	if r.Recorder != nil {
		t.Recordings = 1
	}
	if r.Heartbeat != nil {
		t.Heartbeats = 1
	}
	return t
}

// take writes down a report, and then its kills in the inbox. It returns how many there are.
func (h *handler) take(ctx context.Context, r investigations.NodeReport) (kills int, err error) {
	all, now := killings(&r), h.o.Now()
	ahead := nodes.Ahead(&r, now)
	var made time.Time
	if r.Heartbeat != nil {
		made = r.Heartbeat.At
	}
	nodes.Settle(&r, now)
	if ahead != 0 && len(all) > 0 {
		h.o.Log.WarnContext(ctx, "the clock of a node is wrong; the times that its agent tells are corrected", "node", r.Node,
			"clock", clockWords(ahead), "fix", "synchronise the node's clock (chrony, systemd-timesyncd)")
	}
	if err := h.o.Ledger.Take(ctx, r); err != nil {
		return 0, err
	}
	who := newDirectory(&r)
	channels := map[string][]bot.Alert{}
	for _, k := range settle(all, now) {
		if k.ahead = ahead; ahead != 0 {
			k.KernelTime = false // a Date is of whole seconds
		}
		if h.o.MaxAge > 0 && (now.Sub(k.At) > h.o.MaxAge || k.found(made)) {
			continue
		}
		a := k.alert(who)
		namespace := ""
		if len(a.Targets) > 0 {
			namespace = a.Targets[0].Namespace
		}
		c := h.o.Channel(namespace)
		channels[c] = append(channels[c], a)
		kills++
	}
	for _, c := range slices.Sorted(maps.Keys(channels)) {
		for chunk := range slices.Chunk(channels[c], maxChunk) {
			e := bot.Event{Kind: bot.EventAlerts, At: now.UTC(), Channel: c, Alerts: chunk}
			if err := bot.Accept(ctx, h.o.Inbox, h.o.To, chunkKey(chunk), e); err != nil {
				return 0, err
			}
		}
	}
	return kills, nil
}

// foundAfter is how long after a kill an agent that was there has told of it at the latest.
const foundAfter = 10 * time.Minute

// found says whether an agent did not see a kill happen, but found it in the log when it started. made is when its report
// was made, however late that was delivered: the moment of its heartbeat; zero where it does not tell. Both times are by the
// node's clock, whatever that shows.
func (k *killing) found(made time.Time) bool {
	return !made.IsZero() && !k.told.IsZero() && made.Sub(k.told) > foundAfter
}

// chunkKey is the natural key of some kills.
func chunkKey(chunk []bot.Alert) string {
	sum := sha256.New()
	for i := range chunk { // ids hold no NUL
		_, _ = io.WriteString(sum, chunk[i].ID+"\x00")
	}
	return "agent/" + hex.EncodeToString(sum.Sum(nil))
}
