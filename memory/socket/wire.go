package socket

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
)

// protocol is raised when calls change in a way that their documents don't show.
const protocol = 1

const (
	versionHeader = "Oombot-Memory-Version"
	errorTrailer  = "Oombot-Memory-Error"

	// maxRequest is how many bytes a request can have: what a store is given in one call.
	maxRequest = 64 << 20
	// maxAnswer is how many bytes an answer can have that is read as a whole.
	maxAnswer = 256 << 20
)

// version names the form of all documents that go over the socket, so that it is another one as soon as a field is.
var version = versionOf(protocol, memory.TermsVersion, investigations.TraceVersion)

func versionOf(numbers ...int) string {
	var b strings.Builder
	fmt.Fprint(&b, numbers)
	seen := map[reflect.Type]bool{}
	for _, doc := range []any{
		keepRequest{},
		amendRequest{},
		idRequest{},
		filterRequest{},
		cueRequest{},
		edgesRequest{},
		itemRequest{},
		takeRequest{},
		workRequest{},
		endRequest{},
		investigations.Trace{},
		investigations.Candidates{},
		listLine[investigations.Head]{},
		docsRequest{},
		docRequest{},
		kindRequest{},
		listLine[investigations.Doc]{},
		helloAnswer{},
		countAnswer{},
		edgesAnswer{},
		freshAnswer{},
		markAnswer{},
		sizesAnswer{},
	} {
		describe(&b, reflect.TypeOf(doc), seen)
	}
	sum := sha256.Sum256([]byte(b.String()))
	return fmt.Sprintf("v%d-%s", protocol, hex.EncodeToString(sum[:6]))
}

// describe writes down the fields of a type, with those of the types that they hold.
func describe(b *strings.Builder, t reflect.Type, seen map[reflect.Type]bool) {
	fmt.Fprintf(b, "%s %s;", t.Kind(), t)
	if seen[t] || t == reflect.TypeFor[time.Time]() {
		return
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Struct:
		for f := range t.Fields() {
			fmt.Fprintf(b, "%s %q ", f.Name, f.Tag)
			describe(b, f.Type, seen)
		}
	case reflect.Map:
		describe(b, t.Key(), seen)
		describe(b, t.Elem(), seen)
	case reflect.Slice, reflect.Pointer, reflect.Array:
		describe(b, t.Elem(), seen)
	default: // a name and a kind say it all
	}
}

// The requests, one for each form of call.
type (
	noRequest    struct{}
	keepRequest  struct{ Traces []investigations.Trace }
	amendRequest struct {
		ID        string
		Amendment investigations.Amendment
	}
	idRequest     struct{ ID string }
	filterRequest struct{ Filter investigations.Filter }
	cueRequest    struct{ Cue investigations.Cue }
	edgesRequest  struct {
		Node  investigations.GraphNode
		Limit int
	}
	itemRequest struct {
		Item  investigations.Item
		Lease time.Duration
		At    time.Time
		Why   string
	}
	takeRequest struct{ Lease time.Duration }
	workRequest struct{ Work investigations.Work }
	endRequest  struct{ Key, Result string }
	docsRequest struct{ Docs []investigations.Doc }
	docRequest  struct{ Kind, Key string }
	kindRequest struct{ Kind string }
)

// The answers that are no documents of investigations.
type (
	noAnswer    struct{}
	helloAnswer struct{ PID int }
	countAnswer struct{ Count int }
	edgesAnswer struct {
		Edges []investigations.Edge
		Total int
	}
	freshAnswer struct{ Fresh bool }
	markAnswer  struct {
		Mark  investigations.Work
		First bool
	}
	sizesAnswer struct{ Before, After int64 }
	errorAnswer struct {
		Error *failure `json:"error"`
	}
	// listLine is one line of a listing: an entry, or its end, or why it ended before.
	listLine[T any] struct {
		Entry *T       `json:"entry,omitempty"`
		End   bool     `json:"end,omitempty"`
		Error *failure `json:"error,omitempty"`
	}
)

// The calls, as they are named in the path.
const (
	callHello      = "hello"
	callKeep       = "keep"
	callAmend      = "amend"
	callTrace      = "trace"
	callHeads      = "heads"
	callForget     = "forget"
	callCandidates = "candidates"
	callEdges      = "edges"
	callPut        = "put"
	callTake       = "take"
	callRenew      = "renew"
	callDone       = "done"
	callLater      = "later"
	callBegin      = "begin"
	callEnd        = "end"
	callUnfinished = "unfinished"
	callPutDocs    = "putdocs"
	callDoc        = "doc"
	callDocs       = "docs"
	callBackup     = "backup"
	callCompact    = "compact"
)

// statusFailed answers a call that the store could not do. It is no status of HTTP's own failures.
const statusFailed = http.StatusUnprocessableEntity

// encoder writes documents as they go over the socket: what is in them stays letter for letter, so that no text grows on
// the way beyond what may be stored.
func encoder(w io.Writer) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e
}

// encode returns the document of v.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	err := encoder(&b).Encode(v)
	return b.Bytes(), err
}
