package slackfake

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// maxBody is how much of a request is read.
const maxBody = 8 << 20

// call is one call of a method: its arguments, whether they came as a form or as JSON.
type call struct {
	method, token, base string
	args                map[string]string
}

// newCall reads a request.
func newCall(r *http.Request) (*call, error) {
	c := &call{method: r.PathValue("method"), base: "http://" + r.Host, args: map[string]string{}}
	for k, v := range r.URL.Query() {
		c.args[k] = v[0]
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil && r.Method == http.MethodPost && r.ContentLength > 0 {
		return nil, fmt.Errorf("content type %q: %w", r.Header.Get("Content-Type"), err)
	}
	r.Body = http.MaxBytesReader(nil, r.Body, maxBody)
	switch kind {
	case "application/json":
		err = c.readJSON(r.Body)
	case "multipart/form-data":
		err = r.ParseMultipartForm(maxBody)
	default:
		err = r.ParseForm()
	}
	if err != nil {
		return nil, err
	}
	for k, v := range r.PostForm {
		c.args[k] = v[0]
	}
	if r.MultipartForm != nil {
		for k, v := range r.MultipartForm.Value {
			c.args[k] = v[0]
		}
	}
	c.token = c.args["token"]
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok && c.token == "" {
		c.token = bearer
	}
	delete(c.args, "token")
	return c, nil
}

// readJSON takes strings as they are and everything else as its JSON.
func (c *call) readJSON(body io.Reader) error {
	var o map[string]json.RawMessage
	if err := json.NewDecoder(body).Decode(&o); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	for k, v := range o {
		var s string
		if json.Unmarshal(v, &s) == nil {
			c.args[k] = s
		} else {
			c.args[k] = string(v)
		}
	}
	return nil
}

func (c *call) str(name string) string { return c.args[name] }

// raw is an argument that is JSON; nil where it is absent or null.
func (c *call) raw(name string) json.RawMessage {
	if v := c.args[name]; v != "" && v != "null" {
		return json.RawMessage(v)
	}
	return nil
}

func (c *call) flag(name string) bool {
	v := c.args[name]
	return v == "1" || v == "true"
}

// number is a whole number within bounds, or fallback where the argument is absent or none.
func (c *call) number(name string, fallback, most int) int {
	n, err := strconv.Atoi(c.args[name])
	if err != nil || n < 1 {
		return fallback
	}
	return min(n, most)
}

// strings are the items of an argument that is a JSON array or a list with commas.
func (c *call) strings(name string) []string {
	v := c.args[name]
	var all []string
	if v == "" || json.Unmarshal([]byte(v), &all) == nil {
		return all
	}
	return strings.Split(v, ",")
}
