package config

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/oombot/oombot/internal/glob"
	"github.com/oombot/oombot/internal/suggest"
	"github.com/oombot/oombot/investigations"
)

// Duration is written as 10s, 90m, 8760h, 7d or 2w; 0 is one too.
type Duration time.Duration

// UnmarshalText reads a duration, which is never below zero.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := investigations.ParseDuration(string(text))
	if err != nil {
		return errors.New("it is no duration: write it as 10s, 90m, 24h or 7d")
	}
	*d = Duration(parsed)
	return nil
}

// MarshalText writes the duration as UnmarshalText reads it.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// String returns the duration in Go's notation without units that are zero: 24h, not 24h0m0s.
func (d Duration) String() string {
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// Glob is a pattern of names, as package glob has it.
type Glob string

// UnmarshalText takes a pattern that is well formed.
func (g *Glob) UnmarshalText(text []byte) error {
	if err := glob.Check(string(text)); err != nil || len(text) == 0 {
		return errors.New("it is no pattern: write a name, with * for any letters")
	}
	*g = Glob(text)
	return nil
}

// SlackMode is how the bot listens to Slack.
type SlackMode string

// How the bot listens to Slack.
const (
	SlackSocket SlackMode = "socket"
	SlackHTTP   SlackMode = "http"
)

// UnmarshalText takes one of the constants.
func (m *SlackMode) UnmarshalText(text []byte) error {
	return choose(m, SlackMode(text), SlackSocket, SlackHTTP)
}

// choose sets a key to one of the words that it takes, of which there are at least two.
func choose[T ~string](key *T, word T, takes ...T) error {
	if slices.Contains(takes, word) {
		*key = word
		return nil
	}
	var but []string
	for _, t := range takes[:len(takes)-1] {
		but = append(but, string(t))
	}
	return fmt.Errorf("it takes %s or %s", strings.Join(but, ", "), takes[len(takes)-1])
}

// chooseOrNone is choose, of a key that may be empty as well.
func chooseOrNone[T ~string](key *T, word T, takes ...T) error {
	if word == "" {
		*key = word
		return nil
	}
	return choose(key, word, takes...)
}

// KernelLog is how a node agent reads the kernel log; the zero value leaves it to where the agent runs.
type KernelLog string

// How a node agent reads the kernel log.
const (
	KernelLogSyslog  KernelLog = "syslog"
	KernelLogJournal KernelLog = "journal"
	KernelLogKmsg    KernelLog = "kmsg"
)

// UnmarshalText takes one of the constants, or nothing.
func (k *KernelLog) UnmarshalText(text []byte) error {
	return chooseOrNone(k, KernelLog(text), KernelLogSyslog, KernelLogJournal, KernelLogKmsg)
}

// PodSource is where a node agent has the names of pods from; the zero value leaves it to where the agent runs.
type PodSource string

// Where a node agent has the names of pods from.
const (
	PodsAPI     PodSource = "api"
	PodsKubelet PodSource = "kubelet"
	PodsNone    PodSource = "none"
)

// UnmarshalText takes one of the constants, or nothing.
func (p *PodSource) UnmarshalText(text []byte) error {
	return chooseOrNone(p, PodSource(text), PodsAPI, PodsKubelet, PodsNone)
}

// Link is a template of a link: {namespace}, {pod}, {from} and {to} stand for what an incident is about.
type Link string

var (
	placeholder  = regexp.MustCompile(`\{([a-z_]+)\}`)
	placeholders = []string{"namespace", "pod", "from", "to"}
)

// UnmarshalText takes an address with known placeholders only.
func (l *Link) UnmarshalText(text []byte) error {
	for _, m := range placeholder.FindAllStringSubmatch(string(text), -1) {
		known := false
		for _, p := range placeholders {
			known = known || p == m[1]
		}
		if !known {
			return fmt.Errorf("it holds {%.40s}, which stands for nothing: there are {namespace}, {pod}, {from} and {to}%s",
				m[1], didYouMean(m[1]))
		}
	}
	if len(text) > 0 && !isURL(placeholder.ReplaceAllString(string(text), "x")) {
		return errURL
	}
	*l = Link(text)
	return nil
}

func didYouMean(word string) string {
	if n := suggest.Nearest(word, placeholders); n != "" {
		return "; did you mean {" + n + "}?"
	}
	return ""
}

// Expand returns the link for one pod and span of time, "" for the empty template. Times are Unix milliseconds,
// which Grafana takes.
func (l Link) Expand(namespace, pod string, from, to time.Time) string {
	return strings.NewReplacer(
		"{namespace}", url.QueryEscape(namespace), "{pod}", url.QueryEscape(pod),
		"{from}", fmt.Sprint(from.UnixMilli()), "{to}", fmt.Sprint(to.UnixMilli()),
	).Replace(string(l))
}

var errURL = errors.New("it is no address: write it with http:// or https:// and a host, without user and password")

func isURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil
}
