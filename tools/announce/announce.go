// Package announce reads the annotations by which pods announce a pprof endpoint, and reaches such endpoints. Who may create
// pods may write the annotations, so that an endpoint is at the pod's own address and its path a profile's, and the client
// is one for strangers. It must not know what a profile holds.
package announce

import (
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

// announcement is what a family of annotations calls its parts. An empty name is a part that the family lacks.
type announcement struct{ scrape, port, portName, scheme, path string }

// announcements are those that scrapers of heap profiles follow: Pyroscope's chart and Alloy, Pyroscope before it
// joined Grafana, Phlare, and Parca, whose port is a name.
var announcements = []announcement{
	{
		"profiles.grafana.com/memory.scrape", "profiles.grafana.com/memory.port", "profiles.grafana.com/memory.port_name",
		"profiles.grafana.com/memory.scheme", "profiles.grafana.com/memory.path",
	},
	{"pyroscope.io/scrape", "pyroscope.io/port", "", "pyroscope.io/scheme", ""},
	{"phlare.grafana.com/scrape", "phlare.grafana.com/port", "", "", ""},
	{"parca.dev/scrape", "parca.dev/port", "parca.dev/port", "", ""},
}

// defaultPath is where Go's net/http/pprof serves the heap.
const defaultPath = "/debug/pprof/heap"

// Endpoint is a pprof endpoint that a pod announces.
type Endpoint struct {
	URL string
	// Container is the one that has the port, by its spec; empty where the spec does not tell.
	Container string
}

// ErrNone says that a pod announces no endpoint.
var ErrNone = errors.New("it announces no pprof endpoint")

// Annotations returns the keys of all annotations that are read, sorted.
func Annotations() []string {
	var out []string
	for _, a := range announcements {
		out = append(out, a.scrape, a.port, a.portName, a.scheme, a.path)
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(s string) bool { return s == "" })
}

// Of returns the endpoint that a pod's annotations announce: those of Pyroscope's chart and Alloy, of Pyroscope before it
// joined Grafana, of Phlare, and of Parca. The error is ErrNone where they announce none; any other says what is wrong with
// what they announce, about the pod ("its annotation …"). allowLoopback is for tests.
func Of(pod *investigations.SubjectPod, allowLoopback bool) (Endpoint, error) {
	for _, a := range announcements {
		if pod.Annotations[a.scrape] != "true" {
			continue
		}
		port, container, err := a.portOf(pod)
		if err != nil {
			return Endpoint{}, err
		}
		ip, err := PodIP(pod.IP, allowLoopback)
		if err != nil {
			return Endpoint{}, err
		}
		u := url.URL{
			Scheme: or(pod.Annotations[a.scheme], "http"), Path: or(pod.Annotations[a.path], defaultPath),
			Host: net.JoinHostPort(ip.String(), strconv.Itoa(int(port))),
		}
		if u.Scheme != "http" && u.Scheme != "https" {
			return Endpoint{}, fmt.Errorf("its annotation %s is neither http nor https", a.scheme)
		}
		if !isProfilePath(u.Path) {
			return Endpoint{}, fmt.Errorf("its annotation %s is no path of a profile: it begins with / and holds pprof", a.path)
		}
		return Endpoint{u.String(), container}, nil
	}
	return Endpoint{}, ErrNone
}

// Client returns a client for addresses that strangers wrote down: it follows no redirect, asks no proxy, and sends nothing
// that a stranger may not have. A pod's certificate names no address, so that it can't be checked; nothing secret is sent,
// and what comes back is distrusted anyhow. The timeout is of a whole request.
func Client(timeout time.Duration) *http.Client {
	return &http.Client{
		Timeout: timeout,
		Transport: &http.Transport{
			DialContext:            (&net.Dialer{Timeout: 2 * time.Second}).DialContext,
			TLSClientConfig:        &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // see above
			DisableKeepAlives:      true,
			DisableCompression:     true,
			MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func isProfilePath(s string) bool {
	return strings.HasPrefix(s, "/") && strings.Contains(s, "pprof") && len(s) <= 200 &&
		!strings.Contains(s, "..") && !strings.HasPrefix(s, "//") &&
		strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`?#%\`, r) }) < 0
}

// portOf returns the port that is announced, and the container that has it, where that is known.
func (a announcement) portOf(pod *investigations.SubjectPod) (port int32, container string, err error) {
	if text := pod.Annotations[a.port]; text != "" {
		if n, err := strconv.ParseUint(text, 10, 16); err == nil && n > 0 {
			return int32(n), containerOfPort(pod, int32(n)), nil
		}
		if a.portName != a.port {
			return 0, "", fmt.Errorf("its annotation %s is no port", a.port)
		}
	}
	for _, c := range pod.Containers {
		for _, name := range slices.Sorted(maps.Keys(c.Ports)) {
			wanted := pod.Annotations[a.portName]
			// Without a name these count, as for the scraper of Pyroscope's chart.
			usual := name == "http2" || strings.HasSuffix(name, "-metrics") || strings.HasSuffix(name, "-profiles")
			if a.portName != "" && wanted == name || wanted == "" && usual {
				return c.Ports[name], c.Name, nil
			}
		}
	}
	return 0, "", fmt.Errorf("its annotations name no port that it has: give %s", a.port)
}

func containerOfPort(pod *investigations.SubjectPod, port int32) string {
	for _, c := range pod.Containers {
		for _, p := range c.Ports {
			if p == port {
				return c.Name
			}
		}
	}
	return ""
}

// metadata are addresses at which clouds serve credentials; those below link-local ranges are refused anyhow.
var metadata = []netip.Addr{
	netip.MustParseAddr("100.100.100.200"), netip.MustParseAddr("168.63.129.16"), netip.MustParseAddr("192.0.0.192"),
	netip.MustParseAddr("fd00:ec2::254"), netip.MustParseAddr("fd20:ce::254"),
}

// PodIP reads the address of a pod. One that no pod can have (loopback, link-local, multicast, or where clouds serve
// credentials) is an error, whoever wrote it into the status. allowLoopback is for tests.
func PodIP(s string, allowLoopback bool) (netip.Addr, error) {
	ip, err := netip.ParseAddr(s)
	if err != nil || ip.Zone() != "" {
		return netip.Addr{}, errors.New("it has no address")
	}
	ip = ip.Unmap()
	if ip.IsLoopback() && allowLoopback {
		return ip, nil
	}
	if !ip.IsGlobalUnicast() || slices.Contains(metadata, ip) {
		return netip.Addr{}, fmt.Errorf("its address %s is no pod's", ip)
	}
	return ip, nil
}
