package modeltest

import (
	"bytes"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	methods := map[string]string{"/v1/chat/completions": http.MethodPost, "/v1/models": http.MethodGet}
	method, known := methods[r.URL.Path]
	if !known && strings.HasPrefix(r.URL.Path, "/v1/models/") {
		method, known = http.MethodGet, true
	}
	if e := s.access(r, method, known); e != nil {
		s.fault(0, r.Method+" "+r.URL.Path+": "+e.Error())
		s.refuse(w, *e)
		return
	}
	if method == http.MethodGet {
		s.models(w, strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/v1/models"), "/"))
		return
	}
	s.complete(w, r)
}

// access says why a request is turned away before anyone looks at what it asks.
func (s *Server) access(r *http.Request, method string, known bool) *Error {
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	switch {
	case !known:
		return &Error{Status: http.StatusNotFound, Message: fmt.Sprintf("Invalid URL (%s %s)", r.Method, r.URL.Path)}
	case r.Method != method:
		return &Error{Status: http.StatusMethodNotAllowed, Message: fmt.Sprintf("Not allowed to %s on %s.", r.Method, r.URL.Path), Code: "method_not_supported"}
	case key == "" || !strings.EqualFold(scheme, "bearer"):
		return &Error{Status: http.StatusUnauthorized, Message: "You didn't provide an API key: an Authorization header with Bearer auth (Authorization: Bearer YOUR_KEY) is needed."}
	case subtle.ConstantTimeCompare([]byte(key), []byte(s.opts.Key)) != 1:
		e := statusError(http.StatusUnauthorized)
		return &e
	}
	return nil
}

// models lists the models, or tells of one.
func (s *Server) models(w http.ResponseWriter, id string) {
	type model struct {
		ID      string `json:"id"`
		Object  string `json:"object"`
		Created int64  `json:"created"`
		OwnedBy string `json:"owned_by"`
	}
	all := []model{}
	for _, name := range append([]string{s.opts.Model}, s.opts.Models...) {
		m := model{name, "model", s.opts.Now().Unix(), "modeltest"}
		all = append(all, m)
		if name == id {
			s.send(w, http.StatusOK, encode(m))
			return
		}
	}
	if id != "" {
		s.fault(0, "no such model: "+id)
		s.refuse(w, s.noModel(id))
		return
	}
	s.send(w, http.StatusOK, encode(map[string]any{"object": "list", "data": all}))
}

func (s *Server) noModel(name string) Error {
	return Error{
		Status: http.StatusNotFound, Code: "model_not_found",
		Message: fmt.Sprintf("The model `%s` does not exist or you do not have access to it.", name),
	}
}

// complete answers a request for a completion.
func (s *Server) complete(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	if err != nil && !errors.As(err, &tooLarge) {
		return // the client is gone
	}
	var req Request
	var faults []Error
	if tooLarge == nil {
		req, faults = Check(r.Header, body)
	} else {
		req = Request{Body: body, Header: withoutKey(r.Header)}
		faults = []Error{{Status: http.StatusRequestEntityTooLarge, Message: fmt.Sprintf("The request's body is larger than %d bytes.", maxBody), Code: "request_too_large"}}
	}
	if len(faults) == 0 && req.Model != s.opts.Model {
		faults = []Error{s.noModel(req.Model)}
	}
	req = s.record(req)
	for _, f := range faults {
		s.fault(req.Number, f.Error())
	}
	if len(faults) > 0 {
		s.refuse(w, faults[0])
		return
	}
	if need := tokens(len(body)) + req.Limit; s.opts.Context > 0 && need > s.opts.Context {
		s.refuse(w, Error{
			Param: "messages", Code: "context_length_exceeded",
			Message: fmt.Sprintf("This model's maximum context length is %d tokens. However, you requested %d tokens.", s.opts.Context, need),
		})
		return
	}
	s.answer(w, r, req, s.ask(req))
}

// ask lets the script say what is answered.
func (s *Server) ask(req Request) Reply {
	s.asking.Lock()
	defer s.asking.Unlock()
	return s.opts.Script.Next(req)
}

// Check reads the body of a request for a completion and says in what it breaks the protocol: nothing where it is one.
// The key is not looked at, nor is the model.
func Check(header http.Header, body []byte) (Request, []Error) {
	var wire wireRequest
	// What is no request is described below; what can be read of it is kept.
	_ = json.Unmarshal(body, &wire)
	req := wire.request()
	req.Body = body
	req.Header = withoutKey(header)

	var faults []Error
	if kind, _, err := mime.ParseMediaType(header.Get("Content-Type")); err != nil || kind != "application/json" {
		faults = append(faults, Error{Message: fmt.Sprintf("Invalid Content-Type header (%s), expected application/json.", header.Get("Content-Type"))})
	}
	if !utf8.Valid(body) {
		return req, append(faults, Error{Message: "We could not parse the JSON body of your request: it is no UTF-8."})
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return req, append(faults, Error{Message: "We could not parse the JSON body of your request: " + err.Error()})
	}
	if fields, ok := doc.(map[string]any); ok {
		req.Fields = slices.Sorted(maps.Keys(fields))
	}
	shape := shapeFaults(doc)
	if len(shape) == 0 {
		shape = wire.faults()
	}
	return req, append(faults, shape...)
}

func withoutKey(header http.Header) http.Header {
	h := header.Clone()
	h.Del("Authorization")
	return h
}

// refuse answers with an error.
func (s *Server) refuse(w http.ResponseWriter, e Error) { s.send(w, e.status(), encode(e)) }

// send answers with a whole body.
func (s *Server) send(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that is gone needs none
}
