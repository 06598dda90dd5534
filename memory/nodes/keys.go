package nodes

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

// The kinds of documents that are of all nodes.
const (
	kindAgent = "node-agent"
	kindHour  = "node-hour"
)

// maxNode is the length in bytes of the longest name of a node.
const maxNode = 253

// hour is an hour of time, counted from 1970.
type hour int64

func hourOf(t time.Time) hour { return hour(math.Floor(float64(t.Unix()) / 3600)) }

// begins is when an hour begins, ends when the next one does.
func (h hour) begins() time.Time { return time.Unix(int64(h)*3600, 0).UTC() }
func (h hour) ends() time.Time   { return (h + 1).begins() }

const hourForm = "2006-01-02T15"

func (h hour) String() string { return h.begins().Format(hourForm) }

func parseHour(s string) (hour, error) {
	t, err := time.Parse(hourForm, s)
	return hourOf(t), err
}

// word is a node's name as it stands in kinds and keys: it has no slash, and is ASCII.
func word(node string) string { return url.PathEscape(node) }

func keyHour(node string, h hour) string     { return word(node) + "/" + h.String() }
func kindReports(node string, h hour) string { return "node/" + keyHour(node, h) }
func kindMedia(node string, h hour) string   { return "node-media/" + keyHour(node, h) }
func kindParts(node string, h hour) string   { return "node-parts/" + keyHour(node, h) }

// nodeOfHour reads what keyHour wrote.
func nodeOfHour(key string) (node string, h hour, err error) {
	at := strings.LastIndexByte(key, '/')
	if at < 0 {
		return "", 0, fmt.Errorf("the key %s names no hour", investigations.Quote(key, 60))
	}
	if node, err = url.PathUnescape(key[:at]); err != nil {
		return "", 0, fmt.Errorf("the key %s names no node: %w", investigations.Quote(key, 60), err)
	}
	if h, err = parseHour(key[at+1:]); err != nil {
		return "", 0, fmt.Errorf("the key %s names no hour: %w", investigations.Quote(key, 60), err)
	}
	return node, h, nil
}

// hash is of the parts of a name, each apart from the next.
func hash(parts ...string) string {
	sum := sha256.New()
	for _, p := range parts {
		_, _ = fmt.Fprintf(sum, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// Moment is what tells a report of the kernel apart from others of its boot, beside its pid: the seconds since boot, which
// stay the same when a log is read again, else its time; "" where it has neither.
func Moment(r *investigations.KernelReport) string {
	switch {
	case r.UptimeS != nil:
		return strconv.FormatFloat(*r.UptimeS, 'f', 3, 64)
	case r.At != nil:
		return toldAt(*r.At, r.Told)
	}
	return ""
}

// toldAt is a time as the node told it, whatever it was corrected to.
func toldAt(at, told time.Time) string {
	if !told.IsZero() {
		at = told
	}
	return at.UTC().Format(time.RFC3339Nano)
}

// Victim is the pid that stands for a report: that of the chosen victim; 0 where none is told.
func Victim(r *investigations.KernelReport) int64 {
	if len(r.Killed) == 0 {
		return 0
	}
	return r.Killed[0].PID
}

func keyKernel(boot string, r *investigations.KernelReport) string {
	moment := Moment(r)
	if moment == "" { // nothing tells it apart but what it says
		moment = fmt.Sprint(r.Lines, r.Kind, r.TaskMemcg)
	}
	return "kernel/" + hash(boot, moment, strconv.FormatInt(Victim(r), 10))
}

func keyCounted(boot string, c *investigations.CountedKill) string {
	parts := []string{boot, toldAt(c.At, c.Told), c.Path, c.PodUID, c.ContainerID}
	if c.Recorded { // of one rise, some may be placed and others counted
		parts = append(parts, "recorded", fmt.Sprint(c.PIDs))
	}
	return "counted/" + hash(parts...)
}

func keyUser(boot string, u *investigations.UserKill) string {
	return "user/" + hash(boot, toldAt(u.At, u.Told), u.Killer, u.Path, u.PodUID, strconv.FormatInt(u.PID, 10), u.Text)
}

func keyPod(p *investigations.NodePod) string {
	return "pod/" + hash(cmp.Or(p.UID, p.Namespace+"/"+p.Name))
}

// keyMedium orders media by their ends.
func keyMedium(end time.Time, kind, of string) string {
	return end.UTC().Format("20060102T150405.000000000") + "/" + hash(kind, of)
}

func keyPart(medium string, i int) string { return fmt.Sprintf("%s/%04d", medium, i) }
