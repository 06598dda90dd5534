package cluster

import (
	"bytes"
	"cmp"
	"encoding/json"
	"os"
	"slices"
	"testing"
	"time"
)

// Request is one that the API server has answered, as its audit log tells.
type Request struct {
	// User is the name that the token stands for: admin, or system:serviceaccount:NAMESPACE:NAME.
	User string
	// Verb is that of RBAC: get, list, watch, …
	Verb string
	// Group, Resource, Subresource, Namespace and Name are what was asked for; empty for what is no resource.
	Group, Resource, Subresource, Namespace, Name string
	// URI is the path with the query, Code the HTTP status.
	URI       string
	Code      int
	UserAgent string
	// Began is when the server got it, Took how long its answer took.
	Began time.Time
	Took  time.Duration
}

// auditRest is how long nothing is written once the log is complete.
const auditRest = 100 * time.Millisecond

// AuditMark returns a place in the audit log, from which [APIServer.Audit] reads on.
func (s *APIServer) AuditMark(t testing.TB) int64 {
	t.Helper()
	info, err := os.Stat(s.file("audit.log"))
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// Audit returns what was asked and answered since the mark (0: ever), the server's own and the test's own requests
// aside, in the order in which it was asked. It waits until the log is at rest, as a client sees the end of its answer
// a moment before the log does.
func (s *APIServer) Audit(t testing.TB, mark int64) []Request {
	t.Helper()
	var data []byte
	for size := int64(-1); int64(len(data)) != size; {
		size = int64(len(data))
		time.Sleep(auditRest)
		var err error
		if data, err = os.ReadFile(s.file("audit.log")); err != nil {
			t.Fatal(err)
		}
	}
	var out []Request
	for line := range bytes.Lines(data[mark:]) {
		var e auditEvent
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatalf("%v in the line %s", err, line)
		}
		if e.UserAgent == harness {
			continue
		}
		out = append(out, Request{
			User: e.User.Username, Verb: e.Verb, URI: e.RequestURI, Code: e.ResponseStatus.Code, UserAgent: e.UserAgent,
			Group: e.ObjectRef.APIGroup, Resource: e.ObjectRef.Resource, Subresource: e.ObjectRef.Subresource,
			Namespace: e.ObjectRef.Namespace, Name: e.ObjectRef.Name,
			Began: e.RequestReceivedTimestamp, Took: e.StageTimestamp.Sub(e.RequestReceivedTimestamp),
		})
	}
	slices.SortStableFunc(out, func(a, b Request) int { return cmp.Compare(a.Began.UnixNano(), b.Began.UnixNano()) })
	return out
}

// auditEvent is what is read of audit.k8s.io/v1's Event.
type auditEvent struct {
	Verb, RequestURI, UserAgent string
	User                        struct{ Username string }
	ObjectRef                   struct{ APIGroup, Resource, Subresource, Namespace, Name string }
	ResponseStatus              struct{ Code int }
	RequestReceivedTimestamp    time.Time
	StageTimestamp              time.Time
}
