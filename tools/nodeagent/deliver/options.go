package deliver

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

// Options say where to deliver to, and what may wait. The zero value of what is not required stands for the default.
type Options struct {
	// URL is the bot's address, as http://oombot:8080; /v1/kernel-reports is added. Required.
	URL string
	// Token returns the bearer token, "" for none. It is asked for each request, since a projected token rotates. nil: none
	// is sent.
	Token func() (string, error)
	// CAFile holds the certificate authorities to trust in place of the system's, as PEM. It is read anew where it changes.
	CAFile string
	// Dir is the spool's folder, made where it isn't there. Empty: what waits is in memory alone, which is a fault.
	Dir string
	// Node and BootID (/proc/sys/kernel/random/boot_id) are those of each report. Required.
	Node, BootID string
	// MaxBytes and MaxReports bound what waits, on disk and in memory together: 64 MiB and 10,000. Beyond them the
	// recordings and profiles of the oldest reports go first, then the oldest reports.
	MaxBytes   int64
	MaxReports int
	// MaxMemory bounds the part of it that is in memory, in bytes: 4 MiB.
	MaxMemory int64
	// Interval is the time between heartbeats: 15 s.
	Interval time.Duration
	// Beat says how the agent is. It is asked by Send and by Run, for each report and each heartbeat, and must not call
	// the Sender's Send. What waits, what was dropped, the time and the Sender's own faults are added to what it returns.
	// Nil: only these are told.
	Beat func() investigations.NodeHeartbeat
	// Log takes what goes wrong. Required.
	Log *slog.Logger

	// transport stands in for the network in tests; uptime for the machine's clock.
	transport http.RoundTripper
	uptime    func() time.Duration
}

// path is where the bot takes reports.
const path = "/v1/kernel-reports"

// bootShape keeps the boot's id fit for the name of a file.
var bootShape = regexp.MustCompile(`^[0-9A-Za-z_]([0-9A-Za-z_-]{0,62}[0-9A-Za-z_])?$`)

// Validate returns all that is wrong with o, joined.
func (o Options) Validate() error {
	var faults []error
	u, err := url.Parse(o.URL)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		faults = append(faults, errors.New("the bot's url is no URL: write it as http://oombot:8080"))
	case u.User != nil, u.RawQuery != "", u.Fragment != "":
		faults = append(faults, errors.New("the bot's url holds more than an address: give the token as a file"))
	}
	if o.Node == "" {
		faults = append(faults, errors.New("the node's name is missing: set OOMBOT_NODE from spec.nodeName"))
	}
	if !bootShape.MatchString(o.BootID) {
		faults = append(faults, errors.New("the boot's id is missing or odd: it stands in /proc/sys/kernel/random/boot_id"))
	}
	if o.Log == nil {
		faults = append(faults, errors.New("the logger is missing"))
	}
	return errors.Join(faults...)
}

// withDefaults fills in what is not given.
func (o Options) withDefaults() Options {
	o.URL = strings.TrimRight(o.URL, "/") + path
	def(&o.MaxBytes, 64<<20)
	def(&o.MaxReports, 10_000)
	def(&o.MaxMemory, 4<<20)
	def(&o.Interval, 15*time.Second)
	if o.Beat == nil {
		o.Beat = func() investigations.NodeHeartbeat { return investigations.NodeHeartbeat{} }
	}
	if o.uptime == nil {
		o.uptime = bootTime
	}
	return o
}

func def[T int | int64 | time.Duration](v *T, otherwise T) {
	if *v <= 0 {
		*v = otherwise
	}
}
