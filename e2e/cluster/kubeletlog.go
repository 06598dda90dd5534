package cluster

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// logOptions are the options of a request for logs, as a kubelet understands them.
type logOptions struct {
	previous, timestamps bool
	since                time.Time
	// tail and limit are -1 where they aren't asked for.
	tail, limit int64
}

// fill reads the options of a query.
func (o *logOptions) fill(q url.Values) error {
	var faults []error
	flag := func(name string) bool {
		v := q.Get(name)
		if v == "" {
			return false
		}
		on, err := strconv.ParseBool(v)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", name, err))
		}
		return on
	}
	number := func(name string) int64 {
		v := q.Get(name)
		if v == "" {
			return -1
		}
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < 0 {
			faults = append(faults, fmt.Errorf("%s: %q is no count", name, v))
		}
		return n
	}
	o.previous, o.timestamps = flag("previous"), flag("timestamps")
	if flag("follow") {
		faults = append(faults, errors.New("follow: what is recorded does not grow"))
	}
	o.tail, o.limit = number("tailLines"), number("limitBytes")
	if s := number("sinceSeconds"); s >= 0 {
		o.since = time.Now().Add(-time.Duration(s) * time.Second)
	}
	if v := q.Get("sinceTime"); v != "" {
		since, err := time.Parse(time.RFC3339, v)
		if err != nil {
			faults = append(faults, fmt.Errorf("sinceTime: %w", err))
		}
		o.since = since
	}
	return errors.Join(faults...)
}

// write writes what is wanted of a log whose lines begin with timestamps. A kubelet takes the last lines first, and
// of them those since a time; the limit cuts lines apart.
func (o logOptions) write(w io.Writer, log []byte) error {
	lines := slices.Collect(bytes.Lines(log))
	if o.tail >= 0 && int64(len(lines)) > o.tail {
		lines = lines[int64(len(lines))-o.tail:]
	}
	for _, line := range lines {
		stamp, text, stamped := bytes.Cut(line, []byte(" "))
		at, err := time.Parse(time.RFC3339Nano, string(stamp))
		stamped = stamped && err == nil
		if stamped && at.Before(o.since) {
			continue
		}
		if stamped && !o.timestamps {
			line = text
		}
		if o.limit >= 0 && int64(len(line)) > o.limit {
			line = line[:o.limit]
		}
		if _, err := w.Write(line); err != nil {
			return err
		}
		if o.limit >= 0 {
			if o.limit -= int64(len(line)); o.limit == 0 {
				return nil
			}
		}
	}
	return nil
}
